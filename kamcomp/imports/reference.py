"""
The reference page of all files, written from the kinds' own declarations.

`manage.py import --reference` prints it; a test compares it with docs/reference/files.md,
so that the page cannot say something else than the code does.
"""

from kamcomp.imports.kinds import Column, Kind, all_kinds

HEAD = """\
# Files in

This page is printed by `manage.py import --reference` from the declarations themselves; a test compares the two.
How to work with files is told in [how to import files](../how-to/import-files.md).

## What a file may be

- CSV with comma, semicolon or tab, in UTF-8 (with or without byte order mark) or UTF-16 with one; or XLSX, of which
  the first sheet is read. A plan document is JSON.
- The first line is the header. Every row has exactly as many fields as the header: a trailing comma is a finding,
  never a shift. A column without a name, or a name that stands twice, refuses the file. Empty lines are passed over.
- An XLSX archive is looked at before it is unpacked: at most 20 MB unpacked, at most 100 to 1, at most 200 parts, no
  two of one name, none outside the archive, no document type declaration, no password. At most 100,000 rows: CSV has
  no such limit. It is read in a process of its own, with bounds on memory (1 GB) and time; one that costs more is
  refused. A formula or an error in a cell is a finding: paste the value.

## Values

- An id is text, always, and kept to the character: `007`, `NA` and `1E5` are ids. Blanks around one are a finding.
- Money and numbers are digits 0-9 with a point: no separators, no exponent, no sign but a minus. Measured facts take
  up to six decimals and are kept as given; amounts that pay have at most the decimals of their currency.
- A percentage says so in its column's name (`_pct`): 12.5 is an eighth. Every other share is a ratio: 0.125.
- Days are ISO: 2026-01-31. The last day of a span is included; an empty one means no end.
- An empty cell takes the column's default. A column that a file leaves out is not touched on rows that stand.

## Formulas

Text that a spreadsheet would run (it begins with `=`, `+`, `-`, `@`, a tab, a carriage return or NUL) goes out with one
apostrophe in front, and exactly one is taken off text that comes in. Numbers are never guarded.

## Findings

Every finding names the line (the header is line 1), the column, the value and the reason, and all are gathered. One
that blocks rejects its row, and one rejected row stops the file, unless the good rows are asked for (`--accept-valid`).
Findings that only inform (a gap, a late target, an account without key account manager) stop nothing.

## Mending

On the page of an upload single cells can be mended, and rows left out, before the commit. The file stays as it was
uploaded; what was mended is kept with the batch, by line and column with what stood there, and belongs to what makes
a file the same file. An uploaded file is its sender's own until it is committed, and is let go after thirty days.

## What commit writes

- Nothing is written before commit. A preview runs the steps of a commit and takes them back, so that it also hears the
  laws of the database.
- Facts and targets are never edited: a row that stands with other figures is restated, and the old one keeps the moment
  until which it was believed. Other records are updated in place; what stood before is kept with the batch.
- The same file with the same column map changes nothing the second time.
- Rows that reach into a locked period are accepted as late facts; they become adjustments in the open period.
- Rows about the person who imports them (own package, target, membership, credit, result, rating) wait until a second
  person has approved that very file.

## Undo

A committed batch can be taken back until a period is locked that could have paid by it. What a batch restated is
believed again as new rows, so that what was known on any day stays true. It is refused when later imports or people
have changed its rows since, or when other rows stand on them.

## Column maps

A map is a JSON object, remembered for its `source` when a file is committed with it.

| part | says |
|---|---|
| `kind` | the kind of file it is for (checked when given) |
| `source` | whose columns these are; `--source` uses the map again |
| `columns` | canonical column: column of the file |
| `constants` | canonical column: the same text in every row |
| `values` | canonical column: {text of the file: text meant} |
| `ids` | canonical column: the columns that form it: a list (joined by `/`), or {"from": [...], "with": "-"} |
| `ignore` | columns of the file to leave out, or `"*"` for all that nothing uses |
| `span` | `"until_next"`, or {"rule": "until_next", "key": [...]}: a row holds until the next row of its key begins |
| `trim` | true takes blanks around every cell off |

Under `until_next` two rows of a key that begin on one day, or a last day that reaches into the next row, are rejected;
a last day that leaves days between is kept and reported.

## Kinds, in the order a new company brings them
"""


def reference_page() -> str:
    """Return the page, in Markdown."""
    return HEAD + "".join(f"\n{section(kind)}" for kind in all_kinds())


def section(kind: Kind) -> str:
    """Return the section of one kind: what makes a row one row, its columns, its rules."""
    lines = [f"### {kind.name}: {kind.title}", ""]
    if kind.key:
        lines += [f"One row for each {', '.join(f'`{name}`' for name in kind.key)}.", ""]
    lines += ["| column | takes | needed | remarks |", "|---|---|---|---|"]
    lines += [row(kind, column) for column in kind.columns]
    if kind.rules or kind.about:
        lines += ["", *(f"- {rule}" for rule in kind.rules)]
    if kind.about:
        lines.append("- Rows about the person who imports them need a second person's approval.")
    return "\n".join(lines) + "\n"


def row(kind: Kind, column: Column) -> str:
    """Return the line of one column."""
    words = column.reader.words.replace("|", "\\|")
    if column.currency:
        words += f", at most the decimals of `{column.currency}`"
    default = "" if column.default in (None, "") else f"{_said(column.default)} if empty"
    remarks = "; ".join(part for part in (column.note, default) if part)
    return f"| `{column.name}` | {words} | {needed(kind, column)} | {remarks} |"


def needed(kind: Kind, column: Column) -> str:
    """Return how far a file must give a column."""
    if any(column.name in group for group in kind.one_of):
        return "one of them"
    if not column.required:
        return "may be left out"
    return "always" if column.filled else "column; a cell may be empty"


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
