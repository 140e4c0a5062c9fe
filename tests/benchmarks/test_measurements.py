"""Measurements run on a company of eighty, and write their tables where the last ones stood."""

import logging
from collections.abc import Iterator

import pytest

from benchmarks import change, engine, trace, whole_run
from benchmarks.__main__ import MEASUREMENTS
from benchmarks.company import COMPANY_NODE, GOALS, company_found, company_make
from benchmarks.harness import Asked, Figure, at_least, at_most, page_put, spread
from payouts.models import Payout, PayoutLine
from scorecards.models import Result
from teams.models import AccountNode, Membership

TINY = Asked(people=80, pairs=1)


@pytest.fixture(autouse=True)
def quiet_for_this_test_only() -> Iterator[None]:
    """Let the tests that come after in this process log again: a measurement silences its process."""
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def small(monkeypatch, transactional_db, owner_sql):
    """A company of eighty in the test's own database, where measurements then stay."""
    company_make(people=TINY.people)
    for module in (change, trace, whole_run):
        monkeypatch.setattr(module, "database_of", lambda **_size: None)
    return company_found()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
class TestMeasurements:
    def test_the_company_has_teams_of_eight_with_a_kam(self, small):
        assert AccountNode.objects.exclude(code=COMPANY_NODE).count() == TINY.people // 8
        assert Membership.objects.filter(seat="kam").count() == TINY.people // 8
        assert Result.objects.filter(person=None).count() == 1 + 4 * (TINY.people // 8)

    def test_a_run_pays_everybody_a_line_a_goal(self, small):
        run = whole_run.run_once()

        assert Payout.objects.filter(run=run).count() == TINY.people
        assert PayoutLine.objects.filter(payout__run=run).count() == TINY.people * len(GOALS)

    def test_the_one_statement_pays_what_the_run_pays(self, small):
        whole_run.run_once()
        paid = sorted(PayoutLine.objects.values_list("leaf", "actual", "payout_ratio"))

        assert whole_run.one_statement() > 0
        assert len(paid) == TINY.people * len(GOALS)

    def test_the_run_and_its_floor(self, small):
        figures = {figure.what: figure for figure in whole_run.measure(TINY)}

        assert figures["rows written"].value == "80 payouts, 480 lines"
        assert figures["run / bare COPY, by the clock"].reached is not None

    def test_a_change_reaches_its_team_and_nobody_else(self, small):
        assert all(figure.reached is not False for figure in change.measure(TINY))

    def test_a_trace_equals_what_is_stored(self, small):
        assert trace.measure(TINY)[0].goal == "at most 50"


class TestEngine:
    def test_tells_three_rates(self):
        assert [figure.what.partition(",")[0] for figure in engine.measure(Asked(people=200, pairs=1))] == [
            "tree"
        ] * 3


class TestPage:
    def test_a_table_takes_the_place_of_the_last_one(self, tmp_path):
        page = tmp_path / "performance.md"
        page.write_text("# Performance\n\nWords.\n")
        for value in ("1", "2"):
            page_put(
                name="engine",
                title="Engine",
                about="Rates.",
                figures=[Figure(what="rate", value=value)],
                page=page,
            )

        text = page.read_text()
        assert "| rate | 2 |" in text
        assert "| rate | 1 |" not in text
        assert text.startswith("# Performance\n\nWords.\n")

    def test_a_goal_is_reached_or_missed(self):
        assert at_most("time", [1.0, 1.4, 9.0], 1.5).reached
        assert not at_least("rate", [1.0, 1.2, 9.0], 1.4).reached

    def test_a_spread_is_median_smallest_largest(self):
        assert spread([3.0, 1.0, 2.0]) == "2.00 (1.00 to 3.00)"

    def test_every_measurement_says_what_it_is(self):
        for name in MEASUREMENTS:
            module = __import__(f"benchmarks.{name}", fromlist=["measure"])
            assert module.TITLE
            assert module.ABOUT.format(people="80")
            assert callable(module.measure)
