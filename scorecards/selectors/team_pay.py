"""
What an account's team cost: base pay by dedication and day, and the variable pay handed in.

Variable pay is known to the payouts, which stand above; they say what was paid of an
account in a period. A period nobody has said it of has no team pay, and M27 is missing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from kamcomp.calendar.models import Period
from kamcomp.money import exactly
from kamcomp.spans import Span
from scorecards.engine.facts import ZERO, TeamPay
from scorecards.engine.windows import Window
from teams.choices import PackageStatus
from teams.models import Membership, PayPackage, StrategicAccount

VariablePaid = Mapping[tuple[UUID, UUID], Decimal]
"""Variable pay in plan currency by (node of the programme account, period)."""


@exactly
def team_pay_known(*, periods: Iterable[Period], variable_paid: VariablePaid) -> list[TeamPay]:
    """
    Return base and variable pay of each programme account and period that variable pay is said of.

    Base pay is that of the package in force, times dedication, times the days of the
    membership over the days of the calendar year.
    """
    accounts = dict(StrategicAccount.objects.values_list("node_id", "node__code"))
    currencies = dict(StrategicAccount.objects.values_list("node_id", "plan_currency"))
    rows = []
    for period in periods:
        window = Window(period.days.lower, period.days.upper)
        said = [node for node, of in variable_paid if of == period.pk and node in accounts]
        base = _base(window=window, nodes=said)
        for node in said:
            code, paid = accounts[node], variable_paid[node, period.pk]
            rows.append(TeamPay(code, window, ZERO, paid, currencies[node]))
            rows += [TeamPay(code, window, amount, ZERO, currency) for currency, amount in base[node].items()]
    return rows


def _base(*, window: Window, nodes: Iterable[UUID]) -> Mapping[UUID, Mapping[str, Decimal]]:
    """Return base pay by account and currency: each day of a membership at its package and dedication."""
    days = (window.since, window.until)
    members = Membership.objects.filter(account__node__in=nodes, valid__overlap=days).values_list(
        "account__node_id", "person_id", "dedication", "valid"
    )
    packages = defaultdict(list)
    rows = PayPackage.objects.filter(
        Q(valid__overlap=days), status=PackageStatus.APPROVED, person__memberships__account__node__in=nodes
    ).distinct()
    for package in rows:
        packages[package.person_id].append(package)
    base: dict[UUID, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for node, person, dedication, valid in members:
        for package in packages[person]:
            held = Span(valid.lower, valid.upper).overlap(package.span)
            shared = None if held is None else held.overlap(Span(window.since, window.until))
            if shared is not None:
                base[node][package.currency] += _pay(package.base_salary * dedication, shared)
    return base


def _pay(yearly: Decimal, span: Span) -> Decimal:
    """Return what a yearly amount comes to over days, each day a part of the calendar year it lies in."""
    last = span.last or span.since
    pay = ZERO
    for year in range(span.since.year, last.year + 1):
        whole = Span(date(year, 1, 1), date(year + 1, 1, 1))
        part = whole.overlap(span)
        pay += ZERO if part is None else yearly * part.days / whole.days
    return pay
