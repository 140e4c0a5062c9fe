"""
Bytes of an uploaded file in, a strict table of texts out.

CSV by comma, semicolon or tab, in UTF-8 with or without a byte order mark or UTF-16 with
one; XLSX through `bounded`, which reads it in a process of its own. Every row has exactly
as many fields as the header: a trailing comma is a finding, never a shift. Nothing here
knows what a column means.
Rules: docs/reference/files.md, "What a file may be".
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass, field

from kamcomp.imports.findings import FileUnreadable, RowFinding, unreadable
from kamcomp.sentences import Sentence, Word

LARGEST = 512 * 1024 * 1024
DELIMITERS = (",", ";", "\t")
DELIMITER_NAMES = {",": Word("comma"), ";": Word("semicolon"), "\t": Word("tab")}
ZIP_MAGIC, OLE_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass
class RawTable:
    """Texts as the file has them: one list a column, all as long as `lines`; findings about rows left out."""

    header: list[str]
    lines: list[int]
    columns: list[list[str]]
    findings: list[RowFinding] = field(default_factory=list)
    form: str = ""

    @property
    def rows(self) -> int:
        """Return the number of rows, those left out for their form included."""
        return len(self.lines) + len({finding.line for finding in self.findings if finding.line > 1})


def read_table(content: bytes, *, sheet_rows: int = 100_000) -> RawTable:
    """
    Return the table of a CSV or XLSX file.

    :raises FileUnreadable: if the file as a whole cannot be read, with every reason found.
    """
    if len(content) > LARGEST:
        raise unreadable(Sentence("is larger than %(largest)s MB: split it", largest=LARGEST // 1024 // 1024))
    if not content.strip():
        raise unreadable("is empty: a file starts with its header line")
    if content.startswith(OLE_MAGIC):
        raise unreadable("is a spreadsheet of an old form (xls): save it as XLSX or CSV")
    if content.startswith(ZIP_MAGIC):
        from kamcomp.imports.bounded import read_bounded

        return read_bounded(content, most_rows=sheet_rows)
    return read_csv(text_of(content))


def text_of(content: bytes) -> str:
    """
    Return the text of a file in UTF-8 or, with a byte order mark, UTF-16.

    :raises FileUnreadable: naming the line of the first byte that does not fit.
    """
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise unreadable("is UTF-32: save it as UTF-8")
    encoding = "utf-8-sig"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        wrong = content[error.start : error.start + 1]
        raise unreadable(
            Sentence(
                "the byte 0x%(byte)s is not %(encoding)s: save the whole file in one encoding, UTF-8",
                byte=wrong.hex().upper(),
                encoding=encoding.upper().replace("-SIG", ""),
            ),
            line=line,
        ) from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise unreadable("has a NUL character: save the file as UTF-8 text", line=line)
    return text


def read_csv(text: str) -> RawTable:
    """
    Return the table of CSV text; rows with another number of fields than the header are findings.

    :raises FileUnreadable: if the header is not usable or a quote never closes.
    """
    delimiter = delimiter_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    table = RawTable(
        header=[],
        lines=[],
        columns=[],
        form=Sentence("CSV by %(delimiter)s", delimiter=DELIMITER_NAMES[delimiter]),
    )
    rows: list[list[str]] = []
    begun = 1
    try:
        for row in reader:
            if not table.header:
                table.header = row
                check_header(row)
            elif len(row) == len(table.header):
                rows.append(row)
                table.lines.append(begun)
            elif row:
                table.findings.append(
                    fields_differ(begun, row, len(table.header), DELIMITER_NAMES[delimiter])
                )
            begun = reader.line_num + 1
    except csv.Error as error:
        raise unreadable(Sentence("cannot be read as CSV: %(error)s", error=error), line=begun) from None
    table.columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in table.header]
    return table


def delimiter_of(text: str) -> str:
    """Return the delimiter that takes the header apart into most fields; comma where none does."""
    header = text[: text.find("\n")] if "\n" in text else text

    def fields(delimiter: str) -> int:
        try:
            return len(next(csv.reader([header.rstrip("\r")], delimiter=delimiter, strict=True)))
        except (csv.Error, StopIteration):
            return 0

    return max(DELIMITERS, key=fields)


def check_header(header: list[str]) -> None:
    """
    Tell whether every column has a name of its own.

    :raises FileUnreadable: naming each column that has none, and each name that stands twice.
    """
    findings = [
        RowFinding(
            line=1,
            column="",
            value="",
            reason=Sentence("column %(place)s has no name: is there a delimiter too many?", place=place),
        )
        for place, name in enumerate(header, start=1)
        if not name.strip()
    ]
    findings += [
        RowFinding(
            line=1,
            column=name,
            value="",
            reason=Sentence("stands %(times)s times in the header: each column once", times=times),
        )
        for name, times in Counter(header).items()
        if times > 1 and name.strip()
    ]
    if findings:
        raise FileUnreadable(findings)


def fields_differ(line: int, row: list[str], expected: int, delimiter: str) -> RowFinding:
    """Return the finding of a row with another number of fields than the header."""
    few_or_many = Word("too many") if len(row) > expected else Word("missing")
    return RowFinding(
        line=line,
        column="",
        value=",".join(row),
        reason=Sentence(
            "has %(given)s fields where the header has %(expected)s: is there a %(delimiter)s %(few_or_many)s?",
            given=len(row),
            expected=expected,
            delimiter=delimiter,
            few_or_many=few_or_many,
        ),
    )
