"""The tables behind alignments, each read once for all accounts that are looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.visibility import Viewer, visible
from plans.checks.facts import BulgeFacts
from plans.checks.picture import Picture, picture_of
from plans.models import Assignment, PlanVersion
from plans.selectors.limits import limits_on
from scorecards.models import Metric, Target
from scorecards.selectors.bulges import BULGE_PERIODS, bulges_of
from teams.choices import ObjectiveStatus
from teams.models import AccountObjective, Membership, StrategicAccount
from teams.visibility import PAY


@dataclass
class AccountsRead:
    """Some accounts on a day, as far as a viewer sees them; without a viewer, all there is."""

    accounts: Sequence[StrategicAccount]
    viewer: Viewer | None
    on: date

    @property
    def sees_all_pay(self) -> bool:
        """Tell whether nothing of anybody's plans is hidden."""
        return self.viewer is None or self.viewer.holds(*PAY)

    def seen(self, rows: Any) -> Any:
        """Return the rows that the viewer sees."""
        return rows if self.viewer is None else visible(rows, to=self.viewer)

    @cached_property
    def members(self) -> Mapping[UUID, list[Membership]]:
        """Return each account's team, its manager first."""
        rows = self.seen(Membership.objects.filter(account__in=self.accounts, valid__contains=self.on))
        named = rows.select_related("person__details", "role", "leader__details")
        found: dict[UUID, list[Membership]] = defaultdict(list)
        for row in sorted(named.order_by("role__name", "person__employee_id"), key=_manager_first):
            found[row.account_id].append(row)
        return found

    @cached_property
    def assignments(self) -> Mapping[UUID, list[Assignment]]:
        """Return the plans that members are on, for one of these accounts or another, each person's."""
        people = {row.person_id for rows in self.members.values() for row in rows}
        rows = self.seen(Assignment.objects.filter(person__in=people, valid__contains=self.on))
        found: dict[UUID, list[Assignment]] = defaultdict(list)
        for row in rows.order_by("plan__code"):
            found[row.person_id].append(row)
        return found

    @cached_property
    def versions(self) -> Mapping[UUID, PlanVersion]:
        """Return the plan versions that members are on, by the code of their plan."""
        ids = {one.plan_version_id for rows in self.assignments.values() for one in rows}
        rows = self.seen(PlanVersion.objects.filter(pk__in=ids)).select_related("plan")
        return {row.pk: row for row in rows.order_by("plan__code")}

    @cached_property
    def pictures(self) -> Mapping[UUID, Picture]:
        """Return what rules look at of each version: its document."""
        return {key: picture_of(document=row.document) for key, row in self.versions.items()}

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """Return the metrics there are by code."""
        return {row.code: row for row in self.seen(Metric.objects.all())}

    @cached_property
    def targets(self) -> list[Target]:
        """Return the targets of the day that the accounts and their people have."""
        people = {row.person_id for rows in self.members.values() for row in rows}
        rows = Target.objects.current().filter(days__contains=self.on, segment=None)  # type: ignore[attr-defined]
        asked = rows.filter(node__in=[one.node_id for one in self.accounts]) | rows.filter(person__in=people)
        return list(self.seen(asked).select_related("metric").order_by("metric__code", "days"))

    @cached_property
    def objectives(self) -> Mapping[UUID, list[AccountObjective]]:
        """Return what each account plan still aims for on the day."""
        rows = AccountObjective.objects.filter(account__in=self.accounts, due_on__gte=self.on)
        found: dict[UUID, list[AccountObjective]] = defaultdict(list)
        for row in self.seen(rows).exclude(status=ObjectiveStatus.DROPPED).order_by("due_on", "code"):
            found[row.account_id].append(row)
        return found

    @cached_property
    def bulges(self) -> Mapping[UUID, tuple[BulgeFacts, ...]]:
        """Return how the last locked periods ended, by account."""
        calendars = {row.plan.calendar_id for row in self.versions.values()}
        locked = Period.objects.filter(
            calendar__in=calendars, status=PeriodStatus.LOCKED, days__endswith__lte=self.on
        )
        periods = list(locked.order_by("-days")[:BULGE_PERIODS])
        found = bulges_of(nodes=[one.node_id for one in self.accounts], periods=periods)
        return {
            one.pk: tuple(
                BulgeFacts(
                    period=each.period, last_over_mean=each.last_over_mean, reversed_next=each.reversed_next
                )
                for each in found.get(one.node_id, ())
            )
            for one in self.accounts
        }

    @cached_property
    def limits(self) -> Mapping[str, Decimal]:
        """Return the company's limits of rules on the day."""
        return limits_on(day=self.on)


def _manager_first(row: Membership) -> bool:
    return row.seat != "kam"
