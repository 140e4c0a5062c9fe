"""
JSON as people send it, read strictly: what could mean two things, or nothing, is refused.

Python takes the last of two equal keys, takes NaN for a number and gives up on deep nesting
with an error of its own. A plan or a case with a key written twice would be paid on the one
further down, and nobody had asked for that. Pure: text in, values out.
Rule: docs/reference/calculator.md, "What a document may be".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

from kamcomp.refusal import Refusal


class DocumentUnreadable(Refusal):
    """A text is not JSON, or is JSON that can be read in two ways. The words follow the name of a file."""


def document_of(content: bytes | str, *, parse_float: Callable[[str], Any] = float) -> Any:
    """
    Return the values of a JSON text; in bytes it is UTF-8, with or without a byte order mark.

    :raises DocumentUnreadable: naming the line, the key or the word that cannot be taken.
    """
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        document = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=parse_float
        )
        _check_texts(document)
    except UnicodeDecodeError as error:
        raise DocumentUnreadable("is not JSON: byte %(start)s is not UTF-8", start=error.start + 1) from error
    except json.JSONDecodeError as error:
        raise DocumentUnreadable(
            "is not JSON: %(msg)s in line %(lineno)s, column %(colno)s",
            msg=error.msg,
            lineno=error.lineno,
            colno=error.colno,
        ) from error
    except RecursionError as error:
        raise DocumentUnreadable("is nested more deeply than any plan or case") from error
    except ValueError as error:
        raise DocumentUnreadable("has a number of thousands of digits") from error
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DocumentUnreadable("has the key %(twice)s twice in one object: leave one", twice=repr(twice))
    return values


def _no_number(word: str) -> NoReturn:
    raise DocumentUnreadable(
        "has %(word)s, which is no number of JSON: leave out what is not known", word=word
    )


def _check_texts(value: Any) -> None:
    """Refuse characters that neither a database nor a digest can take: NUL, and half of a pair."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise DocumentUnreadable(
                "has a NUL character or half of a character in the text %(value)s", value=repr(value[:40])
            )
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_texts(key)
            _check_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_texts(inner)
