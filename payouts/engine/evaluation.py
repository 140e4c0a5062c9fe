"""
Evaluation: from a plan and its inputs to settled payouts and the lines that explain them.

One formula serves pay, explanation and simulation: the plan's tree and money leaves are
computed per stint, in money; each payee is settled once; what was posted so far is
subtracted, a negative is carried; the lines are split from the settled amount, so that
they sum to it. A payee who cannot be computed is named with the reason, and disturbs
nobody else. Pure.
Rule: docs/reference/formulas.md, "From the tree to the payout".
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from decimal import localcontext
from fractions import Fraction

import numpy as np

from kamcomp.columns import Column, Mask, NumberSystem, sums_by
from kamcomp.money import CONTEXT, settle, split_columns
from kamcomp.trace import NO_TRACE, Trace
from payouts.engine.accumulation import capped_amount, period_payable
from payouts.engine.clawback import recovery
from payouts.engine.deferral import deferral_bank, holdback, instalments, released
from payouts.engine.draw import DrawTerms, guaranteed, recoverable_draw
from plans.engine.conventions import Leave, Window
from plans.engine.inputs import Balances, Inputs, Ints, rows_of, without_rows
from plans.engine.money_leaves import money_line
from plans.engine.parameter import Parameter, Value
from plans.engine.payment_terms import AtEnd, Draw
from plans.engine.plan import Plan
from plans.engine.reading import FINAL, Computation, Problem
from plans.engine.tree import tree_result


@dataclass(frozen=True)
class EarnedLine:
    """
    What one leaf, or one rule of a branch, earns per stint: `amount` exact, then settled.

    `effect` is leaf, hurdle, modifier, gate, cap, leave or money; `accumulates` tells
    amounts owed for the year to date; `weighted` is the share of target incentive and
    `ratio` the leaf's own result (None for money and rules).
    """

    code: str
    effect: str
    accumulates: bool
    amount: Column
    weighted: Column | None = None
    ratio: Column | None = None


@dataclass(frozen=True)
class SettlementLine:
    """What settling, a cap in money, or a balance changed for each payee; settled."""

    effect: str
    amount: Column


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    The payouts of one plan and period: columns over stints and over payees.

    Over payees: `due` is the settled sum of the lines earned; `payout` what this period
    pays after posted, caps and carry; `payable` what is paid now after deferral, draw and
    clawback; `closing` the balances for the next period. Where `blocked`, amounts mean
    nothing and `problems` says why. The lines of a payee, earned and settlement, sum to
    its `payout`; the payment lines lead from there to `payable`.
    """

    stints: tuple[str, ...]
    payees: tuple[str, ...]
    payee: Column
    earned: tuple[EarnedLine, ...]
    settlement: tuple[SettlementLine, ...]
    payment: tuple[SettlementLine, ...]
    due: Column
    payout: Column
    payable: Column
    closing: Balances
    blocked: Mask
    problems: tuple[Problem, ...]


def evaluate(
    *, plan: Plan, inputs: Inputs, numbers: NumberSystem, trace: Trace = NO_TRACE,
    computation: Computation | None = None,
) -> Outcome:  # fmt: skip
    """
    Return the payouts of a plan for one period.

    Shape: `inputs` hold n stints of p payees; the order and chunking of rows change
    nothing, as long as all stints of a payee are in one call. With a recording trace each
    stint is computed by itself, to the same figures. A `computation` of the plan and inputs
    keeps what was read, for who asks for it after.
    Units: money in the plan's currency. Only settled amounts are rounded, and only exactly.
    Source: docs/reference/formulas.md, "From the tree to the payout".
    """
    with localcontext(CONTEXT) if numbers.exact else nullcontext():
        plan_in_numbers = numbers.of(plan)
        lines, earned, problems = _stint_lines(plan_in_numbers, inputs, numbers, trace, computation)
        return _settled(plan_in_numbers, inputs, numbers, lines, earned, problems, trace)


def _stint_lines(
    plan: Plan, inputs: Inputs, numbers: NumberSystem, trace: Trace, computation: Computation | None
) -> tuple[list[EarnedLine], Column, list[Problem]]:
    if not trace.recording or inputs.size == 0:
        return _lines(computation or Computation(plan=plan, inputs=inputs, numbers=numbers), trace)
    each, earned, problems = [], [], []
    for row, stint in enumerate(inputs.stints):
        with trace.within(f"stint {stint}"):
            own = Computation(plan=plan, inputs=rows_of(inputs, np.array([row])), numbers=numbers)
            lines, amount, found = _lines(own, trace)
        each.append(lines)
        earned.append(amount)
        problems += [replace(problem, row=row) for problem in found]
    return [_joined(same) for same in zip(*each, strict=True)], np.concatenate(earned), problems


