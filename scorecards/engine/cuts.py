"""
Cuts: which facts belong to a subject, by account tree, segment, region and person.

The account tree is dated: a sale belongs to the accounts its place hung under on the
day of the sale. A comparison of two windows (growth, wallet, price hold) takes one
perimeter for both: the places under the subject on the last day of the later window,
so that a division moved between accounts is no growth for one and no loss for the
other. Rule: docs/reference/metrics.md, "Subjects".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from kamcomp.refusal import Refusal
from scorecards.engine.facts import (
    CREDITED,
    ONE,
    OVERLAY,
    AccountNode,
    Contract,
    Credit,
    Facts,
    Sale,
    Subject,
)
from scorecards.engine.rates import Rates
from scorecards.engine.windows import Window

Spans = tuple[tuple[date, date], ...]
ALWAYS: Spans = ((date.min, date.max),)


class AccountTreeLoops(Refusal):
    """An account may not hang under itself."""


class Cuts:
    """
    The facts, indexed once, and cut by subject as often as asked.

    Amounts come out in `currency`, converted at `rates`; an amount without a rate is
    refused by name when it is asked for.
    """

    def __init__(self, *, facts: Facts, currency: str, rates: Rates) -> None:
        self.facts = facts
        self.currency = currency
        self.rates = rates

    def in_currency(self, currency: str) -> Cuts:
        """Return the same facts counted in another currency; the index is shared."""
        if currency == self.currency:
            return self
        for shared in ("_rows", "_places", "_known_days", "_nodes", "_children", "_credited"):
            getattr(self, shared)
        other = copy(self)
        other.currency = currency
        return other

    @cached_property
    def _nodes(self) -> Mapping[str, list[AccountNode]]:
        return _by(self.facts.nodes, "code")

    @cached_property
    def _children(self) -> Mapping[str, list[AccountNode]]:
        return _by((node for node in self.facts.nodes if node.parent is not None), "parent")

    @cached_property
    def _product_segments(self) -> Mapping[str, str | None]:
        return {product.code: product.segment for product in self.facts.products}

    @cached_property
    def families(self) -> Mapping[str, str]:
        """Return the family of each product code."""
        return {product.code: product.family for product in self.facts.products}

    @cached_property
    def _rows(self) -> dict[str, Mapping[str, list[Any]]]:
        return {}

    def rows_at(self, kind: str) -> Mapping[str, list[Any]]:
        """Return the facts of a kind (`sales`, `contracts`, ...) by the account they were recorded at."""
        if kind not in self._rows:
            self._rows[kind] = _by(getattr(self.facts, kind), "account")
        return self._rows[kind]

    @cached_property
    def _places(self) -> dict[frozenset[str], Mapping[str, Spans]]:
        return {}

    def places(self, subject: Subject) -> Mapping[str, Spans]:
        """Return the account codes under the subject's trees, each with the days it hung there."""
        if subject.accounts not in self._places:
            found: dict[str, Spans] = {}
            for top in sorted(subject.accounts):
                self._descend(top, ALWAYS, found, path=(top,))
            self._places[subject.accounts] = found
        return self._places[subject.accounts]

    def _descend(self, code: str, spans: Spans, found: dict[str, Spans], *, path: tuple[str, ...]) -> None:
        found[code] = found.get(code, ()) + spans
        for child in self._children.get(code, ()):
            if child.code in path:
                raise AccountTreeLoops(
                    "Account %(child)s hangs under itself (%(path)s); correct the parent of one of them.",
                    child=child.code,
                    path=" > ".join((*path, child.code)),
                )
            shared = tuple(_shared(spans, child))
            if shared:
                self._descend(child.code, shared, found, path=(*path, child.code))

    def perimeter(self, subject: Subject, *, on: date) -> Mapping[str, Spans]:
        """Return the account codes under the subject on a day, as if it had always been so."""
        if not subject.accounts:
            return {}
        return {
            code: ALWAYS
            for code, spans in self.places(subject).items()
            if any(since <= on < until for since, until in spans)
        }

    def node(self, code: str, *, on: date) -> AccountNode | None:
        """Return an account's place in the tree on a day, or None where no tree was given."""
        for node in self._nodes.get(code, ()):
            if node.since <= on < node.until:
                return node
        return None

    def rows(
        self,
        kind: str,
        subject: Subject,
        *,
        window: Window,
        day: str,
        places: Mapping[str, Spans] | None = None,
    ) -> Iterator[Any]:
        """
        Yield the facts of a kind that belong to the subject and whose `day` is in the window.

        `places` replaces the dated tree (see `perimeter`). The person of a subject is not
        looked at here: what a person owns differs by kind.
        """
        table = self.rows_at(kind)
        if subject.accounts:
            hung = self.places(subject) if places is None else places
            chosen = [(code, hung[code]) for code in hung if code in table]
        else:
            chosen = [(code, ALWAYS) for code in table]
        for code, spans in chosen:
            for row in table[code]:
                on = getattr(row, day)
                if on is None or on not in window or not any(since <= on < until for since, until in spans):
                    continue
                if self.belongs(subject, row, code=code, on=on):
                    yield row

    def belongs(self, subject: Subject, row: Any, *, code: str, on: date) -> bool:
        """Tell whether a fact at a place lies in the subject's regions and segments on a day."""
        return self._in_regions(subject, code, on) and self._in_segments(subject, row, code, on)

    def _in_regions(self, subject: Subject, code: str, on: date) -> bool:
        return not subject.regions or self._nearest(code, on, "region") in subject.regions

    def _in_segments(self, subject: Subject, row: Any, code: str, on: date) -> bool:
        return not subject.segments or not subject.segments.isdisjoint(self.segments(row, code=code, on=on))

    def segments(self, row: Any, *, code: str, on: date) -> frozenset[str]:
        """
        Return the segments a fact lies in, at most one of a kind: what the fact says
        comes before its product's segment, that before its account's, and that before the
        segment that has the name of its account's region.
        """
        found: dict[str, str] = {}
        kinds = self.facts.segment_kinds
        product = self._product_segments.get(getattr(row, "product", None) or "")
        region = self._nearest(code, on, "region")
        for segment in (
            getattr(row, "segment", None),
            product,
            self._nearest(code, on, "segment"),
            region if region in kinds else None,
        ):
            if segment:
                found.setdefault(kinds.get(segment, ""), segment)
        return frozenset(found.values())

    def _nearest(self, code: str, on: date, attribute: str) -> str | None:
        """Return the region or segment of an account, or of the nearest above it that has one."""
        node = self.node(code, on=on)
        while node is not None and getattr(node, attribute) is None:
            node = None if node.parent is None else self.node(node.parent, on=on)
        return None if node is None else getattr(node, attribute)

    def sales(
        self, subject: Subject, *, window: Window, places: Mapping[str, Spans] | None = None
    ) -> Iterator[tuple[Sale, Decimal]]:
        """Yield the subject's sales with the share that is its own: 1, or a person's credit."""
        if subject.person is not None:
            yield from self._credits(subject, CREDITED, window, places)
            return
        for sale in self.rows("sales", subject, window=window, day="on", places=places):
            yield sale, ONE

    def overlay_sales(self, subject: Subject, *, window: Window) -> Iterator[tuple[Sale, Decimal]]:
        """Yield the sales a person is credited with outside the hundred percent."""
        return self._credits(subject, OVERLAY, window, None)

    def _credits(
        self, subject: Subject, kinds: tuple[str, ...], window: Window, places: Mapping[str, Spans] | None
    ) -> Iterator[tuple[Sale, Decimal]]:
        hung = self.places(subject) if places is None else places
        for sale, credit in self._credited.get(subject.person or "", ()):
            spans = hung.get(sale.account, ()) if subject.accounts else ALWAYS
            inside = sale.on in window and any(since <= sale.on < until for since, until in spans)
            if inside and credit.kind in kinds and self.belongs(subject, sale, code=sale.account, on=sale.on):
                yield sale, credit.share

    @cached_property
    def _credited(self) -> Mapping[str, list[tuple[Sale, Credit]]]:
        table: dict[str, list[tuple[Sale, Credit]]] = defaultdict(list)
        for sale in (*self.facts.sales, *self.facts.credited):
            for credit in sale.credits:
                table[credit.person].append((sale, credit))
        return dict(table)

    def contracts(self, subject: Subject, *, on: date) -> Iterator[Contract]:
        """Yield the contracts, of any time, recorded at places under the subject on a day."""
        table = self.rows_at("contracts")
        codes = self.perimeter(subject, on=on) if subject.accounts else table
        for code in codes:
            for row in table.get(code, ()):
                if self.belongs(subject, row, code=code, on=on):
                    yield row

    def amount(self, value: Decimal, currency: str) -> Decimal:
        """Return an amount in the currency asked for, at the stored rate."""
        return self.rates.converted(value, source=currency, target=self.currency)

    def covers(self, kind: str, *, window: Window, day: str) -> bool:
        """Tell whether anyone has a fact of this kind in the window (then none means zero)."""
        return any(on in window for on in self._days(kind, day))

    @cached_property
    def _known_days(self) -> dict[tuple[str, str], frozenset[date]]:
        return {}

    def _days(self, kind: str, day: str) -> frozenset[date]:
        if (kind, day) not in self._known_days:
            self._known_days[kind, day] = frozenset(getattr(row, day) for row in getattr(self.facts, kind))
        return self._known_days[kind, day]


def _by(rows: Iterable[Any], attribute: str) -> Mapping[str, list[Any]]:
    table: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        table[getattr(row, attribute)].append(row)
    return dict(table)


def _shared(spans: Spans, node: AccountNode) -> Iterator[tuple[date, date]]:
    for since, until in spans:
        start, end = max(since, node.since), min(until, node.until)
        if start < end:
            yield start, end
