"""
The picture of a stored plan version: its document, and what the company knows beside it.

What no table holds stays unknown, so that the rules that need it say so. The number of queries is the same for one
account and for many. Facts are those believed now, of the version's first day or, once that has come, of the day asked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from plans.checks.facts import Stage
from plans.checks.picture import Picture
from plans.models import PlanVersion
from plans.selectors.pictures.people import PictureReads
from plans.selectors.pictures.settings import VERSION_TABLE


def picture_of_version(
    *, version: PlanVersion, on: date, stage: Stage = Stage.DRAFT, reads: PictureReads | None = None
) -> Picture:
    """Return what checks look at for a stored version, as of a day; `reads` are those made for it already."""
    reads = reads or PictureReads(version=version, on=on, stage=stage)
    return replace(reads.own, facts=reads.facts())


__all__ = ["VERSION_TABLE", "PictureReads", "picture_of_version"]
