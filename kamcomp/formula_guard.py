"""
Text that a spreadsheet would run as a formula, made harmless on the way out and
restored on the way in.

A text that begins with = + - @, a tab, a carriage return or NUL gets one apostrophe
in front; so does one that already begins with apostrophes before such a character.
Reading strips exactly one, so that export and import are each other's reverse for
every text. Only text columns are guarded: a number is never text. Pure: no Django.
Rule: docs/reference/files.md, "Formulas".
"""

import re

_RISKY = re.compile(r"'*[=+\-@\t\r\x00]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\x00]")


def guarded(text: str) -> str:
    """Return `text` so that no spreadsheet runs it: with one apostrophe in front where it needs one."""
    return f"'{text}" if _RISKY.match(text) else text


def unguarded(text: str) -> str:
    """Return `text` without the one apostrophe that `guarded` put in front."""
    return text[1:] if _GUARDED.match(text) else text
