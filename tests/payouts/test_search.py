"""Searching: everything with a name that the reader may see, nothing of anybody else's, whatever is typed."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kamcomp.identity.models import User
from kamcomp.visibility import viewer_of
from payouts.selectors.search import KINDS, found, words_of
from teams.models import Person, PersonDetails
from tests.visibility.two_teams import reviewed, two_teams

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    return reviewed(two_teams())


def names(username, typed):
    viewer = viewer_of(user=User.objects.get(username=username), on=timezone.localdate())
    return {find.name for kind in found(words=words_of(typed), viewer=viewer) for find in kind.finds}


def page(username, typed=""):
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client.get(reverse("search"), {"q": typed})


def crowd(size):
    start = Person.objects.count()
    for number in range(start, start + size):
        person = Person.objects.create(employee_id=f"C{number}")
        PersonDetails.objects.create(person=person, legal_name=f"Crowd {number}")


class TestSearch:
    def test_finds_by_parts_of_names_in_any_order(self, made):
        account = made.account.node.name

        assert any(account in name for name in names("maren", account[:4].lower()))
        assert names("maren", "zzzz") == set()

    def test_shows_what_was_found_with_where_it_leads(self, made):
        run = made.run

        shown = page("maren", run.period.code).content.decode()

        assert reverse("payouts:run-show", args=[run.pk]) in shown
        assert f'value="{run.period.code}"' in shown

    def test_finds_the_pages_of_the_reader(self, made):
        assert (
            f'href="{reverse("payouts:run-list")}"'
            in page("maren", "runs").content.decode().split('id="found"')[1]
        )
        assert "payouts/run" not in page("sofia", "period runs").content.decode().split('id="found"')[1]

    @pytest.mark.parametrize("username", ["paul", "sofia"])
    def test_finds_nothing_of_strangers(self, made, username):
        stranger = made.first.account.node
        for typed in (stranger.name, stranger.code, "Ingrid"):
            assert not {name for name in names(username, typed) if stranger.name in name or "Ingrid" in name}

    def test_never_matches_a_payroll_number_or_an_address(self, made):
        PersonDetails.objects.filter(person=made.people["sofia"]).update(
            payroll_number="PAYROLL-77", email="hidden@halden.example"
        )

        assert names("maren", "PAYROLL-77") == names("maren", "hidden@halden") == set()
        assert any("Sofia" in name for name in names("maren", "sofia"))

    @pytest.mark.parametrize("typed", ["%%", "__", "' OR 1=1 --", "<script>alert(1)</script>", "a" * 5000])
    def test_takes_whatever_is_typed_as_words(self, made, typed):
        answer = page("maren", typed)

        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()
        assert names("maren", typed) == set()

    def test_asks_for_more_than_one_letter(self, made):
        assert "at least two" in page("maren", "a").content.decode()
        assert "looking for" in page("maren").content.decode()

    def test_says_that_nothing_was_found(self, made):
        assert "Nothing found" in page("maren", "zzzz").content.decode()

    def test_tells_eight_of_a_kind_and_costs_the_same_queries_with_more(
        self, made, django_assert_max_num_queries
    ):
        client = Client()
        client.force_login(User.objects.get(username="maren"))
        crowd(3)
        with django_assert_max_num_queries(16):
            client.get(reverse("search"), {"q": "Crowd"})
        crowd(30)
        with django_assert_max_num_queries(16):
            client.get(reverse("search"), {"q": "Crowd"})

        viewer = viewer_of(user=User.objects.get(username="maren"), on=timezone.localdate())
        (people,) = [kind for kind in found(words=["Crowd"], viewer=viewer) if kind.kind == KINDS[0][0]]
        assert (len(people.finds), people.more) == (8, True)

    def test_sends_a_visitor_to_sign_in(self, made, client):
        assert client.get(reverse("search"), {"q": "maren"}).status_code == 302
