"""People, their pay, and the version itself: read beside a plan document, each table once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q

from kamcomp.approvals.choices import FindingStatus
from kamcomp.approvals.models import Finding
from kamcomp.calendar.models import Period
from plans.checks.facts import (
    CostFacts,
    EvidenceFacts,
    Facts,
    PersonFacts,
    VersionFacts,
)
from plans.choices import AcceptanceStatus, ReplayKind, VersionStatus
from plans.models import Acceptance, Assignment, PlanVersion, Replay, Scenario
from plans.selectors.pictures.results import ResultReads
from plans.selectors.pictures.settings import (
    ACCOUNT_MANAGER_PLAN,
    BUDGETS,
    VERSION_TABLE,
    ZERO,
)
from teams.choices import PackageStatus, Seat
from teams.models import (
    AccountRelationship,
    Employment,
    Membership,
    PayPackage,
    Reward,
    StrategicAccount,
)
from teams.selectors.market import Standing, against_market, standing

OF_DAYS = (
    "settings", "periods", "closed", "assignments", "strategic_accounts", "memberships", "whole_dedications",
    "on_plans", "other_measures", "node_ids", "pnl_nodes", "wallets", "objectives", "targets",
    "seats", "on_this_plan", "names", "stated_manager_plan",
    "others_published", "rewards", "relationships", "revenues", "bulges", "cascades", "node_targets",
    "person_targets",
)  # fmt: skip
"""What is read by the version's plan and days, whatever its document says."""
OF_METRICS = ("metric_rows", "past_results", "past_targets", "response_rate", "metrics")
"""What is read by the metrics that the document names too."""
OF_PEOPLE = ("employments", "packages", "standings", "unsigned_people")
"""What is read of those on the plan and those who may share in its pool."""


