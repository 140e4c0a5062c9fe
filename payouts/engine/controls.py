"""
Figures that watch what pay costs and does: never paid, shown to those who decide.

Cost of sales before and after, growth, return on extra pay, the rate of exceptions,
whether regional reps keep their commission, how much credit is given for what was
booked, and the make-up of a package. Results are exact ratios; screens show them with
their unit. The rules are written down in docs/reference/formulas.md, "Controls".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from kamcomp import money
from kamcomp.refusal import Refusal, Sentence
from kamcomp.sentences import ours
from kamcomp.trace import NO_TRACE, Trace

ZERO = Decimal(0)


class NothingToCompareWith(Refusal):
    """A ratio's denominator is zero (or below, where that has no meaning)."""


class RepsDiffer(Refusal):
    """Commission with and without the plan was computed for different reps."""


@dataclass(frozen=True, kw_only=True)
class CostYear:
    """A team's base and variable pay, its credited revenue and its profit before pay, in one currency."""

    base: Decimal
    variable: Decimal
    revenue: Decimal
    profit: Decimal

    @property
    def cost(self) -> Decimal:
        """Return base plus variable pay."""
        return self.base + self.variable


@dataclass(frozen=True, kw_only=True)
class CostOfSales:
    """
    Cost of sales before and after a change.

    `profit_growth` is None when there was no profit before, `extra_return` when pay did not change.
    """

    before: Decimal
    after: Decimal
    cost_growth: Decimal
    revenue_growth: Decimal
    profit_growth: Decimal | None
    extra_return: Decimal | None

    @property
    def return_on_more(self) -> Decimal | None:
        """Return the profit for each unit of extra pay, None where pay did not grow: there is no extra."""
        return self.extra_return if self.cost_growth > ZERO else None

    @property
    def outruns(self) -> bool:
        """Return whether pay grew faster than both the revenue and the profit it brought."""
        return all(
            self.cost_growth > growth
            for growth in (self.revenue_growth, self.profit_growth)
            if growth is not None
        )


@dataclass(frozen=True, kw_only=True)
class ExceptionRate:
    """Paid departures from the plan, as a share of the lines and of the money."""

    of_lines: Decimal
    of_money: Decimal


@dataclass(frozen=True, kw_only=True)
class PackageMix:
    """Target total cash, its base share, and pay at excellence with a leverage."""

    target_total_cash: Decimal
    base_share: Decimal
    incentive_share: Decimal
    pay_at_excellence: Decimal


@money.exactly
def cost_of_sales_ratio(
    *, base: Decimal, variable: Decimal, revenue: Decimal, trace: Trace = NO_TRACE
) -> Decimal:
    """
    Return base plus variable pay of a team over the revenue credited to it.

    Units: money of one currency; a ratio comes out.
    Source: docs/reference/formulas.md, "Controls".

    :raises NothingToCompareWith: if the revenue is zero or below.
    """
    ratio = _over(base + variable, revenue, what="revenue")
    trace.step("cost of sales", ratio, unit="ratio", because="base + variable over credited revenue")
    return ratio


@money.exactly
def growth_ratio(*, before: Decimal, after: Decimal, what: str, trace: Trace = NO_TRACE) -> Decimal:
    """
    Return (after - before) / before.

    Units: two figures of one unit; a ratio comes out. `what` names the figure.
    Source: docs/reference/formulas.md, "Controls".

    :raises NothingToCompareWith: if `before` is zero or below.
    """
    ratio = _over(after - before, before, what=Sentence("%(what)s before", what=ours(what)))
    trace.step(
        f"{what} growth",
        ratio,
        unit="ratio",
        because=lambda: Sentence("from %(before)s to %(after)s", before=before, after=after),
    )
    return ratio


@money.exactly
def extra_return(*, before: CostYear, after: CostYear, trace: Trace = NO_TRACE) -> Decimal | None:
    """
    Return the change of profit for each unit of extra pay, None when pay did not change.

    Units: money of one currency; a ratio comes out.
    Source: docs/reference/formulas.md, "Controls".
    """
    extra = after.cost - before.cost
    if not extra:
        return None
    ratio = (after.profit - before.profit) / extra
    trace.step(
        "profit per unit of extra pay",
        ratio,
        unit="ratio",
        because=lambda: Sentence("for %(extra)s more pay", extra=extra),
    )
    return ratio


@money.exactly
def cost_of_sales(*, before: CostYear, after: CostYear, trace: Trace = NO_TRACE) -> CostOfSales:
    """
    Return cost of sales before and after, the three growths and the return on extra pay.

    Units: money of one currency; ratios come out.
    Source: docs/reference/formulas.md, "Controls".

    :raises NothingToCompareWith: if revenue or cost before, or revenue after, is zero or below.
    """
    with trace.within("before"):
        first = cost_of_sales_ratio(
            base=before.base, variable=before.variable, revenue=before.revenue, trace=trace
        )
    with trace.within("after"):
        second = cost_of_sales_ratio(
            base=after.base, variable=after.variable, revenue=after.revenue, trace=trace
        )
    return CostOfSales(
        before=first,
        after=second,
        cost_growth=growth_ratio(before=before.cost, after=after.cost, what="cost", trace=trace),
        revenue_growth=growth_ratio(before=before.revenue, after=after.revenue, what="revenue", trace=trace),
        profit_growth=growth_ratio(before=before.profit, after=after.profit, what="profit", trace=trace)
        if before.profit > ZERO
        else None,
        extra_return=extra_return(before=before, after=after, trace=trace),
    )