def _joined(lines: Sequence[EarnedLine]) -> EarnedLine:
    return replace(
        lines[0],
        amount=np.concatenate([line.amount for line in lines]),
        weighted=_end_to_end([line.weighted for line in lines]),
        ratio=_end_to_end([line.ratio for line in lines]),
    )


def _end_to_end(columns: Sequence[Column | None]) -> Column | None:
    """Return columns as one, or None where a leaf has no such column."""
    given = [column for column in columns if column is not None]
    return np.concatenate(given) if given else None


def _lines(computation: Computation, trace: Trace) -> tuple[list[EarnedLine], Column, list[Problem]]:
    """
    Return what each leaf and rule earns per stint, and what the stint earns, in exact money.

    What a stint earns is read from the top of the tree, not from its lines: a huge leaf that
    a cap takes back would cancel in their sum and leave its lost digits behind.
    """
    plan, lines = computation.plan, list[EarnedLine]()
    earned = computation.numbers.zeros(computation.inputs.size)
    if plan.incentive.children:
        tree = tree_result(root=plan.incentive, computation=computation, trace=trace)
        for (window, years), weighted in tree.parts.items():
            earned = earned + weighted * computation.incentive(window, years=years, trace=trace).target
        for line in tree.lines:
            window, years = line.span
            incentive = computation.incentive(window, years=years, trace=trace)
            amount = line.weighted * incentive.target
            trace.step(
                f"{line.code} {line.effect} amount", amount, unit=plan.currency,
                because="weighted ratio x target incentive",
                inputs={"weighted": line.weighted, "target incentive": incentive.target},
            )  # fmt: skip
            lines.append(
                EarnedLine(
                    line.code, line.effect, window is Window.YEAR_TO_DATE, amount, line.weighted, line.ratio
                )
            )
        for leave in _leave_line(plan, computation, trace):
            lines.append(leave)
            earned = earned + leave.amount
    for leaf in plan.commissions:
        money = money_line(leaf=leaf, computation=computation, trace=trace)
        lines.append(EarnedLine(money.code, "money", money.accumulates, money.amount))
        earned = earned + money.amount
    return lines, earned, computation.problems


def _leave_line(plan: Plan, computation: Computation, trace: Trace) -> list[EarnedLine]:
    """Return the line that pays days of leave at the person's historical average, where the plan does."""
    if plan.proration.leave is not Leave.HISTORY_AVERAGE:
        return []
    incentive = computation.incentive(Window.PERIOD)
    absent = (incentive.leave != 0).astype(bool)
    amount = incentive.leave.copy()
    if absent.any():
        average = computation.inputs.parameters.get("history_average")
        gone = absent if average is None else absent & (average.state != FINAL)
        computation.block(
            np.flatnonzero(gone), node="PLAN", code="parameter_missing",
            detail="Leave is paid at the historical average: the assignment names no 'history_average'.",
        )  # fmt: skip
        amount = amount * (0 if average is None else computation.numbers.convert(average.value))
    trace.step(
        "leave amount", amount, unit=plan.currency, because="target incentive on leave x historical average"
    )
    return [EarnedLine("PLAN", "leave", False, amount)]


def _settled(
    plan: Plan,
    inputs: Inputs,
    numbers: NumberSystem,
    lines: list[EarnedLine],
    earned_by_stint: Column,
    problems: list[Problem],
    trace: Trace,
) -> Outcome:
    payees, opening = len(inputs.payees), _in_numbers(inputs.balances, numbers)
    blocked = np.zeros(payees, dtype=bool)
    blocked[[inputs.payee[problem.row] for problem in problems]] = True
    exact = sums_by(inputs.payee, earned_by_stint, size=payees)
    due = settle(exact, currency=plan.currency)
    trace.step(
        "due", due, unit=plan.currency, because="sum of the lines, settled once", inputs={"exact": exact}
    )
    parts = split_columns(
        totals=due, payee=inputs.payee, parts=[line.amount for line in lines], currency=plan.currency
    )
    earned = tuple(replace(line, amount=part) for line, part in zip(lines, parts, strict=True))
    outcome = _paid(plan, inputs, numbers, earned, due, opening, trace)
    return replace(outcome, blocked=blocked, problems=tuple(problems))


