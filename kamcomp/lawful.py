"""
How a service meets the laws of the database: a broken one becomes a refusal with a name and a sentence.

The database decides, because it alone sees what others write at the same moment; the service says it in words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache

from django.db import connection, transaction
from django.db.utils import IntegrityError

from kamcomp.refusal import Refusal, Sentence, Word

PLACE = re.compile(r"%\((\w+)\)s")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LITERALS: dict[str, tuple[str, ...]] = {}


def law_of(error: BaseException) -> str | None:
    """Return the name of the law that a database error says was broken, or None if it names none."""
    cause: BaseException | None = error
    while cause is not None:
        name = getattr(getattr(cause, "diag", None), "constraint_name", None)
        if name:
            return str(name)
        cause = cause.__cause__
    return None


def law_says(law: str, *literals: str) -> str:
    """
    Keep how the database words a broken law, with places for its values, so that a page can say it; return the law.

    The database writes the sentence itself, in English; a literal that fits it gives the values back.
    """
    _LITERALS[law] = literals
    return law


def sentence_of(error: BaseException) -> str:
    """Return what the database said about a broken law, as a sentence: with its pieces if `law_says` knows them."""
    said = getattr(getattr(error.__cause__, "diag", None), "message_primary", None) or str(error)
    text = f"{said[:1].upper()}{said[1:]}."
    for literal in _LITERALS.get(law_of(error) or "", ()):
        if found := _pattern(literal).fullmatch(text):
            return Sentence(literal, **{name: _value(value) for name, value in found.groupdict().items()})
    return Word(text)


@cache
def _pattern(literal: str) -> re.Pattern[str]:
    """Return what finds the values of a literal in a sentence made of it; a value is as short as it can be."""
    parts = PLACE.split(literal)
    names = PLACE.findall(literal)
    texts = [re.escape(part.replace("%%", "%")) for part in parts[::2]]
    return re.compile(
        "".join(
            text + (f"(?P<{name}>.+?)" if name else "")
            for text, name in zip(texts, [*names, ""], strict=True)
        )
    )


def _value(text: str) -> str | date:
    return date.fromisoformat(text) if DAY.fullmatch(text) else text


@contextmanager
def refusing(
    refusals: Mapping[str, Refusal | type[Refusal]], *, at_once: Sequence[str] = ()
) -> Iterator[None]:
    """
    Turn laws broken in the block into their refusals; any other database error goes through.

    A refusal given as a class gets the database's own sentence. Laws that are checked when the transaction
    ends are named in `at_once` to be checked when the block ends.
    """
    try:
        with transaction.atomic():
            yield
            if at_once:
                names = ", ".join(connection.ops.quote_name(name) for name in at_once)
                with connection.cursor() as cursor:
                    cursor.execute(f"SET CONSTRAINTS {names} IMMEDIATE")
                    cursor.execute(f"SET CONSTRAINTS {names} DEFERRED")
    except IntegrityError as error:
        refusal = refusals.get(law_of(error) or "")
        if refusal is None:
            raise
        raise (refusal(sentence_of(error)) if isinstance(refusal, type) else refusal) from error
