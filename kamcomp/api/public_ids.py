"""
Public ids: a prefix that says what a thing is, and the row's own id in 26 letters and digits.

`pay_01k8...` is the UUID of a payout in base 32 (Crockford's alphabet, as TypeID writes it), so no second id is
stored and ids sort by the moment they were made. Rows that are numbered have 13 characters: the number, scattered
over 64 bits, so that nobody counts on the next one. An id is opaque but no secret: what somebody may see is
decided by `visible_to`. Why: docs/adr/0017-public-ids.md.
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
UUID_LENGTH, NUMBER_LENGTH = 26, 13
BITS = 64
ANY = "[0-9a-hjkmnp-tv-z]"
UUID_FORM, NUMBER_FORM = f"[0-7]{ANY}{{25}}", f"[0-9a-f]{ANY}{{12}}"
"""What stands behind the prefix: the first letter has the bits that are over."""
SCATTER = 0x9E3779B97F4A7C15
GATHER = pow(SCATTER, -1, 1 << BITS)
MASK = (1 << BITS) - 1
EXAMPLE_MOMENT, VARIANT = 0x019A1F3D0A5B7C9D, 1 << 63
"""The first half of an example's UUID, a moment of 2025, and what marks its second half as of RFC 9562."""
PAIRS = [first + second for first in ALPHABET for second in ALPHABET]


class NotAnId(ValueError):
    """A text is no id of this kind of thing."""


def public_id(prefix: str, pk: UUID | int) -> str:
    """Return the public id of a row: `per_` and 26 characters of a UUID, or 13 of a number."""
    if isinstance(pk, UUID):
        return f"{prefix}_{_written(pk.int, UUID_LENGTH)}"
    return f"{prefix}_{_written(pk * SCATTER & MASK, NUMBER_LENGTH)}"


def example_id(prefix: str, *, numbered: bool = False) -> str:
    """Return the id that the description shows for things of a kind: the same one wherever they are named."""
    own = int.from_bytes(sha256(prefix.encode()).digest()[:8])
    return public_id(prefix, own >> 44 if numbered else UUID(int=EXAMPLE_MOMENT << 64 | VARIANT | own >> 2))


def id_pattern(prefix: str, *, numbered: bool | None = None) -> str:
    """Return the pattern of ids of a kind: of numbered rows, of those with a UUID, or (None) of either."""
    forms = {False: UUID_FORM, True: NUMBER_FORM, None: f"({UUID_FORM}|{NUMBER_FORM})"}
    return f"{prefix}_{forms[numbered]}"


def own_id(prefix: str, text: str) -> UUID | int:
    """
    Return the row's own id of a public one.

    :raises NotAnId: if it is of another kind, or none.
    """
    head, _, tail = text.rpartition("_")
    if head != prefix or len(tail) not in (UUID_LENGTH, NUMBER_LENGTH):
        raise NotAnId(f"{text!r} is not an id that begins with {prefix}_.")
    value = 0
    for letter in tail:
        if letter not in VALUES:
            raise NotAnId(f"{text!r} has characters that no id has.")
        value = value << 5 | VALUES[letter]
    if len(tail) == UUID_LENGTH:
        if value >> 128:
            raise NotAnId(f"{text!r} is longer than an id.")
        return UUID(int=value)
    if value >> BITS:
        raise NotAnId(f"{text!r} is longer than an id.")
    return value * GATHER & MASK


def own_uuid(prefix: str, text: str) -> UUID:
    """
    Return the UUID of a public id.

    :raises NotAnId: if it is of another kind, or of a numbered row.
    """
    found = own_id(prefix, text)
    if not isinstance(found, UUID):
        raise NotAnId(f"{text!r} is not an id that begins with {prefix}_.")
    return found


def _written(value: int, length: int) -> str:
    pairs = []
    for _place in range((length + 1) // 2):
        pairs.append(PAIRS[value & 1023])
        value >>= 10
    return "".join(reversed(pairs))[-length:]
