"""Scorecards that are kept: opened with their metrics, made final once their figures are, and then untouched."""

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.identity.choices import Role
from kamcomp.identity.selectors import RoleMissing
from kamcomp.identity.services import user_make
from scorecards.models import Metric, Result, ScorecardLine, Target
from scorecards.selectors.scorecard import scorecard, scorecards_kept
from scorecards.services import (
    ScorecardEmpty,
    ScorecardIsFinal,
    ScorecardNotSettled,
    ScorecardThere,
    scorecard_choose,
    scorecard_finalise,
    scorecard_open,
)
from tests.imports.company import lock

pytestmark = pytest.mark.django_db
QUARTER = "2026-Q4"
AT = datetime(2027, 1, 12, 9, tzinfo=UTC)


@pytest.fixture
def made(company):
    company.subject = {"subject": company.nodes["GAG"], "period": company.periods[QUARTER]}
    company.invoice("2026-10-05", "600000")
    company.result("M01", window="period")
    Target.objects.create(
        metric=Metric.objects.get(code="M01"), node=company.nodes["GAG"], days=company.periods[QUARTER].days,
        value=Decimal(750_000), currency="EUR",
    )  # fmt: skip
    return company


def opened(made, *metrics):
    return scorecard_open(**made.subject, metrics=metrics, by=made.maren, at=AT)


def settle(made):
    """Take the period behind its last day, and compute its results again."""
    for status in (PeriodStatus.OPEN, PeriodStatus.COLLECTING):
        period = made.periods[QUARTER]
        period.refresh_from_db()
        if period.status != status:
            period.status = status
            period.save(update_fields=["status"])
    made.periods[QUARTER].refresh_from_db()
    made.result("M01", window="period")


class TestScorecardOpen:
    def test_holds_the_usual_metrics_or_those_named(self, made):
        usual = [line.metric for line in scorecard(**made.subject).lines]

        card = opened(made)

        assert sorted(card.lines.values_list("metric__code", flat=True)) == sorted(usual)
        shown = scorecard_choose(scorecard_id=card.pk, metrics=["M06", "M01"], by=made.maren, at=AT)
        assert [line.metric for line in scorecard(**made.subject).lines] == ["M01", "M06"]
        assert scorecard(**made.subject).uncovered == ("growth", "customer", "internal")
        assert scorecards_kept(period=made.periods[QUARTER]) == [shown]

    def test_is_one_a_subject_and_period(self, made):
        opened(made)

        with pytest.raises(ScorecardThere, match="Scorecard of GAG, 2026-Q4 is there already: it is open"):
            opened(made)

    def test_names_a_metric_nobody_knows(self, made):
        with pytest.raises(ScorecardEmpty, match="There is no metric M99"):
            opened(made, "M01", "M99")
        with pytest.raises(ScorecardEmpty, match="would hold no metric"):
            scorecard_open(subject=made.people["E1"], period=made.periods[QUARTER], by=made.maren, at=AT)

    def test_is_for_compensation_admins_and_finance(self, made):
        ken = user_make(username="ken", roles=[Role.KAM], since=AT.date(), by=None)

        with pytest.raises(
            RoleMissing, match="Opening a scorecard is for Compensation admin or Finance; ken does not"
        ):
            scorecard_open(**made.subject, by=ken, at=AT)


class TestScorecardFinalise:
    def test_waits_for_the_cut_off_and_for_every_result(self, made):
        card = opened(made, "M01", "M06")

        with pytest.raises(ScorecardNotSettled, match="can still change: 2026-Q4 is (future|open)"):
            scorecard_finalise(scorecard_id=card.pk, by=made.maren, at=AT)
        settle(made)
        with pytest.raises(ScorecardNotSettled, match="there is no result yet of M06"):
            scorecard_finalise(scorecard_id=card.pk, by=made.maren, at=AT)

    def test_writes_the_figures_down_for_good(self, made):
        card = opened(made, "M01")
        settle(made)

        scorecard_finalise(scorecard_id=card.pk, by=made.maren, at=AT)

        line = ScorecardLine.objects.get()
        assert (line.target, line.actual, line.attainment) == (750_000, 600_000, Decimal("0.8"))
        assert (line.currency, line.state) == ("EUR", "Final")
        made.invoice("2026-11-05", "90000")
        made.result("M01", window="period")
        assert Result.objects.current().get(metric__code="M01", window="period").value == 690_000
        (shown,) = scorecard(**made.subject).lines
        assert (shown.result, shown.attainment, scorecard(**made.subject).status) == (
            600_000, Decimal("0.8"), "final",
        )  # fmt: skip
        with pytest.raises(ScorecardIsFinal, match="is final and stays as it is"):
            scorecard_choose(scorecard_id=card.pk, metrics=["M06"], by=made.maren, at=AT)
        with pytest.raises(ScorecardIsFinal):
            scorecard_finalise(scorecard_id=card.pk, by=made.maren, at=AT)

    def test_takes_a_locked_period_as_it_is(self, made):
        card = opened(made, "M01", "M06")
        lock(made.periods[QUARTER])

        scorecard_finalise(scorecard_id=card.pk, by=made.maren, at=AT)

        states = dict(card.lines.values_list("metric__code", "state"))
        assert states["M06"] == "no result yet"


class TestCommands:
    def test_open_choose_list_show_and_finalise(self, made):
        def said(act, *words):
            output = StringIO()
            of = [] if act == "scorecards" else ["--account", "GAG"]
            call_command("metrics", act, "--period", QUARTER, *of, *words, stdout=output)
            return output.getvalue()

        with pytest.raises(CommandError, match="`metrics scorecard-open` makes one"):
            said("scorecard-finalise", "--by", "maren")
        assert "open, with 8 metrics" in said("scorecard-open", "--by", "maren")
        assert "open, with 1 metrics" in said("scorecard-choose", "--metric", "M01", "--by", "maren")
        assert "This scorecard is open." in said("scorecard")
        settle(made)
        assert "final." in said("scorecard-finalise", "--by", "maren")
        assert "Final" in said("scorecards")
        assert "This scorecard is final." in said("scorecard")
