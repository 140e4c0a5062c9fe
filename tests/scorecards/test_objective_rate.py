"""Ratings of objectives: the fixed scale, someone else's judgement, and the earlier one kept."""

from decimal import Decimal

import pytest

from scorecards.models import ObjectiveRating
from scorecards.services import ObjectiveNotAgreed, RatingNotOnScale, RatingOfOwn, objective_rate
from teams.models import AccountObjective, StrategicAccount
from tests.scorecards.conftest import Company, day

pytestmark = pytest.mark.django_db

D = Decimal


@pytest.fixture
def objective(company: Company) -> AccountObjective:
    return AccountObjective.objects.create(
        account=StrategicAccount.objects.get(node__code="GAG"), code="O1", owner=company.people["E1"],
        statement="Win the second plant", weight="1", due_on=day("2026-12-31"), status="agreed",
    )  # fmt: skip


def rate(company: Company, objective: AccountObjective, rating: str, evidence: str = "minutes of 3 May"):
    return objective_rate(
        objective=objective,
        period=company.periods["2026-Q4"],
        rating=D(rating),
        evidence=evidence,
        by=company.maren,
        at=company.tick(),
    )


class TestObjectiveRate:
    def test_keeps_the_earlier_rating(self, company, objective):
        first = rate(company, objective, "1")
        second = rate(company, objective, "1.25")

        first.refresh_from_db()
        assert first.superseded_at == second.recorded_at
        assert ObjectiveRating.objects.current().get().rating == D("1.25")
        assert company.result("M14", person="E1").value == D("1.25")

    def test_changes_nothing_when_it_is_said_again(self, company, objective):
        assert rate(company, objective, "0.5").pk == rate(company, objective, "0.5").pk
        assert rate(company, objective, "0.5", "another page").evidence == "another page"
        assert ObjectiveRating.objects.count() == 2

    def test_refuses_what_is_not_on_the_scale(self, company, objective):
        with pytest.raises(
            RatingNotOnScale, match="O1: a rating is one of 0, 50, 100, 125, 150 %, not 110.00 %"
        ):
            rate(company, objective, "1.10")

        assert not ObjectiveRating.objects.exists()

    def test_refuses_the_owner(self, company, objective):
        company.people["E1"].user = company.maren
        company.people["E1"].save()
        objective.refresh_from_db()

        with pytest.raises(RatingOfOwn, match="O1 is an objective of your own"):
            rate(company, objective, "1.5")

    @pytest.mark.parametrize("status", ["draft", "dropped"])
    def test_refuses_what_was_never_agreed(self, company, objective, status):
        objective.status = status
        objective.save()

        with pytest.raises(ObjectiveNotAgreed, match=f"O1 is {status}; agree on it before it is rated"):
            rate(company, objective, "1")
