"""
The steps of a calculation as a page says them: in plain words, in the reader's language.

The engine calls a step by a short name that holds the codes of what it is about ("LONG leaf amount"); commands and
the REST interface give that name as it is. A page says "Amount: LONG" and leaves out the numbers rows are known by.
A name of no form listed here is a word of its own and is looked up as it stands.
The steps: kamcomp/trace.py. The page: templates/pages/trace.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from kamcomp.pages import figures

ROW_NUMBER = re.compile(r"/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
CODE = r"(?P<code>[A-Z][^ ]*)"
FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(form), words)
    for form, words in (
        (r"stint (?P<code>.+)", gettext_noop("Assignment: %(code)s")),
        (r"stint ?", gettext_noop("Assignment")),
        (r"period (?P<code>\d+) of the assignment", gettext_noop("Stretch %(code)s of the assignment")),
        (rf"goal {CODE}", gettext_noop("Goal: %(code)s")),
        (rf"matrix {CODE}", gettext_noop("Matrix: %(code)s")),
        (rf"objectives {CODE}", gettext_noop("Objectives: %(code)s")),
        (rf"objective {CODE}", gettext_noop("Objective: %(code)s")),
        (rf"milestone {CODE}", gettext_noop("Milestone: %(code)s")),
        (rf"branch {CODE}", gettext_noop("Goals together: %(code)s")),
        (rf"commission {CODE}", gettext_noop("Commission: %(code)s")),
        (rf"unit_bonus {CODE}", gettext_noop("Bonus per unit: %(code)s")),
        (rf"fixed {CODE}", gettext_noop("Fixed amount: %(code)s")),
        (rf"modifier {CODE}", gettext_noop("Modifier: %(code)s")),
        (rf"gate of {CODE}", gettext_noop("Gate: %(code)s")),
        (rf"{CODE} gate amount", gettext_noop("Changed by the gate: %(code)s")),
        (rf"{CODE} cap amount", gettext_noop("Changed by the cap: %(code)s")),
        (rf"{CODE} modifier amount", gettext_noop("Changed by a modifier: %(code)s")),
        (rf"{CODE} hurdle amount", gettext_noop("Changed by the hurdle: %(code)s")),
        (rf"{CODE} (leaf )?amount", gettext_noop("Amount: %(code)s")),
        (rf"{CODE} ratio", gettext_noop("Payout ratio: %(code)s")),
        (rf"{CODE} weighted", gettext_noop("Times its weight: %(code)s")),
        (rf"{CODE} result", gettext_noop("Result: %(code)s")),
        (rf"{CODE} after gate", gettext_noop("After the gate: %(code)s")),
        (rf"{CODE} after cap", gettext_noop("After the cap: %(code)s")),
        (rf"{CODE} after modifier", gettext_noop("After a modifier: %(code)s")),
        (r"target incentive \((?P<code>\w+)\)", gettext_noop("Target incentive: %(code)s")),
    )
)
WORDS = {
    "PLAN": gettext_noop("whole plan"),
    "period": gettext_noop("period"),
    "year_to_date": gettext_noop("year so far"),
    "year": gettext_noop("whole year"),
    "multi_year": gettext_noop("several years"),
    "rolling": gettext_noop("rolling years"),
    "individual": gettext_noop("own result"),
    "team": gettext_noop("team result"),
    "region": gettext_noop("result of the region"),
    "company": gettext_noop("result of the company"),
}
"""What stands in a name instead of a code and is a word of ours."""
READING = re.compile(r"(?P<metric>[^ ]+) \((?P<window>\w+), (?P<level>\w+)\)")
SHARES = {"ratio", "weighted ratio"}


def step_name_text(step: Mapping[str, Any]) -> str:
    """Return what a step is called: "Amount: LONG" for "LONG leaf amount", in the reader's language."""
    name = ROW_NUMBER.sub("", str(step.get("name") or ""))
    read = READING.fullmatch(name)
    if read:
        return f"{read['metric']} ({_word(read['window'])}, {_word(read['level'])})"
    for form, words in FORMS:
        found = form.fullmatch(name)
        if found:
            return _(words) % {place: _word(value) for place, value in found.groupdict().items()}
    return _(name) if name else ""


def step_value_text(step: Mapping[str, Any]) -> str:
    """Return a step's value in its unit: money with its currency, a ratio also as a percentage, yes or no."""
    value, unit = step.get("value"), str(step.get("unit") or "")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    try:
        figure = Decimal(str(value))
    except ArithmeticError:
        return f"{value} {unit}".strip()
    if len(unit) == 3 and unit.isupper():
        return f"{figures.number_text(figure, least=2)} {unit}"
    if unit in SHARES:
        return f"{figures.number_text(figure)} = {figures.percent_text(figure, digits=4)}"
    if unit == "money":
        return figures.number_text(figure, least=2)
    if unit == "metric":
        return figures.number_text(figure)
    return f"{figures.number_text(figure)} {_(unit) if unit else ''}".strip()


def _word(code: str) -> str:
    return _(WORDS[code]) if code in WORDS else code
