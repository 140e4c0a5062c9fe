"""
A typed sheet: the columns of a file as values, with the findings about its rows.

Rules speak to a sheet by row position; it knows the line, the column and the text as
written, so that every finding names the place. Positions are those of the rows that
have the header's number of fields.
Rules: docs/reference/files.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeVar

from kamcomp.approvals.choices import Severity
from kamcomp.imports.findings import FileUnreadable, RowFinding
from kamcomp.imports.kinds import Column, Kind
from kamcomp.imports.maps import ColumnMapping
from kamcomp.money import MINOR_DIGITS
from kamcomp.sentences import Sentence, Word, ours
from kamcomp.spans import Span

Id = TypeVar("Id")


@dataclass
class Sheet:
    """The typed columns of a file, all as long as `lines`."""

    kind: Kind
    lines: list[int]
    texts: dict[str, list[str]]
    values: dict[str, list[Any]] = field(default_factory=dict)
    findings: list[RowFinding] = field(default_factory=list)
    rejected: set[int] = field(default_factory=set)
    days: list[date | Span | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)

    def has(self, column: str) -> bool:
        """Tell whether the file gives a column."""
        return column in self.texts

    def __getitem__(self, column: str) -> list[Any]:
        """Return a column's values; its default in every row when the file does not give it."""
        if column not in self.values:
            self.values[column] = [self.kind.column(column).default] * len(self)
        return self.values[column]

    def text(self, row: int, column: str) -> str:
        """Return a cell as written."""
        return self.texts[column][row] if column in self.texts else ""

    def reject(self, row: int, column: str, reason: str, *, rule: str = "import_row") -> None:
        """Reject a row for a reason."""
        self.rejected.add(row)
        self.findings.append(
            RowFinding(
                line=self.lines[row], column=column, value=self.text(row, column), reason=reason, rule=rule
            )
        )

    def inform(self, row: int, column: str, reason: str, *, rule: str = "import_note") -> None:
        """Say something about a row that does not reject it."""
        self.findings.append(
            RowFinding(
                line=self.lines[row],
                column=column,
                value=self.text(row, column),
                reason=reason,
                severity=Severity.INFORMATION,
                rule=rule,
            )
        )

    def accepted(self) -> list[int]:
        """Return the positions of the rows that nothing has rejected so far."""
        return [row for row in range(len(self)) if row not in self.rejected]

    def taken(self, column: str, rows: Sequence[int]) -> list[Any]:
        """Return a column's values at some rows."""
        values = self[column]
        return values if len(rows) == len(values) else [values[row] for row in rows]

    def resolve(self, column: str, known: Mapping[str, Id], noun: str, cure: str = "") -> list[Id | None]:
        """
        Return what each cell of a column refers to, None for an empty cell.

        A cell that names nothing known rejects its row: "there is no <noun> of this code".
        """
        values = self[column]
        missing = {value for value in set(values) if value is not None and value not in known}
        if missing:
            reason = Sentence("there is no %(noun)s of this name here", noun=ours(noun))
            if cure:
                reason = Sentence("%(said)s: %(cure)s", said=reason, cure=ours(cure))
            for row, value in enumerate(values):
                if value in missing:
                    self.reject(row, column, reason)
        return [None if value is None else known.get(value) for value in values]

    def distinct(self, *columns: str) -> list[Any]:
        """Return the different values of some columns, empty cells apart, in order."""
        return sorted({value for column in columns for value in set(self[column]) if value is not None})


def typed(kind: Kind, *, lines: list[int], texts: dict[str, list[str]], mapping: ColumnMapping) -> Sheet:
    """
    Return the sheet of a kind from its texts, with every cell read and every finding gathered.

    :raises FileUnreadable: if a column that the kind needs is not given.
    """
    check_columns(kind, texts, until_next=mapping.until_next)
    sheet = Sheet(kind=kind, lines=lines, texts=texts)
    for column in kind.columns:
        if column.name in texts:
            sheet.values[column.name] = _read(sheet, column)
    for column in kind.columns:
        if column.currency and column.name in texts:
            check_minor_units(sheet, column)
    for columns in kind.one_of:
        check_one_of(sheet, columns)
    if mapping.until_next:
        fill_until_next(sheet, mapping.span_key or kind.span_key)
    if kind.span:
        check_ends(sheet, *kind.span)
    check_repeats(sheet)
    return sheet


