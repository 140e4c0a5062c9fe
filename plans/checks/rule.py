"""
What a check is made of: a rule, its limits, a finding, and a change that mends it.

A rule is a function from a look at a plan to findings. Its id, weight, limits and source stand in its
declaration; the first paragraph of its docstring is the sentence the user reads, with the figures filled in.
A fact that is not there raises `NotKnown`: the rule then says so, and never passes in silence. Pure.
Rule: docs/reference/checks.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import TypeVar

from kamcomp.sentences import Listing, Numeral, Sentence, Word, ours
from kamcomp.trace import decimal_text
from plans.checks.changes import Fix

Known = TypeVar("Known")
Figure = Decimal | int | str | date
HUNDRED = Decimal(100)
SETTING_PREFIX = "checks."
PLACE = re.compile(r"\{(\w+)\}")


class Severity(StrEnum):
    """The weight of a finding; the same words as those findings are stored with."""

    BLOCKS = "blocks"
    TO_LOOK_AT = "to_look_at"
    INFORMATION = "information"


class Unit(StrEnum):
    """How a figure is shown."""

    RATIO = "ratio"
    TIMES = "times"
    POINTS = "points"
    MONEY = "money"
    COUNT = "count"
    MONTHS = "months"
    WEEKS = "weeks"
    DAYS = "days"
    TEXT = "text"


class Moment(StrEnum):
    """When a rule is asked: while a plan is made, as a run pays, as money is taken back, as somebody leaves, later."""

    DESIGN = "design"
    RUN = "run"
    RECOVERY = "recovery"
    LEAVING = "leaving"
    REVIEW = "review"


DESIGN = (Moment.DESIGN,)
RUN = (Moment.RUN,)
DESIGN_AND_RUN = (Moment.DESIGN, Moment.RUN)
RECOVERY = (Moment.RECOVERY,)
LEAVING = (Moment.LEAVING,)
RECOVERY_OR_LEAVING = (Moment.RECOVERY, Moment.LEAVING)
REVIEW = (Moment.REVIEW,)


class Waiver(StrEnum):
    """Who may let a finding stand, with a reason; the words of the roles."""

    COMP_ADMIN = "comp_admin"
    FINANCE = "finance"
    EXECUTIVE = "executive"
    HR_LEGAL = "hr_legal"


class NotKnown(Exception):
    """A rule needs a fact that is not in the picture; `what` names the fact."""

    def __init__(self, what: str) -> None:
        """Keep the name of the fact: a word, a sentence or a listing of them."""
        self.what = what
        super().__init__(str(what))


@dataclass(frozen=True)
class Limit:
    """A figure a company may set: its default, its unit, and what it bounds."""

    default: Decimal
    unit: Unit
    bounds: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """
    What a rule found: the sentence, the value and the limit it was held against, where, and the change that mends it.

    `at` is a JSON pointer into the plan document, empty where the matter lies elsewhere; `about` names the measure,
    person or account.
    """

    rule: str
    severity: Severity
    message: str
    value: Figure
    unit: Unit
    source: str
    limit: Figure | None = None
    at: str = ""
    about: str = ""
    fix: Fix | None = None

    @property
    def kept_as(self) -> str:
        """Return what is stored of it, so that it is known again: its sentence, or of HR's own rules a digest of it."""
        if not RULES[self.rule].for_hr:
            return self.message
        return f"{self.rule} {sha256(self.message.encode()).hexdigest()[:32]}"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """
    One rule: what it is called, how heavy it is, how its value is shown, and whose word lets it stand.

    `timely` marks rules about lateness, signature and replay, which a load of history records instead of refusing.
    `place` is where a local-law reminder holds, empty for a design check. `moments` are when it is asked. What a rule
    `for_hr` finds is said to HR and legal alone.
    """

    id: str
    title: str
    message: str
    severity: Severity
    unit: Unit
    source: str
    advice: str
    limits: Mapping[str, Limit]
    waived_by: tuple[Waiver, ...]
    timely: bool
    place: str
    moments: tuple[Moment, ...]
    for_hr: bool
    looks: Callable[..., Iterator[Finding]] = field(repr=False)

    @property
    def is_local_law(self) -> bool:
        """Tell whether the rule reminds of a local law."""
        return self.id.startswith("E")

    @property
    def literal(self) -> str:
        """Return the message as a literal of the catalogue: its places as %(value)s, without the legal note."""
        said = self.message.removesuffix(f" {NOT_ADVICE}").replace("%", "%%")
        return PLACE.sub(r"%(\1)s", said)

    def said(self, **values: object) -> Sentence | Listing:
        """Return the message with the values in its places; a reminder's ends by saying that it is no advice."""
        sentence = Sentence(self.literal, **values)
        return Listing([sentence, Word(NOT_ADVICE)], " ") if self.is_local_law else sentence

    def setting(self, name: str) -> str:
        """Return the key of the policy setting that changes a limit."""
        return f"{SETTING_PREFIX}{self.id}.{name}"


RULES: dict[str, Rule] = {}
Looks = TypeVar("Looks", bound=Callable[..., Iterator[Finding]])
DESIGNERS = (Waiver.COMP_ADMIN, Waiver.FINANCE, Waiver.EXECUTIVE)
NOBODY: tuple[Waiver, ...] = ()
PROPER = {"us": "US", "york": "York", "french": "French", "dutch": "Dutch"}
NOT_ADVICE = "Not legal advice."


def rule(
    id: str,
    severity: Severity,
    *,
    unit: Unit,
    source: str,
    advice: str,
    limits: Mapping[str, Limit] | None = None,
    waived_by: tuple[Waiver, ...] = DESIGNERS,
    timely: bool = False,
    place: str = "",
    moments: tuple[Moment, ...] = (Moment.DESIGN,),
    for_hr: bool = False,
) -> Callable[[Looks], Looks]:
    """
    Make a function a rule under its id; its name is the title, its docstring's first paragraph the
    message.
    """

    def declared(looks: Looks) -> Looks:
        assert id not in RULES, f"two rules are called {id}"
        title = _title(looks.__name__)
        message = " ".join((looks.__doc__ or "").strip().split("\n\n")[0].split())
        RULES[id] = Rule(
            id=id, title=title, message=message, severity=severity, unit=unit, source=source, advice=advice,
            limits=dict(limits or {}), waived_by=waived_by, timely=timely, place=place, moments=moments, for_hr=for_hr,
            looks=looks,
        )  # fmt: skip
        return looks

    return declared


def _title(name: str) -> str:
    words = [PROPER.get(word, word) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def known(value: Known | None, what: str) -> Known:
    """
    Return a fact.

    :raises NotKnown: naming it, if it is not there.
    """
    if value is None:
        raise NotKnown(ours(what))
    return value


def shown(value: Figure | None, unit: Unit) -> str:
    """
    Return a figure as people read it: a ratio in percent, an amount with its thousands, at most two
    decimals; a word or a sentence as it is.
    """
    if not isinstance(value, Decimal):
        return value if isinstance(value, str) else "" if value is None else str(value)
    figure = value * HUNDRED if unit is Unit.RATIO else value
    cut = figure.quantize(Decimal("0.01"))
    if unit is Unit.MONEY:
        return Numeral(f"{cut:,.2f}", number=cut, grouped=True)
    text, after = decimal_text(cut), " %" if unit is Unit.RATIO else ""
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return Numeral(f"{text}{after}", number=Decimal(text), after=after)
