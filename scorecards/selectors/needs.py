"""
Which results are wanted: a metric, whose, over which window of a period.

Whoever needs a result (a plan's leaf, a scorecard) says so in these terms; what has a
target is wanted in any case.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from kamcomp.calendar.models import Period
from scorecards.choices import Level, MetricSource, MetricStatus, Window
from scorecards.engine.ingredients import INGREDIENTS
from scorecards.engine.library import metric_rule
from scorecards.engine.windows import Window as Days
from scorecards.engine.windows import rolling_of
from scorecards.models import Metric, Result, Target
from teams.choices import AccountStatus
from teams.models import StrategicAccount

MULTI_YEAR = 3
TEAM_PAY = frozenset({"team_base", "team_variable"})

# Of which kinds a company has any fact at all: of the others nothing is measured, however many accounts it has.
KINDS_KNOWN = """
    SELECT kind FROM (VALUES
        ('sales', EXISTS (SELECT FROM scorecards_transaction)),
        ('pnl', EXISTS (SELECT FROM scorecards_accountpnl)),
        ('contracts', EXISTS (SELECT FROM scorecards_contract)),
        ('answers', EXISTS (SELECT FROM scorecards_surveyresponse)),
        ('wallet', EXISTS (SELECT FROM scorecards_walletestimate)),
        ('inventory', EXISTS (SELECT FROM scorecards_inventorylevel)),
        ('opportunities', EXISTS (SELECT FROM scorecards_opportunity)),
        ('objectives', EXISTS (SELECT FROM teams_accountobjective)),
        ('benchmarks', EXISTS (SELECT FROM policy_policysetting WHERE key LIKE 'benchmark.%'))
    ) AS known(kind, is_there) WHERE is_there
"""


@dataclass(frozen=True, kw_only=True)
class ResultNeed:
    """
    A result that is wanted: of a node of the account tree or of a person, all or one segment.

    `currency` is that of money and of everything made from it; without one it is the
    target's, else the account's plan currency, else the person's package's.
    A window over several years begins `years` fiscal years back, this one included, or on
    `since`. What is `optional` is stored only where it has a value.
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

    `years` and `since` say where a window over several years begins; a rolling one reaches as far back as
    the calendar does, at most.
    """
    if since is not None:
        return Days(since, period.days.upper)
    if (rolling := rolling_of(word=window)) is not None:
        upto = period.calendar.periods.filter(days__startswith__lte=period.days.lower).order_by("-days")
        *_later, first = upto.values_list("days", flat=True)[: rolling.periods]
        return Days(first.lower, period.days.upper)
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
    subject, and every metric of the library of each account of the programme, as far as there are facts of its kind.
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
    accounts = StrategicAccount.objects.exclude(status__in=[AccountStatus.CANDIDATE, AccountStatus.EXITED])
    codes = _measurable(period)
    roots = list(accounts.order_by("node__code").values_list("node_id", flat=True)) if codes else []
    found += [
        ResultNeed(metric=code, window=window, node_id=node_id, optional=True)
        for code in codes
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


def _measurable(period: Period) -> list[str]:
    """
    Return the library's metrics of accounts that may come out with a value in a period, by code.

    Those whose facts the company has none of are left out, unless the period has results already.
    """
    codes = Metric.objects.filter(
        source=MetricSource.COMPUTED, status=MetricStatus.APPROVED, level=Level.ACCOUNT
    ).order_by("code")
    computed = Result.objects.current().filter(period=period, metric__source=MetricSource.COMPUTED)
    every = list(codes.values_list("code", flat=True))
    if computed.exists():
        return every
    with connection.cursor() as cursor:
        cursor.execute(KINDS_KNOWN)
        known = {kind for (kind,) in cursor.fetchall()}
    return [
        code
        for code in every
        if not known.isdisjoint(INGREDIENTS[name].kind for name in metric_rule(code=code).ingredients)
    ]


def _targets(period: Period) -> list[Target]:
    return list(
        Target.objects.current()
        .filter(days__overlap=period.days, metric__source=MetricSource.COMPUTED)
        .select_related("metric")
        .order_by("metric__code", "node_id", "person_id", "id")
    )
