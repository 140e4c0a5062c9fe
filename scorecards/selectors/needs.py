"""
Which results are wanted: a metric, whose, over which window of a period.

Whoever needs a result (a plan's leaf, a scorecard) says so in these terms; what has a
target is wanted in any case.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kamcomp.calendar.models import Period
from scorecards.choices import Level, MetricSource, MetricStatus, Window
from scorecards.engine.library import metric_rule
from scorecards.engine.windows import Window as Days
from scorecards.models import Metric, Target
from teams.choices import AccountStatus
from teams.models import StrategicAccount

MULTI_YEAR = 3
TEAM_PAY = frozenset({"team_base", "team_variable"})


@dataclass(frozen=True, kw_only=True)
class ResultNeed:
    """
    A result that is wanted: of a node of the account tree or of a person, all or one segment.

    `currency` is that of money and of everything made from it; without one it is the
    target's, else the account's plan currency, else the person's package's.
    A window over several years begins `years` fiscal years back, this one included, or on
    `since`, as a rolling one always does. What is `optional` is stored only where it has a value.
    """

    metric: str
    window: str = Window.PERIOD
    node_id: UUID | None = None
    person_id: UUID | None = None
    segment_id: UUID | None = None
    currency: str = ""
    years: int = MULTI_YEAR
    since: date | None = None
    optional: bool = False

    @property
    def key(self) -> tuple[str, str, UUID | None, UUID | None, UUID | None]:
        """Return what makes it one result of a period."""
        return self.metric, self.window, self.node_id, self.person_id, self.segment_id


def window_days(*, period: Period, window: str, years: int = MULTI_YEAR, since: date | None = None) -> Days:
    """
    Return the days of a window as seen from a period, by the periods of its fiscal calendar.

    `years` and `since` say where a window over several years begins, `since` where a rolling one does.
    """
    if since is not None:
        return Days(since, period.days.upper)
    if window == Window.PERIOD:
        return Days(period.days.lower, period.days.upper)
    first_year = period.fiscal_year - (years - 1 if window == Window.MULTI_YEAR else 0)
    days = period.calendar.periods.filter(
        fiscal_year__gte=first_year, fiscal_year__lte=period.fiscal_year
    ).values_list("days", flat=True)
    until = max(span.upper for span in days) if window == Window.YEAR else period.days.upper
    return Days(min(span.lower for span in days), until)


def result_needs(
    *, period: Period, windows: Iterable[str] = (Window.PERIOD, Window.YEAR_TO_DATE, Window.YEAR)
) -> list[ResultNeed]:
    """
    Return what is wanted of a period whoever asks: each metric that has a target there, of its
    subject, and every metric of the library of each account of the programme.
    """
    chosen = list(windows)
    found = [
        ResultNeed(
            metric=target.metric.code,
            window=window,
            node_id=target.node_id,
            person_id=target.person_id,
            segment_id=target.segment_id,
            currency=target.currency,
        )
        for target in _targets(period)
        for window in chosen
    ]
    codes = Metric.objects.filter(
        source=MetricSource.COMPUTED, status=MetricStatus.APPROVED, level=Level.ACCOUNT
    ).values_list("code", flat=True)
    accounts = StrategicAccount.objects.exclude(status__in=[AccountStatus.CANDIDATE, AccountStatus.EXITED])
    roots = list(accounts.order_by("node__code").values_list("node_id", flat=True))
    found += [
        ResultNeed(metric=code, window=window, node_id=node_id, optional=True)
        for code in codes.order_by("code")
        for node_id in roots
        for window in chosen
    ]
    return list({need.key: need for need in reversed(found)}.values())[::-1]


def team_pay_needs(*, period: Period) -> list[ResultNeed]:
    """Return what is wanted of a period that is made of the team's pay: known once the period is paid."""
    return [
        need for need in result_needs(period=period) if need.optional and reads_team_pay(metric=need.metric)
    ]


def reads_team_pay(*, metric: str) -> bool:
    """Tell whether a metric of the library is made of what the payouts say was paid."""
    return not TEAM_PAY.isdisjoint(metric_rule(code=metric).ingredients)


def year_days(*, period: Period) -> tuple[date, date]:
    """Return the first day of the period's fiscal year, and the first day after it."""
    days = window_days(period=period, window=Window.YEAR)
    return days.since, days.until


def _targets(period: Period) -> list[Target]:
    return list(
        Target.objects.current()
        .filter(days__overlap=period.days, metric__source=MetricSource.COMPUTED)
        .select_related("metric")
        .order_by("metric__code", "node_id", "person_id", "id")
    )