class PictureReads(ResultReads):
    """Everything beside the document."""

    def again(self, *, version: PlanVersion, on: date) -> PictureReads:
        """
        Return the reads for another document of the same version: what it does not decide is not read again.

        What somebody does to the version itself (kept findings, replays, answers) is always read.
        """
        fresh = PictureReads(version=version, on=on, stage=self.stage)
        was = (self.version.pk, self.version.plan_id, self.version.valid, self.version.currency, self.on)
        if was != (version.pk, version.plan_id, version.valid, version.currency, on):
            return fresh
        kept = [*OF_DAYS]
        kept += OF_METRICS if self.codes == fresh.codes else ()
        kept += OF_PEOPLE if bool(self.own.plan.pool) == bool(fresh.own.plan.pool) else ()
        fresh.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
        return fresh

    def facts(self) -> Facts:
        accounts = list(self.strategic_accounts)
        return Facts(
            on=self.on,
            stage=self.stage,
            close_days=self.close_days(),
            metrics=self.metrics,
            metrics_known=True,
            accounts=tuple(self.account(account) for account in accounts) or None,
            people=self.people() or None,
            version=self.version_facts(),
            evidence=self.evidence(),
            cost=self.cost(),
            account_manager_plan=self.account_manager_plan(),
            waived=self.waived(),
        )

    def evidence(self) -> EvidenceFacts:
        """Return in how many closed periods the plan had people, and what its document was replayed on and drawn at."""
        had_people = Assignment.objects.filter(plan_id=self.version.plan_id, valid__overlap=OuterRef("days"))
        closed = Period.objects.filter(pk__in=[period.pk for period in self.closed])
        of_plan = Q(version__plan_id=self.version.plan_id) | Q(draft__plan_id=self.version.plan_id)
        replays = Replay.objects.filter(of_plan | Q(draft_id=self.version.pk))
        of_this = list(
            replays.filter(version_digest=self.version.digest)
            .order_by("at", "pk")
            .values_list("kind", "periods", "figures__changes")
        )
        changes = [found for kind, _periods, found in of_this if kind == ReplayKind.REPS]
        return EvidenceFacts(
            closed_periods=closed.filter(Exists(had_people)).count(),
            replayed_periods=len(
                {code for kind, periods, _found in of_this if kind == ReplayKind.PLAN for code in periods}
            ),
            scenarios=self.levels_drawn(of_plan),
            rep_changes={rep: Decimal(change) for rep, change in changes[-1].items()} if changes else None,
        )

    def levels_drawn(self, of_plan: Q) -> tuple[Decimal, ...]:
        """Return the levels of result, 1 for target, at which scenarios kept of the document say what it costs."""
        kept = Scenario.objects.filter(
            of_plan | Q(draft_id=self.version.pk), document_digest=self.version.digest
        )
        levels = {
            Decimal(level)
            for found in kept.values_list("figures__levels", flat=True)
            for level in found or ()
        }
        return tuple(sorted(levels))

    @cached_property
    def people_ids(self) -> list[UUID]:
        """Return who is on the plan, then who may share in its pool."""
        on_plan = [one.person_id for one in self.assignments]
        pooled = [row.person_id for rows in self.memberships.values() for row in rows if row.pool_eligible]
        return list(dict.fromkeys([*on_plan, *(pooled if self.own.plan.pool else [])]))

    @cached_property
    def employments(self) -> Mapping[UUID, Employment]:
        rows = Employment.objects.filter(person__in=self.people_ids, valid__contains=self.day)
        rows = rows.select_related("job_role")
        return {row.person_id: row for row in rows}

    @cached_property
    def packages(self) -> Mapping[UUID, PayPackage]:
        rows = PayPackage.objects.filter(
            person__in=self.people_ids, valid__contains=self.day, status=PackageStatus.APPROVED
        )
        return {row.person_id: row for row in rows}

    @cached_property
    def seats(self) -> Mapping[UUID, Membership]:
        return {row.person_id: row for rows in self.memberships.values() for row in rows}

    @cached_property
    def on_this_plan(self) -> Mapping[UUID, Assignment]:
        return {one.person_id: one for one in self.assignments}

    @cached_property
    def names(self) -> Mapping[UUID, str]:
        names = {row.person_id: str(row.person) for rows in self.memberships.values() for row in rows}
        return names | {one.person_id: str(one.person) for one in self.assignments}

    def people(self) -> tuple[PersonFacts, ...]:
        """Return everybody on the plan or in its pool, with their answers to the version."""
        if not self.answers:
            return self.unsigned_people
        signed = [
            (person, self.has_signed(key))
            for key, person in zip(self.people_ids, self.unsigned_people, strict=True)
        ]
        return tuple(replace(person, signed=answer, receipt=answer) for person, answer in signed)

    @cached_property
    def unsigned_people(self) -> tuple[PersonFacts, ...]:
        """Return everybody on the plan or in its pool, but for their answers."""
        return tuple(self.person(one) for one in self.people_ids)

    @cached_property
    def accounts_by_id(self) -> Mapping[UUID, StrategicAccount]:
        return {account.pk: account for account in self.strategic_accounts}

    def person(self, person_id: UUID) -> PersonFacts:
        employment, package = self.employments.get(person_id), self.packages.get(person_id)
        seat, assignment = self.seats.get(person_id), self.on_this_plan.get(person_id)
        served = assignment or seat
        account = self.accounts_by_id.get(served.account_id) if served and served.account_id else None
        same = package is not None and package.currency == self.version.currency
        return PersonFacts(
            person=self.names[person_id],
            role=seat.role.code if seat else "",
            seat=seat.seat if seat else "member",
            link=seat.link if seat else "direct",
            account=account.node.code if account else "",
            on_plan=assignment is not None,
            place=employment.jurisdiction if employment else "",
            language=employment.work_language if employment else "",
            salaried=employment.salaried if employment else None,
            overtime=(employment.overtime_status or None) if employment else None,
            works_council=employment.works_council if employment else None,
            base=package.base_salary if package and same else None,
            variable=package.variable_target if package and same else None,
            pool_target=package.pool_target if package and same else None,
            targets_set=self.has_targets(person_id, account),
            **self.care(person_id, seat),
        )

    @cached_property
    def standings(self) -> Mapping[UUID, Standing]:
        """Return where each person stands against the market, from what was read already."""
        stood = {}
        for person_id in self.people_ids:
            seat, employment = self.seats.get(person_id), self.employments.get(person_id)
            role = seat.role if seat else employment.job_role if employment else None
            stood[person_id] = standing(
                role=role, employment=employment, package=self.packages.get(person_id)
            )
        return against_market(standings=stood, days=dict.fromkeys(self.people_ids, self.day))

    @cached_property
    def rewards(self) -> Mapping[UUID, date]:
        """Return when everybody who was given something besides pay last was, up to the day."""
        rows = Reward.objects.filter(given_on__lte=self.on).order_by()
        return dict(rows.values("person").annotate(last=Max("given_on")).values_list("person", "last"))

    @cached_property
    def relationships(self) -> Mapping[UUID, AccountRelationship]:
        rows = AccountRelationship.objects.filter(account__in=self.strategic_accounts)
        return {row.account_id: row for row in rows}

    def care(self, person_id: UUID, seat: Membership | None) -> dict[str, Any]:
        """Return what HR keeps of somebody that rules look at: pay against the market, contacts, rewards."""
        is_kam = seat is not None and seat.seat == Seat.KAM
        row = self.relationships.get(seat.account_id) if seat and is_kam else None
        return {
            "compa_ratio": self.standings[person_id].ratio,
            "revenue_impact": self.revenues.get(seat.account_id) if seat and is_kam else None,
            "sole_contact": row.sole_contact if row else None,
            "successor": row.successor_id is not None if row else None,
            "rewarded_on": self.rewards.get(person_id),
            "reward_known": bool(self.rewards),
        }

    @cached_property
    def answers(self) -> Mapping[UUID, Acceptance]:
        """Return what was put before whom of the version, without its words."""
        rows = Acceptance.objects.filter(version=self.version).only("person_id", "status", "language")
        return {row.person_id: row for row in rows}

    def has_signed(self, person_id: UUID) -> bool | None:
        """Tell whether somebody has signed, and so has the copy; nothing is known of who is not on the plan."""
        if person_id not in self.on_this_plan:
            return None
        answer = self.answers.get(person_id)
        return answer is not None and answer.status == AcceptanceStatus.SIGNED

    def has_targets(self, person_id: UUID, account: StrategicAccount | None) -> bool:
        return person_id in self.person_targets or (
            account is not None and account.node_id in self.node_targets
        )

    def cost(self) -> CostFacts:
        parts = [
            package.variable_target + package.pool_target
            for package in self.packages.values()
            if package.currency == self.version.currency
        ]
        whole = len(parts) == len(self.people_ids) and bool(parts)
        budgets = self.settings.get(BUDGETS)
        stated = budgets.get(self.version.plan.code) if isinstance(budgets, dict) else None
        return CostFacts(
            at_target=sum(parts, ZERO) if whole else None,
            budget=None if stated is None else Decimal(str(stated)),
        )

    @cached_property
    def others_published(self) -> list[tuple[int, Any]]:
        """Return the numbers and days of the plan's other versions that are published."""
        published = PlanVersion.objects.filter(plan_id=self.version.plan_id, status=VersionStatus.PUBLISHED)
        return list(published.exclude(pk=self.version.pk).values_list("number", "valid"))

    def version_facts(self) -> VersionFacts:
        version, last = self.version, self.closed[-1] if self.closed else None
        others = self.others_published
        in_force = version.status == VersionStatus.PUBLISHED
        ends = version.span.until
        replaced = ends is not None and any(valid.lower >= ends for _, valid in others)
        return VersionFacts(
            prepared_by=_username(version.prepared_by),
            approved_by=_username(version.approved_by),
            frozen_on=version.approved_at.date() if version.approved_at else None,
            published_on=version.published_at.date() if version.published_at else None,
            languages=tuple(sorted({one.language for one in self.answers.values()})) or None,
            paid_until=None if in_force or last is None else last.span.last,
            first=not any(number < version.number for number, _ in others),
            expired_on=ends - timedelta(days=1) if in_force and ends is not None and not replaced else None,
        )

    def account_manager_plan(self) -> Any:
        return self.stated_manager_plan

    @cached_property
    def stated_manager_plan(self) -> Any:
        code = self.settings.get(ACCOUNT_MANAGER_PLAN)
        if not isinstance(code, str):
            return None
        found = (
            PlanVersion.objects.filter(plan__code=code, status=VersionStatus.PUBLISHED)
            .order_by("number")
            .last()
        )
        return found and found.document

    def waived(self) -> tuple[str, ...]:
        rows = Finding.objects.filter(
            subject_table=VERSION_TABLE, subject_id=str(self.version.pk), status=FindingStatus.WAIVED
        )
        return tuple(rows.values_list("message", flat=True))


def _username(user: Any) -> str:
    return user.get_username() if user else ""
