"""English sentences of ours on a page that is meant to be German: every page is read against the catalogue."""

import html
import re
from functools import cache

from kamcomp.pages.catalogue import po_read
from scorecards.engine.library import LIBRARY

PLACE = re.compile(r"%\(\w+\)s|%%")
NOT_TEXT = re.compile(r"<(script|style|code|pre|svg)\b.*?</\1>|<[^>]*>", re.S)
SAID = re.compile(r"\b(?:aria-label|placeholder|title|alt)=\"([^\"]*)\"")
WORD = re.compile(r"[A-Za-z][\w’'-]*")
FEWEST_WORDS = 3
NAMES_OF_ROWS = {"Key account manager", "cost of sales", *(rule.name for rule in LIBRARY.values())}
"""What a company calls its roles, metrics and goals: rows of its own, which may be called as words of ours are."""


@cache
def english() -> dict[tuple[str, ...], list[str]]:
    """Return the pieces of sentences of ours that tell English, three words and more that no German has, by those."""
    messages = [message for message in po_read("de") if message.id and message.string]
    german = "\n".join(" ".join(m.string) if isinstance(m.string, tuple) else m.string for m in messages)
    originals = [m.id[-1] if isinstance(m.id, tuple) else m.id for m in messages]
    found: dict[tuple[str, ...], list[str]] = {}
    for piece in {piece.strip(" .,:;()–“”'") for original in originals for piece in PLACE.split(original)}:
        first = tuple(WORD.findall(piece)[:FEWEST_WORDS])
        if len(first) == FEWEST_WORDS and piece not in german:
            found.setdefault(first, []).append(piece)
    return found


def found_english(page: str) -> list[str]:
    """Return the English sentences of ours that a page shows, by text or by a label that is read out."""
    shown = " ".join(html.unescape(NOT_TEXT.sub(" ", page) + " " + " ".join(SAID.findall(page))).split())
    words = WORD.findall(shown)
    begun = set(zip(words, words[1:], words[2:], strict=False)) & english().keys()
    return sorted(
        piece
        for first in begun
        for piece in english()[first]
        if piece in shown and piece not in NAMES_OF_ROWS
    )
