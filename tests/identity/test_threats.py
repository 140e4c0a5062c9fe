"""
What somebody may try from a browser, door by door: forged and stale forms, ways round reading only, redirects to
elsewhere, names full of markup, roles that ended. Which test stands against which threat: docs/reference/threats.md.
"""

import ast
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError, connection, models, transaction
from django.test import Client
from django.urls import get_resolver, resolve, reverse
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from kamcomp.identity.models import User
from kamcomp.identity.services import role_end
from kamcomp.identity.viewing import OWN_DOORS
from kamcomp.pulse.middleware import FIRST
from payouts.models import Pool
from tests.identity.matrix import _path, addresses, company, objects, objects_of

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("kamcomp", "teams", "scorecards", "plans", "payouts")
ELSEWHERE = (
    "//evil.example",
    "https:evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "%2f%2fevil.example",
    "javascript:alert(1)",
    " //evil.example",
)
NASTY = "\"><xss-probe onclick=alert(1)>'&=1+1 \u202e\u05e9\u05dc\u05d5\u05dd \U0001f600"
NAMED = {
    "legal_name", "first_name", "last_name", "name", "reason", "note", "message", "description", "filename",
    "title", "employer", "region", "tier", "reference", "source", "evidence", "responsibilities",
}  # fmt: skip
OTHERS = ("jonas", "ada", "anders", "sigrid", "sofia")
READERS = ("maren", "paul", *OTHERS)
FINDS_PROBE = re.compile(r"&lt;xss-probe")


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    """Make both teams once for this module, in a transaction that is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        told_company = company()
        connection.check_constraints()  # once, or each test would do it anew and take it back
        yield told_company
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def taken_back(made, django_db_blocker):
    """Take back what one test did."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def browser(username, **options):
    client = Client(raise_request_exception=False, **options)
    client.force_login(User.objects.get(username=username))
    return client


def paths(made):
    """Return one path of every address."""
    by_name = objects_of(made)
    return {
        address: _path(address, next(iter(objects(by_name, address).values()))) for address in addresses()
    }


class TestForgedForms:
    def test_are_refused_at_every_address(self, made):
        client = browser("maren", enforce_csrf_checks=True)
        taken = {}
        for address, path in paths(made).items():
            status = client.post(path).status_code
            if status not in (403, 404, 405):
                taken[address.name] = status

        assert set(taken) == {resolve(path).view_name for path in FIRST}

    def test_say_what_to_do(self, made):
        answer = browser("maren", enforce_csrf_checks=True).post(reverse("theme"))

        assert answer.status_code == 403
        assert "form" in answer.content.decode()


class TestLookingAsSomebody:
    def test_changes_nothing_at_any_address(self, made):
        client = browser("maren")
        payee = User.objects.get(username="sofia")
        client.post(reverse("view-as-begin", args=[payee.pk]))
        open_doors = {}
        for address, path in paths(made).items():
            if address.name in OWN_DOORS:
                continue
            for method in (client.post, client.put, client.patch, client.delete):
                status = method(path, headers={"x-http-method-override": "GET"}).status_code
                if status != 403:
                    open_doors[address.name] = status

        assert set(open_doors) == {resolve(path).view_name for path in FIRST}

    def test_sees_no_more_than_the_other(self, made):
        client = browser("maren")
        client.post(reverse("view-as-begin", args=[User.objects.get(username="sofia").pk]))

        for name in ("payouts:run-list", "payouts:pool-list", "payouts:payout-register"):
            assert client.get(reverse(name)).status_code == browser("sofia").get(reverse(name)).status_code


class TestRedirects:
    @pytest.mark.parametrize("target", ELSEWHERE)
    def test_lead_nowhere_else(self, made, target):
        client = browser("maren")
        answers = [
            client.post(reverse("theme"), {"theme": "dark", "next": target}),
            client.post(reverse("language"), {"language": "de", "next": target}),
            client.get("/sign-in", {"next": target}),
            client.get(reverse("account_reauthenticate"), {"next": target}),
            client.post("/sign-out", {"next": target}),
        ]

        for answer in answers:
            to = urljoin(
                "http://testserver/somewhere", answer.headers.get("Location", "/").replace("\\", "/")
            )
            assert to.startswith("http://testserver/"), to


class TestFilters:
    @pytest.mark.parametrize(
        "asked",
        [
            "person__details__payroll_number__gt=0", "allocator__user__password__startswith=p", "order=allocator",
            "order=-allocator__details__payroll_number", "order=funded%3BDROP", "page=-1", "page=9999999999999999999",
            "page=x", "q=%00", "period__id__isnull=",
        ],
    )  # fmt: skip
    def test_show_nothing_that_the_list_does_not(self, made, asked):
        client = browser("paul")
        whole = client.get(reverse("payouts:pool-list")).content.decode()
        shown = client.get(f"{reverse('payouts:pool-list')}?{asked}")

        assert shown.status_code in (200, 400, 404)
        rows = re.findall(r"/pools/[0-9a-f-]{36}", shown.content.decode())
        assert set(rows) <= set(re.findall(r"/pools/[0-9a-f-]{36}", whole))
        assert made.first.account.node.name not in shown.content.decode()


