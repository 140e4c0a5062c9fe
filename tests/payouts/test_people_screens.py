"""People in the browser: the list, one person by day, packages decided by two, and what is shown to whom."""

import html
import re
from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse

from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from teams.choices import PackageStatus
from teams.models import Employment, PayPackage, Person, PersonDetails
from teams.services import package_propose, people_erase_due
from tests.payouts.company import START, D, company

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture
def made(db):
    found = company()
    found.users["sigrid"] = user_make(username="sigrid", roles=[Role.HR_LEGAL], since=START, by=None)
    return found


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def show(made, whom, name="maren", **query):
    url = reverse("payouts:person-show", args=[made.people[whom].pk])
    return browser(made, name).get(url, {"as_of": "2026-09-01", **query})


def proposing(**values):
    return {
        "since": "2026-12-01", "base_salary": "80.000,00", "variable_target": "20,000.00", "pool_target": "0",
        "long_term_target": "0", "ceiling": "", "currency": "eur", **values,
    }  # fmt: skip


def proposed(made, whom="PM", by="maren"):
    return package_propose(
        person=made.people[whom], since=date(2026, 12, 1), base_salary=D(80000), currency="EUR",
        by=made.user(by), at=NOW,
    )  # fmt: skip


class TestPersonList:
    def test_finds_people_and_what_is_missing_of_them(self, made):
        maren, url = browser(made, "maren"), reverse("payouts:person-list")
        PersonDetails.objects.filter(person=made.people["CSR"]).update(payroll_number="")

        everybody = maren.get(url, {"as_of": "2026-07-01"}).content.decode()
        lacking = maren.get(url, {"lacks": "payroll_number"}).content.decode()
        unemployed = maren.get(url, {"lacks": "employment", "as_of": "2026-09-01"}).content.decode()

        assert everybody.count("Halden") >= 7
        assert "=CSR Doe" in lacking
        assert "=PM Doe" not in lacking
        assert "=KEN Doe" in unemployed
        assert "=PM Doe" not in unemployed

    def test_shows_a_kam_the_team_and_nothing_of_their_pay(self, made):
        page = browser(made, "ingrid").get(reverse("payouts:person-list")).content.decode()

        assert "=PM Doe" in page
        assert page.count("Halden") == 1  # only her own employment
        assert "No payroll number" not in page

    def test_is_not_there_for_payees(self, made):
        assert browser(made, "priya").get(reverse("payouts:person-list")).status_code == 404

    def test_costs_the_same_queries_at_two_sizes(self, made, django_assert_max_num_queries):
        client = browser(made, "maren")
        for size in (1, 30):
            Person.objects.bulk_create(Person(employee_id=f"X{size}-{number}") for number in range(size))
            with django_assert_max_num_queries(5):
                client.get(reverse("payouts:person-list"))


class TestPersonShow:
    def test_shows_what_holds_on_the_day(self, made):
        PayPackage.objects.filter(person=made.people["KAM"]).update(variable_target=15000)

        page = show(made, "KAM").content.decode()

        assert "€75,000.00" in page
        assert "80% : 20%" in page
        assert "Growth" in page
        assert "P-KAM" in page

    @pytest.mark.parametrize(("name", "whom"), [("ingrid", "PM"), ("anders", "PM"), ("ingrid", "KAM")])
    def test_shows_payroll_numbers_to_nobody_else(self, made, name, whom):
        page = show(made, whom, name).content.decode()

        assert "Doe" in page
        assert f"P-{whom}" not in page
        assert "Payroll number" not in page
        assert ("€60,000.00" in page) == (whom == "KAM")

    def test_of_another_is_not_there(self, made):
        assert show(made, "CSR", "priya").status_code == 404
        made.people["KAM"].user = None
        made.people["KAM"].save()
        assert show(made, "CSR", "ingrid").status_code == 404

    def test_says_that_personal_fields_are_erased(self, made):
        PersonDetails.objects.filter(person=made.people["CSR"]).update(retain_until=date(2026, 8, 1))
        people_erase_due(at=NOW)

        page = show(made, "CSR").content.decode()

        assert "Erased on 1 Sep 2026" in page
        assert "<h1>CSR" in page

    def test_costs_few_queries(self, made, django_assert_max_num_queries):
        client = browser(made, "maren")

        with django_assert_max_num_queries(9):
            client.get(reverse("payouts:person-show", args=[made.people["PM"].pk]))


