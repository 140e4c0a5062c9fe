"""Rows that the body of a write names: by public id, or by the company's own key where a resource has one."""

from __future__ import annotations

from typing import Any

from kamcomp.api.acts import Asked
from kamcomp.api.problems import Problem
from kamcomp.api.resources import resource_named

LONGEST = 120


def row_named(asked: Asked, *, field: str, resource: str) -> Any:
    """
    Return the row that a field of the body names, as far as the caller may see it; None where nothing is named.

    :raises Problem: 422 with the field's place, if there is none.
    """
    said = asked.typed.get(field)
    return _row(asked, said=said, place=field, resource=resource) if said else None


def rows_named(asked: Asked, *, field: str, resource: str) -> list[Any]:
    """
    Return the rows that a field of the body names, in its order.

    :raises Problem: 422 with the place of the first one that there is not.
    """
    return [
        _row(asked, said=said, place=f"{field}/{index}", resource=resource)
        for index, said in enumerate(asked.typed[field])
    ]


def field_problem(*, field: str, code: str, detail: str) -> Problem:
    """Return the problem of one field of a body: 422, with its place."""
    errors = [{"pointer": f"/{field}", "code": code, "detail": detail}]
    return Problem(422, code=code, detail=f"{field}: {detail}", errors=errors)


def _row(asked: Asked, *, said: str, place: str, resource: str) -> Any:
    declared = resource_named(resource)
    rows = declared.rows(viewer=asked.viewer)
    pk = declared.pk_of(said)
    found = rows.filter(pk=pk).first() if pk is not None else None
    if found is None and declared.external:
        found = rows.filter(**{declared.external: said}).first()
    if found is None:
        raise field_problem(
            field=place,
            code=f"{declared.noun}_unknown",
            detail=f"There is no {declared.noun.replace('_', ' ')} {said!r} that you may see.",
        )
    return found
