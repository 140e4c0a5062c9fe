"""One account of those that are read: its rows, and what rules find of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from kamcomp.spans import Span
from plans.checks.facts import AccountFacts, CascadeFacts, Facts, MemberFacts
from plans.checks.judged import OWNED
from plans.checks.picture import Picture
from plans.checks.registry import Report, checked
from plans.checks.rule import Finding
from plans.models import Assignment, PlanVersion
from plans.selectors.alignment.figures import (
    AlignedRow,
    Alignment,
    CascadeRow,
    LedRow,
    Measure,
    ObjectiveRow,
)
from plans.selectors.alignment.reads import AccountsRead
from plans.selectors.pictures.teams import measures_of_plan, objective_facts
from scorecards.models import Target
from teams.models import AccountObjective, Membership, StrategicAccount
from teams.selectors.teams import person_name

TEAM_RULES = ("L18", "L20", "L21", "L42", "L54", "L74")
"""Rules that look at the team, its targets and its invoices, whichever document they stand beside."""
PLAN_RULES = ("L17",)
"""Rules that read one document: what they find counts where every plan of the account leaves it out."""
ZERO, ONE = Decimal(0), Decimal(1)


@dataclass
class AlignmentReads:
    """One account on the day that its tables are read for."""

    account: StrategicAccount
    shared: AccountsRead

    @property
    def on(self) -> date:
        return self.shared.on

    def found(self) -> Alignment:
        """Return everything."""
        return Alignment(
            on=self.on,
            measures=self.measures(),
            rows=self.rows,
            cascade=tuple(self.cascade),
            led=self.led(),
            objectives=self.objective_rows(),
            report=self.report(),
            has_plan=bool(self.versions),
        )

    @property
    def members(self) -> Sequence[Membership]:
        return self.shared.members.get(self.account.pk, ())

    def here(self, row: Membership) -> list[Assignment]:
        """Return the plans that pay a member for this account, or for none by name."""
        mine = self.shared.assignments.get(row.person_id, ())
        return [one for one in mine if one.account_id in (self.account.pk, None)]

    @cached_property
    def versions(self) -> Mapping[UUID, PlanVersion]:
        """Return the plan versions that pay for the account on the day."""
        ids = {one.plan_version_id for row in self.members for one in self.here(row)}
        return {key: row for key, row in self.shared.versions.items() if key in ids}

    @property
    def pictures(self) -> Mapping[UUID, Picture]:
        return self.shared.pictures

    @cached_property
    def pools(self) -> list[UUID]:
        """Return the versions for this account, by name, that have a pool for its members."""
        ids = [
            one.plan_version_id
            for row in self.members
            for one in self.here(row)
            if one.account_id == self.account.pk and one.plan_version_id in self.versions
        ]
        return [key for key in dict.fromkeys(ids) if self.pictures[key].plan.pool is not None]

    def row(self, member: Membership) -> AlignedRow:
        """Return one member as a row of their own."""
        plans = [one for one in self.here(member) if one.plan_version_id in self.versions]
        whole = sum((one.share for one in plans), ZERO)
        weights: dict[str, Decimal] = defaultdict(Decimal)
        other = ZERO
        for one in plans:
            part, picture = one.share / whole if whole else ZERO, self.pictures[one.plan_version_id]
            for metric, weight in measures_of_plan(picture=picture).items():
                weights[metric] += weight * part
            other += part * sum((leaf.leaf.weight for leaf in picture.leaves if not leaf.metrics), ZERO)
        pools = self.pools if member.pool_eligible else []
        shared = {metric for key in pools for metric in self.pictures[key].pool_measures}
        return AlignedRow(
            role=str(member.role),
            seat=member.seat,
            link=member.link,
            people=(person_name(member.person),),
            plans=tuple(self.versions[one.plan_version_id].plan.name for one in plans),
            pools=tuple(self.versions[key].plan.name for key in pools),
            weights=dict(weights),
            shared=frozenset(shared - set(weights)),
            other=other,
            apart=tuple(
                leaf.name or leaf.code
                for one in plans
                for _at, leaf in self.pictures[one.plan_version_id].money_leaves
            ),
            opt_out=member.opt_out_reason,
            paid=self.is_paid(member, pooled=bool(pools)),
        )

    def is_paid(self, member: Membership, *, pooled: bool) -> bool | None:
        """Tell whether a plan or a pool pays a member; not known where the reader does not see all plans."""
        if pooled or self.shared.assignments.get(member.person_id):
            return True
        return False if self.shared.sees_all_pay else None

    @cached_property
    def each(self) -> list[tuple[Membership, AlignedRow]]:
        return [(member, self.row(member)) for member in self.members]

    @cached_property
    def rows(self) -> tuple[AlignedRow, ...]:
        """Return members who are paid alike in one role as one row, in the order of the team."""
        alike: list[tuple[AlignedRow, list[str]]] = []
        for _member, row in self.each:
            people = next((names for one, names in alike if one == replace(row, people=one.people)), None)
            if people is None:
                alike.append((row, [*row.people]))
            else:
                people.extend(row.people)
        return tuple(replace(row, people=tuple(people)) for row, people in alike)

    def name_of(self, code: str) -> str:
        return self.shared.metrics[code].name if code in self.shared.metrics else code

    def measures(self) -> tuple[Measure, ...]:
        """Return the metrics that pay anybody, the most widely shared first."""
        people: dict[str, int] = defaultdict(int)
        roles: dict[str, dict[str, None]] = defaultdict(dict)
        for row in self.rows:
            for metric in {**row.weights, **dict.fromkeys(sorted(row.shared))}:
                people[metric] += len(row.people)
                roles[metric][row.role] = None
        found = [
            Measure(code=code, name=self.name_of(code), people=count, roles=tuple(roles[code]))
            for code, count in people.items()
        ]
        return tuple(sorted(found, key=lambda one: (-one.people, one.code)))

    @cached_property
    def cascade(self) -> list[CascadeRow]:
        """Return the targets of the day that the account and its people both have, over the same days."""
        team = {row.person_id for row in self.members}
        whole: dict[tuple[Any, ...], Target] = {}
        parts: dict[tuple[Any, ...], list[Target]] = defaultdict(list)
        for row in self.shared.targets:
            key = (row.metric.code, row.days.lower, row.days.upper, row.currency)
            if row.node_id == self.account.node_id:
                whole[key] = row
            elif row.person_id in team:
                parts[key].append(row)
        return [
            CascadeRow(
                metric=row.metric.name,
                unit=row.metric.unit,
                currency=row.currency,
                span=Span(row.days.lower, row.days.upper),
                account=row.value,
                individuals=sum((one.value for one in parts[key]), ZERO),
                people=len(parts[key]),
            )
            for key, row in whole.items()
            if parts[key]
        ]

    @property
    def objectives(self) -> Sequence[AccountObjective]:
        return self.shared.objectives.get(self.account.pk, ())

    def led(self) -> tuple[LedRow, ...]:
        """Return the members by whom they report to, where that is known, with what all of these share."""
        people: dict[str, int] = defaultdict(int)
        measures: dict[str, dict[str, None]] = defaultdict(dict)
        for member, row in self.each:
            leader = person_name(member.leader)
            if leader:
                people[leader] += 1
                measures[leader] |= dict.fromkeys([*row.weights, *sorted(row.shared)])
        shared = set.intersection(*(set(each) for each in measures.values())) if measures else set()
        names = frozenset(self.name_of(code) for code in shared)
        return tuple(
            LedRow(
                leader=leader,
                people=people[leader],
                measures=tuple(self.name_of(code) for code in found),
                shared=names,
            )
            for leader, found in sorted(measures.items())
        )

    def objective_rows(self) -> tuple[ObjectiveRow, ...]:
        unpaid = {finding.value for finding in self.unpaid()}
        return tuple(
            ObjectiveRow(
                code=row.code,
                statement=row.statement,
                due_on=row.due_on,
                roles=self.roles_paid_on(row),
                paid=bool(self.versions) and row.code not in unpaid,
            )
            for row in self.objectives
        )

    def roles_paid_on(self, objective: AccountObjective) -> tuple[str, ...]:
        """Return the roles paid on an objective's metric, and those paid on whatever objectives they own."""
        reached = [(row.role, {*row.weights, *row.shared}) for row in self.rows]
        named = [
            role
            for role, metrics in reached
            if objective.metric_code in metrics or any(one.partition(".")[0] in OWNED for one in metrics)
        ]
        return tuple(dict.fromkeys(named))

    @cached_property
    def facts(self) -> Facts:
        """Return the account as rules look at it, in the words people have for it."""
        account = AccountFacts(
            code=str(self.account),
            members=tuple(self.member(member, row) for member, row in self.each),
            objectives=tuple(objective_facts(row=row) for row in self.objectives),
            cascade=tuple(
                CascadeFacts(metric=row.metric, account=row.account, individuals=row.individuals)
                for row in self.cascade
            ),
            bulges=self.shared.bulges.get(self.account.pk, ()),
        )
        return Facts(on=self.on, accounts=(account,))

    def member(self, member: Membership, row: AlignedRow) -> MemberFacts:
        reached = dict(row.weights)
        for metric in row.shared:
            reached[metric] = ONE / len(row.shared)
        return MemberFacts(
            person=row.people[0],
            role=row.role,
            seat=member.seat,
            link=member.link,
            dedication=member.dedication,
            leader=person_name(member.leader),
            on_plan=row.paid,
            pool_eligible=member.pool_eligible,
            opt_out=member.opt_out_reason,
            measures=None if row.paid is None else reached,
        )

    @cached_property
    def looked_at(self) -> Sequence[Picture]:
        """Return the plans of the account with these facts beside them, those with a pool first."""
        ordered = dict.fromkeys([*self.pools, *self.versions])
        return [replace(self.pictures[key], facts=self.facts) for key in ordered]

    @cached_property
    def by_plan(self) -> list[Report]:
        return [checked(picture=one, settings=self.shared.limits, only=PLAN_RULES) for one in self.looked_at]

    def unpaid(self) -> list[Finding]:
        """Return what rules of one document find in every one of them."""
        if not self.by_plan:
            return []
        everywhere = set.intersection(*({one.message for one in each.findings} for each in self.by_plan))
        return [one for one in self.by_plan[0].findings if one.message in everywhere]

    def report(self) -> Report:
        """Return what rules find of the account, the heaviest first; nothing where no plan pays for it."""
        if not self.looked_at:
            return Report(findings=(), not_known=())
        team = checked(picture=self.looked_at[0], settings=self.shared.limits, only=TEAM_RULES)
        return Report(findings=(*team.findings, *self.unpaid()), not_known=team.not_known)
