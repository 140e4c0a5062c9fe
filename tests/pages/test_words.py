"""Every word of the pages has its German, with the same placeholders, and the pages speak it."""

import re

import pytest

from kamcomp.pages.catalogue import missing, po_read, words_of_pages

PLACE = re.compile(r"%\(\w+\)s|<[^>]+>")


class TestGerman:
    def test_has_every_word(self):
        said = "run manage.py messages, and fill in what it lists in locale/de/LC_MESSAGES/django.po"

        assert missing("de") == [], said

    def test_keeps_every_placeholder(self):
        for message in po_read("de"):
            if not message.id:
                continue
            originals = [message.id] if isinstance(message.id, str) else list(message.id)
            given = [message.string] if isinstance(message.string, str) else list(message.string)
            for text in given:
                assert sorted(set(PLACE.findall(text))) == sorted(set(PLACE.findall(originals[-1]))), text


class TestWordsOfPages:
    def test_are_found_in_templates_code_and_choices(self):
        words = words_of_pages()

        assert "templates/base.html" in words["Skip to the content"]
        assert "kamcomp/pages/nav.py" in words["Period runs"]
        assert "payouts/choices.py" in words["Payout register"]
        assert ("%(count)s row", "%(count)s rows") in words


@pytest.mark.django_db
def test_a_page_is_german_for_who_asks_for_it(client):
    page = client.get("/", HTTP_ACCEPT_LANGUAGE="de").content.decode()

    assert "Vergütung für Schlüsselkundenteams" in page
    assert "Pay for key account teams" not in page
