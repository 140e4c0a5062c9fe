"""
The worked examples, each a whole case document run through the calculator.

examples.toml says which case file, and what its answer holds at each place. Every input
of every case is also taken away in turn: the case must then fail, and say what is gone.
"""

from __future__ import annotations

import contextlib
import copy
import json
import tomllib
from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kamcomp.money import CONTEXT, to_decimals
from kamcomp.refusal import Refusal
from payouts.engine.calculator import calculate
from payouts.intake.cases import case_read

HERE = Path(__file__).parent
EXAMPLES = tomllib.loads((HERE / "examples.toml").read_text())["example"]
CASES = sorted((HERE / "cases").glob("*.json"))
LABELS = {"name", "about"}


def at(answer: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        answer = answer[int(part)] if isinstance(answer, list) else answer[part]
    return answer


def steps(tree: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in tree:
        yield step
        yield from steps(step.get("steps", []))


def figure(answer: Any, place: str) -> Decimal:
    """Return the value at a place: a pointer, `sum:A|B/weight`, or `trace:pointer:step name`."""
    if place.startswith("trace:"):
        _, pointer, name = place.split(":")
        return Decimal(next(step["value"] for step in steps(at(answer, pointer)) if step["name"] == name))
    if not place.startswith("sum:"):
        return Decimal(at(answer, place))
    places, _, weight = place[4:].rpartition("/")
    try:
        divisor = Decimal(weight)
    except ArithmeticError:
        places, divisor = place[4:], Decimal(1)
    return sum((Decimal(at(answer, each)) for each in places.split("|")), Decimal(0)) / divisor


def shown(answer: Any, place: str, expected: str) -> str:
    """Return the figure as an example writes it: with its decimals, as a percentage where it says so."""
    with localcontext(CONTEXT):
        value = figure(answer, place)
        text = expected.removesuffix(" %")
        digits = len(text.partition(".")[2])
        value = value * 100 if expected.endswith(" %") else value
        return f"{to_decimals(value, digits):f}" + (" %" if expected.endswith(" %") else "")


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["id"] for example in EXAMPLES])
def test_example_is_answered(example):
    answer = calculate(case_read(path=HERE / example["case"]), explain=True)

    for place, expected in example["expected"].items():
        assert shown(answer, place, expected) == expected, f"{example['text']}, at {place}"


def test_every_example_is_there():
    assert len({example["id"] for example in EXAMPLES if not example["id"].startswith("own-")}) == 82
    assert {HERE / example["case"] for example in EXAMPLES} == set(CASES)


def inputs(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every field of a case that is an input (of the plan, only that it is there)."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key not in LABELS:
                yield (*path, key)
                if key != "plan":
                    yield from inputs(value, (*path, key))
    elif isinstance(document, list):
        for i, value in enumerate(document):
            yield (*path, i)
            yield from inputs(value, (*path, i))


def without(document: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    less = copy.deepcopy(document)
    target: Any = less
    for part in path[:-1]:
        target = target[part]
    del target[path[-1]]
    return less


def answers_wrong(document: dict[str, Any], examples: list[dict[str, Any]]) -> str:
    """Return why a case fails now: what was refused, or the figure that is no longer there; "" if it does not."""
    try:
        answer = calculate(document, explain=True)
    except Refusal as refusal:
        return str(refusal)
    for example in examples:
        for place, expected in example["expected"].items():
            try:
                if shown(answer, place, expected) != expected:
                    return f"{place} changed"
            except (KeyError, IndexError, StopIteration):
                return f"{place} gone: {json.dumps(answer)[:2000]}"
    return ""


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_taking_an_input_away_fails(path):
    document = case_read(path=path)
    examples = [example for example in EXAMPLES if HERE / example["case"] == path]

    silent = [p for p in inputs(document) if not answers_wrong(without(document, p), examples)]

    assert not silent, "nothing missed these inputs"


ODD = (
    "",
    "-1",
    "0",
    "1e5",
    "999999999999999999",
    "2026-02-30",
    "\u0663",
    None,
    [],
    {},
    True,
    5,
    0.5,
    {"parameter": "q"},
)


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_odd_input_is_answered_or_refused_and_never_breaks(path):
    document, drawn = case_read(path=path), Random(path.stem)
    fields = list(inputs(document))

    for place in drawn.sample(fields, k=min(12, len(fields))):
        odd = copy.deepcopy(document)
        target: Any = odd
        for part in place[:-1]:
            target = target[part]
        target[place[-1]] = drawn.choice(ODD)
        with contextlib.suppress(Refusal):
            calculate(odd)
