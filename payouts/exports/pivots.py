"""
Finance pivots: the payout register summed by what finance asks, in pandas.

A frame is made from the very rows of the register file, its amounts as exact decimals
(object columns, never floats). Amounts of different currencies never add: the currency
is always one of the row keys. Shape of a pivot: one row for each combination of the row
keys and currency, one column for each word of `across`, a total at the end of each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from kamcomp.refusal import Refusal
from payouts.exports.profiles import register
from payouts.exports.tables import ColumnKind
from payouts.models import Run

ZERO = Decimal(0)
CURRENCY, AMOUNT, TOTAL = "currency", "amount", "total"


class PivotKeyUnknown(Refusal):
    """A pivot is asked for by a column that the register does not have, or that is no word."""


def register_frame(*, run: Run) -> pd.DataFrame:
    """Return the register of a run as a frame; amounts are decimals, what is missing is None."""
    table = register(run=run)
    return pd.DataFrame(list(table.rows), columns=[column.name for column in table.columns], dtype=object)


def register_pivot(*, run: Run, by: Sequence[str], across: str) -> pd.DataFrame:
    """
    Return the register's amounts summed by the columns `by` and the currency, over the words of `across`.

    :raises PivotKeyUnknown: naming the column, and those there are.
    """
    check_keys(run=run, keys=[*by, across])
    frame = register_frame(run=run)
    keys = [*dict.fromkeys([*by, CURRENCY])]
    if frame.empty:
        return pd.DataFrame(columns=[*keys, TOTAL])
    sums = frame.groupby([*keys, across], sort=True, dropna=False)[AMOUNT].sum()
    pivot = sums.unstack(across).apply(lambda column: column.where(column.notna(), ZERO))
    pivot[TOTAL] = pivot.apply(lambda row: sum(row, ZERO), axis="columns")
    return pivot.reset_index().rename_axis(columns=None)


def check_keys(*, run: Run, keys: Sequence[str]) -> None:
    """
    Check that the register has these columns of words.

    :raises PivotKeyUnknown: naming the first it does not have.
    """
    words = [column.name for column in register(run=run).columns if column.kind is ColumnKind.TEXT]
    for key in keys:
        if key not in words:
            raise PivotKeyUnknown(
                "The register has no column %(key)s to sum by; it has %(words)s.",
                key=repr(key),
                words=", ".join(words),
            )