class TestRoles:
    def test_that_ended_yesterday_decide_nothing(self, made):
        anders = User.objects.get(username="anders")
        pool = Pool.objects.get(account=made.account)
        with transaction.atomic():
            for grant in anders.role_grants.all():
                role_end(grant=grant, last_day=timezone.localdate() - timedelta(days=1))
            client = browser("anders")
            answers = [
                client.post(reverse("payouts:pool-decide", args=[pool.pk]), {"act": "approve"}),
                client.post(reverse("payouts:run-act", args=[made.run.pk, "approve"])),
                client.get(reverse("payouts:run-list")),
            ]
            pool.refresh_from_db()
            status = pool.status
            transaction.set_rollback(True)

        assert {answer.status_code for answer in answers} <= {403, 404}
        assert status == "funded"


class TestDoors:
    def test_of_the_framework_s_own_admin_are_not_there(self):
        assert "django.contrib.admin" not in settings.INSTALLED_APPS
        assert not [address for address in addresses() if "admin" in address.route]

    def test_of_the_interface_are_open_to_nobody(self):
        views = [pattern for pattern in _patterns(get_resolver()) if hasattr(pattern.callback, "cls")]
        ours = [pattern.callback.cls for pattern in views if issubclass(pattern.callback.cls, APIView)]

        assert ours
        for view in ours:
            assert view.permission_classes, view
            assert AllowAny not in view.permission_classes, view

    def test_are_no_session_s_but_the_one_made_at_sign_in(self, made):
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = "a-name-somebody-chose"
        client.force_login(User.objects.get(username="maren"))

        assert client.session.session_key != "a-name-somebody-chose"
        assert client.session[SESSION_KEY]

    def test_know_no_way_to_run_a_text_as_code(self):
        found = []
        for room in ROOMS:
            for path in (PROJECT / room).rglob("*.py"):
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    called = node.func if isinstance(node, ast.Call) else None
                    if isinstance(called, ast.Name) and called.id in ("eval", "exec", "compile"):
                        found.append(f"{path.name}:{node.lineno}")
                    if isinstance(called, ast.Attribute) and called.attr in (
                        "eval",
                        "literal_eval",
                        "loads_unsafe",
                    ):
                        found.append(f"{path.name}:{node.lineno}")

        assert found == []


def _patterns(resolver):
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern)
        else:
            yield pattern


class Danger(HTMLParser):
    """What a page has that a stored text must never become."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"{tag} {name}={value}")
        kind = dict(attributes).get("type", "")
        if tag == "xss-probe" or (
            tag == "script" and "src" not in dict(attributes) and kind != "application/json"
        ):
            self.found.append(tag)


def nasty():
    """Put the nasty text into every column for a name or a remark that the laws let anybody change."""
    changed = 0
    for model in apps.get_models():
        if not model.__module__.startswith(ROOMS) or not model._meta.managed:
            continue
        for column in model._meta.concrete_fields:
            fits = isinstance(column, (models.CharField, models.TextField)) and not column.choices
            if column.name not in NAMED or not fits or column.unique:
                continue
            text = NASTY[: column.max_length] if column.max_length else NASTY
            try:
                with transaction.atomic():
                    changed += bool(model._base_manager.update(**{column.name: text}))
            except DatabaseError:
                continue
    return changed


def pages_of(clients, path):
    """Return who reads what at an address: those who see most, and one of the others where neither may."""
    pages = []
    for who, client in clients.items():
        if who in OTHERS and any(status == 200 for _who, status, _page in pages):
            break
        answer = client.get(path)
        is_page = answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming
        pages.append((who, answer.status_code, answer.content.decode() if is_page else ""))
    return pages


class TestNastyNames:
    def test_show_as_themselves_on_every_page(self, made):
        shown, found = 0, {}
        with transaction.atomic():
            by_name, columns = objects_of(made), nasty()
            clients = {who: browser(who) for who in READERS}
            for address in addresses():
                for arguments in list(objects(by_name, address).values())[:2]:
                    pages = pages_of(clients, _path(address, arguments))
                    for who, status, page in pages:
                        if status >= 500 and status != 503:
                            found[address.name] = status
                        danger = Danger()
                        danger.feed(page)
                        if danger.found:
                            found[f"{who} {address.name}"] = danger.found
                        shown += bool(FINDS_PROBE.search(page))
            transaction.set_rollback(True)

        assert found == {}
        assert columns >= 8
        assert shown >= 8

    def test_would_be_found_if_a_page_believed_them(self):
        danger = Danger()
        danger.feed(f'<p>{NASTY}</p><a href=" javascript:x">x</a>')

        assert [each.split()[0] for each in danger.found] == ["xss-probe", "xss-probe", "a"]


class TestPage:
    def test_of_threats_names_tests_that_are_there(self):
        page = (PROJECT / "docs" / "reference" / "threats.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| (T\d\d) \|.*\| ([^|]+) \|$", page, re.MULTILINE)

        gone = []
        for threat, cell in rows:
            named = re.findall(r"`(tests/[\w/]+\.py)` (\w+)", cell)
            assert named, threat
            for path, test in named:
                text = (PROJECT / path).read_text(encoding="utf-8") if (PROJECT / path).is_file() else ""
                if f"def {test}(" not in text:
                    gone.append(f"{threat}: {path} {test}")
        asked = [*range(1, 27), *range(32, 35), *range(37, 41)]
        assert [threat for threat, _cell in rows] == [f"T{number:02}" for number in asked]
        assert gone == []
