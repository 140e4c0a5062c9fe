"""A statement as a PDF: every figure of the page and no other, tagged, on A4, in both languages, same bytes again."""

import html
import io
import re

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from kamcomp.identity.models import User
from teams.models import Person, PersonDetails

pytestmark = pytest.mark.usefixtures("halden")
FIGURE = re.compile(r"\d[\d.,]*[.,]\d+(?:\s?%)?|\d+\s?%")
STRANGE = '#strong[x] "q" =1+1 \'--; $a$ `c` <b>&amp; \\ @x O’Brien'
LETTERS = "\u05e9\u05dc\u05d5\u05dd\u0645\u0631\u062d\u0628\u0627\U0001f600\u00e9\u0142"


@pytest.fixture(autouse=True)
def open_database(django_db_blocker):
    with django_db_blocker.unblock():
        yield


def asked(name, *, period="2026-Q3", of=None, language="en", form=""):
    client = Client(headers={"accept-language": language})
    client.force_login(User.objects.get(username=name))
    person = Person.objects.get(details__legal_name=of) if of else Person.objects.get(user__username=name)
    url = reverse("payouts:statement-show", args=[person.pk, period])
    return client.get(url, {"format": form} if form else {})


def words_of(answer):
    reader = PdfReader(io.BytesIO(answer.content))
    return "\n".join(page.extract_text() for page in reader.pages)


def figures(text):
    return {re.sub(r"\s", "", each) for each in FIGURE.findall(text.replace("\u00a0", " "))}


def gate_of(source):
    """Return what the line under a goal says of its gate; the files it names, the document leaves to the page."""
    return " ".join(re.findall(r"(?:Gate|Bedingung)[^<]*", source.group(0)))


def page_words(answer):
    """Return the words of the page's body."""
    body = answer.content.decode().split('<main id="content"')[1].split("</main>")[0]
    body = re.sub(r"<div class=\"source\">.*?</div>", gate_of, body, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", body))


class TestStatementPdf:
    @pytest.mark.parametrize("language", ["en", "de"])
    @pytest.mark.parametrize(
        ("name", "period"),
        [("ingrid.solheim", "2026-Q3"), ("ingrid.solheim", "2026-Q2"), ("priya.nair", "2026-Q2"),
         ("grace.whitfield", "2026-Q1"), ("luis.ortega", "2026-Q2"), ("anke.vogt", "2026-Q2")],
    )  # fmt: skip
    def test_has_every_figure_of_the_page_and_no_other(self, name, period, language):
        page = figures(page_words(asked(name, period=period, language=language)))
        document = figures(words_of(asked(name, period=period, language=language, form="pdf")))

        assert page
        assert (page - document, document - page) == (set(), set())

    def test_is_tagged_a4_and_says_its_language(self):
        reader = PdfReader(io.BytesIO(asked("ingrid.solheim", language="de", form="pdf").content))
        root = reader.trailer["/Root"]

        assert root["/Lang"] == "de"
        assert root["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in root
        assert [round(float(each)) for each in reader.pages[0].mediabox[2:]] == [595, 842]
        assert reader.metadata.title == "Abrechnung, 2026-Q3"

    def test_is_the_same_bytes_again(self):
        first, second = (asked("ingrid.solheim", form="pdf") for _again in range(2))

        assert first.content == second.content
        assert first["Content-Type"] == "application/pdf"
        assert "statement-HC-1001-2026-Q3.pdf" in first["Content-Disposition"]

    def test_shows_a_name_as_itself(self):
        with transaction.atomic():
            details = PersonDetails.objects.get(person__user__username="ingrid.solheim")
            details.legal_name = f"{STRANGE} {LETTERS}"
            details.save()
            said = words_of(asked("ingrid.solheim", form="pdf"))
            transaction.set_rollback(True)

        assert STRANGE in said
        assert set(LETTERS) <= set(said)
        assert "\ufffd" not in said

    def test_of_another_is_not_there(self):
        assert asked("paul.reinders", of="Ingrid Solheim", form="pdf").status_code == 404
