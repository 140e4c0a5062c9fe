"""
Identifiers made in Python.

Version 7 UUIDs (RFC 9562) rise with time, so that rows of one run lie together
in an index; the database needs no function of its own for them.
"""

import os
import time
from uuid import UUID

_LOW = (1 << 62) - 1


def uuid7() -> UUID:
    """Return a new version 7 UUID: 48 bits of milliseconds, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | random_bits
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def uuid7_texts(count: int) -> list[str]:
    """
    Return so many new version 7 UUIDs as text, each greater than the one before.

    They share a millisecond; behind it stands a random start, raised by a random step from one
    to the next, so that many rows go into an index one after another.
    """
    milliseconds = f"{time.time_ns() // 1_000_000:012x}"
    head = f"{milliseconds[:8]}-{milliseconds[8:]}-7"
    start = int.from_bytes(os.urandom(9), "big") >> 1  # 71 bits, which leaves room above to count in
    steps = memoryview(os.urandom(4 * count)).cast("I").tolist()
    texts = []
    for step in steps:
        start += step + 1
        low = f"{1 << 63 | start & _LOW:016x}"
        texts.append(f"{head}{start >> 62:03x}-{low[:4]}-{low[4:]}")
    return texts
