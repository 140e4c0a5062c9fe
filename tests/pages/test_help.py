"""Help: what `?` says comes from docs/, in the reader's language, carries no script, and leads nowhere outside."""

import re
from datetime import date

import pytest
from django.urls import get_resolver, reverse

from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from kamcomp.pages import help as helping
from kamcomp.pages.help import DOCS, OF_ANY_PAGE, document, help_of
from kamcomp.pages.nav import ENTRIES
from tests.identity.matrix import addresses

HELP = sorted((DOCS / "help").glob("*.md"))
NAMES = {path.name.removesuffix(".md").removesuffix(".de") for path in HELP}


@pytest.fixture
def reader(client, db):
    client.force_login(user_make(username="ada", roles=[Role.AUDITOR], since=date(2020, 1, 1), by=None))
    return client


class TestHelpOfPages:
    def test_is_of_pages_that_are_there(self):
        known = {address.name.rpartition(":")[2] for address in addresses()} | {OF_ANY_PAGE}

        assert known >= NAMES

    def test_is_written_in_both_languages(self):
        for name in NAMES:
            for language in ("en", "de"):
                found = help_of(view_name=name, language=language)
                assert (found.language, bool(found.title), bool(found.html)) == (language, True, True), name

    def test_is_there_for_every_entry_of_the_navigation(self):
        assert [entry.url_name for entry in ENTRIES if entry.url_name.rpartition(":")[2] not in NAMES] == []

    def test_of_a_page_without_its_own_says_what_holds_for_all(self):
        found = help_of(view_name="payouts:no-such-page", language="de")

        assert found.title == "Jede Seite"
        assert help_of(view_name="", language="fr").language == "en"

    def test_stands_on_the_page_without_a_script(self, reader):
        page = reader.get(reverse("payouts:run-list")).content.decode()

        panel = page.split('id="help"')[1]
        assert "Runs are numbered and kept" in panel
        assert f'href="{reverse("help", args=["reference/states"])}"' in panel
        german = reader.get(reverse("payouts:run-list"), HTTP_ACCEPT_LANGUAGE="de").content.decode()
        assert "Läufe werden nummeriert" in german


class TestDocuments:
    def test_all_render_with_links_that_answer(self, reader):
        resolver = get_resolver()
        for path in DOCS.rglob("*.md"):
            found = document(page=path.relative_to(DOCS).as_posix().removesuffix(".md"))
            assert found.title, path
            for link in re.findall(r'href="(/[^"#]*)', found.html):
                match = resolver.resolve(link)
                assert match.kwargs.get("page") is None or document(page=match.kwargs["page"]), link

    def test_are_read_as_pages(self, reader):
        index = reader.get(reverse("help-index")).content.decode()
        page = reader.get(reverse("help", args=["reference/glossary"])).content.decode()

        assert reverse("help", args=["reference/glossary"]) in index
        assert "<h1>Glossary</h1>" in page
        assert '<div class="scroll" tabindex="0"' in page

    @pytest.mark.parametrize(
        "page",
        [
            "nothing",
            "../README",
            "..%2fREADME",
            "help/../../README",
            "/etc/passwd",
            "reference/",
            "reference",
            "a/b/c",
        ],
    )
    def test_are_nothing_but_documents(self, reader, page):
        assert document(page=page) is None
        assert reader.get(f"/help/{page}").status_code in (301, 404)

    def test_are_for_those_who_signed_in(self, client, db):
        assert client.get(reverse("help-index")).status_code == 302
        assert client.get(reverse("help", args=["reference/glossary"])).status_code == 302

    def test_carry_no_script(self, tmp_path, monkeypatch):
        monkeypatch.setattr(helping, "DOCS", tmp_path)
        markup = "<script>alert(1)</script> <img src=x onerror=alert(1)>"
        (tmp_path / "bad.md").write_text(
            f"# A <b>title\n\n{markup}\n\n[x](javascript:alert(1)) ![y](z.png)\n"
        )

        found = document(page="bad")

        assert "<script" not in found.html
        assert "<img" not in found.html
        assert 'href="javascript' not in found.html
        assert found.title == "A <b>title"
