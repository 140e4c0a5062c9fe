"""A pool's sheet as a file: the same rows, and those who are not eligible with the rule."""

from __future__ import annotations

from kamcomp.pages.sheets import Sheet, SheetColumn
from payouts.selectors.pool_sheet import PoolSheet

FILE_COLUMNS = (
    ("employee_id", True), ("name", True), ("role", True), ("link", True), ("on_account", False), ("before", False),
    ("guideline", False), ("amount", False), ("share", False), ("against_guideline", False), ("reason", True),
    ("not_eligible", True), ("currency", True),
)  # fmt: skip


def sheet_file(sheet: PoolSheet) -> Sheet:
    """Return the sheet's rows as a table of a file."""
    rows = [*sheet.rows, *sheet.out]
    return Sheet(
        title="pool",
        columns=[SheetColumn(name=name, is_text=is_text) for name, is_text in FILE_COLUMNS],
        rows=(
            (
                row.employee_id, row.name, row.role, row.link, row.dedication, row.before, row.guideline, row.amount,
                row.share, row.deviation, row.reason, row.why_not, sheet.pool.currency,
            )
            for row in rows
        ),
        count=len(rows),
    )  # fmt: skip
