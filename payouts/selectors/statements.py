"""
A person's statement of a period: what is paid, from what, and where it stands.

Three blocks: base (stated, paid by payroll), commission and bonus; in the last also the
shares of account pools. Everything comes from stored rows; each goal is shown as result,
curve, target and earned in the figures its line keeps, and `explained` tells whether they
multiply out to the cent (a gate, cap or proration in between is seen in the full trace).
Rules: docs/reference/formulas.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from kamcomp import money
from kamcomp.calendar.models import Period
from kamcomp.visibility import Viewer, visible
from payouts.choices import LedgerAccount, LineKind, PayElement, PayoutEventKind, PoolStatus, RunStatus
from payouts.models import Adjustment, Allocation, LedgerEntry, Payout, PayoutEvent, PayoutLine, Run
from payouts.selectors.adjustments import COUNTED, NETTED, OF_A_RULE, payment_changed
from payouts.selectors.stated_packages import stated_package
from plans.engine.conventions import Reads
from plans.models import Assignment
from scorecards.choices import Unit
from scorecards.models import Metric
from scorecards.selectors.sources import SourceFile, nodes_below, source_files, source_kind
from teams.models import PayPackage, Person

ZERO = Decimal(0)
SHOWN = (RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.APPROVED, RunStatus.LOCKED)
PLOT_WIDTH, PLOT_HEIGHT, PLOT_TOP = 340, 112, 18
PLOT_GROUND = 90
SIGNS = {"at_least": "≥", "more_than": ">", "at_most": "≤", "less_than": "<"}
METER_WIDTH, METER_FULL = 60, Decimal("1.5")


@dataclass(frozen=True, kw_only=True)
class CurveStep:
    """
    Where on its curve a result lies: `more` beyond a point that pays `paid`.

    To the next point it is `width`, which pays `rise` more.
    """

    paid: Decimal
    more: Decimal
    width: Decimal
    rise: Decimal

    @property
    def slope(self) -> Decimal:
        """Return what each point more pays."""
        return money.CONTEXT.divide(self.rise, self.width)


@dataclass(frozen=True, kw_only=True)
class GateShown:
    """What a goal's pay depends on: a metric by name, the sign (≥, >, ≤, <) and the bound in its unit."""

    metric: str
    of_target: bool
    sign: str
    bound: Decimal
    unit: str


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """
    One line that explains a payout; ratios and money as stored, `at_target` the goal's part of the target.

    `position` is where on its curve a goal's result lies, in units of `scale`: the part of its target that was
    reached, or the result itself where the goal reads that; None where neither is known. `points` are where its
    curve bends, in hundredths where `scale` is in shares.
    """

    line: PayoutLine
    name: str
    level: str
    unit: str
    position: Decimal | None
    scale: str
    points: Sequence[Decimal]
    step: CurveStep | None
    at_target: Decimal | None
    explained: bool
    gates: Sequence[GateShown]
    sources: Sequence[SourceFile]
    meter: int

    @property
    def is_goal(self) -> bool:
        """Tell whether it is a goal with result and curve."""
        return self.line.payout_ratio is not None and self.position is not None


@dataclass(frozen=True, kw_only=True)
class StatementPlan:
    """One plan's payout with its lines; `scope` says for what the person is on the plan."""

    payout: Payout
    name: str
    scope: str
    account: str
    lines: Sequence[StatementLine]


@dataclass(frozen=True, kw_only=True)
class YearBar:
    """One period of the year in the chart."""

    period: Period
    amount: Decimal | None
    x: int
    y: int
    height: int
    label_y: int
    is_now: bool


