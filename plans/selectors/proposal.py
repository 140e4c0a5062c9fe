"""
Reads for a new programme: what is known of an account, which measures could be paid on, and what last year brought.

All start from what the reader may see; what nobody knows is none, and asked for. The number of queries is the same
for a small account and a large one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta

from kamcomp import money
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.visibility import Viewer, visible
from plans.checks.measures import SAME_RESULT
from plans.engine.first_draft import Aim, Part
from plans.engine.measure_choice import Candidate, Scored, ranked
from plans.engine.proposal import Goal
from scorecards.choices import Direction, MetricSource, MetricStatus, Unit, Window
from scorecards.engine.library import LIBRARY
from scorecards.models import Metric, Opportunity, Result, Target, WalletEstimate
from scorecards.selectors.programme import year_beside
from scorecards.selectors.sources import nodes_below
from teams.choices import ObjectiveStatus
from teams.models import AccountNode, AccountObjective, Employment, Segment, StrategicAccount
from teams.selectors.teams import team_on

WALLET = "M07"
LAST_YEAR, LATELY, MOST_SHOWN = 4, 2, 12
NOT_PAID_ON = frozenset({"M14", "M20", "M20.stages", "M21", "M27"})
"""Judged by objectives, named deals, or looked at only: not measures of the account's result."""
READ_BY_CURVE = frozenset({"M16"})
"""Differences for which a template has a curve on the value; others need a curve that somebody draws."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the company knows of an account already; none is not known."""

    account: StrategicAccount
    team: int
    countries: int
    segments: Sequence[Part]
    saturation: Decimal | None
    trend: Decimal | None
    cycle_months: int | None
    opportunities: int | None
    long_run: Decimal | None
    margin: Decimal | None
    aims: Sequence[Aim]


@dataclass(frozen=True, kw_only=True)
class LastYear:
    """What the last closed periods brought on one metric: by period, with the targets there were."""

    code: str
    name: str
    unit: str
    currency: str
    periods: Sequence[str]
    results: Sequence[Decimal | None]
    targets: Sequence[Decimal | None]

    @property
    def known(self) -> Sequence[Decimal]:
        """Return the results there are."""
        return [each for each in self.results if each is not None]


def account_known(*, account: StrategicAccount, viewer: Viewer, on: date) -> Known:
    """Return what is known of an account on a day, to answer the founding questions with."""
    nodes = nodes_below(node_id=account.node_id)
    team = team_on(account=account, viewer=viewer, on=on)
    beside = year_beside(nodes=nodes, currency=account.plan_currency, viewer=viewer, on=on)
    revenue = beside.now.revenue if beside.now else None
    gross = beside.now.revenue - beside.now.cogs if beside.now else None
    return Known(
        account=account,
        team=len(team.members),
        countries=_countries(people=[one.person_id for one in team.members], nodes=nodes, on=on),
        segments=_segments(nodes=nodes, members=team.members),
        saturation=_saturation(nodes=nodes, account=account, revenue=revenue, viewer=viewer),
        trend=beside.growth,
        cycle_months=account.cycle_months,
        opportunities=_opportunities(account=account, nodes=nodes, viewer=viewer, on=on),
        long_run=account.long_emphasis,
        margin=money.CONTEXT.divide(gross, revenue) if gross and revenue and revenue > 0 else None,
        aims=_aims(account=account, kam=team.kam.person_id if team.kam else None, viewer=viewer, on=on),
    )


