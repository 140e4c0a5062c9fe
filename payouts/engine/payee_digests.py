"""
The digest of each payee's own inputs: it does not depend on who else was in the chunk.

What a payee is computed from is written as one text and hashed; the digest of a run's inputs
is made of them, so that it is the same however the payees were cut into chunks. Pure.
Rule: docs/reference/runs.md, "Kept inputs and digests".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kamcomp.columns import Column, RowState
from kamcomp.trace import column_texts, decimal_text, decimal_texts
from plans.engine.inputs import Calendar, Credits, Inputs, Ints, ResultKey, Results, Spans, Stated

FORMAT = "kamcomp.inputs/1"
BETWEEN = "|"
FINAL = int(RowState.FINAL)


def payee_digests(*, inputs: Inputs, plan_digest: str) -> list[bytes]:
    """
    Return the SHA-256 of each payee's own inputs, in the order of `inputs.payees`.

    What a payee is computed from is hashed: calendar, spans, parameters, results with the
    names of their subjects, ratings, credits, balances; a team's result is hashed once.
    """
    head = f"{FORMAT}\n{plan_digest}\n{json.dumps(_calendar(inputs.calendar))}\n"
    texts = _gathered(inputs.payee, list(_row_texts(inputs)), len(inputs.payees), between="\n")
    columns = [column for name, column in sorted(vars(inputs.balances).items()) if name != "held"]
    held = [""] * len(inputs.payees)
    if inputs.balances.held.shape[1]:
        held = [",".join(decimal_texts(_without_tail(row))) for row in inputs.balances.held]
    balances = map(BETWEEN.join, zip(*(column_texts(column) for column in columns), held, strict=True))
    begun = hashlib.sha256(head.encode())
    return [
        _ended(begun, "\n".join(own).encode()) for own in zip(inputs.payees, balances, texts, strict=True)
    ]


def _ended(begun: Any, rest: bytes) -> bytes:
    """Return the digest of what was begun for everybody and goes on for one."""
    digest = begun.copy()
    digest.update(rest)
    ended: bytes = digest.digest()
    return ended


def _without_tail(held: Column) -> Column:
    """Return what is held back without the zeros behind it, whose number depends on who else is in the chunk."""
    last = np.flatnonzero(held != 0)
    return held[: int(last[-1]) + 1 if len(last) else 0]


def _row_texts(inputs: Inputs) -> Iterable[str]:
    """Return one text a stint that holds everything it is computed from."""
    columns: list[Sequence[str]] = [inputs.stints]
    columns.append(_gathered(inputs.spans.row, _span_texts(inputs.spans), inputs.size))
    columns.append(_parameter_texts(inputs))
    columns += [_result_texts(key, results) for key, results in sorted(inputs.results.items())]
    columns += [_stated_texts("/".join(key), stated) for key, stated in sorted(inputs.ratings.items())]
    columns += [_stated_texts(leaf, stated) for leaf, stated in sorted(inputs.milestones.items())]
    columns.append(_gathered(inputs.credits.row, _credit_texts(inputs.credits), inputs.size))
    return map(BETWEEN.join, zip(*columns, strict=True))


def _gathered(rows: Ints, texts: Sequence[str], size: int, *, between: str = ";") -> Sequence[str]:
    """Return the texts of each row, joined; where every row has exactly one, the texts themselves."""
    if len(rows) == size and (rows == np.arange(size)).all():
        return texts
    if len(rows) == size and (np.bincount(rows, minlength=size) == 1).all():
        return list(map(texts.__getitem__, np.argsort(rows).tolist()))
    gathered: list[list[str]] = [[] for _row in range(size)]
    for row, text in zip(rows.tolist(), texts, strict=True):
        gathered[row].append(text)
    return [between.join(each) for each in gathered]


def _span_texts(spans: Spans) -> list[str]:
    columns = [
        list(map(str, spans.since.tolist())),
        list(map(str, spans.until.tolist())),
        *(
            column_texts(column)
            for column in (spans.target_incentive, spans.base_salary, spans.fte, spans.dedication)
        ),
        ["leave" if away else "" for away in spans.on_leave.tolist()],
    ]
    return list(map(",".join, zip(*columns, strict=True)))


def _stated_texts(name: str, stated: Stated) -> list[str]:
    return [
        f"{name}={state}:{value}"
        for state, value in zip(stated.state.tolist(), column_texts(stated.value), strict=True)
    ]


def _parameter_texts(inputs: Inputs) -> list[str]:
    """Return the parameters each stint has; those that only others of the chunk have leave no mark."""
    if not inputs.parameters:
        return [""] * inputs.size
    given: list[list[str]] = [[] for _row in range(inputs.size)]
    for name, stated in sorted(inputs.parameters.items()):
        for row in np.flatnonzero(stated.state == FINAL).tolist():
            given[row].append(f"{name}={decimal_text(stated.value[row])}")
    return [";".join(each) for each in given]


def _final_texts(stated: Stated) -> list[str]:
    """Return the values that are there, "" for the others."""
    return [
        text if state == FINAL else ""
        for state, text in zip(stated.state.tolist(), column_texts(stated.value), strict=True)
    ]


def _result_texts(key: ResultKey, results: Results) -> list[str]:
    """Return what each stint reads under a key; the text of a subject is made once."""
    # A denominator of 1, and no reading to carry, are written like none at all: whether the column
    # exists depends on the others of the chunk.
    nothing = [""] * len(results.subjects)
    columns = [
        list(results.subjects),
        list(map(str, results.state.tolist())),
        column_texts(results.numerator),
        nothing
        if results.denominator is None
        else ["" if t == "1" else t for t in column_texts(results.denominator)],
        nothing if results.target is None else _stated_texts("target", results.target),
        nothing if results.carried is None else _final_texts(results.carried),
    ]
    none = f"{'.'.join(key)}="
    subjects = [none + ",".join(each) for each in zip(*columns, strict=True)]
    return [none if place < 0 else subjects[place] for place in results.index.tolist()]


def _credit_texts(credits: Credits) -> list[str]:
    columns: list[Sequence[str]] = [
        credits.ids, credits.product, credits.category, credits.deal_kind, credits.credit_type,
        ["now" if now else "" for now in credits.in_period.tolist()], column_texts(credits.share),
        column_texts(credits.units),
    ]  # fmt: skip
    for stated in (credits.bases, credits.earned):
        columns += [_stated_texts(name, each) for name, each in sorted(stated.items())]
    return list(map(",".join, zip(*columns, strict=True)))


def _calendar(calendar: Calendar) -> list[Any]:
    years = [
        [year.name, [[each.name, each.since.isoformat(), each.until.isoformat()] for each in year.periods]]
        for year in calendar.years
    ]
    return [years, calendar.year, calendar.period, [day.isoformat() for day in calendar.holidays]]
