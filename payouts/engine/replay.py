"""
The past under another plan: one period's inputs evaluated by a document that did not pay them.

The engine is the one that pays, on the inputs a run kept; what changes is the plan, and what a
payee brings from the periods replayed before. Under the plan that was in force the figures are
those that were paid, to the cent. Pure.
Rule: docs/reference/formulas.md, "Replays".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from kamcomp.columns import as_column
from payouts.engine.payout_rows import PayeeProblem, PayeeRows, payout_rows
from plans.engine.inputs import Balances, Inputs, held_columns
from plans.engine.plan import Plan

ZERO = Decimal(0)
NAMES = ("posted", "carried", "excess", "bank", "draw", "recoverable")
CHAINED = ("carried", "excess", "bank", "draw")


@dataclass(frozen=True, kw_only=True)
class Closed:
    """
    What a payee closed a period with: as it was paid, and as it is replayed, by the names of balances.

    What was posted counts on within the fiscal year: as paid for the `version` that paid it alone, as replayed
    under one plan for all periods.
    """

    fiscal_year: int
    paid: Mapping[str, Decimal]
    replayed: Mapping[str, Decimal]
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One payee of one period under the other plan: what is paid, of which target, by leaf, with the balances."""

    payee: str
    amount: Decimal
    target: Decimal
    by_leaf: Mapping[str, Decimal]
    closing: Mapping[str, Decimal]
    digest: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PeriodReplayed:
    """What a plan comes to on one set of inputs: the payees who could be computed, and why others could not."""

    payees: tuple[Replayed, ...]
    problems: tuple[PayeeProblem, ...]


def inputs_brought(*, inputs: Inputs, before: Mapping[str, Closed], fiscal_year: int, version: str) -> Inputs:
    """
    Return inputs whose payees bring what the replay of the periods before closes with.

    What a run brought is what the payment before left and what was corrected since. The first part is taken
    back, and what the replay left stands in its place: a payee whose replay equals what was paid brings exactly
    what the run brought. Recoveries of earlier pay stay as they were.
    Units: money in the plan's currency. `version` is the one that paid the period.
    """
    if not before:
        return inputs
    columns: dict[str, list[Decimal]] = {name: [] for name in NAMES}
    held: list[Mapping[str, Decimal]] = []
    for place, payee in enumerate(inputs.payees):
        closed = before.get(payee)
        for name in NAMES:
            kept: Decimal = getattr(inputs.balances, name)[place]
            columns[name].append(
                kept if closed is None else _brought(name, kept, closed, fiscal_year, version)
            )
        held.append(inputs.balances.held_named(place) if closed is None else closed.replayed)
    balances = {name: as_column(values) for name, values in columns.items()}
    return replace(inputs, balances=Balances(**balances, held=held_columns(held)))


def _brought(name: str, kept: Decimal, closed: Closed, fiscal_year: int, version: str) -> Decimal:
    if name in CHAINED:
        return kept - closed.paid.get(name, ZERO) + closed.replayed.get(name, ZERO)
    if name != "posted" or closed.fiscal_year != fiscal_year:
        return kept
    paid = closed.paid.get(name, ZERO) if closed.version == version else ZERO
    return kept - paid + closed.replayed.get(name, ZERO)


def period_replayed(
    *, plan: Plan, inputs: Inputs, label: str, account_of: Callable[[str], str]
) -> PeriodReplayed:
    """
    Return what a plan pays each payee of a period's inputs, settled, by the engine that pays.

    Shape: `inputs` hold all stints of each payee; `label` names the plan in the digests.
    Units: money in the plan's currency. Source: docs/reference/formulas.md, "Replays".
    """
    rows = payout_rows(plan=plan, inputs=inputs, accounts={}, account_of=account_of)
    payees = tuple(_replayed(payee, label) for payee in rows.payees)
    return PeriodReplayed(payees=payees, problems=rows.problems)


def _replayed(rows: PayeeRows, label: str) -> Replayed:
    _currency, _due, _posted, amount, carried, target, closing = rows.payout.split("\t")
    by_leaf: dict[str, Decimal] = {}
    for text in rows.lines:
        fields = text.split("\t")
        by_leaf[fields[1]] = by_leaf.get(fields[1], ZERO) + Decimal(fields[-1])
    balances = {name: Decimal(value) for name, value in json.loads(closing).items()}
    return Replayed(
        payee=rows.payee,
        amount=Decimal(amount),
        target=Decimal(target),
        by_leaf=by_leaf,
        closing={**balances, "carried": Decimal(carried)},
        digest=rows.digest(plan=label),
    )


@dataclass(frozen=True, kw_only=True)
class Bar:
    """People whose pay would change by so much of what was paid: from `low` up to before `high`, as ratios."""

    low: Decimal | None
    high: Decimal | None
    people: int


EDGES = tuple(Decimal(edge) for edge in ("-0.5", "-0.25", "-0.1", "-0.05", "0", "0.05", "0.1", "0.25", "0.5"))


def change_bars(*, paid: Sequence[Decimal], replayed: Sequence[Decimal]) -> tuple[list[Bar], int]:
    """
    Return how many people's pay would change by how much of what was paid, and for how many nothing changes.

    Who was paid nothing and would be paid something stands in the last bar. A loss of exactly a tenth stands
    with the losses from 10 % on; a gain of exactly a tenth with the gains from 10 % on.
    """
    counts = [0] * (len(EDGES) + 1)
    unchanged = 0
    for before, after in zip(paid, replayed, strict=True):
        if before == after:
            unchanged += 1
            continue
        counts[_bar(before, after)] += 1
    edges = (None, *EDGES, None)
    return [
        Bar(low=edges[place], high=edges[place + 1], people=people) for place, people in enumerate(counts)
    ], unchanged


def _bar(before: Decimal, after: Decimal) -> int:
    if before == 0:
        return len(EDGES)
    if after < before:
        return sum(after - before > edge * before for edge in EDGES)
    return sum(after - before >= edge * before for edge in EDGES)