@money.exactly
def exception_rate(
    *, lines: int, exception_lines: int, paid: Decimal, exception_paid: Decimal, trace: Trace = NO_TRACE
) -> ExceptionRate:
    """
    Return paid exceptions as a share of the lines and of the money.

    Units: counts, and money of one currency; ratios come out.
    Source: docs/reference/formulas.md, "Controls".

    :raises NothingToCompareWith: if there are no lines or nothing was paid.
    """
    of_lines = _over(Decimal(exception_lines), Decimal(lines), what="number of lines")
    of_money = _over(exception_paid, paid, what="money paid")
    trace.step(
        "exceptions by lines",
        of_lines,
        unit="ratio",
        because=lambda: Sentence(
            "%(exception_lines)s of %(lines)s", exception_lines=exception_lines, lines=lines
        ),
    )
    trace.step(
        "exceptions by money",
        of_money,
        unit="ratio",
        because=lambda: Sentence("%(exception_paid)s of %(paid)s", exception_paid=exception_paid, paid=paid),
    )
    return ExceptionRate(of_lines=of_lines, of_money=of_money)


@money.exactly
def rep_changes(
    *,
    without_plan: Mapping[str, Decimal],
    with_plan: Mapping[str, Decimal],
    currency: str,
    trace: Trace = NO_TRACE,
) -> dict[str, Decimal]:
    """
    Return by how much each regional rep's commission changes through the account plan.

    A rep is unharmed when the change is exactly zero.

    Shape: settled commission by rep, once replayed without the plan and once with it.
    Units: money in `currency`. Source: docs/reference/formulas.md, "Controls".

    :raises RepsDiffer: if the two do not hold the same reps.
    """
    stray = sorted(without_plan.keys() ^ with_plan.keys())
    if stray:
        raise RepsDiffer(
            "%(stray)s: replayed on one side only; a rep needs both figures.", stray=", ".join(stray)
        )
    changes = {rep: with_plan[rep] - without_plan[rep] for rep in without_plan}
    for rep in sorted(changes):
        trace.step(
            f"change of {rep}",
            changes[rep],
            unit=currency,
            because=Sentence(
                "%(without_plan)s to %(with_plan)s", without_plan=without_plan[rep], with_plan=with_plan[rep]
            ),
        )
    return changes


@money.exactly
def credited_ratio(*, credited: Decimal, booked: Decimal, trace: Trace = NO_TRACE) -> Decimal:
    """
    Return all credit given (direct, split and overlay) over what was booked.

    1 is plain credit; what is above 1 is overlay that has to be budgeted.

    Units: money of one currency; a ratio comes out. Source: docs/reference/formulas.md, "Controls".

    :raises NothingToCompareWith: if nothing was booked.
    """
    ratio = _over(credited, booked, what="booked value")
    trace.step(
        "credited over booked",
        ratio,
        unit="ratio",
        because=lambda: Sentence("%(credited)s of %(booked)s", credited=credited, booked=booked),
    )
    return ratio


@money.exactly
def package_mix(
    *, base: Decimal, incentive: Decimal, leverage: Decimal, currency: str, trace: Trace = NO_TRACE
) -> PackageMix:
    """
    Return target total cash, pay mix and pay at excellence of a package.

    Target total cash = base + target incentive; mix = each over it; at excellence the
    package pays base + leverage x target incentive.

    Units: money a year in `currency`; `leverage` and shares are ratios.
    Source: docs/reference/formulas.md, "Controls".

    :raises NothingToCompareWith: if base and incentive sum to zero or below.
    """
    total = base + incentive
    mix = PackageMix(
        target_total_cash=total,
        base_share=_over(base, total, what="target total cash"),
        incentive_share=_over(incentive, total, what="target total cash"),
        pay_at_excellence=base + leverage * incentive,
    )
    trace.step("target total cash", total, unit=currency, because="base + target incentive")
    trace.step("base share", mix.base_share, unit="ratio")
    trace.step(
        "pay at excellence",
        mix.pay_at_excellence,
        unit=currency,
        because=lambda: Sentence("base + %(leverage)s x incentive", leverage=leverage),
    )
    return mix


def _over(part: Decimal, whole: Decimal, *, what: str) -> Decimal:
    if whole <= ZERO:
        raise NothingToCompareWith(
            "The %(what)s is %(whole)s: there is no ratio to it; give a figure above zero.",
            what=ours(what),
            whole=whole,
        )
    return part / whole
