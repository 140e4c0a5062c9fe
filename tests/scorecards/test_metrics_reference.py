"""docs/reference/metrics.md against the library: every formula as written, every worked row computed again."""

import re
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kamcomp.money import to_decimals
from scorecards.engine.facts import Conventions, Facts, Sale, Subject
from scorecards.engine.ingredients import INGREDIENTS, ingredients_from_facts, ingredients_given
from scorecards.engine.library import LIBRARY, metric_rule
from scorecards.engine.metric import metric_result
from scorecards.engine.rates import Rates
from scorecards.engine.windows import Window

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics.md"
WINDOW = Window(date(2026, 1, 1), date(2027, 1, 1))
COUNTED = {"M01.overlay", "M10.new_families", "M22", "M22.families", "M23"}
"""Sums of one ingredient: their worked figures are of facts, in test_engine_metric.py."""


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def worked_rows() -> list[tuple[str, dict[str, str], str]]:
    """Return each worked figure of the page: the metric, what it is made from, and what comes out."""
    found, header = [], None
    for line in PAGE.read_text(encoding="utf-8").partition("## The metrics")[2].splitlines():
        if not line.startswith("|"):
            header = None
        elif header is None:
            header = cells(line)
        elif not line.startswith("|---"):
            row = dict(zip(header, cells(line), strict=True))
            made_from = {name: value for name, value in row.items() if name not in LIBRARY}
            found += [(name, made_from, value) for name, value in row.items() if name in LIBRARY]
    return found


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def computed(code: str, made_from: dict[str, str]) -> Decimal | None:
    rule = metric_rule(code=code)
    if "lines" in made_from:
        pairs = [entry.split() for entry in made_from["rates"].split("; ") if entry]
        lines = [entry.split() for entry in made_from["lines"].split("; ")]
        found = ingredients_from_facts(
            facts=Facts(sales=tuple(Sale(WINDOW.since, "A", number(amount), code) for amount, code in lines)),
            subject=Subject.account("A"),
            window=WINDOW,
            wanted=rule.ingredients,
            currency="EUR",
            rates=Rates({tuple(pair.split("/")): Decimal(rate) for pair, rate in pairs}),
        )
    else:
        given = {name: number(value) for name, value in made_from.items() if name in rule.ingredients}
        found = ingredients_given(values=given)
    return metric_result(rule=rule, ingredients=found).value


def shown(value: Decimal | None, like: str) -> str:
    """Return a value as the page writes it: with as many decimals, and times a hundred before % and pp."""
    if value is None:
        return "none"
    figure, _, unit = like.partition(" ")
    digits = len(figure.partition(".")[2])
    figure = f"{to_decimals(value * 100 if unit else value, digits):,}"
    return f"{figure} {unit}" if unit else figure


class TestMetricsReference:
    @pytest.mark.parametrize(("code", "made_from", "figure"), worked_rows())
    def test_works_out_as_by_hand(self, code, made_from, figure):
        assert shown(computed(code, made_from), figure) == figure

    def test_has_three_figures_for_each_metric(self):
        figures = [code for code, _, figure in worked_rows() if figure != "none"]

        assert {code for code in LIBRARY if figures.count(code) < 3} == COUNTED

    def test_writes_every_formula_with_its_unit_and_direction(self):
        written = re.findall(r"^- `(\S+)` (\w+), (\w+): `(.+)`$", PAGE.read_text(encoding="utf-8"), re.M)

        assert written == [(r.code, r.unit, r.direction, str(r.formula)) for r in LIBRARY.values()]

    def test_describes_every_ingredient(self):
        written = re.findall(
            r"^\| `(\w+)` \| ([\w ]+) \| (.+) \| (\w+) \|$", PAGE.read_text(encoding="utf-8"), re.M
        )

        assert written == [(i.name, i.unit, i.meaning, i.kind) for i in INGREDIENTS.values()]

    def test_names_every_counting_rule(self):
        table = PAGE.read_text(encoding="utf-8").partition("### Counting rules")[2].partition("###")[0]

        assert {field.name for field in fields(Conventions)} <= set(re.findall(r"`(\w+)`", table))