def check_columns(kind: Kind, texts: Mapping[str, Any], *, until_next: bool) -> None:
    """
    Tell whether the file gives every column that the kind needs.

    :raises FileUnreadable: naming each that is missing.
    """
    derived = {kind.span[1]} if until_next and kind.span else set()
    if until_next and not kind.span:
        raise FileUnreadable(
            [
                _header(
                    "",
                    Sentence(
                        "a %(kind)s file has no first and last day: until_next has no meaning", kind=kind.name
                    ),
                )
            ]
        )
    missing = [c.name for c in kind.columns if c.required and c.name not in texts and c.name not in derived]
    missing = [name for name in missing if not any(name in columns for columns in kind.one_of)]
    findings = [
        _header(name, "is not in the header: add it, or map it from another column") for name in missing
    ]
    for columns in kind.one_of:
        if not any(name in texts for name in columns):
            findings.append(_header(" or ".join(columns), "is not in the header: one of them is needed"))
    if findings:
        raise FileUnreadable(findings)


def _header(column: str, reason: str) -> RowFinding:
    return RowFinding(line=1, column=column, value="", reason=reason)


def _read(sheet: Sheet, column: Column) -> list[Any]:
    texts = sheet.texts[column.name]
    values, unfit = column.reader.column(texts)
    for row, reason in unfit.items():
        sheet.reject(row, column.name, reason)
    if "" in texts:
        for row, text in enumerate(texts):
            if text == "" and column.filled:
                sheet.reject(row, column.name, "is empty: every row needs it")
            elif text == "":
                values[row] = column.default
    return values


def check_minor_units(sheet: Sheet, column: Column) -> None:
    """Reject amounts that pay with more decimals than their currency has."""
    for row, (amount, currency) in enumerate(zip(sheet[column.name], sheet[column.currency], strict=True)):
        if amount is None or currency not in MINOR_DIGITS:
            continue
        decimals = -int(amount.as_tuple().exponent)
        if decimals > MINOR_DIGITS[currency]:
            allowed = MINOR_DIGITS[currency]
            sheet.reject(
                row,
                column.name,
                Sentence(
                    "has %(decimals)s decimals, %(currency)s has %(allowed)s",
                    decimals=decimals,
                    currency=currency,
                    allowed=allowed or Word("none"),
                ),
            )


def check_one_of(sheet: Sheet, columns: tuple[str, ...]) -> None:
    """Reject rows that fill none, or more than one, of columns that exclude each other."""
    filled = [sheet[column] for column in columns]
    for row, cells in enumerate(zip(*filled, strict=True)):
        count = len(cells) - cells.count(None)
        if count != 1 and row not in sheet.rejected:
            many = Word("both are filled") if count else Word("both are empty")
            sheet.reject(row, " or ".join(columns), Sentence("%(many)s: fill exactly one", many=many))


def check_ends(sheet: Sheet, first: str, last: str) -> None:
    """Reject rows whose last day comes before their first; both days are included."""
    for row, (since, until) in enumerate(zip(sheet[first], sheet[last], strict=True)):
        if since is not None and until is not None and until < since:
            sheet.reject(
                row,
                last,
                Sentence(
                    "comes before %(first)s %(since)s: the last day is included", first=first, since=since
                ),
            )


def check_repeats(sheet: Sheet) -> None:
    """Reject rows whose key already stood in the file, naming the line it stood in."""
    key = [sheet[column] for column in sheet.kind.key]
    if not key:
        return
    keys = list(zip(*key, strict=True))
    if len(set(keys)) == len(keys):
        return
    first: dict[tuple[Any, ...], int] = {}
    for row, value in enumerate(keys):
        if row in sheet.rejected:
            continue
        if value in first:
            names = ", ".join(sheet.kind.key)
            sheet.reject(
                row,
                sheet.kind.key[0],
                Sentence(
                    "the same %(names)s already stands in line %(line)s",
                    names=names,
                    line=sheet.lines[first[value]],
                ),
            )
        first.setdefault(value, row)


def fill_until_next(sheet: Sheet, key: tuple[str, ...]) -> None:
    """
    Give each row the day before the next row of its key begins as its last day.

    Where the file gives a last day too, one that reaches into the next row rejects the
    row, and one that leaves days between is reported and kept. The last row of a key
    keeps its own end, or has none.
    """
    assert sheet.kind.span is not None
    first, last = sheet.kind.span
    given = list(sheet[last])
    ends = list(given)
    for rows in _by_key(sheet, key, first).values():
        for row, following in pairwise(rows):
            begins = sheet[first][following]
            if begins == sheet[first][row]:
                sheet.reject(
                    following,
                    first,
                    Sentence("overlaps line %(line)s, which begins on the same day", line=sheet.lines[row]),
                )
                continue
            ends[row] = begins - timedelta(days=1)
            if given[row] is not None and given[row] >= begins:
                sheet.reject(
                    row,
                    last,
                    Sentence(
                        "overlaps line %(line)s, which begins on %(begins)s",
                        line=sheet.lines[following],
                        begins=begins,
                    ),
                )
            elif given[row] is not None and given[row] < ends[row]:
                ends[row] = given[row]
                sheet.inform(
                    row,
                    last,
                    Sentence(
                        "leaves a gap until %(begins)s (line %(line)s)",
                        begins=begins,
                        line=sheet.lines[following],
                    ),
                    rule="span_gap",
                )
    sheet.values[last] = ends
    sheet.texts.setdefault(last, ["" if end is None else end.isoformat() for end in ends])


