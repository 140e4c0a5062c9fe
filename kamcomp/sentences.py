"""
Sentences of ours that keep their pieces: what they are made of, so that a page says them in the reader's language.

A `Sentence` is its English text, and remembers the literal it was made from and the values in it; a `Word` is one
of ours among the values, a `Numeral` a figure, a `Listing` several of them in a row. Each is a `str`: commands, logs,
the database and the REST interface use it as the English text it is. `kamcomp.pages.wording` words them; kept as
JSON (`sentence_document`) they can be worded long after. Pure: no Django, so that the engine can speak too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self


class Word(str):
    """A word of ours among the values of a sentence (`Word("nobody")`): it is translated, unlike a name."""

    __slots__ = ()


class AnyOf(tuple[str, ...]):
    """Names among the values of a sentence, of which any one will do: "finance or comp admin"."""

    __slots__ = ()

    def __str__(self) -> str:
        return " or ".join(self)


class Numeral(str):
    """A figure as English writes it (`Numeral("1,250.00", number=..., grouped=True)`): each language writes its own."""

    number: Decimal
    grouped: bool
    after: str

    def __new__(cls, text: str, *, number: Decimal, grouped: bool = False, after: str = "") -> Self:
        """Keep beside the text its number with the digits shown, and the sign that stands after it."""
        made = super().__new__(cls, text)
        made.number, made.grouped, made.after = number, grouped, after
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (str(self),), {"number": self.number, "grouped": self.grouped, "after": self.after}

    @classmethod
    def plain(cls, number: Decimal) -> Self:
        """Return a number with the digits it has, never as a power of ten."""
        return cls(f"{number:f}", number=number)

    @classmethod
    def signed(cls, number: Decimal) -> Self:
        """Return a number with the digits it has and its sign, plus too."""
        return cls(f"{number:+f}", number=number)

    @classmethod
    def amount(cls, number: Decimal) -> Self:
        """Return an amount with its thousands apart and two digits."""
        return cls(f"{number:,.2f}", number=number.quantize(Decimal("0.01")), grouped=True)

    @classmethod
    def percent(cls, ratio: Decimal, *, digits: int = 0) -> Self:
        """Return a ratio in percent with so many digits."""
        text = f"{ratio * 100:.{digits}f}"
        return cls(f"{text} %", number=Decimal(text), after=" %")


class Day(str):
    """A day as a text of ours writes it in English, "14 Aug 2026" (`Day(on)`): each language writes its own."""

    day: date

    def __new__(cls, day: date) -> Self:
        """Keep the day beside its text."""
        made = super().__new__(cls, f"{day:%d %b %Y}")
        made.day = day
        return made

    def __getnewargs__(self) -> tuple[date]:  # type: ignore[override]  # made from a day, not from a text
        return (self.day,)


class Listing(str):
    """Words, names or sentences in a row: what is in it is worded piece by piece."""

    parts: tuple[Value, ...]
    joint: str

    def __new__(cls, parts: Iterable[object], joint: str = ", ") -> Self:
        """Keep the parts and what stands between them."""
        kept_parts = tuple(kept(part) for part in parts)
        made = super().__new__(cls, joint.join(str(part) for part in kept_parts))
        made.parts, made.joint = kept_parts, joint
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[tuple[Value, ...]], dict[str, str]]:
        return (self.parts,), {"joint": self.joint}


class Sentence(str):
    """
    A sentence of ours with the values in it: `Sentence("the team of %(account)s", account=account.code)`.

    The first argument is a literal, so that the catalogue of translations finds it. Values are read at once.
    """

    literal: str
    values: Mapping[str, Value]

    def __new__(cls, literal: str, /, **values: object) -> Self:
        """Keep the literal with its places, and what stands in them."""
        kept_values = {name: kept(value) for name, value in values.items()}
        made = super().__new__(cls, str(literal) % kept_values if kept_values else str(literal))
        made.literal, made.values = str(literal), kept_values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Value]]:
        return (self.literal,), dict(self.values)


Value = str | int | Decimal | date | AnyOf


def kept(value: object) -> Value:
    """Return what each language writes its own way as it is, and all else as its words."""
    said = getattr(value, "said", None)
    if isinstance(value, Exception) and isinstance(said, str):
        return said
    if isinstance(value, str | AnyOf | int | Decimal | date) and not isinstance(value, bool):
        return value
    return str(value)


def ours(text: str) -> str:
    """Return a text of ours as it can stand in a sentence: with its pieces, or as a word."""
    return text if isinstance(text, Sentence | Listing | Numeral | Day | Word) else Word(text)


def renamed(text: str, *, names: Mapping[str, str]) -> str:
    """Return a sentence that names by other names what stands in it: people as readers know them, say."""
    match text:
        case Sentence():
            return Sentence(
                text.literal, **{name: _renamed(value, names) for name, value in text.values.items()}
            )
        case Listing():
            return Listing([_renamed(part, names) for part in text.parts], text.joint)
        case _:
            return names.get(text, text) if type(text) is str else text


def _renamed(value: Value, names: Mapping[str, str]) -> Value:
    return renamed(value, names=names) if isinstance(value, str) else value


def sentence_document(text: Value) -> Any:
    """Return a sentence, or anything that can stand in one, JSON-ready; `sentence_again` is the way back."""
    match text:
        case Sentence():
            values = {name: sentence_document(value) for name, value in text.values.items()}
            return {"sentence": text.literal, "values": values}
        case Listing():
            return {"list": [sentence_document(part) for part in text.parts], "joint": text.joint}
        case Numeral():
            return {
                "numeral": str(text), "number": f"{text.number:f}", "grouped": text.grouped, "after": text.after,
            }  # fmt: skip
        case Day():
            return {"written_day": text.day.isoformat()}
        case Word():
            return {"word": str(text)}
        case AnyOf():
            return {"any_of": list(text)}
        case Decimal():
            return {"decimal": str(text)}
        case datetime():
            return {"moment": text.isoformat()}
        case date():
            return {"day": text.isoformat()}
        case int():
            return text
        case _:
            return str(text)


def said_again(document: Any) -> str:
    """Return the text that `sentence_document` was made from, with its pieces."""
    again = sentence_again(document)
    return again if isinstance(again, str) else str(again)


def sentence_again(document: Any) -> Value:
    """Return what `sentence_document` was made from."""
    match document:
        case {"sentence": str(literal), "values": dict(values)}:
            return Sentence(literal, **{name: sentence_again(value) for name, value in values.items()})
        case {"list": list(parts), "joint": str(joint)}:
            return Listing([sentence_again(part) for part in parts], joint)
        case {"numeral": str(text), "number": str(number)}:
            return Numeral(
                text, number=Decimal(number), grouped=bool(document["grouped"]), after=str(document["after"])
            )
        case {"written_day": str(day)}:
            return Day(date.fromisoformat(day))
        case {"word": str(word)}:
            return Word(word)
        case {"any_of": list(names)}:
            return AnyOf(names)
        case {"decimal": str(number)}:
            return Decimal(number)
        case {"moment": str(moment)}:
            return datetime.fromisoformat(moment)
        case {"day": str(day)}:
            return date.fromisoformat(day)
        case int():
            return document
        case _:
            return str(document)
