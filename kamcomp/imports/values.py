"""
Strict readers of cells: text in, a typed value or a reason out.

Nothing is guessed. An id is text, always; money is ASCII digits with a point; a date
is ISO; a percentage says so in its column's name. Each reader works on a whole column
and looks at each distinct text once, which is what makes large files cheap.
Rules: docs/reference/files.md, "Values".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from kamcomp.formula_guard import unguarded
from kamcomp.money import MINOR_DIGITS
from kamcomp.sentences import Listing, Sentence, Word, ours

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[0-9]{1,9}")
FIRST_YEAR, LAST_YEAR = 1900, 2199


class Unfit(ValueError):
    """A cell is not a value of its column; the text is the reason."""

    def __init__(self, said: str) -> None:
        """Keep the reason: a word of ours, or a sentence with its values."""
        self.said = ours(said)
        super().__init__(str(said))


class Reader:
    """Reads the cells of a column; `words` says in the reference what it takes."""

    words = ""

    def read(self, text: str) -> Any:
        """
        Return the value of a cell that is not empty.

        :raises Unfit: with the reason, if the text is not such a value.
        """
        raise NotImplementedError

    def column(self, texts: Sequence[str]) -> tuple[list[Any], dict[int, str]]:
        """Return the values of a column, None for empty and unfit cells, and the reasons by position."""
        known: dict[str, Any] = {"": None}
        unfit: dict[str, str] = {}
        for text in set(texts):
            if text == "":
                continue
            try:
                known[text] = self.read(text)
            except Unfit as reason:
                known[text], unfit[text] = None, reason.said
        values = [known[text] for text in texts]
        reasons = {i: unfit[text] for i, text in enumerate(texts) if text in unfit} if unfit else {}
        return values, reasons


class Identifier(Reader):
    """An id or code: text, kept to the character; `007`, `NA` and `1E5` are ids."""

    def __init__(self, longest: int = 60) -> None:
        self.longest = longest
        self.words = Sentence("id: text of up to %(longest)s characters, kept as written", longest=longest)

    def read(self, text: str) -> str:
        text = unguarded(text)
        if text != text.strip():
            raise Unfit('has blanks around it: remove them, or put "trim": true in the column map')
        if _CONTROL.search(text):
            raise Unfit("has a control character in it: remove it")
        if len(text) > self.longest:
            raise Unfit(
                Sentence(
                    "has %(length)s characters, at most %(longest)s fit",
                    length=len(text),
                    longest=self.longest,
                )
            )
        return text


class Text(Reader):
    """Words: outer blanks are not kept; lines may be."""

    def __init__(self, longest: int, *, lines: bool = False) -> None:
        self.longest, self.control = longest, _CONTROL_BUT_LINES if lines else _CONTROL
        self.words = (
            Sentence("text of up to %(longest)s characters, line breaks allowed", longest=longest)
            if lines
            else Sentence("text of up to %(longest)s characters", longest=longest)
        )

    def read(self, text: str) -> str:
        text = unguarded(text).strip(" \n\r\t")
        if self.control.search(text):
            raise Unfit("has a control character in it: remove it")
        if len(text) > self.longest:
            raise Unfit(
                Sentence(
                    "has %(length)s characters, at most %(longest)s fit",
                    length=len(text),
                    longest=self.longest,
                )
            )
        return text


class Codes(Reader):
    """Several codes in one cell, apart by `|`; no code twice."""

    words = Word("codes, apart by |")

    def read(self, text: str) -> tuple[str, ...]:
        one = Identifier()
        codes = tuple(one.read(part) for part in text.split("|"))
        if "" in codes or len(set(codes)) < len(codes):
            raise Unfit("names a code twice or leaves one empty: write each once, apart by |")
        return codes


class Amount(Reader):
    """A decimal number in ASCII digits with a point: no exponent, no separators, no spaces."""

    def __init__(
        self,
        *,
        digits: int = 15,
        decimals: int = 6,
        least: str | None = None,
        most: str | None = None,
        above: str | None = None,
        percent: bool = False,
        noun: str = Word("number"),
    ) -> None:
        fraction = rf"(\.[0-9]{{1,{decimals}}})?" if decimals else ""
        self.pattern = re.compile(rf"-?[0-9]{{1,{digits}}}{fraction}")
        self.digits, self.decimals, self.percent = digits, decimals, percent
        self.least = None if least is None else Decimal(least)
        self.most = None if most is None else Decimal(most)
        self.above = None if above is None else Decimal(above)
        self.words = Sentence(
            "%(noun)s: up to %(digits)s digits%(decimals)s%(bounds)s",
            noun=noun,
            digits=digits,
            decimals=Sentence(" and %(decimals)s decimals", decimals=decimals) if decimals else "",
            bounds=self._bounds(),
        )

    def _bounds(self) -> str:
        bounds = {Word("above"): self.above, Word("at least"): self.least, Word("at most"): self.most}
        words = Listing(
            (Listing([word, bound], " ") for word, bound in bounds.items() if bound is not None), " and "
        )
        return Listing([", ", words], "") if words else ""

    def read(self, text: str) -> Decimal:
        if not self.pattern.fullmatch(text):
            raise Unfit(self._form())
        value = Decimal(text)
        if self.least is not None and value < self.least:
            raise Unfit(Sentence("is below %(least)s, the least allowed", least=self.least))
        if self.most is not None and value > self.most:
            raise Unfit(Sentence("is above %(most)s, the most allowed", most=self.most))
        if self.above is not None and value <= self.above:
            raise Unfit(Sentence("must be above %(above)s", above=self.above))
        return value.scaleb(-2) if self.percent else value

    def _form(self) -> str:
        decimals = (
            Sentence(" and up to %(decimals)s decimals after a point", decimals=self.decimals)
            if self.decimals
            else Word(", no decimals")
        )
        return Sentence(
            "is not a number as files write it: up to %(digits)s digits 0-9%(decimals)s, with no "
            "spaces, separators or exponent",
            digits=self.digits,
            decimals=decimals,
        )

    def column(self, texts: Sequence[str]) -> tuple[list[Any], dict[int, str]]:
        """Read without looking for repeats where every cell is well formed and unbounded: the usual file."""
        bounded = self.percent or not (self.least is None and self.most is None and self.above is None)
        if bounded or not all(map(self.pattern.fullmatch, texts)):
            return super().column(texts)
        return list(map(Decimal, texts)), {}


def money() -> Amount:
    """Return the reader of a measured amount: six decimals at most, as given."""
    return Amount(noun=Word("money"))


def money_not_negative() -> Amount:
    """Return the reader of an amount of money that may be zero."""
    return Amount(noun=Word("money"), least="0")


def percent(*, least: str = "0", most: str = "100", above: str | None = None) -> Amount:
    """Return the reader of a percentage: 12.5 is 0.125 inside."""
    return Amount(
        digits=4,
        decimals=6,
        least=None if above else least,
        most=most,
        above=above,
        percent=True,
        noun=Word("percentage"),
    )


class Day(Reader):
    """A calendar day, ISO 8601: 2026-01-31."""

    words = Word("date: 2026-01-31")

    def read(self, text: str) -> date:
        if not _ISO_DATE.fullmatch(text):
            raise Unfit("is not an ISO date: write year-month-day as 2026-01-31")
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise Unfit("is not a day of the calendar") from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise Unfit(
                Sentence(
                    "is outside %(first_year)s to %(last_year)s; leave the cell empty for no end",
                    first_year=FIRST_YEAR,
                    last_year=LAST_YEAR,
                )
            )
        return day


class Whole(Reader):
    """A whole number, not negative."""

    def __init__(self, *, least: int = 0, most: int = 2_147_483_647) -> None:
        self.least, self.most = least, most
        self.words = (
            Sentence("whole number from %(least)s to %(most)s", least=least, most=most)
            if most < 2_147_483_647
            else Sentence("whole number from %(least)s", least=least)
        )

    def read(self, text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise Unfit("is not a whole number in digits 0-9")
        if not self.least <= int(text) <= self.most:
            raise Unfit(Sentence("must be from %(least)s to %(most)s", least=self.least, most=self.most))
        return int(text)


class OneOf(Reader):
    """One of a few words, written exactly so."""

    def __init__(self, words: Sequence[str]) -> None:
        self.choices = tuple(words)
        self.words = Sentence("one of %(choices)s", choices=", ".join(word for word in self.choices if word))

    def read(self, text: str) -> str:
        if text not in self.choices:
            raise Unfit(
                Sentence(
                    "is not known here: use %(words)s, or translate it in the column map", words=self.words
                )
            )
        return text


class Flag(Reader):
    """Yes or no."""

    words = Word("true or false")

    def read(self, text: str) -> bool:
        if text not in ("true", "false"):
            raise Unfit("is neither true nor false")
        return text == "true"


class CurrencyCode(Reader):
    """An ISO 4217 code."""

    words = Word("ISO 4217 code: EUR")

    def read(self, text: str) -> str:
        if text not in MINOR_DIGITS:
            raise Unfit("is not an ISO 4217 currency code, such as EUR, USD or JPY")
        return text


class CountryCode(Reader):
    """Two capital letters, ISO 3166-1."""

    words = Word("ISO 3166-1 code: DE")
    pattern = re.compile(r"[A-Z]{2}")

    def read(self, text: str) -> str:
        if not self.pattern.fullmatch(text):
            raise Unfit("is not a country code of two capital letters, such as DE or US")
        return text


class Jurisdiction(CountryCode):
    """A country, or a part of one: ISO 3166-2."""

    words = Word("ISO 3166 code: DE, US-CA")
    pattern = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


class Email(Text):
    """An address; only its form is looked at."""

    def __init__(self) -> None:
        super().__init__(254)
        self.words = Word("e-mail address")

    def read(self, text: str) -> str:
        text = super().read(text)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
            raise Unfit("is not an e-mail address")
        return text
