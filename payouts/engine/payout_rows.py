"""
From an outcome to rows: a payout a payee, and the lines that explain it and sum to it.

The rows are made as text, one text a row, ready to be copied into a table; a payee's digest
is taken of the same text, so what is stored, checked and compared is one thing. Figures
that several rows share (a team's attainment) are written once. Pure.
Rule: docs/reference/runs.md, "Rows and digests".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from typing import Any

import numpy as np

from kamcomp.columns import EXACT, sums_by
from kamcomp.money import CONTEXT, settle, to_decimals
from payouts.engine.evaluation import EarnedLine, Outcome, SettlementLine, evaluate
from payouts.engine.leaf_figures import LARGEST_RATIO, FigureTooLarge, LeafFigures, check_size, leaf_figures
from plans.engine.conventions import Window
from plans.engine.inputs import Inputs, rows_of
from plans.engine.plan import Commission, Plan
from plans.engine.reading import Computation

NULL = "\\N"
ZERO = Decimal(0)
RATIO_DIGITS = 6
LARGEST_AMOUNT = Decimal(10) ** 15
KINDS = {"leaf": "leaf", "money": "leaf"}
BALANCES = ("posted", "excess", "bank", "draw", "recoverable")
_CARRY = ("posted", "carried_in", "carried_out")


@dataclass(frozen=True, slots=True)
class PayeeRows:
    """
    The rows of one payee: `payout` and each of `lines` as tab-separated text.

    `payout` holds currency, due, posted before, amount, carried, target incentive, closing
    balances; a line holds kind, leaf, pay element, account id, metric, target, actual,
    attainment, payout ratio, weight, amount.
    """

    payee: str
    payout: str
    lines: tuple[str, ...]

    def digest(self, *, plan: str) -> bytes:
        """Return the SHA-256 of the payee's figures under a plan (its code and version)."""
        return hashlib.sha256(
            f"{plan}\t{self.payee}\t{self.payout}\n{chr(10).join(self.lines)}".encode()
        ).digest()


@dataclass(frozen=True, slots=True)
class PayeeProblem:
    """Why a payee has no payout."""

    payee: str
    code: str
    message: str


@dataclass(frozen=True)
class Rows:
    """What a chunk came to: the rows of those who could be computed, the problems of those who could not."""

    payees: tuple[PayeeRows, ...]
    problems: tuple[PayeeProblem, ...]


def payout_rows(
    *, plan: Plan, inputs: Inputs, accounts: Mapping[str, str], account_of: Callable[[str], str]
) -> Rows:
    """
    Return the rows of a plan's payouts, computed exactly, in the order of the payees.

    `accounts` maps account codes to the ids that lines name, `account_of` a stint to its
    account's code. A payee on whom the engine breaks is found by halving and named; the
    others go on.
    """
    problems: list[PayeeProblem] = []
    made = tuple(_made(plan, inputs, accounts, account_of, problems))
    return Rows(payees=made, problems=tuple(problems))


def _made(
    plan: Plan, inputs: Inputs, accounts: Mapping[str, str],
    account_of: Callable[[str], str], problems: list[PayeeProblem],
) -> Iterator[PayeeRows]:  # fmt: skip
    if not inputs.payees:
        return
    found: list[PayeeProblem] = []
    try:
        outcome = evaluate(plan=plan, inputs=inputs, numbers=EXACT)
        rows = list(_rows_of_outcome(plan, inputs, outcome, accounts, account_of, found))
    except Exception as error:  # whatever breaks on one payee's figures must not stop the others
        if len(inputs.payees) == 1:
            problems.append(_broken(inputs.payees[0], error))
            return
        middle = len(inputs.payees) // 2
        for half in (inputs.payee < middle, inputs.payee >= middle):
            yield from _made(plan, rows_of(inputs, np.flatnonzero(half)), accounts, account_of, problems)
        return
    problems += found
    yield from rows


def _broken(payee: str, error: Exception) -> PayeeProblem:
    undefined = isinstance(error, DivisionByZero) or "DivisionUndefined" in str(error)
    if isinstance(error, InvalidOperation | Overflow | FigureTooLarge) and not undefined:
        sentence = (
            f"{payee} cannot be computed: a figure is too large to be kept exactly ({_said(error)}). Look at the "
            "personal parameters, the package, results, targets and credits."
        )
        return PayeeProblem(payee, "figure_too_large", sentence)
    return PayeeProblem(payee, "engine_error", f"{payee} cannot be computed: {_said(error)}")


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, FigureTooLarge) else f"{type(error).__name__}: {error}"


def _rows_of_outcome(
    plan: Plan, inputs: Inputs, outcome: Outcome, accounts: Mapping[str, str],
    account_of: Callable[[str], str], problems: list[PayeeProblem],
) -> Iterator[PayeeRows]:  # fmt: skip
    _note_problems(inputs, outcome, problems)
    _check_sizes(plan, outcome)
    figures = leaf_figures(plan=plan, inputs=inputs)
    account_ids = [accounts.get(account_of(stint), NULL) for stint in inputs.stints]
    stints: list[list[int]] = [[] for _payee in inputs.payees]
    for row, payee in enumerate(inputs.payee.tolist()):
        stints[payee].append(row)
    earned = [(line, _line_texts(plan, line, figures, account_ids)) for line in outcome.earned]
    after = [("carry" if line.effect in _CARRY else "rule", line) for line in outcome.settlement]
    after += [("terms", line) for line in outcome.payment]
    targets = _target_incentives(plan, inputs)
    for place, payee in enumerate(inputs.payees):
        if outcome.blocked[place]:
            continue
        if outcome.payable[place] < 0:
            message = (
                f"{payee} would be paid {outcome.payable[place]} {plan.currency}: a payout is never negative."
            )
            problems.append(PayeeProblem(payee, "payout_negative", message))
            continue
        lines = [texts(row) for line, texts in earned for row in stints[place] if _is_shown(line, row)]
        lines += [_settlement_text(kind, line, place) for kind, line in after if line.amount[place] != 0]
        yield PayeeRows(payee, _payout_text(plan, outcome, place, targets[place]), tuple(lines))