class TestPackagePropose:
    def test_is_in_force_once_a_second_person_approved(self, made):
        maren, url = browser(made, "maren"), reverse("payouts:package-propose", args=[made.people["PM"].pk])
        page = maren.post(url, proposing(), follow=True).content.decode()
        package = PayPackage.objects.get(status=PackageStatus.PROPOSED)
        approve = reverse("payouts:package-approve", args=[package.pk])

        assert (package.base_salary, package.variable_target, package.currency) == (D(80000), D(20000), "EUR")
        assert "It waits for a second person" in page
        assert approve not in page
        assert "a second person approves it" in maren.post(approve, follow=True).content.decode()
        assert "Approved: in force" in browser(made, "sigrid").post(approve, follow=True).content.decode()
        package.refresh_from_db()
        assert package.status == PackageStatus.APPROVED

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"base_salary": "much"}, "is not an amount"),
            ({"currency": "XYZ"}, "XYZ"),
            ({"last_day": "2026-11-01"}, "The last day is not before the first."),
            ({"since": ""}, "This field is required"),
        ],
    )
    def test_refuses_and_keeps_what_was_typed(self, made, typed, words):
        url = reverse("payouts:package-propose", args=[made.people["PM"].pk])

        answer = browser(made, "maren").post(url, proposing(variable_target="12.345,67", **typed))

        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert 'value="12.345,67"' in answer.content.decode()
        assert not PayPackage.objects.filter(status=PackageStatus.PROPOSED).exists()

    def test_can_be_taken_back(self, made):
        package = proposed(made)

        browser(made, "maren").post(reverse("payouts:package-withdraw", args=[package.pk]))

        assert not PayPackage.objects.filter(pk=package.pk).exists()

    def test_is_for_compensation_admins_and_hr(self, made):
        url = reverse("payouts:package-propose", args=[made.people["PM"].pk])

        for name in ("jonas", "ingrid", "anders"):
            assert browser(made, name).get(url).status_code == 404
        assert browser(made, "sigrid").get(url).status_code == 200


class TestPersonalPut:
    def test_puts_the_missing_number(self, made):
        url = reverse("payouts:personal-put", args=[made.people["CSR"].pk])

        browser(made, "maren").post(
            url, {"payroll_number": "P-77", "email": "", "retain_until": "2036-01-01"}
        )

        details = PersonDetails.objects.get(person=made.people["CSR"])
        assert (details.payroll_number, details.retain_until) == ("P-77", date(2036, 1, 1))

    def test_refuses_another_ones_number_and_keeps_it_typed(self, made):
        url = reverse("payouts:personal-put", args=[made.people["CSR"].pk])

        answer = browser(made, "maren").post(url, {"payroll_number": "P-PM", "email": ""})

        assert answer.status_code == 422
        assert 'value="P-PM"' in answer.content.decode()
        assert "another person" in answer.content.decode()