def _by_key(sheet: Sheet, key: tuple[str, ...], first: str) -> dict[tuple[Any, ...], list[int]]:
    rows: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    keys = [sheet[column] for column in key]
    for row in sheet.accepted():
        rows[tuple(column[row] for column in keys)].append(row)
    for together in rows.values():
        together.sort(key=lambda row: sheet[first][row])
    return rows


def spans_of(sheet: Sheet) -> list[Span | None]:
    """Return each row's days, from first and last day included; None where a row has none."""
    assert sheet.kind.span is not None
    first, last = (sheet[column] for column in sheet.kind.span)
    return [
        None if since is None or (until is not None and until < since) else Span.inclusive(since, until)
        for since, until in zip(first, last, strict=True)
    ]


@dataclass(frozen=True)
class Standing:
    """A row that stands in the database: its days and how a message names it."""

    span: Span
    name: str


def check_overlaps(
    sheet: Sheet,
    *,
    rows: Iterable[int],
    key: Callable[[int], Any],
    spans: Sequence[Span | None],
    standing: Mapping[Any, list[Standing]],
    column: str,
    what: str,
) -> None:
    """
    Reject rows whose days overlap another row of the same key, in the file or standing.

    The finding names both rows. `standing` must not hold the rows that the file replaces.
    """
    by_key: dict[Any, list[tuple[Span, int | None, str]]] = defaultdict(list)
    for row in rows:
        span = spans[row]
        if span is not None:
            by_key[key(row)].append((span, row, ""))
    for value, together in by_key.items():
        together += [(kept.span, None, kept.name) for kept in standing.get(value, ())]
        together.sort(key=lambda entry: (entry[0].since, entry[1] is not None))
        reach: tuple[Span, int | None, str] | None = None
        for entry in together:
            if reach is not None and reach[0].overlap(entry[0]) is not None:
                _overlap(sheet, entry, reach, column, what)
            if reach is None or _ends_later(entry[0], reach[0]):
                reach = entry


def _ends_later(span: Span, other: Span) -> bool:
    return other.until is not None and (span.until is None or span.until > other.until)


def _overlap(
    sheet: Sheet,
    entry: tuple[Span, int | None, str],
    other: tuple[Span, int | None, str],
    column: str,
    what: str,
) -> None:
    if entry[1] is None:
        entry, other = other, entry
    if entry[1] is not None:
        sheet.reject(
            entry[1],
            column,
            Sentence(
                "%(what)s of %(other)s (%(days)s) overlaps this one (%(own)s): end one before the other begins",
                what=ours(what),
                other=_named(sheet, other),
                days=days_of(other[0]),
                own=days_of(entry[0]),
            ),
            rule="span_overlap",
        )


def _named(sheet: Sheet, entry: tuple[Span, int | None, str]) -> str:
    return entry[2] if entry[1] is None else Sentence("line %(line)s", line=sheet.lines[entry[1]])


def days_of(span: Span) -> Sentence:
    """Return a span as people read it, both days included."""
    return (
        Sentence("%(since)s to %(last)s", since=span.since, last=span.last)
        if span.last
        else Sentence("from %(since)s on", since=span.since)
    )


def sums_by_currency(sheet: Sheet) -> dict[str, dict[str, dict[str, str]]]:
    """Return, by currency and money column, the sums of the file, of accepted and of rejected rows."""
    sums: dict[str, dict[str, dict[str, str]]] = {}
    currencies = sheet["currency"] if "currency" in sheet.kind.names else [None] * len(sheet)
    for column in sheet.kind.totals:
        if not sheet.has(column):
            continue
        whole: dict[str, Decimal] = {}
        rejected: defaultdict[str, Decimal] = defaultdict(Decimal)
        amounts = sheet[column]
        for currency in set(currencies):
            name = currency or "-"
            same = [a for a, c in zip(amounts, currencies, strict=True) if c == currency and a is not None]
            whole[name] = sum(same, Decimal(0))
        for row in sheet.rejected:
            if amounts[row] is not None:
                rejected[currencies[row] or "-"] += amounts[row]
        for name, total in whole.items():
            lost = rejected.get(name, Decimal(0))
            sums.setdefault(name, {})[column] = {
                "file": format(total, "f"),
                "accepted": format(total - lost, "f"),
                "rejected": format(lost + Decimal(0), "f"),
            }
    return sums
