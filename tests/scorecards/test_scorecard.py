"""The balanced scorecard: four perspectives, targets, results and attainments; never a weight."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from scorecards.catalogue import PRESET
from scorecards.models import Metric, Target
from scorecards.selectors.scorecard import scorecard
from teams.choices import Perspective

pytestmark = pytest.mark.django_db
QUARTER = "2026-Q4"


@pytest.fixture
def card(company):
    def agreed(metric, value, currency=""):
        Target.objects.create(
            metric=Metric.objects.get(code=metric),
            node=company.nodes["GAG"],
            days=company.periods[QUARTER].days,
            value=Decimal(value),
            currency=currency,
        )

    company.invoice("2026-10-05", "400000")
    company.invoice("2026-11-05", "410000.50")
    company.result("M01", window="period")
    agreed("M01", "750000", "EUR")
    agreed("M06", "0.80")
    agreed("M12", "0.05")
    return scorecard(subject=company.nodes["GAG"], period=company.periods[QUARTER])


def line(card, metric):
    [found] = [line for line in card.lines if line.metric == metric]
    return found


class TestScorecard:
    def test_holds_result_against_target_as_by_hand(self, card):
        revenue = line(card, "M01")

        assert (revenue.target, revenue.result) == (Decimal(750_000), Decimal("810000.50"))
        assert round(revenue.attainment, 10) == Decimal("1.0800006667")

    def test_shows_every_metric_of_the_preset_by_perspective(self, card):
        for perspective, codes in PRESET.items():
            assert set(codes) <= {line.metric for line in card.of(perspective)}

        assert [line.perspective for line in card.lines] == sorted(
            (line.perspective for line in card.lines), key=Perspective.values.index
        )

    def test_says_why_there_is_no_attainment(self, card):
        assert line(card, "M04").because == "no target"
        assert line(card, "M06").status == "no result yet"
        assert (line(card, "M12").attainment, line(card, "M12").target) == (None, Decimal("0.05"))

    def test_names_the_perspectives_nobody_set_a_target_for(self, card):
        assert card.uncovered == ("growth", "internal")

    def test_of_a_person_shows_what_was_agreed_with_them(self, company):
        Target.objects.create(
            metric=Metric.objects.get(code="M01"),
            person=company.people["E1"],
            days=company.periods[QUARTER].days,
            value=Decimal(100),
            currency="EUR",
        )

        card = scorecard(subject=company.people["E1"], period=company.periods[QUARTER])

        assert [(line.metric, line.result, line.status) for line in card.lines] == [
            ("M01", None, "no result yet")
        ]


class TestScorecardCommand:
    def test_prints_the_card(self, card):
        output = StringIO()

        call_command("metrics", "scorecard", "--period", QUARTER, "--account", "GAG", stdout=output)

        assert "1.080001" in output.getvalue()
        assert "Without a target: growth, internal." in output.getvalue()

    def test_names_an_account_that_is_not_there(self, company):
        with pytest.raises(CommandError, match="There is no account NOWHERE"):
            call_command("metrics", "scorecard", "--period", QUARTER, "--account", "NOWHERE")
