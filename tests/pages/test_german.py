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
FEWEST_WORDS = 3
SAME_IN_GERMAN = {"Key account manager"}


@cache
def english() -> tuple[str, ...]:
    """Return the pieces of every sentence of ours that tell English: three words and more that no German has."""
    messages = [message for message in po_read("de") if message.id and message.string]
    german = "\n".join(" ".join(m.string) if isinstance(m.string, tuple) else m.string for m in messages)
    originals = [m.id[-1] if isinstance(m.id, tuple) else m.id for m in messages]
    pieces = {piece.strip(" .,:;()–“”") for original in originals for piece in PLACE.split(original)}
    return tuple(
        sorted(piece for piece in pieces if len(piece.split()) >= FEWEST_WORDS and piece not in german)
    )


def found_english(page: str) -> list[str]:
    """Return the English sentences of ours that a page shows, by text or by a label that is read out."""
    shown = html.unescape(NOT_TEXT.sub(" ", page) + " " + " ".join(SAID.findall(page)))
    shown = " ".join(shown.split())
    return [piece for piece in english() if piece in shown]


def answered(role: str, route: str, label: str, method: str = "GET") -> bool:
    """Tell whether the matrix says that a role is shown a page there."""
    shown = expected().get(route or "/", {}).get(method, {}).get(label, {})
    return any(role in shown.get(status, []) for status in (200, 422))


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
        said: dict[str, list[str]] = {}

        for address in addresses():
            for label, arguments in objects(made, address).items():
                role = next((each for each in USERS if answered(each, address.route, label)), None)
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
