"""
What two versions of a plan say differently, each as one record: where, which field, before and after.

The records of the plan are the definition (plans/engine/plan.py), so nothing the language can say is
left out: nodes are held against each other by their code wherever they stand in the tree, rows of a
table by what they are known by (a point of a curve by its attainment, a tier by its start), and every
other field by its value. Decimals are compared as numbers: 0.40 and 0.4 are the same. Pure.
Rule: docs/reference/plan-language.md, "Comparing versions".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plans.engine.plan import (
    Branch,
    CurvePoint,
    EarningShare,
    Incentive,
    Matrix,
    Minimum,
    MoneyLeaf,
    Node,
    Plan,
    RateRule,
    Slope,
    Tier,
)

ORDER = "order"
"""The `item` of a difference in nothing but the order of rows or children."""
PARENT = "parent"
"""The `field` of a difference in where a node stands in the tree."""
WHOLE = "whole"
"""The `field` of a difference in a whole node: one that came, went or became another kind."""
TREE_FIELDS = ("children",)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """
    One thing that two versions say differently.

    `within` are the records from the plan down to the one that has the `field`, as the later version has
    them (the earlier, where only that has); `names` are the fields that lead there. `item` names the row
    of a table, the cell of a grid or the entry of a mapping. `before` or `after` is None where one
    version says nothing; nodes, rows and whole conditions that came or went stand there themselves.
    """

    within: tuple[Any, ...]
    names: tuple[str, ...]
    field: str
    item: Any = None
    before: Any
    after: Any


@dataclass(frozen=True)
class _Place:
    """Where in the plan something is held against its counterpart."""

    within: tuple[Any, ...]
    names: tuple[str, ...] = ()

    def down(self, name: str, record: Any) -> _Place:
        return _Place((*self.within, record), (*self.names, name))

    def differs(self, field: str, before: Any, after: Any, item: Any = None) -> Difference:
        return Difference(
            within=self.within, names=self.names, field=field, item=item, before=before, after=after
        )


@dataclass(frozen=True)
class _Seat:
    """A node of the tree and the code of the branch it stands in; the root has none."""

    node: Node
    parent: str


def differences(*, before: Plan, after: Plan) -> tuple[Difference, ...]:
    """
    Return everything that `after` says differently from `before`; nothing for two equal plans.

    Order: the plan's own fields, the tree from the top, the money leaves, the pool, the payment.
    """
    place = _Place((after,))
    found: list[Difference] = []
    for name in _names(after):
        old, new = getattr(before, name), getattr(after, name)
        if name == "incentive":
            found += _tree(old, new, place)
        elif name == "commissions":
            found += _leaves(old, new, place)
        else:
            found += _values(name, old, new, place)
    return tuple(found)


def _tree(before: Incentive, after: Incentive, place: _Place) -> Iterator[Difference]:
    """Yield what differs in the root and in every node, each under its own code."""
    root = place.down("incentive", after)
    yield from _fields(before, after, root, without=TREE_FIELDS)
    yield from _order(_codes(before.children), _codes(after.children), root.differs, "children")
    old, new = dict(_seats(before, "")), dict(_seats(after, ""))
    for code, seat in new.items():
        at = place.down("children", seat.node)
        if code not in old:
            yield at.differs(WHOLE, None, seat.node)
        elif type(old[code].node) is not type(seat.node):
            yield at.differs(WHOLE, old[code].node, seat.node)
        else:
            yield from _seated(old[code], seat, at)
    for code, seat in old.items():
        if code not in new:
            yield place.down("children", seat.node).differs(WHOLE, seat.node, None)


def _seated(before: _Seat, after: _Seat, place: _Place) -> Iterator[Difference]:
    if before.parent != after.parent:
        yield place.differs(PARENT, before.parent, after.parent)
    yield from _fields(before.node, after.node, place, without=TREE_FIELDS)
    if isinstance(before.node, Branch) and isinstance(after.node, Branch):
        old, new = _codes(before.node.children), _codes(after.node.children)
        yield from _order(old, new, place.differs, "children")


def _seats(branch: Incentive | Branch, code: str) -> Iterator[tuple[str, _Seat]]:
    for child in branch.children:
        yield child.code, _Seat(child, code)
        if isinstance(child, Branch):
            yield from _seats(child, child.code)


def _leaves(before: Sequence[MoneyLeaf], after: Sequence[MoneyLeaf], place: _Place) -> Iterator[Difference]:
    old, new = ({leaf.code: leaf for leaf in leaves} for leaves in (before, after))
    for code, leaf in new.items():
        at, other = place.down("commissions", leaf), old.get(code)
        if other is None or type(other) is not type(leaf):
            yield at.differs(WHOLE, other, leaf)
        else:
            yield from _fields(other, leaf, at)
    for code, leaf in old.items():
        if code not in new:
            yield place.down("commissions", leaf).differs(WHOLE, leaf, None)
    yield from _order(list(old), list(new), place.differs, "commissions")


def _fields(before: Any, after: Any, place: _Place, *, without: Sequence[str] = ()) -> Iterator[Difference]:
    """Yield what differs in the fields of two records of one kind."""
    for name in _names(after):
        if name not in without:
            yield from _values(name, getattr(before, name), getattr(after, name), place)


def _values(name: str, before: Any, after: Any, place: _Place) -> Iterator[Difference]:
    if before == after:
        return
    if name == "grid" and isinstance(place.within[-1], Matrix):
        yield from _cells(before, after, place)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*after, *(key for key in before if key not in after)]:
            if before.get(key) != after.get(key):
                yield place.differs(name, before.get(key), after.get(key), key)
    elif _is_table(before) or _is_table(after):
        yield from _rows(name, before, after, place)
    elif _is_record(before) and type(before) is type(after):
        yield from _fields(before, after, place.down(name, after))
    else:
        yield place.differs(name, before, after)


def _rows(name: str, before: Sequence[Any], after: Sequence[Any], place: _Place) -> Iterator[Difference]:
    """Yield what differs in two tables, row by row as they are known; then their order."""
    old, new = _known(before), _known(after)
    for key, row in new.items():
        other = old.get(key)
        if other == row:
            continue
        if other is None or isinstance(row, CurvePoint):
            yield place.differs(name, other, row, key[0])
        else:
            yield from _fields(other, row, place.down(name, row))
    for key, row in old.items():
        if key not in new:
            yield place.differs(name, row, None, key[0])
    yield from _order(list(old), list(new), place.differs, name, shown=lambda key: key[0])


def _order(before: Any, after: Any, differs: Any, name: str, *, shown: Any = None) -> Iterator[Difference]:
    """Yield a difference if what both have stands in another order."""
    kept = [each for each in after if each in before]
    was = [each for each in before if each in after]
    if kept != was:
        texts = [tuple(shown(each) if shown else each for each in order) for order in (was, kept)]
        yield differs(name, texts[0], texts[1], ORDER)


def _cells(before: Any, after: Any, place: _Place) -> Iterator[Difference]:
    """Yield each cell of a grid that differs, by its positions; the whole grid where its lines differ."""
    matrix = place.within[-1]
    if [len(row) for row in before] != [len(row) for row in after]:
        yield place.differs("grid", before, after)
        return
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        for j, (was, now) in enumerate(zip(old, new, strict=True)):
            if was != now:
                yield place.differs("grid", was, now, (matrix.x.at[i], matrix.y.at[j]))


def _known(rows: Sequence[Any]) -> dict[tuple[Any, int], Any]:
    """Return the rows of a table by what each is known by, and which of those of one name it is."""
    counted: dict[Hashable, int] = {}
    known = {}
    for row in rows:
        key = row_key(row)
        counted[key] = counted.get(key, 0) + 1
        known[key, counted[key]] = row
    return known


def row_key(row: Any) -> Any:
    """Return what a row of a table is known by when two versions are compared."""
    if isinstance(row, CurvePoint):
        return row.x
    if isinstance(row, Tier | Slope):
        return row.since
    if isinstance(row, RateRule):
        return (row.product, row.category, row.deal_kind)
    if isinstance(row, Minimum):
        return row.deal_kind
    return row.event if isinstance(row, EarningShare) else row.code


def _codes(nodes: Sequence[Any]) -> list[str]:
    return [node.code for node in nodes]


def _is_table(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and dataclasses.is_dataclass(value[0])


def _is_record(value: Any) -> bool:
    return (
        dataclasses.is_dataclass(value) and not isinstance(value, type) and not hasattr(value, "to_document")
    )


def _names(record: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(record)]
