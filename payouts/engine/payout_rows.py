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
from operator import add
from typing import Any, NamedTuple, cast

import numpy as np

from kamcomp.columns import EXACT, Column, sums_by
from kamcomp.money import CONTEXT, decimals_text, settle, settled_text
from kamcomp.sentences import Numeral, Sentence
from kamcomp.trace import decimal_texts
from payouts.engine.evaluation import EarnedLine, Outcome, SettlementLine, evaluate
from payouts.engine.leaf_figures import LARGEST_RATIO, FigureTooLarge, LeafFigures, check_size, leaf_figures
from plans.engine.conventions import Window
from plans.engine.inputs import Inputs, by_payee, rows_of
from plans.engine.plan import Commission, Plan
from plans.engine.reading import Computation

NULL = "\\N"
RATIO_DIGITS = 6
LARGEST_AMOUNT = Decimal(10) ** 15
KINDS = {"leaf": "leaf", "money": "leaf"}
BALANCES = ("posted", "excess", "bank", "draw", "recoverable")
_CARRY = ("posted", "carried_in", "carried_out")


class PayeeRows(NamedTuple):
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
    made = _made(plan, by_payee(inputs), accounts, account_of, problems)
    return Rows(payees=tuple(made), problems=tuple(problems))


def _made(
    plan: Plan, inputs: Inputs, accounts: Mapping[str, str],
    account_of: Callable[[str], str], problems: list[PayeeProblem],
) -> list[PayeeRows]:  # fmt: skip
    if not inputs.payees:
        return []
    found: list[PayeeProblem] = []
    try:
        computation = Computation(plan=plan, inputs=inputs, numbers=EXACT)
        outcome = evaluate(plan=plan, inputs=inputs, numbers=EXACT, computation=computation)
        rows = _rows_of_outcome(computation, outcome, accounts, account_of, found)
    except Exception as error:  # whatever breaks on one payee's figures must not stop the others
        if len(inputs.payees) == 1:
            problems.append(_broken(inputs.payees[0], error))
            return []
        middle = len(inputs.payees) // 2
        places = range(len(inputs.payees))
        rows = []
        for half, who in (
            (inputs.payee < middle, places[:middle]),
            (inputs.payee >= middle, places[middle:]),
        ):
            some = rows_of(inputs, np.flatnonzero(half), payees_too=who)
            rows += _made(plan, some, accounts, account_of, problems)
        return rows
    problems += found
    return rows


def _broken(payee: str, error: Exception) -> PayeeProblem:
    undefined = isinstance(error, DivisionByZero) or "DivisionUndefined" in str(error)
    if isinstance(error, InvalidOperation | Overflow | FigureTooLarge) and not undefined:
        sentence = Sentence(
            "%(payee)s cannot be computed: a figure is too large to be kept exactly (%(error)s). Look at the "
            "personal parameters, the package, results, targets and credits.",
            payee=payee,
            error=_said(error),
        )
        return PayeeProblem(payee, "figure_too_large", sentence)
    return PayeeProblem(
        payee,
        "engine_error",
        Sentence("%(payee)s cannot be computed: %(error)s", payee=payee, error=_said(error)),
    )


def _said(error: Exception) -> str:
    return error.said if isinstance(error, FigureTooLarge) else f"{type(error).__name__}: {error}"


def _rows_of_outcome(
    computation: Computation, outcome: Outcome, accounts: Mapping[str, str],
    account_of: Callable[[str], str], problems: list[PayeeProblem],
) -> list[PayeeRows]:  # fmt: skip
    plan, inputs = computation.plan, computation.inputs
    _note_problems(inputs, outcome, problems)
    _check_sizes(plan, outcome)
    account_ids = [accounts.get(account_of(stint), NULL) for stint in inputs.stints]
    explained = _explained(computation, outcome, account_ids)
    after = _after(outcome)
    payouts = _payout_texts(plan, outcome, _target_incentives(computation))
    negative = (outcome.payable < 0).astype(bool)
    if not after and not outcome.blocked.any() and not negative.any():
        return list(map(PayeeRows._make, zip(inputs.payees, payouts, explained, strict=True)))
    rows = []
    for place, payee in enumerate(inputs.payees):
        if outcome.blocked[place]:
            continue
        if negative[place]:
            message = Sentence(
                "%(payee)s would be paid %(amount)s %(currency)s: a payout is never negative.",
                payee=payee,
                amount=Numeral(str(outcome.payable[place]), number=outcome.payable[place]),
                currency=plan.currency,
            )
            problems.append(PayeeProblem(payee, "payout_negative", message))
            continue
        later = (changes[place] for changes in after if place in changes)
        rows.append(PayeeRows(payee, payouts[place], (*explained[place], *later)))
    return rows


