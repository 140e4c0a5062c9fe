"""
The alignment of an account's team on a day: who is paid on what, what they share, who and what is left out.

The facts are the records that design checks look at, of every plan that pays for the account at once, and the findings
are those checks': a rule that reads one document (an objective nobody is paid for) stands where it holds for each of
them. Weights are shares of what the account pays somebody; no amount of pay is read. Rules: docs/reference/checks.md,
"The whole team".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from kamcomp.spans import Span
from kamcomp.visibility import Viewer, visible
from plans.checks.facts import AccountFacts, CascadeFacts, Facts, MemberFacts
from plans.checks.judged import OWNED
from plans.checks.picture import Picture, picture_of
from plans.checks.registry import Report, checked
from plans.checks.rule import Finding
from plans.models import Assignment, PlanVersion
from plans.selectors.limits import limits_on
from plans.selectors.pictures.teams import measures_of_plan, objective_facts
from scorecards.models import Metric, Target
from teams.choices import ObjectiveStatus
from teams.models import AccountObjective, Membership, StrategicAccount
from teams.selectors.teams import person_name
from teams.visibility import PAY, held_accounts

TEAM_RULES = ("L18", "L20", "L21", "L42", "L54")
"""Rules that look at the team and its targets, whichever document they stand beside."""
PLAN_RULES = ("L17",)
"""Rules that read one document: what they find counts where every plan of the account leaves it out."""
ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A metric that somebody on the team is paid on: how many people, and in which roles."""

    code: str
    name: str
    people: int
    roles: tuple[str, ...]

    @property
    def is_alone(self) -> bool:
        """Tell whether one role only is paid on it."""
        return len(self.roles) == 1


@dataclass(frozen=True, kw_only=True)
class AlignedRow:
    """
    Members of one role who are paid alike: by which plans, or out of which plans' pools, and on what.

    `weights` are shares of what the account pays them, 1 for all of it, by metric; `shared` are metrics that reach
    them through a pool, `other` is the share on objectives and milestones. `paid` is False for members whom neither a
    plan nor a pool pays, None where the reader does not see it.
    """

    role: str
    seat: str
    link: str
    people: tuple[str, ...]
    plans: tuple[str, ...]
    pools: tuple[str, ...]
    weights: Mapping[str, Decimal] = field(hash=False)
    shared: frozenset[str]
    other: Decimal
    apart: tuple[str, ...]
    opt_out: str
    paid: bool | None

    @property
    def left_out(self) -> bool:
        """Tell whether nothing pays them and nobody said why."""
        return self.paid is False and not self.opt_out


@dataclass(frozen=True, kw_only=True)
class CascadeRow:
    """A metric's target for the account over days, what the targets of its people come to, and of how many."""

    metric: str
    unit: str
    currency: str
    span: Span
    account: Decimal
    individuals: Decimal
    people: int

    @property
    def difference(self) -> Decimal:
        """Return what the individual targets come to above the account's, negative below."""
        return self.individuals - self.account


@dataclass(frozen=True, kw_only=True)
class ObjectiveRow:
    """An objective of the account plan, with the roles that are paid on its metric or on itself."""

    code: str
    statement: str
    due_on: date
    roles: tuple[str, ...]
    paid: bool


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """An account's team on a day: roles by measures, targets that add up or not, objectives, and what rules find."""

    on: date
    measures: tuple[Measure, ...]
    rows: tuple[AlignedRow, ...]
    cascade: tuple[CascadeRow, ...]
    objectives: tuple[ObjectiveRow, ...]
    report: Report
    has_plan: bool

    @property
    def people(self) -> int:
        """Return how many people are on the team."""
        return sum(len(row.people) for row in self.rows)

    @property
    def left_out(self) -> int:
        """Return how many of them nothing pays."""
        return sum(len(row.people) for row in self.rows if row.left_out)

    @property
    def unpaid(self) -> int:
        """Return for how many objectives nobody is paid."""
        return sum(1 for row in self.objectives if not row.paid)

    @property
    def roles(self) -> int:
        """Return how many roles are paid on something."""
        return len({row.role for row in self.rows if row.weights or row.shared})

    @property
    def has_other(self) -> bool:
        """Tell whether somebody is paid on objectives or milestones."""
        return any(row.other for row in self.rows)


