"""
An account as its key account manager looks at it: the team's goals, who is paid for it, its pool, their word on it.

Whatever names money starts from what the viewer may see; results are shown as the period's
run knew them, and before there is a run as they are believed now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import (
    Count,
    DecimalField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.policy.selectors import policy_value
from kamcomp.visibility import Viewer, visible
from payouts.choices import RunStatus
from payouts.models import AccountReview, Payout, PayoutLine, Pool, Run
from payouts.selectors.estimates import Estimate, payout_estimate
from payouts.selectors.reviews import WINDOW_DAYS, WINDOW_SETTING, account_kam
from payouts.visibility import FOR_MANAGERS
from scorecards.selectors.scorecard import Scorecard, scorecard
from teams.choices import Link, Seat
from teams.models import Membership, Person, StrategicAccount
from teams.visibility import held_accounts

ZERO = Decimal(0)
REVIEWED = (RunStatus.CALCULATED, RunStatus.WITH_ERRORS)
PERIODS_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class AccountPayout:
    """What one person is paid for an account in a run, by plan; `whole` where the payout is for nothing else."""

    person: Person
    name: str
    role: str
    plan: str
    amount: Decimal
    currency: str
    payout: Payout


@dataclass(frozen=True, kw_only=True)
class TeamMember:
    """One of an account's team on a day."""

    name: str
    role: str
    seat: str
    link: str
    dedication: Decimal