def measures_ranked(*, account: StrategicAccount | None, goal: Goal, viewer: Viewer) -> list[Scored]:
    """Return the measures that could be paid on with their scores on the four criteria, the best first."""
    metrics = Metric.objects.filter(status=MetricStatus.APPROVED, direction=Direction.HIGHER)
    rows = [row for row in metrics.exclude(code__in=NOT_PAID_ON) if _payable(row)]
    lately = _closed(LATELY)
    found = _results_of(account=account, periods=lately, viewer=viewer)
    aims = set()
    if account is not None:
        objectives = visible(AccountObjective.objects.filter(account=account), to=viewer)
        aims = set(objectives.exclude(status=ObjectiveStatus.DROPPED).values_list("metric_code", flat=True))
    candidates = [
        Candidate(
            code=row.code,
            name=row.name,
            perspective=row.perspective,
            alignment=row.alignment,
            controllability=row.controllability,
            trackability=row.trackability,
            objective=row.code in aims,
            levels=LIBRARY[row.code].levels if row.code in LIBRARY else frozenset({row.level}),
            computed=row.source == MetricSource.COMPUTED,
            found=len({result.period_id for result in found.get(row.code, ())}),
            asked=len(lately),
        )
        for row in rows
    ]
    return ranked(candidates=candidates, goal=goal, same=SAME_RESULT)[:MOST_SHOWN]


def last_year(
    *, account: StrategicAccount | None, metrics: Sequence[str], viewer: Viewer
) -> dict[str, LastYear]:
    """Return what the last four closed periods brought on each metric, and what had been agreed."""
    periods = _closed(LAST_YEAR)
    found = _results_of(account=account, periods=periods, viewer=viewer, metrics=metrics)
    targets = _targets_of(account=account, periods=periods, viewer=viewer, metrics=metrics)
    rows = {}
    for metric in Metric.objects.filter(code__in=metrics):
        by_period = {result.period_id: result for result in found.get(metric.code, ())}
        currencies = [result.currency for result in by_period.values() if result.currency]
        values = [by_period[period.pk].value if period.pk in by_period else None for period in periods]
        rows[metric.code] = LastYear(
            code=metric.code,
            name=metric.name,
            unit=metric.unit,
            currency=currencies[-1] if currencies else "",
            periods=[period.code for period in periods],
            results=values,
            targets=[targets.get((metric.code, period.days.lower, period.days.upper)) for period in periods],
        )
    return rows


def asked_targets(*, year: LastYear, more: Decimal) -> list[Decimal]:
    """
    Return a target for each period of the plan's year: what the same period brought last year, and `more` on it.

    Units: those of the metric; `more` is a ratio. Sums grow by it, shares do not: of a share the result is the target.
    Empty unless every period has a result.
    """
    if len(year.known) < len(year.results):
        return []
    grows = year.unit not in (Unit.PERCENT, Unit.POINTS, Unit.INDEX)
    digits = 2 if grows else 4
    return [money.to_decimals(each * (1 + more) if grows else each, digits) for each in year.known]


def usual_calendar() -> UUID | None:
    """Return the calendar that closed a period last, whose results a draft begins with; None where none did."""
    lately = Period.objects.filter(status=PeriodStatus.LOCKED).order_by("-days")
    found: UUID | None = lately.values_list("calendar_id", flat=True).first()
    return found


def _payable(row: Metric) -> bool:
    """Tell whether a measure can be read without a curve that somebody has to draw first."""
    if row.code in LIBRARY and not LIBRARY[row.code].levels & {"account", "segment"}:
        return False
    return row.unit != Unit.POINTS or row.code in READ_BY_CURVE


def _closed(number: int) -> list[Period]:
    """Return the last locked periods of the calendar that locked one last, oldest first."""
    rows = Period.objects.filter(status=PeriodStatus.LOCKED).order_by("-days")[: 4 * number]
    lately = list(rows)
    mine = [period for period in lately if period.calendar_id == lately[0].calendar_id]
    return mine[:number][::-1]


def _results_of(
    *,
    account: StrategicAccount | None,
    periods: Sequence[Period],
    viewer: Viewer,
    metrics: Sequence[str] | None = None,
) -> Mapping[str, Sequence[Result]]:
    if account is None or not periods:
        return {}
    rows = visible(Result.objects.current(), to=viewer).filter(
        node_id=account.node_id, segment=None, window=Window.PERIOD, period__in=periods, value__isnull=False
    )
    rows = rows if metrics is None else rows.filter(metric__code__in=metrics)
    found: dict[str, list[Result]] = defaultdict(list)
    for row in rows.select_related("metric").order_by("period__days"):
        found[row.metric.code].append(row)
    return found


