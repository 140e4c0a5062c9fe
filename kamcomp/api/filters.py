"""
Filters of a resource: the only parameters that narrow a list, each read strictly.

A filter names a column of the resource itself or of what a row belongs to; there is no other way to reach a column,
so that nothing hidden can be found out by asking for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Q, TextChoices
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status

from kamcomp.api.problems import Problem, parameter_problem
from kamcomp.api.public_ids import NotAnId, id_pattern, own_uuid

MOST_TEXT = 200
EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
NO_NUL = r"^[^\x00]*$"
PLAIN_TEXT: Mapping[str, Any] = {"type": "string", "pattern": NO_NUL, "maxLength": MOST_TEXT}
SPECIAL = re.compile(r"[.^$*+?()\[\]{}|\\]")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One parameter: its name, how its text is read, the condition it makes, and what the description says."""

    name: str
    read: Callable[[str], Any]
    condition: Callable[[Any], Q]
    about: str
    type: Any

    def of(self, said: str) -> Q:
        """
        Return the condition of what was said.

        :raises Problem: 400 if it cannot be read.
        """
        try:
            value = self.read(said)
        except (ValueError, TypeError, OverflowError) as error:
            raise parameter_problem(name=self.name, detail=f"{self.name}: {error}") from error
        return self.condition(value)

    def documented(self) -> OpenApiParameter:
        """Return what the description says of it."""
        return OpenApiParameter(self.name, self.type, description=self.about, required=False)


def by_id(name: str, prefix: str, column: str, *, code: str = "") -> Filter:
    """Return a filter by the id of what a row belongs to, or by its code, if `code` is the column of one."""

    def read(said: str) -> tuple[str, Any]:
        try:
            return column, own_uuid(prefix, said)
        except NotAnId:
            if code:
                return code, plain_text(said)
            raise

    about = f"An id that begins with {prefix}_" + (", or its code." if code else ".")
    id_alone = {"type": "string", "pattern": f"^{id_pattern(prefix, numbered=False)}$"}
    return Filter(
        name=name,
        read=read,
        condition=lambda found: Q(**{found[0]: found[1]}),
        about=about,
        type=dict(PLAIN_TEXT) if code else id_alone,
    )


def id_in_address(name: str, prefix: str) -> OpenApiParameter:
    """Return what the description says of an id in the address of an endpoint that describes itself."""
    pattern = f"^{id_pattern(prefix, numbered=False)}$"
    return OpenApiParameter(
        name, {"type": "string", "pattern": pattern}, OpenApiParameter.PATH, required=True
    )


def by_choice(name: str, choices: type[TextChoices], column: str = "") -> Filter:
    """Return a filter by one or several words, with commas."""
    words = tuple(value for value in choices.values if value)

    def read(said: str) -> list[str]:
        found = said.split(",")
        for each in found:
            if each not in words:
                raise ValueError(f"{each!r} is none of {', '.join(words)}.")
        return found

    return Filter(
        name=name,
        read=read,
        condition=lambda found: Q(**{f"{column or name}__in": found}),
        about=f"One or several of {', '.join(words)}, with commas.",
        type={"type": "string", "pattern": list_pattern(words)},
    )


def by_text(name: str, column: str = "", *, about: str = "") -> Filter:
    """Return a filter by a text that is exactly this."""
    return Filter(
        name=name,
        read=plain_text,
        condition=lambda said: Q(**{column or name: said}),
        about=about or "Exactly this.",
        type=dict(PLAIN_TEXT),
    )


def by_flag(name: str, column: str = "") -> Filter:
    """Return a filter by true or false."""
    return Filter(
        name=name,
        read=flag_said,
        condition=lambda said: Q(**{column or name: said}),
        about="true or false.",
        type=OpenApiTypes.BOOL,
    )


def by_day(name: str, column: str, *, about: str) -> Filter:
    """Return a filter by a day; `column` says how it compares: `date__gte`."""
    return Filter(
        name=name,
        read=day_said,
        condition=lambda said: Q(**{column: said}),
        about=about,
        type=OpenApiTypes.DATE,
    )


def list_pattern(words: Iterable[str]) -> str:
    """Return the pattern of one or several of these words, with commas."""
    one = "|".join(SPECIAL.sub(r"\\\g<0>", each) for each in words)
    return f"^({one})(,({one}))*$"


def plain_text(said: str) -> str:
    """
    Return a text as it is.

    :raises ValueError: if the database could not take it.
    """
    if "\x00" in said or len(said) > MOST_TEXT:
        raise ValueError(f"a text has no NUL and at most {MOST_TEXT} characters.")
    return said


def flag_said(said: str) -> bool:
    """
    Return what true or false says.

    :raises ValueError: if it is neither.
    """
    if said not in ("true", "false"):
        raise ValueError("say true or false.")
    return said == "true"


def day_said(said: str) -> date:
    """
    Return the day of an ISO date.

    :raises ValueError: if it is none.
    """
    if len(said) != len("2026-01-31") or not said.isascii():
        raise ValueError("a day is written 2026-01-31.")
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise ValueError("a day is written 2026-01-31.") from None


def moment_said(said: str) -> datetime:
    """
    Return the instant of an RFC 3339 time, which says its offset.

    :raises ValueError: if it is none.
    """
    found = parse_datetime(said.upper().replace(" ", "+")) if said.isascii() else None
    if found is None or found.tzinfo is None:
        raise ValueError("an instant is written 2026-01-31T12:00:00Z.")
    try:
        return found.astimezone(UTC)  # the database knows fewer offsets
    except OverflowError:
        return EARLIEST if found.year == 1 else LATEST


def unknown_parameter(name: str, known: list[str]) -> Problem:
    """Return the problem of a parameter that there is not: it is never ignored."""
    detail = f"There is no parameter {name!r} here; there are {', '.join(known) or 'none'}."
    return Problem(
        status.HTTP_400_BAD_REQUEST,
        code="parameter_unknown",
        detail=detail,
        errors=[{"parameter": name, "code": "parameter_unknown", "detail": detail}],
    )
