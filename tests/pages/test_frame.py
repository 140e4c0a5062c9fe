"""The frame around every page: who sees which entry, language, appearance, wrong turns, refusals and conflicts."""

from datetime import date

import pytest
from django import forms
from django.contrib.messages.storage.fallback import FallbackStorage
from django.template import Context, Template
from django.test import RequestFactory
from django.views.generic import TemplateView

from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from kamcomp.pages.nav import ENTRIES, places
from kamcomp.pages.screens import FieldConflict, FormScreen, conflict_page, said
from kamcomp.refusal import Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def maren():
    return user_make(
        username="maren",
        first_name="Maren",
        last_name="Holt",
        roles=[Role.COMP_ADMIN],
        since=date(2020, 1, 1),
        by=None,
    )


class TestShell:
    def test_names_the_reader_and_their_roles(self, client, maren):
        client.force_login(maren)

        page = client.get("/").content.decode()

        assert "Maren Holt" in page
        assert "Compensation admin" in page

    def test_says_that_an_address_with_a_nul_character_is_wrong(self, client, maren):
        client.force_login(maren)

        for path in ("/scorecards?period=%00", "/reviews?period=%00", "/people?q=%00", "/metric-library/%00"):
            answer = client.get(path)
            assert answer.status_code == 400
            assert "default-src" in answer["Content-Security-Policy"]
        assert client.get("/people?q=%2500").status_code == 200

    def test_gives_a_visitor_no_navigation(self, client):
        page = client.get("/").content.decode()

        assert 'class="side"' not in page
        assert 'class="bottom' not in page

    def test_every_entry_has_an_icon_and_a_role(self):
        drawn = Template("{% load heroicons %}{% heroicon_outline icon %}")

        for entry in ENTRIES:
            assert "<path" in drawn.render(Context({"icon": entry.icon}))
            assert entry.roles

    def test_shows_an_entry_to_its_roles_only(self):
        of_admin = {place.entry.label for place in places(roles={Role.COMP_ADMIN}, path="/")}
        of_nobody = {place.entry.label for place in places(roles={""}, path="/")}

        assert of_nobody == {"Home"}
        assert of_nobody <= of_admin

    def test_marks_where_one_is(self, client, maren):
        client.force_login(maren)

        assert client.get("/").content.decode().count('aria-current="page"') >= 1


class TestLanguage:
    def test_follows_the_browser(self, client):
        assert '<html lang="de"' in client.get("/", HTTP_ACCEPT_LANGUAGE="de").content.decode()

    def test_is_chosen_and_remembered(self, client):
        client.post("/language", {"language": "de", "next": "/"})

        assert '<html lang="de"' in client.get("/").content.decode()


class TestTheme:
    def test_is_chosen_and_remembered(self, client):
        answer = client.post("/theme", {"theme": "dark", "next": "/"})

        assert answer["Location"] == "/"
        assert 'data-theme="dark"' in client.get("/").content.decode()

    @pytest.mark.parametrize("theme", ["", "neon", '"><script>'])
    def test_takes_no_other(self, client, theme):
        client.post("/theme", {"theme": theme, "next": "https://evil.example/"})

        assert 'data-theme="auto"' in client.get("/").content.decode()

    def test_does_not_lead_elsewhere(self, client):
        assert client.post("/theme", {"theme": "dark", "next": "//evil.example/"})["Location"] == "/"


class TestWrongTurns:
    def test_a_page_that_is_not_there(self, client, maren):
        client.force_login(maren)

        answer = client.get("/no-such-page")

        assert answer.status_code == 404
        assert "There is nothing here" in answer.content.decode()
        assert answer["X-Request-ID"] in answer.content.decode()

    def test_a_fault_of_ours_says_what_is_safe(self, client, monkeypatch):
        client.raise_request_exception = False
        monkeypatch.setattr("payouts.views.Home.get_context_data", lambda *_a, **_k: 1 / 0)

        answer = client.get("/")

        assert answer.status_code == 500
        assert "Nothing half-done was kept" in answer.content.decode()

    def test_a_form_without_its_token(self):
        from django.test import Client

        answer = Client(enforce_csrf_checks=True).post("/theme", {"theme": "dark"})

        assert answer.status_code == 403
        assert "The form is too old" in answer.content.decode()


class Small(forms.Form):
    amount = forms.DecimalField(label="Amount")
    note = forms.CharField(label="Note", help_text="Why")


class NotToday(Refusal):
    """A refusal of this test."""


class SmallScreen(FormScreen, TemplateView):
    form_class = Small
    template_name = "pages/form_screen.html"
    title = "Small"

    def post(self, request):
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def acted(self, form):
        raise NotToday("Not today: the window is closed.")


def request_of(user, *, method="get", data=None):
    request = getattr(RequestFactory(), method)("/small", data or {})
    request.user, request.session = user, {}
    request._messages = FallbackStorage(request)
    return request


class TestFormScreen:
    def shown(self, user, data):
        answer = SmallScreen.as_view()(request_of(user, method="post", data=data)).render()
        return answer.status_code, answer.content.decode()

    def test_keeps_what_was_typed_and_says_what_to_mend(self, maren):
        status, page = self.shown(maren, {"amount": "ten", "note": "because <b>"})

        assert status == 422
        assert 'value="ten"' in page
        assert "because &lt;b&gt;" in page
        assert '<a href="#id_amount">Amount</a>' in page
        assert 'aria-describedby="id_amount_errors"' in page
        assert 'aria-invalid="true"' in page

    def test_says_a_refusal_on_top(self, maren):
        status, page = self.shown(maren, {"amount": "10", "note": "x"})

        assert status == 422
        assert "Not today: the window is closed." in page


class TestConflictPage:
    def test_lays_mine_beside_theirs(self, maren):
        answer = conflict_page(
            request_of(maren),
            what="Conflict",
            sentence="Paul changed this at 14:31.",
            fields=[FieldConflict(label="Weight", name="weight", before="40", mine="35", theirs="45")],
            back="/back",
            keep="/keep",
            carried={"weight": "35", "version": "7"},
        )
        page = answer.content.decode()

        assert answer.status_code == 409
        assert all(
            word in page for word in ("Paul changed this", ">40<", ">35<", ">45<", "Keep mine", "Take theirs")
        )
        assert '<input type="hidden" name="version" value="7">' in page


class TestUndo:
    def test_is_offered_beside_what_was_said(self, rf, maren):
        from django.template.loader import render_to_string

        request = request_of(maren)
        said(request, "Spread over two people.", undo="/pools/7/undo")

        page = render_to_string("pages/toasts.html", {"messages": request._messages}, request)

        assert 'action="/pools/7/undo"' in page
        assert "Spread over two people." in page