class TestEmployments:
    def url(self, made, name, whom="PM"):
        employment = Employment.objects.filter(person=made.people[whom]).order_by("valid").last()
        return reverse(f"payouts:person-employment-{name}", args=[employment.pk])

    def typed(self, client, url, **values):
        form = client.get(url, {"as_of": "2026-09-01"}).context["form"]
        told = {name: form[name].value() for name in form.fields}
        return {name: "" if value is None else value for name, value in {**told, **values}.items()}

    def spans(self, made, whom="PM"):
        rows = Employment.objects.filter(person=made.people[whom]).order_by("valid")
        return [(one.span.since, one.span.last, one.fte, one.status) for one in rows]

    def test_changes_from_a_day_on_and_is_undone(self, made):
        client, url = browser(made, "sigrid"), self.url(made, "change")
        before = self.spans(made)

        answer = client.post(url, self.typed(client, url, since="2026-10-01", fte="80"), follow=True)

        page = answer.content.decode()
        assert "is changed from 1 Oct 2026" in page
        assert [row[2] for row in self.spans(made)] == [D(1), D("0.8")]
        assert self.spans(made)[0][1] == date(2026, 9, 30)
        undo = re.search(r'action="([^"]*/employments/undo[^"]*)"', page)[1]
        assert "Undone" in client.post(html.unescape(undo), follow=True).content.decode()
        assert self.spans(made) == before
        assert (
            "no longer as this edit left them"
            in client.post(html.unescape(undo), follow=True).content.decode()
        )

    def test_ends_and_the_person_is_a_leaver_until_one_begins(self, made):
        client, url = browser(made, "maren"), self.url(made, "end")

        client.post(url, self.typed(client, url, last_day="2026-09-30", reason="Retired"))

        assert self.spans(made)[-1][1:] == (date(2026, 9, 30), D(1), "ended")
        assert Person.objects.get(pk=made.people["PM"].pk).status == "leaver"
        begin = reverse("payouts:person-employment-begin", args=[made.people["PM"].pk])
        client.post(begin, self.typed(client, begin, since="2027-01-01", fte="50"))
        assert self.spans(made)[-1] == (date(2027, 1, 1), None, D("0.5"), "active")
        assert Person.objects.get(pk=made.people["PM"].pk).status == "active"

    def test_refuses_and_keeps_what_was_typed(self, made):
        client = browser(made, "maren")
        begin = reverse("payouts:person-employment-begin", args=[made.people["PM"].pk])

        answer = client.post(begin, self.typed(client, begin, since="2026-09-01", employer="Halden West"))
        strange = client.post(begin, self.typed(client, begin, jurisdiction="Norway", payroll_currency="XYZ"))

        assert answer.status_code == strange.status_code == 422
        assert "has another employment on one of the days" in answer.content.decode()
        assert 'value="Halden West"' in answer.content.decode()
        assert "Type the country, or a part of it" in strange.content.decode()

    def test_is_not_changed_by_whom_it_pays(self, made):
        Person.objects.filter(pk=made.people["PM"].pk).update(user=made.user("sigrid"))
        client, url = browser(made, "sigrid"), self.url(made, "end")

        answer = client.post(url, self.typed(client, url, last_day="2026-09-30", reason="Retired"))

        assert "ask a colleague" in answer.content.decode()

    def test_lays_mine_beside_theirs(self, made):
        client, url = browser(made, "maren"), self.url(made, "change")
        mine = self.typed(client, url, since="2026-10-01", fte="80")
        Employment.objects.filter(person=made.people["PM"]).update(fte=D("0.9"))

        answer = client.post(url, mine)

        page = answer.content.decode()
        assert answer.status_code == 409
        assert all(share in page for share in ("100%", "80%", "90%"))
        assert len(self.spans(made)) == 1

    def test_of_a_stranger_or_for_a_reader_is_not_there(self, made):
        for name in ("jonas", "ingrid", "priya"):
            assert browser(made, name).get(self.url(made, "change")).status_code == 404
        undo = reverse("payouts:person-employment-undo", args=[made.people["PM"].pk])
        assert browser(made, "maren").post(f"{undo}?edit=forged").status_code == 404


class TestPersonPlace:
    def url(self, made, name="PM"):
        return reverse("payouts:person-place-put", args=[made.people[name].pk])

    def typed(self, client, url, **told):
        form = client.get(url).context["form"]
        return {"manager": "", "cost_centre": "", "seen": form["seen"].value()} | told

    def test_is_changed_and_put_back(self, made):
        client, url = browser(made, "maren"), self.url(made)

        page = client.post(url, self.typed(client, url, manager="CSR", cost_centre="CC9"), follow=True)

        person = Person.objects.get(pk=made.people["PM"].pk)
        assert (person.manager_id, person.cost_centre) == (made.people["CSR"].pk, "CC9")
        undo = html.unescape(re.search(r'action="([^"]*/place/undo[^"]*)"', page.content.decode())[1])
        client.post(undo)
        person.refresh_from_db()
        assert (person.manager_id, person.cost_centre) == (
            made.people["PM"].manager_id,
            made.people["PM"].cost_centre,
        )

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"manager": "nobody of ours"}, "Nobody of this name or employee id is here."),
            ({"manager": "KEN"}, "reports to"),
            ({"cost_centre": "C" * 41}, "at most 40 characters"),
        ],
    )
    def test_refuses_and_keeps_what_was_typed(self, made, typed, words):
        Person.objects.filter(pk=made.people["KEN"].pk).update(manager=made.people["PM"])
        client, url = browser(made, "maren"), self.url(made)

        answer = client.post(url, self.typed(client, url, **{"cost_centre": "kept", **typed}))

        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert f'value="{typed.get("cost_centre", "kept")}"' in answer.content.decode()

    def test_lays_mine_beside_theirs(self, made):
        client, url = browser(made, "maren"), self.url(made)
        mine = self.typed(client, url, manager="CSR", cost_centre="MINE")
        Person.objects.filter(pk=made.people["PM"].pk).update(cost_centre="THEIRS")

        answer = client.post(url, mine)

        assert answer.status_code == 409
        assert all(f">{words}<" in answer.content.decode() for words in ("MINE", "THEIRS"))
        assert 'value="CSR"' in answer.content.decode()

    def test_is_for_who_keeps_people(self, made):
        for name in ("jonas", "ingrid", "priya"):
            assert browser(made, name).get(self.url(made)).status_code == 404
        stranger = reverse("payouts:person-place-put", args=[made.account.pk])
        assert browser(made, "maren").get(stranger).status_code == 404