def _paid(
    plan: Plan, inputs: Inputs, numbers: NumberSystem, earned: tuple[EarnedLine, ...],
    due: Column, opening: Balances, trace: Trace,
) -> Outcome:  # fmt: skip
    """Return the outcome: due, less posted, capped, negative carried; then what is payable now."""
    to_date = numbers.zeros(len(due))
    for line in earned:
        if line.accumulates:
            to_date = to_date + sums_by(inputs.payee, line.amount, size=len(due))
    accumulates = any(line.accumulates for line in earned)
    posted = opening.posted if accumulates else 0 * opening.posted
    gone = without_rows(inputs)
    if gone.any():  # what was posted to somebody who left is neither due again nor taken back
        to_date, posted = np.where(gone, opening.posted, to_date), np.where(gone, 0 * posted, posted)
    settlement = [SettlementLine("posted", -posted)] if accumulates else []
    difference = due - posted
    difference, excess, capped = _capped(plan, inputs, numbers, difference, opening, trace)
    settlement += capped
    closing = replace(opening, posted=to_date if accumulates else opening.posted, excess=excess)
    if plan.payment.deferral is None:
        payable = period_payable(due=difference, carried=opening.carried, currency=plan.currency, trace=trace)
        settlement.append(SettlementLine("carried_in", opening.carried))
        settlement.append(SettlementLine("carried_out", -payable.carried))
        payout, closing = payable.amount, replace(closing, carried=payable.carried)
    else:
        payout = difference
    trace.step("payout", payout, unit=plan.currency, because="this period's amount")
    payment, now, closing = _payment(plan, inputs, numbers, payout, closing, trace)
    return Outcome(
        stints=inputs.stints, payees=inputs.payees, payee=inputs.payee, earned=earned,
        settlement=tuple(settlement), payment=payment, due=due, payout=payout, payable=now, closing=closing,
        blocked=np.zeros(len(due), dtype=bool), problems=(),
    )  # fmt: skip


def _capped(
    plan: Plan, inputs: Inputs, numbers: NumberSystem, difference: Column, opening: Balances, trace: Trace
) -> tuple[Column, Column, list[SettlementLine]]:
    if plan.payout_cap is None:
        return difference, opening.excess, []
    cap = _of_payee(plan.payout_cap.amount, inputs, numbers)
    held = capped_amount(
        earned=difference, cap=settle(cap, currency=plan.currency), brought=opening.excess,
        excess=str(plan.payout_cap.excess), currency=plan.currency, trace=trace,
    )  # fmt: skip
    return held.amount, held.carried, [SettlementLine("cap", held.amount - difference)]


def _payment(
    plan: Plan, inputs: Inputs, numbers: NumberSystem, payout: Column, closing: Balances, trace: Trace
) -> tuple[tuple[SettlementLine, ...], Column, Balances]:
    """Return what leads from the payout to what is paid now, in order: bank, holdback, draw, clawback."""
    terms, currency, now = plan.payment, plan.currency, payout
    lines: list[SettlementLine] = []
    if terms.deferral:
        share = settle(now * terms.deferral.share, currency=currency)
        deferred = np.where((now > 0).astype(bool), share, now)  # a negative is the bank's alone
        banked = deferral_bank(
            balance=closing.bank,
            earned=deferred,
            pay_share=Fraction(1, terms.deferral.pay_one_in),
            currency=currency,
            trace=trace,
        )
        lines.append(SettlementLine("bank", banked.paid - deferred))
        now, closing = now - deferred + banked.paid, replace(closing, bank=banked.balance)
    now, closing, waited = _held_back(plan, now, closing, trace)
    lines += waited
    if terms.draw or terms.guarantee:
        now, closing, drawn = _drawn(plan, inputs, numbers, now, closing, trace)
        lines += drawn
    if terms.clawback and (closing.recoverable != 0).any():
        share = terms.clawback.per_payout_at_most
        taken = recovery(owed=closing.recoverable, payout=now, at_most=share, currency=currency, trace=trace)
        lines.append(SettlementLine("clawback", -taken.taken))
        now, closing = taken.paid, replace(closing, recoverable=taken.owed)
    trace.step("payable", now, unit=currency, because="paid now")
    return tuple(lines), now, closing