@dataclass(frozen=True, kw_only=True)
class Statement:
    """
    Everything a statement shows. Money in `currency`; `others` are totals in further currencies.

    `converted` is, by currency, what moved into the currency of payroll, below zero what it was paid out of.
    `owes` is, by currency, what corrections take away beyond what they add: this payment is not made smaller by it.
    """

    person: Person
    name: str
    period: Period
    run: Run
    currency: str
    plans: Sequence[StatementPlan]
    shares: Sequence[Allocation]
    adjustments: Sequence[Adjustment]
    earned: Decimal
    corrections: Decimal
    owes: Mapping[str, Decimal]
    total: Decimal
    target: Decimal
    others: Mapping[str, Decimal]
    converted: Mapping[str, Decimal]
    base: PayPackage | None
    base_part: Decimal | None
    events: Sequence[PayoutEvent]
    year: Sequence[YearBar]
    year_total: Decimal
    year_target: Decimal
    goal_y: int

    @property
    def ratio(self) -> Decimal | None:
        """Return what was earned against target."""
        return money.CONTEXT.divide(self.earned, self.target) if self.target else None

    @property
    def paid_out(self) -> Mapping[str, Decimal]:
        """Return by currency of payroll what it pays in the place of the plan's currency."""
        return {currency: amount for currency, amount in self.converted.items() if amount > 0}

    @property
    def owed(self) -> Decimal:
        """Return what is owed on balance in the statement's currency."""
        return self.owes.get(self.currency, ZERO)

    @property
    def is_final(self) -> bool:
        """Tell whether nothing of it changes any more."""
        return self.run.status == RunStatus.LOCKED

    def of(self, element: str) -> list[tuple[StatementPlan, StatementLine]]:
        """Return the lines of a pay element, with their plans."""
        return [
            (plan, line) for plan in self.plans for line in plan.lines if line.line.pay_element == element
        ]

    @property
    def commission(self) -> list[tuple[StatementPlan, StatementLine]]:
        """Return the commission block."""
        return self.of(PayElement.COMMISSION)

    @property
    def bonus(self) -> list[tuple[StatementPlan, StatementLine]]:
        """Return the bonus block."""
        return self.of(PayElement.BONUS)

    @property
    def paid_at(self) -> PayoutEvent | None:
        """Return that it was paid, if payroll said so."""
        return next((each for each in self.events if each.kind == PayoutEventKind.PAID), None)

    @property
    def held(self) -> PayoutEvent | None:
        """Return that it is held, unless it was released since."""
        turns = [
            each for each in self.events if each.kind in (PayoutEventKind.HELD, PayoutEventKind.RELEASED)
        ]
        return turns[-1] if turns and turns[-1].kind == PayoutEventKind.HELD else None


def statement_periods(*, person_id: UUID, viewer: Viewer) -> QuerySet[Period]:
    """Return the periods in which somebody has a statement that the viewer may see whole, newest first."""
    payouts, shares, adjusted = _payouts_of(person_id), _shares_of(person_id), _adjustments_of(person_id)
    seen_payouts, seen_shares = visible(payouts, to=viewer), visible(shares, to=viewer)
    seen_adjusted = visible(adjusted, to=viewer)
    shown = Run.objects.filter(
        period__in=seen_adjusted.values("period_id"), is_current=True, status__in=SHOWN
    )
    unseen_payouts = payouts.exclude(pk__in=seen_payouts.values("pk"))
    unseen_shares = shares.exclude(pk__in=seen_shares.values("pk"))
    unseen_adjusted = adjusted.exclude(pk__in=seen_adjusted.values("pk"))
    return (
        Period.objects.filter(
            Q(pk__in=seen_payouts.values("period_id"))
            | Q(pk__in=seen_shares.values("pool__period_id"))
            | Q(pk__in=shown.values("period_id"))
        )
        .exclude(pk__in=unseen_payouts.values("period_id"))
        .exclude(pk__in=unseen_shares.values("pool__period_id"))
        .exclude(pk__in=unseen_adjusted.values("period_id"))
        .order_by("-days")
    )


