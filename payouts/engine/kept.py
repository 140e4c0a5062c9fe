"""
Kept inputs: what a payout was computed from, as canonical bytes.

Every chunk of a run stores its plan and inputs in this form, compressed, in the commit
that stores its payouts. Opening a line or verifying a period reads them back and runs
the same evaluation, never a new query. The bytes are canonical: the same inputs give the
same bytes and digest, whatever the order the rows were found in. A change of meaning
gets a new format name; old formats stay readable. Pure.
Rule: docs/reference/formulas.md, "Inputs".
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import lt
from typing import Any

import numpy as np
import numpy.typing as npt

from kamcomp.columns import Column, as_column
from kamcomp.refusal import Refusal
from kamcomp.trace import column_texts
from plans.engine.document import canonical_bytes, plan_document, plan_from_document
from plans.engine.inputs import (
    Balances,
    Calendar,
    Credits,
    Inputs,
    Ints,
    Period,
    ResultKey,
    Results,
    Spans,
    Stated,
    Year,
)
from plans.engine.plan import Plan

FORMAT = "kamcomp.inputs/1"
LEVEL = 1
# A third of the time of the usual level for a tenth more bytes; digests are of what is compressed.


class KeptInputsUnreadable(Refusal):
    """Kept bytes are damaged, or of a format this version cannot read."""


class InputsNotSorted(Refusal):
    """Inputs to be kept are not in the canonical order, or name a stint or payee twice."""


def inputs_to_bytes(*, plan: Plan, inputs: Inputs) -> bytes:
    """
    Return a plan and its exact inputs as canonical, compressed bytes.

    Stints, payees and credits must be in rising order of their ids (`in_order` makes them so).

    :raises InputsNotSorted: if they are not.
    """
    for what, ids in (("stints", inputs.stints), ("payees", inputs.payees), ("credits", inputs.credits.ids)):
        if not all(map(lt, ids, ids[1:])):
            raise InputsNotSorted(
                "The %(what)s to be kept are not in rising order of their ids, each once.", what=what
            )
    document = {"format": FORMAT, "plan": _plan_written(plan), "inputs": _written(inputs)}
    return zlib.compress(_canonical(document).encode(), level=LEVEL)


class Written(str):
    """A column as it stands in the canonical bytes: its texts are made, and joined, all at once."""

    __slots__ = ()


@lru_cache(maxsize=16)
def _plan_written(plan: Plan) -> Written:
    """Return a plan as it stands in the canonical bytes; the chunks of a run have few."""
    return Written(canonical_bytes(plan_document(plan)).decode())


def _canonical(document: Any) -> str:
    """Return what `canonical_bytes` would, of a document whose columns are written already."""
    if isinstance(document, Written):
        return document
    if isinstance(document, dict):
        parts = (
            f"{json.dumps(key, ensure_ascii=False)}:{_canonical(document[key])}" for key in sorted(document)
        )
        return f"{{{','.join(parts)}}}"
    if isinstance(document, list):
        return f"[{','.join(map(_canonical, document))}]"
    return canonical_bytes(document).decode()


def inputs_from_bytes(kept: bytes) -> tuple[Plan, Inputs]:
    """
    Return the plan and the inputs that were kept.

    :raises KeptInputsUnreadable: if the bytes are damaged or of another format.
    """
    try:
        document = json.loads(zlib.decompress(kept))
    except (zlib.error, ValueError) as error:
        raise KeptInputsUnreadable("The kept inputs cannot be read: %(error)s.", error=error) from error
    if document.get("format") != FORMAT:
        raise KeptInputsUnreadable(
            "The kept inputs are of format %(document)s, not %(format)s.",
            document=repr(document.get("format")),
            format=FORMAT,
        )
    return plan_from_document(document["plan"]), _inputs(document["inputs"])


def inputs_digest(kept: bytes) -> str:
    """Return the SHA-256 of kept inputs, of their content and not of its compression, in hexadecimal."""
    return hashlib.sha256(zlib.decompress(kept)).hexdigest()


def in_order(inputs: Inputs) -> Inputs:
    """Return the same inputs with stints, payees, spans, subjects and credits in canonical order."""
    stints, payees = _order(inputs.stints), _order(inputs.payees)
    row, who = _places(stints), _places(payees)
    spans = _sorted_spans(inputs.spans, row)
    return Inputs(
        calendar=inputs.calendar,
        stints=tuple(inputs.stints[i] for i in stints),
        payees=tuple(inputs.payees[i] for i in payees),
        payee=who[inputs.payee[stints]],
        spans=spans,
        parameters={name: _taken(stated, stints) for name, stated in inputs.parameters.items()},
        results={key: _sorted_results(results, stints) for key, results in inputs.results.items()},
        ratings={key: _taken(stated, stints) for key, stated in inputs.ratings.items()},
        milestones={code: _taken(stated, stints) for code, stated in inputs.milestones.items()},
        credits=_sorted_credits(inputs.credits, row),
        balances=Balances(**{name: column[payees] for name, column in vars(inputs.balances).items()}),
    )


def _order(names: Sequence[str]) -> Ints:
    """Return the places of names in rising order."""
    return np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)


def _places(order: Ints) -> Ints:
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places


def _taken(stated: Stated, order: Ints) -> Stated:
    return Stated(value=stated.value[order], state=stated.state[order])


def _sorted_spans(spans: Spans, row: Ints) -> Spans:
    moved = row[spans.row]
    order = np.lexsort((spans.until, spans.since, moved))
    columns: dict[str, Any] = {name: column[order] for name, column in vars(spans).items() if name != "row"}
    return Spans(row=moved[order], **columns)


def _sorted_results(results: Results, stints: Ints) -> Results:
    order = _order(results.subjects)
    place, index = _places(order), results.index[stints]
    return Results(
        subjects=tuple(results.subjects[i] for i in order),
        index=np.where(index < 0, -1, place[np.maximum(index, 0)] if len(order) else -1),
        numerator=results.numerator[order],
        denominator=None if results.denominator is None else results.denominator[order],
        state=results.state[order],
        target=None if results.target is None else _taken(results.target, order),
        carried=None if results.carried is None else _taken(results.carried, order),
    )


def _sorted_credits(credits: Credits, row: Ints) -> Credits:
    order = _order(credits.ids)
    words = {
        name: tuple(getattr(credits, name)[i] for i in order)
        for name in ("ids", "product", "category", "deal_kind", "credit_type")
    }
    return Credits(
        **words,
        row=row[credits.row[order]] if len(order) else credits.row,
        in_period=credits.in_period[order],
        share=credits.share[order],
        units=credits.units[order],
        bases={name: _taken(stated, order) for name, stated in credits.bases.items()},
        earned={name: _taken(stated, order) for name, stated in credits.earned.items()},
    )


def _written(inputs: Inputs) -> dict[str, Any]:
    return {
        "calendar": _calendar_written(inputs.calendar),
        "stints": inputs.stints,
        "payees": inputs.payees,
        "payee": _column_written(inputs.payee),
        "spans": _columns_written(vars(inputs.spans)),
        "parameters": {name: _stated_written(stated) for name, stated in inputs.parameters.items()},
        "results": [[list(key), _results_written(inputs.results[key])] for key in sorted(inputs.results)],
        "ratings": [[list(key), _stated_written(inputs.ratings[key])] for key in sorted(inputs.ratings)],
        "milestones": {code: _stated_written(stated) for code, stated in inputs.milestones.items()},
        "credits": _credits_written(inputs.credits),
        "balances": _balances_written(inputs.balances),
    }


def _calendar_written(calendar: Calendar) -> dict[str, Any]:
    return {
        "years": [
            [year.name, [[p.name, p.since.isoformat(), p.until.isoformat()] for p in year.periods]]
            for year in calendar.years
        ],
        "year": calendar.year,
        "period": calendar.period,
        "holidays": [day.isoformat() for day in calendar.holidays],
    }


def _column_written(column: npt.NDArray[Any]) -> Written:
    """Return a column of decimals, each in quotes, or of whole numbers."""
    if column.dtype != object:
        return _whole_written(column.astype(np.int64).tobytes())
    texts = '","'.join(column_texts(column))
    return Written(f'["{texts}"]' if len(column) else "[]")


@lru_cache(maxsize=64)
def _whole_written(numbers: bytes) -> Written:
    """Return a column of whole numbers, given as its bytes: places and states are the same again and again."""
    return Written(f"[{','.join(map(str, np.frombuffer(numbers, dtype=np.int64).tolist()))}]")


def _columns_written(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _column_written(column) for name, column in columns.items()}


def _balances_written(balances: Balances) -> dict[str, Any]:
    """Return the balances; what is held back is written only where something waits, a list a payee."""
    columns = {name: column for name, column in vars(balances).items() if name != "held"}
    written = _columns_written(columns)
    if balances.held.shape[1]:
        written["held"] = [_column_written(row) for row in balances.held]
    return written


def _balances(document: Mapping[str, Any]) -> Balances:
    columns = {name: _decimals(column) for name, column in document.items() if name != "held"}
    held = [[Decimal(amount) for amount in row] for row in document.get("held", [])]
    return Balances(**columns, held=np.array(held, dtype=object).reshape(len(held), -1 if held else 0))


def _stated_written(stated: Stated | None) -> Any:
    return None if stated is None else [_column_written(stated.value), _column_written(stated.state)]


def _results_written(results: Results) -> dict[str, Any]:
    return {
        "subjects": results.subjects,
        "index": _column_written(results.index),
        "numerator": _column_written(results.numerator),
        "denominator": None if results.denominator is None else _column_written(results.denominator),
        "state": _column_written(results.state),
        "target": _stated_written(results.target),
        "carried": _stated_written(results.carried),
    }


def _credits_written(credits: Credits) -> dict[str, Any]:
    plain = {
        name: getattr(credits, name) for name in ("ids", "product", "category", "deal_kind", "credit_type")
    }
    return plain | {
        "row": _column_written(credits.row),
        "in_period": _column_written(credits.in_period),
        "share": _column_written(credits.share),
        "units": _column_written(credits.units),
        "bases": {name: _stated_written(stated) for name, stated in credits.bases.items()},
        "earned": {name: _stated_written(stated) for name, stated in credits.earned.items()},
    }


def _inputs(document: Mapping[str, Any]) -> Inputs:
    spans = document["spans"]
    return Inputs(
        calendar=_calendar(document["calendar"]),
        stints=tuple(document["stints"]),
        payees=tuple(document["payees"]),
        payee=_ints(document["payee"]),
        spans=Spans(
            row=_ints(spans["row"]),
            since=_ints(spans["since"]),
            until=_ints(spans["until"]),
            on_leave=np.array(spans["on_leave"], dtype=bool),
            **{
                name: _decimals(spans[name])
                for name in ("target_incentive", "base_salary", "fte", "dedication")
            },
        ),
        parameters={name: _must(_stated(stated)) for name, stated in document["parameters"].items()},
        results={ResultKey(*key): _results(results) for key, results in document["results"]},
        ratings={(key[0], key[1]): _must(_stated(stated)) for key, stated in document["ratings"]},
        milestones={code: _must(_stated(stated)) for code, stated in document["milestones"].items()},
        credits=_credits(document["credits"]),
        balances=_balances(document["balances"]),
    )


def _calendar(document: Mapping[str, Any]) -> Calendar:
    years = tuple(
        Year(
            name,
            tuple(
                Period(p, date.fromisoformat(since), date.fromisoformat(until)) for p, since, until in periods
            ),
        )
        for name, periods in document["years"]
    )
    holidays = tuple(date.fromisoformat(day) for day in document["holidays"])
    return Calendar(years=years, year=document["year"], period=document["period"], holidays=holidays)


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _decimals(values: list[str]) -> Column:
    return as_column([Decimal(value) for value in values])


def _stated(document: Any) -> Stated | None:
    if document is None:
        return None
    return Stated(value=_decimals(document[0]), state=np.array(document[1], dtype=np.int8))


def _must(stated: Stated | None) -> Stated:
    if stated is None:
        raise KeptInputsUnreadable("The kept inputs lack a column.")
    return stated


def _results(document: Mapping[str, Any]) -> Results:
    return Results(
        subjects=tuple(document["subjects"]),
        index=_ints(document["index"]),
        numerator=_decimals(document["numerator"]),
        denominator=None if document["denominator"] is None else _decimals(document["denominator"]),
        state=np.array(document["state"], dtype=np.int8),
        target=_stated(document["target"]),
        carried=_stated(document["carried"]),
    )


def _credits(document: Mapping[str, Any]) -> Credits:
    return Credits(
        **{
            name: tuple(document[name]) for name in ("ids", "product", "category", "deal_kind", "credit_type")
        },
        row=_ints(document["row"]),
        in_period=np.array(document["in_period"], dtype=bool),
        share=_decimals(document["share"]),
        units=_decimals(document["units"]),
        bases={name: _must(_stated(stated)) for name, stated in document["bases"].items()},
        earned={name: _must(_stated(stated)) for name, stated in document["earned"].items()},
    )