@dataclass(frozen=True, kw_only=True)
class AccountInPeriod:
    """
    An account in a period: goals with their next steps from the run, or the scorecard before there is one.

    `may_answer` tells whether the viewer is the KAM whose word the run waits for, `until` how long it does.
    """

    account: StrategicAccount
    period: Period
    run: Run | None
    estimate: Estimate | None
    card: Scorecard | None
    payouts: Sequence[AccountPayout]
    pool: Pool | None
    review: AccountReview | None
    kam: str
    team: Sequence[TeamMember]
    may_answer: bool
    until: date

    @property
    def earned(self) -> Mapping[str, Decimal]:
        """Return what the payouts come to, by currency."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for each in self.payouts:
            totals[each.currency] += each.amount
        return dict(totals)


def latest_run(*, viewer: Viewer) -> Run | None:
    """Return the newest run whose figures the viewer may see."""
    runs = visible(Run.objects.filter(is_current=True, status__in=FOR_MANAGERS), to=viewer)
    return runs.select_related("period").order_by("-period__days").first()


def my_accounts(*, viewer: Viewer, run: Run | None) -> QuerySet[Any]:
    """
    Return the accounts the viewer holds, each with its figures of a run.

    Beside the account: `team` (people on the day), `score` (what its goals pay of target, a ratio),
    `paid` (all payouts for it), `pool_funded`, `outcome` (the KAM's word).
    """
    lines: QuerySet[PayoutLine] = PayoutLine.objects.none()
    if run is not None:
        found = PayoutLine.objects.filter(payout__run=run, period=run.period, account=OuterRef("pk"))
        lines = visible(found, to=viewer).order_by()
    own = lines.filter(
        payout__person__user_id=viewer.user_id, weight__isnull=False, payout_ratio__isnull=False
    )
    ratio = ExpressionWrapper(
        Sum(F("weight") * F("payout_ratio")) / Sum("weight"),
        output_field=DecimalField(max_digits=20, decimal_places=6),
    )
    money = DecimalField(max_digits=18, decimal_places=2)
    team = Membership.objects.filter(account=OuterRef("pk"), valid__contains=viewer.on).order_by()
    return (
        StrategicAccount.objects.filter(pk__in=viewer.once(held_accounts))
        .select_related("node")
        .annotate(
            team=Subquery(team.values("account").annotate(each=Count("pk")).values("each")),
            score=Subquery(own.values("account").annotate(each=ratio).values("each")),
            paid=Subquery(
                lines.values("account").annotate(each=Sum("amount")).values("each"), output_field=money
            ),
            pool_funded=Subquery(
                Pool.objects.filter(account=OuterRef("pk"), run=run).values("funded"), output_field=money
            ),
            outcome=Subquery(AccountReview.objects.filter(account=OuterRef("pk"), run=run).values("outcome")),
        )
    )


def account_periods(*, account: StrategicAccount, viewer: Viewer) -> list[Period]:
    """Return the periods an account can be looked at in: those that wait for a run, and those of runs seen."""
    runs = visible(Run.objects.filter(is_current=True, status__in=FOR_MANAGERS), to=viewer)
    since = account.programme_start
    shown = Q(pk__in=runs.values("period")) | Q(status__in=[PeriodStatus.OPEN, PeriodStatus.COLLECTING])
    periods = Period.objects.filter(shown, days__endswith__gt=since, days__startswith__lte=viewer.on)
    return list(periods.order_by("-days")[: PERIODS_SHOWN + 1])


def account_in_period(*, account: StrategicAccount, period: Period, viewer: Viewer) -> AccountInPeriod:
    """Return an account in a period, as far as the viewer may see it."""
    runs = Run.objects.filter(period=period, is_current=True, status__in=(*FOR_MANAGERS, *REVIEWED))
    run = visible(runs, to=viewer).select_related("period").first()
    last_day = period.days.upper - timedelta(days=1)
    kam = account_kam(account=account, on=last_day)
    payouts = [] if run is None else _payouts(account=account, run=run, viewer=viewer)
    own = next((each.payout for each in payouts if kam is not None and each.person.pk == kam.pk), None)
    days = int(policy_value(key=WINDOW_SETTING, on=viewer.on, default=WINDOW_DAYS))
    return AccountInPeriod(
        account=account,
        period=period,
        run=run,
        estimate=None if own is None else payout_estimate(payout=own, actuals={}),
        card=None if own is not None else scorecard(subject=account.node, period=period),
        payouts=payouts,
        pool=None if run is None else Pool.objects.filter(account=account, run=run).first(),
        review=None if run is None else _review(account=account, run=run, viewer=viewer),
        kam="" if kam is None else _name(kam),
        team=_team(account=account, on=min(last_day, viewer.on), viewer=viewer),
        may_answer=(
            run is not None and run.status in REVIEWED and kam is not None and kam.user_id == viewer.user_id
        ),
        until=period.cut_off_on + timedelta(days=days),
    )


def _review(*, account: StrategicAccount, run: Run, viewer: Viewer) -> AccountReview | None:
    reviews = AccountReview.objects.filter(account=account, run=run)
    return visible(reviews, to=viewer).select_related("settled_by", "kam__details").first()


def _payouts(*, account: StrategicAccount, run: Run, viewer: Viewer) -> list[AccountPayout]:
    lines = PayoutLine.objects.filter(account=account, payout__run=run, period=run.period)
    sums = dict(visible(lines, to=viewer).order_by().values_list("payout").annotate(total=Sum("amount")))
    rows = Payout.objects.filter(pk__in=list(sums)).select_related(
        "person__details", "period", "run", "plan_version__plan"
    )
    seats = Membership.objects.filter(account=account, valid__contains=run.period.span.last)
    roles: dict[UUID, str] = dict(seats.values_list("person_id", "role__name"))
    found = [
        AccountPayout(
            person=row.person,
            name=_name(row.person),
            role=roles.get(row.person_id, ""),
            plan=row.plan_version.document.get("name") or str(row.plan_version.plan),
            amount=sums[row.pk],
            currency=row.currency,
            payout=row,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (-each.amount, each.name))


def _team(*, account: StrategicAccount, on: date, viewer: Viewer) -> list[TeamMember]:
    seats = visible(Membership.objects.filter(account=account, valid__contains=on), to=viewer)
    rank = {Seat.KAM: 0, Seat.DEPUTY: 1}
    rows = sorted(
        seats.select_related("person__details", "role"),
        key=lambda row: (rank.get(Seat(row.seat), 2), row.link == Link.MATRIX, _name(row.person)),
    )
    return [
        TeamMember(
            name=_name(row.person),
            role=row.role.name,
            seat=row.seat,
            link=row.link,
            dedication=row.dedication,
        )
        for row in rows
    ]


def _name(person: Person) -> str:
    details = getattr(person, "details", None)
    return str(details) if details is not None else person.employee_id