def _payouts_of(person_id: UUID) -> QuerySet[Payout]:
    """Return a person's payouts that statements show."""
    return Payout.objects.filter(person_id=person_id, run__is_current=True, run__status__in=SHOWN)


def _shares_of(person_id: UUID) -> QuerySet[Allocation]:
    """Return a person's shares of pools that statements show."""
    return Allocation.objects.filter(person_id=person_id, pool__status=PoolStatus.APPROVED, amount__gt=0)


def _adjustments_of(person_id: UUID) -> QuerySet[Adjustment]:
    """Return a person's adjustments that statements show."""
    return Adjustment.objects.filter(person_id=person_id, status__in=COUNTED)


@money.exactly
def statement(*, person: Person, period: Period, viewer: Viewer) -> Statement | None:
    """
    Return a person's statement of a period, None if there is none that the viewer may see whole.

    Who sees only some of the payouts, shares and corrections that somebody is paid would take a part for all of it.
    The number of queries does not grow with lines, plans or periods.
    """
    payouts = list(
        visible(_payouts_of(person.pk).filter(period=period), to=viewer)
        .select_related("run__started_by", "run__reviewed_by", "run__approved_by", "plan_version__plan")
        .order_by("plan_version__plan__code")
    )
    shares = list(
        visible(_shares_of(person.pk).filter(pool__period=period), to=viewer).select_related(
            "pool__account__node", "pool__allocator__details", "pool__run__started_by", "role"
        )
    )
    adjustments = list(
        visible(_adjustments_of(person.pk).filter(period=period), to=viewer)
        .select_related("corrects_period", "decided_by")
        .order_by("created_at")
    )
    run = payouts[0].run if payouts else shares[0].pool.run if shares else None
    if run is None and adjustments:
        run = _run_shown(period)
    if run is None or _is_part(payouts, shares, adjustments, person=person, period=period):
        return None
    base = stated_package(person=person, period=period, run=run, viewer=viewer)
    currency = _currency(payouts, shares, adjustments)
    amounts = [
        *((each.currency, each.amount) for each in payouts),
        *((each.pool.currency, each.amount or ZERO) for each in shares),
        *((each.currency, each.amount) for each in adjustments),
    ]
    owes = _owes(adjustments)
    totals = _by_currency([*amounts, *owes.items()])
    plans = _plans(payouts, person=person, period=period)
    earned = sum((amount for code, amount in amounts[: len(payouts) + len(shares)] if code == currency), ZERO)
    target = sum((each.target_incentive for each in payouts if each.currency == currency), ZERO)
    year, year_total, goal_y = _year(
        person=person, period=period, viewer=viewer, currency=currency, target=target
    )
    return Statement(
        person=person,
        name=_name(person),
        period=period,
        run=run,
        currency=currency,
        plans=plans,
        shares=shares,
        adjustments=adjustments,
        earned=earned,
        corrections=sum((each.amount for each in adjustments if each.currency == currency), ZERO),
        owes=owes,
        total=totals.pop(currency, ZERO),
        target=target,
        others={code: amount for code, amount in totals.items() if amount},
        converted=_converted(person, run=run, viewer=viewer),
        base=base,
        base_part=None if base is None else base.base_salary / _periods_a_year(period),
        events=_events(payouts, shares, adjustments),
        year=year,
        year_total=year_total,
        year_target=target * len(year),
        goal_y=goal_y,
    )


def _run_shown(period: Period) -> Run | None:
    """Return the run that a person's adjustments alone are paid with, once statements show it."""
    runs = Run.objects.filter(period=period, is_current=True, status__in=SHOWN)
    return runs.select_related("started_by", "reviewed_by", "approved_by").first()