def _check_sizes(plan: Plan, outcome: Outcome) -> None:
    """
    Make sure that every amount and ratio of those who are paid fits the table it is copied into.

    :raises FigureTooLarge: naming the first that does not.
    """
    paid = ~outcome.blocked
    of_payees = [
        outcome.due,
        outcome.payable,
        *(getattr(outcome.closing, name) for name in ("carried", *BALANCES)),
        *outcome.closing.held.T,
    ]
    of_payees += [line.amount for line in (*outcome.settlement, *outcome.payment)]
    for column in of_payees:
        check_size(column[paid], limit=LARGEST_AMOUNT, unit=plan.currency)
    stints = paid[outcome.payee]
    for line in outcome.earned:
        check_size(line.amount[stints], limit=LARGEST_AMOUNT, unit=plan.currency)
        if line.ratio is not None:
            check_size(line.ratio[stints], limit=LARGEST_RATIO, unit=f"as the result of {line.code}")


def _note_problems(inputs: Inputs, outcome: Outcome, problems: list[PayeeProblem]) -> None:
    known = set()
    for problem in outcome.problems:
        payee = inputs.payees[inputs.payee[problem.row]]
        key = (payee, problem.node, problem.code, problem.detail)
        if key not in known:
            known.add(key)
            problems.append(PayeeProblem(payee, problem.code, problem.detail))


def _is_shown(line: EarnedLine, row: int) -> bool:
    """Tell whether a line is kept: what a leaf earned always, what a rule changed only if it did."""
    return line.effect in KINDS or line.amount[row] != 0


def _line_texts(
    plan: Plan, line: EarnedLine, figures: Mapping[str, LeafFigures], account_ids: Sequence[str]
) -> Callable[[int], str]:
    """Return how a row of an earned line is written."""
    kind = KINDS.get(line.effect, "rule")
    leaf = line.code if line.effect in KINDS else f"{line.code}/{line.effect}"
    element = (
        "commission"
        if any(isinstance(m, Commission) and m.code == line.code for m in plan.commissions)
        else "bonus"
    )
    head = f"{kind}\t{leaf}\t{element}\t"
    known = figures.get(line.code) if line.effect in KINDS else None
    weight = NULL if known is None or known.weight is None else f"{known.weight:f}"
    metric = "" if known is None else known.metric
    ratios: dict[Decimal, str] = {}

    def text(row: int) -> str:
        ratio = NULL
        if line.ratio is not None:
            exact = line.ratio[row]
            ratio = ratios.get(exact) or ratios.setdefault(exact, f"{to_decimals(exact, RATIO_DIGITS):f}")
        shown = (NULL, NULL, NULL) if known is None else known.of(row)
        return (
            f"{head}{account_ids[row]}\t{metric}\t{shown[0]}\t{shown[1]}\t{shown[2]}"
            f"\t{ratio}\t{weight}\t{line.amount[row]:f}"
        )

    return text


def _settlement_text(kind: str, line: SettlementLine, place: int) -> str:
    empty = f"{NULL}\t\t{NULL}\t{NULL}\t{NULL}\t{NULL}\t{NULL}"
    return f"{kind}\t{line.effect}\tbonus\t{empty}\t{line.amount[place]:f}"


def _payout_text(plan: Plan, outcome: Outcome, place: int, target: Decimal) -> str:
    posted = next((-line.amount[place] for line in outcome.settlement if line.effect == "posted"), ZERO)
    closing = {name: getattr(outcome.closing, name)[place] for name in BALANCES}
    closing |= outcome.closing.held_named(place)
    kept = {name: _money(amount, plan) for name, amount in sorted(closing.items()) if amount}
    amounts = (outcome.due[place], posted, outcome.payable[place], outcome.closing.carried[place], target)
    return "\t".join([plan.currency, *(_money(amount, plan) for amount in amounts), json.dumps(kept)])


def _money(amount: Decimal, plan: Plan) -> str:
    """Return a settled amount with the decimals of its currency, however many a table gave it."""
    return f"{settle(amount, currency=plan.currency):f}"


def _target_incentives(plan: Plan, inputs: Inputs) -> Any:
    """Return each payee's target incentive of the period, settled; zero where the plan has no weighted tree."""
    if not plan.incentive.children:
        return EXACT.zeros(len(inputs.payees))
    with localcontext(CONTEXT):
        incentive = Computation(plan=plan, inputs=inputs, numbers=EXACT).incentive(Window.PERIOD)
        return settle(
            sums_by(inputs.payee, incentive.target, size=len(inputs.payees)), currency=plan.currency
        )