def _held_back(
    plan: Plan, now: Column, closing: Balances, trace: Trace
) -> tuple[Column, Balances, list[SettlementLine]]:
    """Return what is left of a payout after a holdback, with what earlier periods held back and this one releases."""
    terms, currency = plan.payment.holdback, plan.currency
    lines: list[SettlementLine] = []
    parts: tuple[Column, ...] = ()
    if terms:
        held = holdback(amount=now, share=terms.share, currency=currency, trace=trace)
        parts = instalments(amount=held.held, shares=terms.instalments, currency=currency, trace=trace)
        lines.append(SettlementLine("held_back", -held.held))
        now = held.now
    if terms or closing.held.shape[1]:
        out = released(
            waiting=closing.held,
            parts=parts,
            wait=terms.periods if terms else 1,
            currency=currency,
            trace=trace,
        )
        lines.append(SettlementLine("released", out.now))
        now, closing = now + out.now, replace(closing, held=out.waiting)
    return now, closing, lines


def _drawn(
    plan: Plan, inputs: Inputs, numbers: NumberSystem, now: Column, closing: Balances, trace: Trace
) -> tuple[Column, Balances, list[SettlementLine]]:
    """
    Return what is paid under a draw or guarantee, whose periods count from the assignment's first.

    A balance that is forgiven is a line of its own: it leaves the draws and is borne as pay.
    """
    terms = plan.payment.draw or plan.payment.guarantee
    assert terms is not None
    amount = settle(_of_payee(terms.amount, inputs, numbers), currency=plan.currency)
    paid, balance, counted = now.copy(), closing.draw.copy(), period_numbers(inputs)
    forgiven = numbers.zeros(len(now))
    for number in np.unique(counted[counted > 0]).tolist():  # nobody is advanced money before the first
        mine = counted == number
        with trace.within(f"period {number} of the assignment"):
            if isinstance(terms, Draw) and terms.recoverable:
                drawn = recoverable_draw(
                    earned=now[mine], draw=amount[mine], balance=balance[mine], number=number,
                    terms=_draw_terms(terms), currency=plan.currency, trace=trace,
                )  # fmt: skip
                paid[mine], balance[mine], forgiven[mine] = drawn.pay, drawn.balance, drawn.forgiven
            else:
                paid[mine] = guaranteed(
                    earned=now[mine], guarantee=amount[mine], number=number, periods=terms.periods,
                    currency=plan.currency, trace=trace,
                )  # fmt: skip
    effect = "draw" if isinstance(terms, Draw) else "guarantee"
    lines = [SettlementLine(effect, paid - now - forgiven)]
    if isinstance(terms, Draw) and terms.at_end == AtEnd.FORGIVEN:
        lines.append(SettlementLine("forgiven", forgiven))
    return paid, replace(closing, draw=balance), lines


def _draw_terms(draw: Draw) -> DrawTerms:
    return DrawTerms(
        periods=draw.periods,
        recovery_rate=draw.recovery_rate,
        recovery_delay=draw.recovery_delay,
        recovery_end=draw.recovery_end,
        at_end=str(draw.at_end),
    )


def period_numbers(inputs: Inputs) -> Ints:
    """Return the number of the current period for each payee, 1 for the first its spans touch, less before."""
    calendar = inputs.calendar
    periods = [period for year in calendar.years for period in year.periods]
    current = sum(len(year.periods) for year in calendar.years[: calendar.year]) + calendar.period
    first = np.full(len(inputs.payees), len(periods), dtype=np.int64)
    starts = np.array([period.since.toordinal() for period in periods])
    started = np.maximum(np.searchsorted(starts, inputs.spans.since, side="right") - 1, 0)
    np.minimum.at(first, inputs.payee[inputs.spans.row], started)
    return current - first + 1


def _of_payee(value: Value, inputs: Inputs, numbers: NumberSystem) -> Column:
    """Return a literal, or the personal parameter of each payee's first stint (0 where it has none)."""
    if not isinstance(value, Parameter):
        return np.full(len(inputs.payees), value, dtype=object if numbers.exact else np.float64)
    column, stated = numbers.zeros(len(inputs.payees)), inputs.parameters.get(value.parameter)
    if stated is not None:
        given = numbers.convert(stated.value)
        for row in reversed(range(inputs.size)):
            column[inputs.payee[row]] = given[row]
    return column


def _in_numbers(balances: Balances, numbers: NumberSystem) -> Balances:
    return Balances(**{name: numbers.convert(column) for name, column in vars(balances).items()})