def _is_part(
    payouts: Sequence[Payout],
    shares: Sequence[Allocation],
    adjustments: Sequence[Adjustment],
    *,
    person: Person,
    period: Period,
) -> bool:
    """Tell whether a period pays a person anything else than these payouts, shares and adjustments."""
    others = _payouts_of(person.pk).filter(period=period).exclude(pk__in=[each.pk for each in payouts])
    more = _shares_of(person.pk).filter(pool__period=period).exclude(pk__in=[each.pk for each in shares])
    changes = (
        _adjustments_of(person.pk).filter(period=period).exclude(pk__in=[each.pk for each in adjustments])
    )
    return bool(others.values_list("pk").union(more.values_list("pk"), changes.values_list("pk"))[:1])


def _currency(
    payouts: Sequence[Payout], shares: Sequence[Allocation], adjustments: Sequence[Adjustment]
) -> str:
    if payouts:
        return payouts[0].currency
    return shares[0].pool.currency if shares else adjustments[0].currency


def _name(person: Person) -> str:
    details = getattr(person, "details", None)
    return str(details) if details is not None else person.employee_id


def _by_currency(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        totals[currency] += amount
    return totals


def _converted(person: Person, *, run: Run, viewer: Viewer) -> dict[str, Decimal]:
    """Return what a lock turned of a person's pay into the currency of payroll, by currency; both sides of it."""
    if run.status != RunStatus.LOCKED:
        return {}
    turned = LedgerEntry.objects.filter(posting=OuterRef("posting"), account=LedgerAccount.CONVERSION)
    mine = LedgerEntry.objects.filter(posting__run=run, person=person, account=LedgerAccount.PAYABLE)
    entries = visible(mine, to=viewer).filter(Exists(turned)).order_by("currency")
    sums = entries.values_list("currency").annotate(total=Sum("amount"))
    return {currency: money.settle(-total, currency=currency) for currency, total in sums if total}


def _owes(adjustments: Iterable[Adjustment]) -> dict[str, Decimal]:
    """Return by currency what a period's adjustments take away beyond what they add, but for those a rule makes."""
    nets = _by_currency((each.currency, each.amount) for each in adjustments if each.kind not in OF_A_RULE)
    return {currency: -net for currency, net in nets.items() if net < 0}


def _periods_a_year(period: Period) -> int:
    return Period.objects.filter(calendar_id=period.calendar_id, fiscal_year=period.fiscal_year).count()


def _events(
    payouts: Sequence[Payout], shares: Sequence[Allocation], adjustments: Sequence[Adjustment]
) -> list[PayoutEvent]:
    of_mine = Q(payout__in=payouts) | Q(allocation__in=shares) | Q(adjustment__in=adjustments)
    return list(PayoutEvent.objects.filter(of_mine).select_related("by").order_by("at", "pk"))


# Lines ----------------------------------------------------------------------------------------------------


def _plans(payouts: Sequence[Payout], *, person: Person, period: Period) -> list[StatementPlan]:
    lines: dict[UUID, list[PayoutLine]] = defaultdict(list)
    for line in (
        PayoutLine.objects.filter(payout__in=payouts)
        .select_related("account__node")
        .order_by("payout", "number")
    ):
        lines[line.payout_id].append(line)
    metrics = {each.code: each for each in Metric.objects.filter(code__in=_metrics_read(payouts, lines))}
    sources = _sources(lines, period=period, payouts=payouts)
    scopes = {
        each.plan_id: each
        for each in Assignment.objects.filter(person=person, valid__overlap=period.days).select_related(
            "account__node"
        )
    }
    found = []
    for payout in payouts:
        assignment = scopes.get(payout.plan_version.plan_id)
        found.append(
            StatementPlan(
                payout=payout,
                name=payout.plan_version.document.get("name") or str(payout.plan_version.plan),
                scope=assignment.get_scope_display() if assignment else "",
                account=str(assignment.account or "") if assignment else "",
                lines=[
                    statement_line(line, payout=payout, metrics=metrics, sources=sources)
                    for line in lines[payout.pk]
                ],
            )
        )
    return found


def _metrics_read(payouts: Sequence[Payout], lines: Mapping[UUID, Sequence[PayoutLine]]) -> set[str]:
    """Return the codes of the metrics that lines and the gates above them read."""
    codes = set()
    for payout in payouts:
        for line in lines[payout.pk]:
            codes |= {line.metric} | {gate["metric"] for gate in _gates(_path(payout, line.leaf))}
    return codes - {""}


def _sources(
    lines: Mapping[UUID, Sequence[PayoutLine]], *, period: Period, payouts: Sequence[Payout]
) -> dict[tuple[UUID, str], list[SourceFile]]:
    """Return the files behind the lines, by account and kind of rows, as the run knew them."""
    known_at = {payout.pk: payout.run.known_at for payout in payouts}
    wanted: dict[UUID, tuple[UUID, Any, set[str]]] = {}
    for payout_id, mine in lines.items():
        for line in mine:
            if line.account is not None and (kind := source_kind(metric=line.metric)):
                node, at, kinds = wanted.setdefault(
                    line.account.pk, (line.account.node_id, known_at[payout_id], set())
                )
                kinds.add(kind)
    found: dict[tuple[UUID, str], list[SourceFile]] = {}
    for account_id, (node, at, kinds) in wanted.items():
        files = source_files(kinds=sorted(kinds), nodes=nodes_below(node_id=node), period=period, known_at=at)
        found |= {(account_id, kind): rows for kind, rows in files.items()}
    return found


def statement_line(
    line: PayoutLine,
    *,
    payout: Payout,
    metrics: Mapping[str, Metric],
    sources: Mapping[tuple[UUID, str], Sequence[SourceFile]],
) -> StatementLine:
    """Return what is shown of a payout's line; `metrics` by code, `sources` by account and kind of rows."""
    path = _path(payout, line.leaf)
    node = path[-1] if path else {}
    at_target = None
    if line.weight is not None:
        at_target = money.settle(payout.target_incentive * line.weight, currency=payout.currency)
    explained = (
        line.payout_ratio is not None
        and line.weight is not None
        and money.settle(payout.target_incentive * line.weight * line.payout_ratio, currency=payout.currency)
        == line.amount
    )
    kind = source_kind(metric=line.metric)
    unit = metrics[line.metric].unit if line.metric in metrics else ""
    position, scale = line.attainment, str(Unit.PERCENT)
    if node.get("reads") == Reads.VALUE:
        position, scale = line.actual, unit
    return StatementLine(
        line=line,
        name=str(node.get("name") or "")
        or (line.leaf if line.kind == LineKind.LEAF else line.get_kind_display()),
        level=str(node.get("level") or ""),
        unit=unit,
        position=position,
        scale=scale,
        points=_bends(node, scale=scale),
        step=_curve_step(node, position=position),
        at_target=at_target,
        explained=explained,
        gates=[_gate_shown(gate, metrics) for gate in _gates(path)],
        sources=sources.get((line.account_id, kind), ()) if line.account_id else (),
        meter=int(min(max(line.attainment or ZERO, ZERO) / METER_FULL, Decimal(1)) * METER_WIDTH),
    )


def _path(payout: Payout, code: str) -> list[Mapping[str, Any]]:
    """Return the nodes of the plan from the whole incentive down to the one a line is of; empty without one."""
    document = payout.plan_version.document
    found = _down_to(document.get("incentive") or {}, code)
    return found or [each for each in document.get("commissions") or () if each.get("code") == code][:1]


def _down_to(node: Mapping[str, Any], code: str) -> list[Mapping[str, Any]]:
    if node.get("code") == code:
        return [node]
    for child in node.get("children") or ():
        if found := _down_to(child, code):
            return [node, *found]
    return []


def _points(node: Mapping[str, Any]) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Return a linear curve's points: reached, paid when arriving from below, paid."""
    curve = node.get("curve") or {}
    if curve.get("shape", "linear") != "linear":
        return []
    points = [[Decimal(str(part)) for part in point] for point in curve.get("points") or ()]
    return [(point[0], point[1], point[-1]) for point in points]


def _bends(node: Mapping[str, Any], *, scale: str) -> list[Decimal]:
    times = 100 if scale in (Unit.PERCENT, Unit.POINTS) else 1
    return [reached * times for reached, *_paid in _points(node)]


def _curve_step(node: Mapping[str, Any], *, position: Decimal | None) -> CurveStep | None:
    if position is None:
        return None
    points = _points(node)
    for (low, _before, paid), (high, arriving, _after) in pairwise(points):
        if low <= position < high:
            return CurveStep(paid=paid, more=position - low, width=high - low, rise=arriving - paid)
    return None


def _gates(path: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [node["gate"] for node in path if node.get("gate")]


def _gate_shown(gate: Mapping[str, Any], metrics: Mapping[str, Metric]) -> GateShown:
    metric, of_target = metrics.get(gate["metric"]), gate.get("reads") == Reads.ATTAINMENT
    bound = next(bound for bound in SIGNS if gate.get(bound) is not None)
    return GateShown(
        metric=metric.name if metric else gate["metric"],
        of_target=of_target,
        sign=SIGNS[bound],
        bound=Decimal(str(gate[bound])),
        unit=Unit.PERCENT if of_target else metric.unit if metric else "",
    )


# The year -------------------------------------------------------------------------------------------------


def _year(
    *, person: Person, period: Period, viewer: Viewer, currency: str, target: Decimal
) -> tuple[list[YearBar], Decimal, int]:
    """Return a bar for each period of the fiscal year, what they come to so far, and where the target's line lies."""
    periods = list(
        Period.objects.filter(calendar_id=period.calendar_id, fiscal_year=period.fiscal_year).order_by("days")
    )
    sums: dict[UUID, Decimal] = defaultdict(Decimal)
    mine = {"person": person, "period__in": periods}
    payouts = visible(Payout.objects.filter(currency=currency, **mine), to=viewer)
    adjusted = visible(Adjustment.objects.filter(currency=currency, **mine), to=viewer)
    corrected = adjusted.filter(status__in=COUNTED).order_by().values_list("period_id").annotate(**NETTED)
    for period_id, net, by_rule in corrected:
        sums[period_id] += payment_changed(net=net, by_rule=by_rule)
    reads: Sequence[tuple[QuerySet[Any], str]] = (
        (payouts.filter(run__is_current=True, run__status__in=SHOWN), "period_id"),
        (
            visible(Allocation.objects.filter(person=person, pool__period__in=periods), to=viewer).filter(
                pool__status=PoolStatus.APPROVED, pool__currency=currency, amount__isnull=False
            ),
            "pool__period_id",
        ),
    )
    for rows, by in reads:
        for period_id, total in rows.order_by().values_list(by).annotate(total=Sum("amount")):
            sums[period_id] += total
    upto = [each for each in periods if each.days.lower <= period.days.lower]
    most = max([target, *sums.values()], default=ZERO) or Decimal(1)
    room = PLOT_GROUND - PLOT_TOP
    step = PLOT_WIDTH // max(len(periods), 1)
    goal_y = PLOT_GROUND - int(target / most * room)
    bars = []
    for place, each in enumerate(periods):
        amount = sums.get(each.pk) if each in upto else None
        height = int((amount if amount is not None else target) / most * room)
        bars.append(
            YearBar(
                period=each,
                amount=amount,
                x=place * step + (step - 52) // 2,
                y=PLOT_GROUND - height,
                height=height,
                label_y=min(PLOT_GROUND - height, goal_y if target else PLOT_GROUND) - 4,
                is_now=each.pk == period.pk,
            )
        )
    total = sum((sums.get(each.pk, ZERO) for each in upto), ZERO)
    return bars, total, goal_y
