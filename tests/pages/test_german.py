"""Who reads German meets no English sentence of ours: every page of the role matrix is read against the catalogue."""

import html
import re
from functools import cache

import pytest
from django.conf import settings
from django.test import Client

from kamcomp.pages.catalogue import po_read
from tests.identity.matrix import USERS, addresses, company, expected, objects
from tests.identity.matrix import _path as path_of
from tests.identity.matrix import _session as session_of

PLACE = re.compile(r"%\(\w+\)s|%%")
NOT_TEXT = re.compile(r"<(script|style|code|pre|svg)\b.*?</\1>|<[^>]*>", re.S)
SAID = re.compile(r"\b(?:aria-label|placeholder|title|alt)=\"([^\"]*)\"")
WORD = re.compile(r"[A-Za-z][\w’'-]*")
FEWEST_WORDS = 3


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
    return sorted(piece for first in begun for piece in english()[first] if piece in shown)


def reader(by_status: dict[int, list[str]]) -> str | None:
    """Return the first role that the matrix says is shown a page; none where nobody is."""
    return next((role for role in USERS if role in by_status.get(200, [])), None)


class TestEnglish:
    def test_is_told_from_german(self):
        with_english = "<p>It cannot be handed in yet.</p><b aria-label='x'>Es fehlt</b>"

        assert found_english(with_english) == ["It cannot be handed in yet"]
        assert found_english("<p>Es lässt sich noch nicht einreichen.</p>") == []
        assert len(english()) > 1000


@pytest.mark.django_db
class TestGermanPages:
    def test_hold_no_english_sentence_of_ours(self, settings, tmp_path):
        settings.DEMO_MODE, settings.EXPORT_ROOT = False, tmp_path
        made = company()
        sessions = {role: session_of(username) for role, username in USERS.items()}
        matrix, said = expected(), dict[str, list[str]]()

        for address in addresses():
            for label, arguments in objects(made, address).items():
                role = reader(matrix.get(address.route or "/", {}).get("GET", {}).get(label, {}))
                if role is not None:
                    page = german(path_of(address, arguments), sessions[role])
                    if left := found_english(page):
                        said[f"{address.route} as {role}"] = left
                    break

        assert said == {}


def german(path: str, session: str) -> str:
    """Return a page as somebody with a session reads it in German; empty for what is no page."""
    client = Client(headers={"accept-language": "de", "accept": "text/html"})
    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    answer = client.get(path)
    if not answer.headers.get("Content-Type", "").startswith("text/html") or answer.streaming:
        return ""
    return answer.content.decode()
