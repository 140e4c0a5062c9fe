"""Exceptions: requested, reviewed and decided by different people, ended by the clock, counted by plan and manager."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from kamcomp.identity.selectors import RoleMissing
from payouts.choices import ExceptionKind, ExceptionStatus
from payouts.models import PlanException
from payouts.selectors.exceptions import rates
from payouts.services import exceptions
from tests.payouts.books import locked
from tests.payouts.company import AT, calculated_run, company

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db):
    made = company()
    locked(made, calculated_run(made, amounts={"KAM": "6457.50", "PM": "1000.00"}))
    return made


def asked(made, *, by="ingrid", person="PM", **values):
    return exceptions.exception_request(
        **{
            "plan": made.plan,
            "person": made.people[person],
            "period": made.quarters["2026-Q3"],
            "kind": ExceptionKind.DEAL,
            "reason": "A multi-year deal that the plan does not know",
            "amount": D("74.57"),
            "currency": "EUR",
            "expires_on": date(2026, 12, 31),
            "by": made.user(by),
            "at": AT,
            **values,
        }
    )


def reviewed(made, exception, *, by="maren"):
    return exceptions.exception_review(exception_id=exception.pk, by=made.user(by), at=AT)


def decided(made, exception, *, by="anders", approve=True, words=""):
    return exceptions.exception_decide(
        exception_id=exception.pk, approve=approve, words=words, by=made.user(by), at=AT
    )


class TestExceptionRequest:
    @pytest.mark.parametrize(
        "values",
        [
            {"reason": " "},
            {"amount": D(0)},
            {"amount": D("0.001")},
            {"expires_on": AT.date() - timedelta(days=1)},
        ],
    )
    def test_is_whole(self, made, values):
        with pytest.raises(exceptions.ExceptionUnsound):
            asked(made, **values)

    def test_is_never_of_ones_own_pay(self, made):
        with pytest.raises(exceptions.OwnException, match="ingrid cannot ask"):
            asked(made, person="KAM")

    def test_is_not_a_payees(self, made):
        with pytest.raises(RoleMissing):
            asked(made, by="priya", person="KAM")


class TestExceptionDecide:
    def test_goes_through_three_people(self, made):
        exception = asked(made, by="jonas")
        with pytest.raises(exceptions.ExceptionMovedOn, match="is requested already"):
            decided(made, exception)
        with pytest.raises(exceptions.RequesterCannotDecide):
            reviewed(made, exception, by="jonas")
        reviewed(made, exception)
        with pytest.raises(exceptions.RequesterCannotDecide):
            decided(made, exception, by="jonas")

        assert decided(made, exception).status == ExceptionStatus.APPROVED

    def test_is_rejected_with_a_reason(self, made):
        exception = reviewed(made, asked(made))
        with pytest.raises(exceptions.ExceptionUnsound, match="Say why it is rejected"):
            decided(made, exception, approve=False)

        assert decided(made, exception, approve=False, words="Use the plan").decision == "Use the plan"

    def test_ends_by_itself_after_its_last_day(self, made):
        exception = decided(made, reviewed(made, asked(made)))

        assert exceptions.exceptions_expire(on=date(2026, 12, 31)) == 0
        assert exceptions.exceptions_expire(on=date(2027, 1, 1)) == 1
        exception.refresh_from_db()
        assert exception.status == ExceptionStatus.EXPIRED


class TestRates:
    def test_count_approved_exceptions_against_lines_and_money(self, made):
        asked(made)
        decided(made, reviewed(made, asked(made)))

        by_plan, by_manager = rates(year=2026, sees_pay=True)

        (row,) = by_plan
        assert (row.name, row.exceptions, row.lines) == (made.plan.name, 1, 2)
        assert (row.of_lines, row.amount, row.paid) == (D("0.5"), D("74.57"), D("7457.50"))
        assert abs(row.of_money * row.paid - row.amount) < D("1e-20")
        assert sum(each.exceptions for each in by_manager) == 1

    def test_tell_no_sums_of_fewer_than_five_people_to_who_does_not_see_pay(self, made):
        decided(made, reviewed(made, asked(made)))

        (row,) = rates(year=2026, sees_pay=False)[0]
        pages = {name: self.page(made, name) for name in ("anders", "maren")}

        assert (row.is_small, row.exceptions) == (True, 1)
        assert (row.amount, row.paid, row.of_lines, row.of_money) == (None,) * 4
        assert "Fewer than five people" in pages["anders"]
        assert "7,457.50" not in pages["anders"]
        assert "7,457.50" in pages["maren"]

    def page(self, made, name):
        client = Client()
        client.force_login(made.user(name))
        return client.get(reverse("payouts:exception-list")).content.decode()


class TestScreens:
    def browser(self, made, name):
        client = Client()
        client.force_login(made.user(name))
        return client

    def request(self, made, name="anders", **typed):
        data = {
            "person": made.people["PM"].pk, "plan": made.plan.pk, "period": made.quarters["2026-Q4"].pk,
            "kind": "deal", "amount": "74,57", "currency": "eur", "reason": "A deal", "precedent": "",
            "expires_on": "2099-12-31",
        }  # fmt: skip
        return self.browser(made, name).post(reverse("payouts:exception-request"), {**data, **typed})

    def act(self, made, name, act, **typed):
        url = reverse("payouts:exception-decide", args=[PlanException.objects.get().pk])
        return self.browser(made, name).post(url, {"act": act, **typed})

    def test_request_review_and_decide(self, made):
        self.request(made)
        self.act(made, "maren", "review")
        late = self.act(made, "jonas", "review")
        assert late.status_code == 409
        assert self.act(made, "jonas", "reject").status_code == 422

        self.act(made, "jonas", "approve", words="Once")

        exception = PlanException.objects.get()
        assert (exception.status, exception.amount, exception.currency) == ("approved", D("74.57"), "EUR")
        page = self.browser(made, "ada" if "ada" in made.users else "jonas").get(
            reverse("payouts:exception-list")
        )
        assert "By plan" in page.content.decode()

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"amount": "many"}, "“many” is not an amount"),
            ({"currency": "ZZZ"}, "ZZZ"),
            ({"reason": ""}, "required"),
        ],
    )
    def test_keep_what_was_typed(self, made, typed, words):
        answer = self.request(made, **typed)

        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert ("A deal" in answer.content.decode()) is ("reason" not in typed)

    def test_give_their_rates_as_a_file(self, made):
        decided(made, reviewed(made, asked(made)))
        url = reverse("payouts:exception-list")
        answers = {
            name: self.browser(made, name).get(url, {"rates": "plans", "format": "csv"})
            for name in ("maren", "anders")
        }
        files = {
            name: b"".join(answer.streaming_content).decode("utf-8-sig") for name, answer in answers.items()
        }

        assert f"{made.plan.name},1,2,0.5,74.57" in files["maren"]
        assert f"{made.plan.name},1,2,,,," in files["anders"]  # the sums of fewer than five people

    def test_are_not_there_for_others(self, made):
        self.request(made)
        url = reverse("payouts:exception-show", args=[PlanException.objects.get().pk])

        assert [self.browser(made, name).get(url).status_code for name in ("ingrid", "priya")] == [404, 404]
        assert self.request(made, "priya").status_code == 404
        assert self.act(made, "priya", "approve").status_code == 404

    def test_cost_a_bounded_number_of_queries(self, made, django_assert_max_num_queries):
        counts = []
        for rows in (1, 12):
            while PlanException.objects.count() < rows:
                self.request(made)
            jonas = self.browser(made, "jonas")
            with django_assert_max_num_queries(12) as captured:
                jonas.get(reverse("payouts:exception-list"))
            counts.append(len(captured))

        assert counts[0] == counts[1]
