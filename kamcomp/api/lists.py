"""
What a caller asked a list for: filters, times, order, shape. Whatever is not known is refused, never ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Sum
from django.http import QueryDict

from kamcomp.api.fields import money_shown
from kamcomp.api.filters import day_said, flag_said, moment_said, unknown_parameter
from kamcomp.api.paging import LIMIT, MOST, Order, cursor_check, cursor_of, cursor_read, digest_of
from kamcomp.api.problems import Problem, parameter_problem
from kamcomp.api.resources import Resource, Rows, resource_named
from kamcomp.visibility import Viewer

SHAPE = ("fields", "expand")
OF_PAGES = ("limit", "cursor", "expand", "totals")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Which fields a caller wants, and what is to be laid in; None is all fields."""

    names: frozenset[str] | None
    expands: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list."""

    data: Sequence[dict[str, Any]]
    next_cursor: str | None


def parameters_of(resource: Resource, *, listed: bool) -> list[str]:
    """Return the names of the parameters that an address of a resource knows."""
    names = ["fields"]
    if resource.expands:
        names.append("expand")
    if any(each.on_day for each in resource.expands) and not listed:
        names.append("as_of")
    if not listed:
        return names
    names += ["limit", "cursor", "totals", "format", *(each.name for each in resource.filters)]
    offered: dict[str, object] = {
        "ordering": resource.orders,
        "as_of": resource.takes_day,
        "known_at": resource.fact,
        "updated_since": resource.changed,
    }
    return sorted([*names, *(name for name, on in offered.items() if on)])


def said_once(query: QueryDict, *, known: Sequence[str]) -> dict[str, str]:
    """
    Return what each parameter says.

    :raises Problem: 400 for one that is not known, or is there twice.
    """
    for name in query:
        if name not in known:
            raise unknown_parameter(name, sorted(known))
        if len(query.getlist(name)) > 1:
            raise parameter_problem(name=name, detail=f"{name} is there twice: say it once.")
    return {name: str(query[name]) for name in query}


def chosen(resource: Resource, *, viewer: Viewer, said: Mapping[str, str]) -> Rows:
    """Return the rows that somebody sees and asked for, in no order yet."""
    rows = resource.rows(viewer=viewer)
    for each in resource.filters:
        if each.name in said:
            rows = rows.filter(each.of(said[each.name]))
    if resource.fact:
        instant = _read("known_at", moment_said, said)
        rows = resource.known_at(rows, instant) if instant else rows.filter(superseded_at=None)
    day = day_of(said)
    if day is not None and resource.dated:
        rows = resource.as_of(rows, day)
    if instant := _read("updated_since", moment_said, said):
        rows = resource.updated_since(rows, instant)
    return rows


def shape_of(resource: Resource, *, said: Mapping[str, str]) -> Shape:
    """
    Return the fields and parts a caller wants.

    :raises Problem: 400 for a name there is not.
    """
    expands = tuple(_names("expand", said, known={each.name for each in resource.expands}))
    names = _names("fields", said, known=set(fields_of(resource)))
    return Shape(names=frozenset(names) if names else None, expands=expands)


def fields_of(resource: Resource) -> list[str]:
    """Return the names that `fields` takes: of fields, and of parts, which are there where they are laid in too."""
    return list(dict.fromkeys([*resource.by_name, *(each.name for each in resource.expands)]))


def whole_list_check(*, said: Mapping[str, str]) -> None:
    """
    Check that nothing is said of a file that is only for pages: a file cut short would look whole.

    :raises Problem: 400 for what cannot be read, 422 for what can, but means nothing here.
    """
    _limit(said)
    if "cursor" in said:
        cursor_check(said["cursor"])
    no_totals = not is_wanted("totals", said)
    for name in OF_PAGES:
        if name in said and not (name == "totals" and no_totals):
            detail = f"A file is the whole list: leave {name} out, or take pages of JSON."
            raise Problem(
                422,
                code="not_with_files",
                detail=detail,
                errors=[{"parameter": name, "code": "not_with_files", "detail": detail}],
            )


def order_of(resource: Resource, *, said: Mapping[str, str]) -> Order:
    """
    Return the order a caller wants, ended by what tells rows apart.

    What changed since an instant comes in the order it changed, where a list can be sorted by that: by id the database
    would walk past every older row first.

    :raises Problem: 400 for one that is not offered.
    """
    word = said.get("ordering", "")
    down = word.startswith("-")
    last = tuple((name, down) for name in resource.order)
    if "ordering" not in said:
        by_change = "updated_since" in said and resource.changed in resource.orders.values()
        return Order(columns=((resource.changed, False), *last) if by_change else last)
    column = resource.orders.get(word.removeprefix("-"))
    if column is None:
        offered = ", ".join(f"{name}, -{name}" for name in sorted(resource.orders))
        raise parameter_problem(
            name="ordering", detail=f"ordering is one of {offered}.", code="ordering_unknown"
        )
    return Order(columns=((column, down), *(each for each in last if each[0] != column)))


def page_of(resource: Resource, *, rows: Rows, said: Mapping[str, str], path: str, viewer: Viewer) -> Page:
    """Return one page of the rows, with what is to be laid in; a query for each part, however many rows."""
    order, shape = order_of(resource, said=said), shape_of(resource, said=said)
    digest, limit = digest_of(path, said), _limit(said)
    if "cursor" in said:
        rows = rows.filter(order.after(cursor_read(cursor=said["cursor"], order=order, digest=digest)))
    found, behind = _read_first(resource, rows=rows, order=order, limit=limit)
    kept = found[:limit]
    data = [resource.shown(row, shape.names) for row in kept]
    expand(resource, shown=data, raw=kept, names=shape.expands, viewer=viewer, day=day_of(said))
    cursor = cursor_of(order=order, digest=digest, values=behind) if behind else None
    return Page(data=data, next_cursor=cursor)


def _read_first(
    resource: Resource, *, rows: Rows, order: Order, limit: int
) -> tuple[list[tuple[Any, ...]], Sequence[Any]]:
    """
    Return the first rows: what is shown of each, then the columns of its order; and the key that more come behind.

    That key is empty if there are no more. It is taken from the keys: a row that goes before it is read ends no list.

    Of rows that are parts of others the keys come first, and what is shown of them afterwards: joined before it is cut
    off, the database would merge them with their wholes from the very first whole on, wherever the page begins.
    """
    columns = (*resource.sources, *order.names)
    width = len(resource.sources)
    if not resource.part_of:
        whole = list(order.of(rows).values_list(*columns)[: limit + 1])
        return whole, whole[limit - 1][width:] if len(whole) > limit else ()
    first = list(order.of(rows).values_list(*order.names)[: limit + 1])
    behind = first[limit - 1] if len(first) > limit else ()
    keys = {key: place for place, key in enumerate(first[:limit])}
    wholes = {key[order.names.index(resource.part_of)] for key in keys}
    found = rows.filter(**{f"{resource.part_of}__in": wholes}).values_list(*columns)
    return sorted((row for row in found if row[width:] in keys), key=lambda row: keys[row[width:]]), behind


def expand(
    resource: Resource,
    *,
    shown: list[dict[str, Any]],
    raw: Sequence[Sequence[Any]],
    names: Sequence[str],
    viewer: Viewer,
    day: date | None = None,
) -> None:
    """Lay the parts asked for into the rows: what the viewer may not see is null, or missing from several."""
    for each in resource.expands:
        if each.name not in names:
            continue
        other = resource_named(each.resource)
        place = resource.sources.index(each.source or "pk")
        keys = [row[place] for row in raw]
        column = each.many or "pk"
        wanted = other.rows(viewer=viewer).filter(
            **{f"{column}__in": {key for key in keys if key is not None}}
        )
        if each.on_day:
            wanted = other.as_of(wanted, day or viewer.on)
        found: dict[Any, list[dict[str, Any]]] = {}
        for key, *row in wanted.order_by(*other.order).values_list(column, *other.sources):
            found.setdefault(key, []).append(other.shown(row))
        for one, key in zip(shown, keys, strict=True):
            here = found.get(key, [])
            one[each.name] = here if each.many else (here[0] if here else None)


def totals_of(resource: Resource, *, rows: Rows) -> dict[str, Any]:
    """Return how many rows there are, and the sums of money by currency where the resource has one."""
    rows = rows.order_by()
    total = resource.by_name.get(resource.total)
    if total is None:
        return {"rows": rows.aggregate(rows=Count("*"))["rows"], "amounts": []}
    amount, currency = total.sources
    sums = list(rows.values_list(currency).annotate(sum=Sum(amount), rows=Count("*")).order_by(currency))
    return {
        "rows": sum(count for _currency, _sum, count in sums),
        "amounts": [money_shown(total, code) for code, total, _count in sums if total is not None],
    }


def day_of(said: Mapping[str, str]) -> date | None:
    """Return the day of `as_of`."""
    found: date | None = _read("as_of", day_said, said)
    return found


def is_wanted(name: str, said: Mapping[str, str]) -> bool:
    """Tell whether a parameter says true."""
    return bool(_read(name, flag_said, said))


def _limit(said: Mapping[str, str]) -> int:
    text = said.get("limit", str(LIMIT))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= limit <= MOST:
        raise parameter_problem(name="limit", detail=f"limit is a whole number from 1 to {MOST}.")
    return limit


def _read(name: str, read: Any, said: Mapping[str, str]) -> Any:
    if name not in said:
        return None
    try:
        return read(said[name])
    except (ValueError, OverflowError) as error:
        raise parameter_problem(name=name, detail=f"{name}: {error}") from error


def _names(name: str, said: Mapping[str, str], *, known: set[str]) -> list[str]:
    if name not in said:
        return []
    names = said[name].split(",")
    for each in names:
        if each not in known:
            raise parameter_problem(
                name=name, detail=f"{name}: there is no {each!r}; there are {', '.join(sorted(known))}."
            )
    return names
