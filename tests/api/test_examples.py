"""Every operation of the description is shown by examples, and each of them is what the description says it is."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from kamcomp.api.examples import example_told, told
from kamcomp.imports.kinds import all_kinds, kind_named
from payouts.engine.calculator import calculate
from plans.api.curves import EXAMPLE as CURVE
from plans.api.curves import CurveAskSerializer, curve_values
from plans.engine.codec import read
from plans.engine.plan import Curve, Plan

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.yaml"
SHOWN = ("application/json", "application/problem+json", "text/csv", "application/x-ndjson")


@cache
def description():
    return yaml.load(PAGE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@cache
def wrong(schema, example):
    """Return what of an example is not as a shape says; both are JSON, so that each pair is looked at once."""
    shape = {**json.loads(schema), "components": {"schemas": description()["components"]["schemas"]}}
    found = Draft202012Validator(shape, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{each.json_path}: {each.message[:200]}" for each in found.iter_errors(json.loads(example))]


def faults(name, media):
    """Return what is wrong with the examples of a body, or that there are none."""
    examples = media.get("examples", {})
    for example in examples.values():
        if "$ref" in example:
            example = description()["components"]["examples"][example["$ref"].rpartition("/")[2]]
        for fault in wrong(json.dumps(media["schema"]), json.dumps(example["value"])):
            yield f"{name}: {fault}"
    if not examples:
        yield f"{name}: there is no example"


def bodies(operation):
    """Yield each body of an operation, sent or answered, by name."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield "sent", media
    for status, answer in operation["responses"].items():
        for media_type, media in answer.get("content", {}).items():
            if media_type in SHOWN:
                yield f"{status} {media_type}", media


class TestExamples:
    def test_are_there_for_every_operation_and_are_what_is_described(self):
        found = [
            fault
            for methods in description()["paths"].values()
            for operation in methods.values()
            for name, media in bodies(operation)
            for fault in faults(f"{operation['operationId']} {name}", media)
        ]

        assert found == [], "name the fields in kamcomp/api/examples.yaml"

    def test_fill_every_address(self):
        for path, methods in description()["paths"].items():
            for operation in methods.values():
                said = {
                    each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "path"
                }
                assert set(said) == set(re.findall(r"{(\w+)}", path))
                for each in said.values():
                    assert each["example"]
                    assert wrong(json.dumps(each["schema"]), json.dumps(each["example"])) == [], path

    def test_hold_no_word_but_what_is_told_or_described(self):
        made_up = {
            f"{name}.{field}"
            for name, example in description()["components"]["examples"].items()
            for field, value in _leaves(example["value"])
            if value == field.replace("_", " ")
        }

        assert made_up == set(), "say in kamcomp/api/examples.yaml what these fields hold"

    @pytest.mark.parametrize("kind", sorted(told()["rows"]))
    def test_of_rows_can_be_read_as_files_are(self, kind):
        row, columns = told()["rows"][kind], kind_named(kind).columns

        assert set(row) <= {each.name for each in columns}
        assert {each.name for each in columns if each.filled} <= set(row)
        for column in columns:
            if row.get(column.name):
                column.reader.read(row[column.name])

    def test_of_a_plan_is_a_plan(self):
        assert read(Plan, told()["plan"]).code == "KEY-ACCOUNTS"
        assert {each.name for each in all_kinds()} >= set(told()["rows"])

    def test_of_the_calculator_are_what_it_answers(self):
        assert calculate(example_told("case"), explain=False) == example_told("answer")

    def test_of_a_curve_are_what_it_answers(self):
        asked = CurveAskSerializer(data=CURVE)
        asked.is_valid(raise_exception=True)
        curve = read(Curve, asked.validated_data["curve"])

        assert curve_values(curve, asked.validated_data["readings"]) == told()["of"]["CurveValues"]["values"]

    def test_of_a_statement_add_up(self):
        said = description()["components"]["examples"]["Statement"]["value"]

        (plan,) = said["plans"]
        lines = sum(_cents(line["amount"]) for line in plan["lines"])
        assert lines == _cents(plan["amount"]) == _cents(said["earned"])
        assert _cents(said["earned"]) + _cents(said["corrections"]) == _cents(said["total"])
        assert [_cents(each["amount"]) for each in said["adjustments"]] == [_cents(said["corrections"])]


def _leaves(value, field=""):
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, field)
    else:
        yield field, value


def _cents(amount):
    assert amount["currency"] == "EUR"
    return int(amount["amount"].replace(".", ""))
