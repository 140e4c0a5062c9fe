"""
The company's facts beside a draft, held in memory for a moment while somebody designs.

A change of a draft changes none of them, so that they are not read again for each keystroke. They are read anew when
the page is opened, and a minute after they were read; submitting, approving and publishing never ask here.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import date, datetime, timedelta
from threading import Lock
from uuid import UUID

from plans.checks.facts import Stage
from plans.models import PlanVersion
from plans.selectors.pictures.people import PictureReads

HELD_FOR = timedelta(seconds=60)
MOST_HELD = 32
_held: OrderedDict[UUID, tuple[datetime, PictureReads]] = OrderedDict()
_lock = Lock()


def reads_made(*, version: PlanVersion, on: date, at: datetime) -> PictureReads:
    """Return reads for a draft as a version, made anew, and hold them from this moment on."""
    reads = PictureReads(version=version, on=on, stage=Stage.DRAFT)
    _hold(version.pk, at, reads)
    return reads


def reads_held(*, version: PlanVersion, on: date, at: datetime) -> PictureReads:
    """
    Return reads for a draft as a version: those held, for its document as it is now; made anew where none are.

    :raises DocumentInvalid: if the document breaks a law that no rule says.
    """
    with _lock:
        read_at, before = _held.get(version.pk, (None, None))
    if before is None or read_at is None or not timedelta(0) <= at - read_at <= HELD_FOR:
        return reads_made(version=version, on=on, at=at)
    reads = before.again(version=version, on=on)
    _hold(version.pk, read_at, reads)
    return reads


def _hold(key: UUID, read_at: datetime, reads: PictureReads) -> None:
    with _lock:
        _held[key] = (read_at, reads)
        _held.move_to_end(key)
        while len(_held) > MOST_HELD:
            _held.popitem(last=False)