def _explained(
    computation: Computation, outcome: Outcome, account_ids: list[str]
) -> Sequence[tuple[str, ...]]:
    """Return the texts of each payee's earned lines, line by line, and stint by stint within a line."""
    plan, inputs, figures = computation.plan, computation.inputs, leaf_figures(computation=computation)
    columns = [_line_texts(plan, line, figures, account_ids) for line in outcome.earned]
    if len(inputs.stints) == len(inputs.payees) and (inputs.payee == np.arange(len(inputs.payees))).all():
        kept = [column for column in columns if any(column)]
        rows = zip(*kept, strict=True) if kept else [()] * len(inputs.payees)
        if not any(None in column for column in kept):
            return cast(list[tuple[str, ...]], list(rows))
        return [tuple(filter(None, row)) for row in rows]
    explained: list[list[str]] = [[] for _payee in inputs.payees]
    payees = inputs.payee.tolist()
    for column in columns:
        for payee, text in zip(payees, column, strict=True):
            if text is not None:
                explained[payee].append(text)
    return list(map(tuple, explained))


def _after(outcome: Outcome) -> list[dict[int, str]]:
    """Return for each line of settling and payment what it changed, by the places of those whom it did."""
    lines = [("carry" if line.effect in _CARRY else "rule", line) for line in outcome.settlement]
    lines += [("terms", line) for line in outcome.payment]
    changed = [
        {
            place: _settlement_text(kind, line, place)
            for place in np.flatnonzero((line.amount != 0).astype(bool)).tolist()
        }
        for kind, line in lines
    ]
    return [texts for texts in changed if texts]


def _check_sizes(plan: Plan, outcome: Outcome) -> None:
    """
    Make sure that every amount and ratio of those who are paid fits the table it is copied into.

    :raises FigureTooLarge: naming the first that does not.
    """
    paid: Any = ~outcome.blocked if outcome.blocked.any() else slice(None)
    of_payees = [
        outcome.due,
        outcome.payable,
        *(getattr(outcome.closing, name) for name in ("carried", *BALANCES)),
        *outcome.closing.held.T,
    ]
    of_payees += [line.amount for line in (*outcome.settlement, *outcome.payment)]
    for column in of_payees:
        check_size(column[paid], limit=LARGEST_AMOUNT, unit=plan.currency)
    stints = paid if isinstance(paid, slice) else paid[outcome.payee]
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


def _line_texts(
    plan: Plan, line: EarnedLine, figures: Mapping[str, LeafFigures], account_ids: list[str]
) -> list[str | None]:
    """
    Return each row of an earned line as text; None where it is not kept.

    What a leaf earned is kept always, what a rule changed only where it did.
    """
    element = (
        "commission"
        if any(isinstance(m, Commission) and m.code == line.code for m in plan.commissions)
        else "bonus"
    )
    if line.effect not in KINDS:
        head = f"rule\t{line.code}/{line.effect}\t{element}\t"
        return [
            f"{head}{account}\t\t{NULL}\t{NULL}\t{NULL}\t{NULL}\t{NULL}\t{amount:f}" if amount else None
            for account, amount in zip(account_ids, line.amount, strict=True)
        ]
    known = figures.get(line.code)
    weight = NULL if known is None or known.weight is None else f"{known.weight:f}"
    head, tail = f"{KINDS[line.effect]}\t{line.code}\t{element}\t", f"\t{weight}\t"
    size = len(account_ids)
    if known is not None and line.ratio is not None:
        begun = _shared_heads(head, tail, known, account_ids, line.ratio)
        if begun is not None:
            return list(map(add, begun, decimal_texts(line.amount)))
    shown = [f"\t\t{NULL}\t{NULL}\t{NULL}\t"] * size if known is None else known.texts(size=size)
    ratios = [NULL + tail] * size if line.ratio is None else _ratio_texts(line.ratio, tail)
    amounts = decimal_texts(line.amount)
    heads = map(head.__add__, account_ids)
    return list(map("".join, zip(heads, shown, ratios, amounts, strict=True)))