def _targets_of(
    *, account: StrategicAccount | None, periods: Sequence[Period], viewer: Viewer, metrics: Sequence[str]
) -> dict[tuple[str, date, date], Decimal]:
    if account is None or not periods:
        return {}
    rows = visible(Target.objects.current(), to=viewer).filter(
        node_id=account.node_id,
        segment=None,
        metric__code__in=metrics,
        days__in=[one.days for one in periods],
    )
    return {
        (code, days.lower, days.upper): value
        for code, days, value in rows.values_list("metric__code", "days", "value")
    }


def _countries(*, people: Sequence[UUID], nodes: Sequence[UUID], on: date) -> int:
    """Return in how many countries the team works and the customer is served."""
    places = Employment.objects.filter(person__in=people, valid__contains=on)
    found = {place[:2] for place in places.values_list("jurisdiction", flat=True)}
    of_nodes = AccountNode.objects.filter(pk__in=nodes).exclude(country="")
    return len(found | set(of_nodes.values_list("country", flat=True))) or 1


def _segments(*, nodes: Sequence[UUID], members: Sequence[Any]) -> list[Part]:
    """Return the segments that parts of the account, or members of its team, stand for."""
    of_team = {segment.pk for member in members for segment in member.segments.all()}
    of_nodes = AccountNode.objects.filter(pk__in=nodes).exclude(segment=None).values("segment_id")
    rows = Segment.objects.filter(pk__in=of_team) | Segment.objects.filter(pk__in=of_nodes)
    return [Part(code=row.code, name=row.name) for row in rows.distinct().order_by("code")]


def _saturation(
    *, nodes: Sequence[UUID], account: StrategicAccount, revenue: Decimal | None, viewer: Viewer
) -> Decimal | None:
    """Return the newest share of wallet: a result of the metric, else revenue over the newest estimate."""
    results = visible(Result.objects.current(), to=viewer).filter(
        node_id=account.node_id, metric__code=WALLET, segment=None, value__isnull=False
    )
    newest = results.order_by("-period__days").values_list("value", flat=True).first()
    if newest is not None:
        return Decimal(newest)
    estimates = visible(WalletEstimate.objects.current(), to=viewer).filter(
        node__in=nodes, currency=account.plan_currency
    )
    latest: dict[str, Decimal] = dict(
        estimates.order_by("category", "as_of").values_list("category", "spend")
    )
    spend = sum(latest.values(), Decimal(0))
    if revenue is None or spend <= 0:
        return None
    return min(money.CONTEXT.divide(revenue, spend), Decimal(1))


def _opportunities(
    *, account: StrategicAccount, nodes: Sequence[UUID], viewer: Viewer, on: date
) -> int | None:
    """Return the opportunities a year that were said, else how many were looked at in the last twelve months."""
    if account.opportunities_a_year is not None:
        return account.opportunities_a_year
    rows = visible(Opportunity.objects.current(), to=viewer).filter(
        node__in=nodes, as_of__gt=on - relativedelta(years=1)
    )
    return rows.values("opportunity_id").distinct().count() or None


def _aims(*, account: StrategicAccount, kam: UUID | None, viewer: Viewer, on: date) -> list[Aim]:
    """Return the objectives of the account plan that are still to be reached, the key account manager's first."""
    live = (ObjectiveStatus.DRAFT, ObjectiveStatus.AGREED)
    rows = visible(
        AccountObjective.objects.filter(account=account, status__in=live, due_on__gte=on), to=viewer
    )
    found = sorted(rows, key=lambda row: (row.owner_id != kam, row.due_on, row.code))
    return [Aim(code=row.code, statement=row.statement, metric=row.metric_code) for row in found]