def sees_alignment(*, account: StrategicAccount, viewer: Viewer) -> bool:
    """Tell whether a reader sees what everybody of an account is paid on: who sees all pay, and who holds it."""
    return viewer.holds(*PAY) or account.pk in viewer.once(held_accounts)


def alignment(*, account: StrategicAccount, viewer: Viewer, on: date) -> Alignment:
    """Return the alignment of an account's team on a day, as far as a reader sees it."""
    return AlignmentReads(account=account, viewer=viewer, on=on).found()


@dataclass
class AlignmentReads:
    """One account on one day: each table is read once, whatever the size of the team."""

    account: StrategicAccount
    viewer: Viewer
    on: date
    pictures: dict[UUID, Picture] = field(default_factory=dict)

    def found(self) -> Alignment:
        """Return everything."""
        return Alignment(
            on=self.on,
            measures=self.measures(),
            rows=self.rows,
            cascade=tuple(self.cascade),
            objectives=self.objective_rows(),
            report=self.report(),
            has_plan=bool(self.versions),
        )

    @cached_property
    def members(self) -> list[Membership]:
        rows = visible(
            Membership.objects.filter(account=self.account, valid__contains=self.on), to=self.viewer
        )
        named = rows.select_related("person__details", "role", "leader__details")
        return sorted(named.order_by("role__name", "person__employee_id"), key=lambda row: row.seat != "kam")

    @cached_property
    def assignments(self) -> Mapping[UUID, list[Assignment]]:
        """Return the plans that members are on, for this account or another, each person's."""
        people = [row.person_id for row in self.members]
        rows = visible(Assignment.objects.filter(person__in=people, valid__contains=self.on), to=self.viewer)
        found: dict[UUID, list[Assignment]] = defaultdict(list)
        for row in rows.order_by("plan__code"):
            found[row.person_id].append(row)
        return found

    def here(self, row: Membership) -> list[Assignment]:
        """Return the plans that pay a member for this account, or for none by name."""
        mine = self.assignments.get(row.person_id, ())
        return [one for one in mine if one.account_id in (self.account.pk, None)]

    @cached_property
    def versions(self) -> Mapping[UUID, PlanVersion]:
        """Return the plan versions that pay for the account on the day."""
        ids = {one.plan_version_id for row in self.members for one in self.here(row)}
        rows = visible(PlanVersion.objects.filter(pk__in=ids), to=self.viewer).select_related("plan")
        found = {row.pk: row for row in rows.order_by("plan__code")}
        self.pictures = {key: picture_of(document=row.document) for key, row in found.items()}
        return found

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
        if pooled or self.assignments.get(member.person_id):
            return True
        return False if self.viewer.holds(*PAY) else None

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

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        return {row.code: row for row in visible(Metric.objects.all(), to=self.viewer)}

    def name_of(self, code: str) -> str:
        return self.metrics[code].name if code in self.metrics else code

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
        rows = Target.objects.current().filter(days__contains=self.on, segment=None)  # type: ignore[attr-defined]
        asked = rows.filter(node=self.account.node_id) | rows.filter(person__in=team)
        whole: dict[tuple[Any, ...], Target] = {}
        parts: dict[tuple[Any, ...], list[Target]] = defaultdict(list)
        for row in visible(asked, to=self.viewer).select_related("metric").order_by("metric__code", "days"):
            key = (row.metric.code, row.days.lower, row.days.upper, row.currency)
            if row.person_id is None:
                whole[key] = row
            else:
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

    @cached_property
    def objectives(self) -> list[AccountObjective]:
        """Return what the account plan still aims for on the day."""
        rows = visible(
            AccountObjective.objects.filter(account=self.account, due_on__gte=self.on), to=self.viewer
        )
        return list(rows.exclude(status=ObjectiveStatus.DROPPED).order_by("due_on", "code"))

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
    def limits(self) -> Mapping[str, Decimal]:
        return limits_on(day=self.on)

    @cached_property
    def by_plan(self) -> list[Report]:
        return [checked(picture=one, settings=self.limits, only=PLAN_RULES) for one in self.looked_at]

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
        team = checked(picture=self.looked_at[0], settings=self.limits, only=TEAM_RULES)
        return Report(findings=(*team.findings, *self.unpaid()), not_known=team.not_known)