def _shared_heads(
    head: str, tail: str, figures: LeafFigures, account_ids: list[str], ratio: Column
) -> Iterator[str] | None:
    """
    Return each row's text as far as its amount, where those who read one subject share it; None where they do not.

    A team's goal is such a line: the text is made once a team.
    """
    index, ratios = figures.index, ratio.tolist()
    if index is None or not ratios or min(index) < 0 or max(index) >= len(figures.subjects):
        return None
    rows = dict(zip(index, range(len(index)), strict=True))
    accounts = {subject: account_ids[row] for subject, row in rows.items()}
    known = {subject: ratios[row] for subject, row in rows.items()}
    if list(map(accounts.__getitem__, index)) != account_ids or list(map(known.__getitem__, index)) != ratios:
        return None
    shown, texts = figures.of_subjects(), decimals_text(known.values(), RATIO_DIGITS)
    begun = {
        subject: f"{head}{accounts[subject]}{shown[subject]}{text}{tail}"
        for subject, text in zip(known, texts, strict=True)
    }
    return map(begun.__getitem__, index)


def _ratio_texts(ratio: Column, tail: str) -> list[str]:
    """Return ratios as they are shown, with what follows; one that a whole team has is written once."""
    keys = list(map(id, ratio))
    values = dict(zip(keys, ratio, strict=True))
    texts = [text + tail for text in decimals_text(values.values(), RATIO_DIGITS)]
    return list(map(dict(zip(values, texts, strict=True)).__getitem__, keys))


def _settlement_text(kind: str, line: SettlementLine, place: int) -> str:
    empty = f"{NULL}\t\t{NULL}\t{NULL}\t{NULL}\t{NULL}\t{NULL}"
    return f"{kind}\t{line.effect}\tbonus\t{empty}\t{line.amount[place]:f}"


def _payout_texts(plan: Plan, outcome: Outcome, targets: Column) -> list[str]:
    """Return each payee's payout as text, every amount with the decimals of its currency."""
    size = len(outcome.payees)
    posted = next((-line.amount for line in outcome.settlement if line.effect == "posted"), EXACT.zeros(size))
    columns = [
        settled_text(column, currency=plan.currency)
        for column in (outcome.due, posted, outcome.payable, outcome.closing.carried, targets)
    ]
    return [
        "\t".join((plan.currency, *row)) for row in zip(*columns, _closing_texts(plan, outcome), strict=True)
    ]


def _closing_texts(plan: Plan, outcome: Outcome) -> list[str]:
    """Return the balances each payee closes with that are not zero, as JSON."""
    columns = {name: getattr(outcome.closing, name) for name in BALANCES}
    open_rows = np.zeros(len(outcome.payees), dtype=bool)
    for column in columns.values():
        open_rows |= (column != 0).astype(bool)
    if outcome.closing.held.shape[1]:
        open_rows[:] = True
    texts = ["{}"] * len(outcome.payees)
    for place in np.flatnonzero(open_rows).tolist():
        closing = {name: column[place] for name, column in columns.items()}
        closing |= outcome.closing.held_named(place)
        kept = {name: amount for name, amount in sorted(closing.items()) if amount}
        texts[place] = json.dumps(
            dict(zip(kept, settled_text(kept.values(), currency=plan.currency), strict=True))
        )
    return texts


def _target_incentives(computation: Computation) -> Column:
    """Return each payee's target incentive of the period, settled; zero where the plan has no weighted tree."""
    plan, inputs = computation.plan, computation.inputs
    if not plan.incentive.children:
        return EXACT.zeros(len(inputs.payees))
    with localcontext(CONTEXT):
        incentive = computation.incentive(Window.PERIOD)
        return settle(
            sums_by(inputs.payee, incentive.target, size=len(inputs.payees)), currency=plan.currency
        )
