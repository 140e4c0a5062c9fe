"""
The inputs a run keeps: canonical, compact bytes of exactly what the engine was given.

The same inputs give the same bytes on any machine, and the bytes give the inputs back, so
that a paid amount is computed again years later from what it was computed from, never from
a new query. A payee has a digest of their own, which does not depend on who else was in
the chunk. Pure.
Rule: docs/reference/runs.md, "Kept inputs".
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from kamcomp.columns import Column, as_column
from kamcomp.refusal import Refusal
from kamcomp.trace import decimal_text
from plans.engine.inputs import (
    Balances,
    Calendar,
    Credits,
    Inputs,
    Period,
    ResultKey,
    Results,
    Spans,
    Stated,
    Year,
)

FORMAT = "kamcomp.inputs/1"
BETWEEN = "|"
COMPRESSION = 3


class InputsUnreadable(Refusal):
    """Kept inputs are damaged, or are of a format this version does not know."""


def inputs_to_bytes(inputs: Inputs, *, plan_digest: str) -> bytes:
    """Return exact inputs, and the digest of the plan they are for, as canonical compressed bytes."""
    text = json.dumps(
        _document(inputs, plan_digest), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return zlib.compress(text.encode(), COMPRESSION)


def inputs_from_bytes(kept: bytes) -> tuple[str, Inputs]:
    """
    Return the plan's digest and the inputs that were kept.

    :raises InputsUnreadable: if the bytes are damaged or of another format.
    """
    try:
        document = json.loads(zlib.decompress(kept))
    except (zlib.error, ValueError) as error:
        raise InputsUnreadable(f"The kept inputs are damaged: {error}.") from None
    if document.get("format") != FORMAT:
        raise InputsUnreadable(
            f"The kept inputs are of format {document.get('format')!r}; this version reads {FORMAT}."
        )
    return document["plan"], _inputs(document)


def payee_digests(inputs: Inputs, *, plan_digest: str) -> list[bytes]:
    """
    Return the SHA-256 of each payee's own inputs, in the order of `inputs.payees`.

    What a payee is computed from is hashed: calendar, spans, parameters, results with the
    names of their subjects, ratings, credits, balances; a team's result is hashed once.
    """
    head = f"{FORMAT}\n{plan_digest}\n{json.dumps(_calendar(inputs.calendar), sort_keys=True)}\n"
    texts: list[list[str]] = [[] for _payee in inputs.payees]
    for row, text in enumerate(_row_texts(inputs)):
        texts[inputs.payee[row]].append(text)
    balances = zip(*(_texts(column) for _name, column in sorted(vars(inputs.balances).items())), strict=True)
    return [
        hashlib.sha256(f"{head}{payee}\n{BETWEEN.join(balance)}\n{chr(10).join(rows)}".encode()).digest()
        for payee, balance, rows in zip(inputs.payees, balances, texts, strict=True)
    ]


def _row_texts(inputs: Inputs) -> Iterable[str]:
    """Return one text a stint that holds everything it is computed from."""
    columns: list[Sequence[str]] = [inputs.stints]
    columns.append(_gathered(inputs.spans.row, _span_texts(inputs.spans), inputs.size))
    columns += [_stated_texts(name, stated) for name, stated in sorted(inputs.parameters.items())]
    columns += [_result_texts(key, results) for key, results in sorted(inputs.results.items())]
    columns += [_stated_texts("/".join(key), stated) for key, stated in sorted(inputs.ratings.items())]
    columns += [_stated_texts(leaf, stated) for leaf, stated in sorted(inputs.milestones.items())]
    columns.append(_gathered(inputs.credits.row, _credit_texts(inputs.credits), inputs.size))
    return map(BETWEEN.join, zip(*columns, strict=True))


def _gathered(rows: Iterable[Any], texts: Sequence[str], size: int) -> list[str]:
    gathered: list[list[str]] = [[] for _row in range(size)]
    for row, text in zip(rows, texts, strict=True):
        gathered[row].append(text)
    return [";".join(each) for each in gathered]


def _span_texts(spans: Spans) -> list[str]:
    columns = [
        [str(day) for day in spans.since.tolist()],
        [str(day) for day in spans.until.tolist()],
        *(
            _texts(column)
            for column in (spans.target_incentive, spans.base_salary, spans.fte, spans.dedication)
        ),
        ["leave" if away else "" for away in spans.on_leave.tolist()],
    ]
    return [",".join(each) for each in zip(*columns, strict=True)]


def _stated_texts(name: str, stated: Stated) -> list[str]:
    return [
        f"{name}={state}:{value}"
        for state, value in zip(stated.state.tolist(), _texts(stated.value), strict=True)
    ]


def _result_texts(key: ResultKey, results: Results) -> list[str]:
    """Return what each stint reads under a key; the text of a subject is made once."""
    columns = [
        list(results.subjects),
        [str(state) for state in results.state.tolist()],
        _texts(results.numerator),
    ]
    columns.append(
        [""] * len(results.subjects) if results.denominator is None else _texts(results.denominator)
    )
    for name, stated in (("target", results.target), ("carried", results.carried)):
        columns.append([""] * len(results.subjects) if stated is None else _stated_texts(name, stated))
    subjects = [f"{'.'.join(key)}={','.join(each)}" for each in zip(*columns, strict=True)]
    none = f"{'.'.join(key)}="
    return [none if place < 0 else subjects[place] for place in results.index.tolist()]


def _credit_texts(credits: Credits) -> list[str]:
    columns: list[Sequence[str]] = [
        credits.ids, credits.product, credits.category, credits.deal_kind, credits.credit_type,
        ["now" if now else "" for now in credits.in_period.tolist()], _texts(credits.share), _texts(credits.units),
    ]  # fmt: skip
    for stated in (credits.bases, credits.earned):
        columns += [_stated_texts(name, each) for name, each in sorted(stated.items())]
    return [",".join(each) for each in zip(*columns, strict=True)]


def _texts(column: Column) -> list[str]:
    known: dict[int, str] = {}
    texts = []
    for value in column:
        text = known.get(id(value))
        if text is None:
            text = known[id(value)] = decimal_text(value)
        texts.append(text)
    return texts


# As a document --------------------------------------------------------------------------------------------


def _document(inputs: Inputs, plan_digest: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "plan": plan_digest,
        "calendar": _calendar(inputs.calendar),
        "stints": list(inputs.stints),
        "payees": list(inputs.payees),
        "payee": inputs.payee.tolist(),
        "spans": _columns_of(inputs.spans),
        "parameters": _stated_map(inputs.parameters),
        "results": [[*key, _results(results)] for key, results in sorted(inputs.results.items())],
        "ratings": [[*key, _stated(stated)] for key, stated in sorted(inputs.ratings.items())],
        "milestones": _stated_map(inputs.milestones),
        "credits": _credits(inputs.credits),
        "balances": _columns_of(inputs.balances),
    }


def _inputs(document: Mapping[str, Any]) -> Inputs:
    return Inputs(
        calendar=_read_calendar(document["calendar"]),
        stints=tuple(document["stints"]),
        payees=tuple(document["payees"]),
        payee=np.array(document["payee"], dtype=np.int64),
        spans=Spans(**_read_columns(document["spans"])),
        parameters=_read_stated_map(document["parameters"]),
        results={ResultKey(*key): _read_results(results) for *key, results in document["results"]},
        ratings={(leaf, item): _read_stated(stated) for leaf, item, stated in document["ratings"]},
        milestones=_read_stated_map(document["milestones"]),
        credits=_read_credits(document["credits"]),
        balances=Balances(**_read_columns(document["balances"])),
    )


def _calendar(calendar: Calendar) -> dict[str, Any]:
    return {
        "years": [
            [
                year.name,
                [[each.name, each.since.isoformat(), each.until.isoformat()] for each in year.periods],
            ]
            for year in calendar.years
        ],
        "year": calendar.year,
        "period": calendar.period,
        "holidays": [day.isoformat() for day in calendar.holidays],
    }


def _read_calendar(document: Mapping[str, Any]) -> Calendar:
    day: Callable[[str], date] = date.fromisoformat
    return Calendar(
        years=tuple(
            Year(name, tuple(Period(code, day(since), day(until)) for code, since, until in periods))
            for name, periods in document["years"]
        ),
        year=document["year"],
        period=document["period"],
        holidays=tuple(day(each) for each in document["holidays"]),
    )


def _column(column: Column) -> Any:
    """Return a column as JSON: decimals joined into one text, whole numbers as a list, flags as one text."""
    if column.dtype == bool:
        return {"flags": "".join("1" if flag else "0" for flag in column.tolist())}
    if column.dtype == object:
        return {"decimals": BETWEEN.join(_texts(column))}
    return column.tolist()


def _read_column(document: Any) -> Column:
    if isinstance(document, list):
        return np.array(document, dtype=np.int64)
    if "flags" in document:
        return np.array([flag == "1" for flag in document["flags"]], dtype=bool)
    return _read_decimals(document["decimals"])


def _read_decimals(text: str) -> Column:
    known: dict[str, Decimal] = {}
    values = []
    for each in text.split(BETWEEN) if text else ():
        value = known.get(each)
        if value is None:
            value = known[each] = Decimal(each)
        values.append(value)
    return as_column(values)


def _columns_of(record: Any) -> dict[str, Any]:
    return {name: _column(column) for name, column in vars(record).items()}


def _read_columns(document: Mapping[str, Any]) -> dict[str, Column]:
    return {name: _read_column(column) for name, column in document.items()}


def _stated(stated: Stated | None) -> Any:
    if stated is None:
        return None
    return [BETWEEN.join(_texts(stated.value)), "".join(map(str, stated.state.tolist()))]


def _read_stated(document: Any) -> Stated:
    value, state = document
    return Stated(value=_read_decimals(value), state=np.array([int(each) for each in state], dtype=np.int8))


def _stated_map(stated: Mapping[str, Stated]) -> dict[str, Any]:
    return {name: _stated(each) for name, each in stated.items()}


def _read_stated_map(document: Mapping[str, Any]) -> dict[str, Stated]:
    return {name: _read_stated(each) for name, each in document.items()}


def _results(results: Results) -> dict[str, Any]:
    return {
        "subjects": list(results.subjects),
        "index": results.index.tolist(),
        "numerator": BETWEEN.join(_texts(results.numerator)),
        "denominator": None if results.denominator is None else BETWEEN.join(_texts(results.denominator)),
        "state": "".join(map(str, results.state.tolist())),
        "target": _stated(results.target),
        "carried": _stated(results.carried),
    }


def _read_results(document: Mapping[str, Any]) -> Results:
    return Results(
        subjects=tuple(document["subjects"]),
        index=np.array(document["index"], dtype=np.int64),
        numerator=_read_decimals(document["numerator"]),
        denominator=None if document["denominator"] is None else _read_decimals(document["denominator"]),
        state=np.array([int(each) for each in document["state"]], dtype=np.int8),
        target=None if document["target"] is None else _read_stated(document["target"]),
        carried=None if document["carried"] is None else _read_stated(document["carried"]),
    )


def _credits(credits: Credits) -> dict[str, Any]:
    return {
        "ids": list(credits.ids),
        "row": credits.row.tolist(),
        "product": list(credits.product),
        "category": list(credits.category),
        "deal_kind": list(credits.deal_kind),
        "credit_type": list(credits.credit_type),
        "in_period": _column(credits.in_period),
        "share": _column(credits.share),
        "units": _column(credits.units),
        "bases": _stated_map(credits.bases),
        "earned": _stated_map(credits.earned),
    }


def _read_credits(document: Mapping[str, Any]) -> Credits:
    texts = {
        name: tuple(document[name]) for name in ("ids", "product", "category", "deal_kind", "credit_type")
    }
    return Credits(
        **texts,
        row=np.array(document["row"], dtype=np.int64),
        in_period=_read_column(document["in_period"]),
        share=_read_column(document["share"]),
        units=_read_column(document["units"]),
        bases=_read_stated_map(document["bases"]),
        earned=_read_stated_map(document["earned"]),
    )
