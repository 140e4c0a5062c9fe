"""Replays: the past under another plan, on what the runs kept, against what was paid."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import as_column
from kamcomp.identity.selectors import RoleMissing
from payouts.engine.replay import EDGES, Closed, change_bars, inputs_brought
from payouts.models import Payout, ReplayPerson
from payouts.selectors.replays import NothingToReplay, ReplayInAnotherCurrency, plan_replayed
from payouts.services.replays import NoSuchPlans, replay_make
from plans.engine.inputs import Balances, Calendar, Inputs, Period, Spans, Year
from plans.models import PlanVersion, Replay
from plans.selectors.pictures import picture_of_version
from tests.payouts.quarters import closed, quarters, sold

D = Decimal


class TestChangeBars:
    def test_puts_everybody_in_one_bar_or_among_the_unchanged(self):
        paid = [D(100), D(100), D(100), D(100), D(0), D(100)]
        replayed = [D(100), D(90), D(110), D(40), D(5), D(99)]

        bars, unchanged = change_bars(paid=paid, replayed=replayed)

        assert unchanged == 1
        assert [bar.people for bar in bars] == [1, 0, 1, 0, 1, 0, 0, 1, 0, 1]
        assert (bars[2].low, bars[2].high) == (D("-0.25"), D("-0.1"))

    @given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=30))
    def test_loses_nobody(self, pairs):
        bars, unchanged = change_bars(paid=[D(a) for a, _ in pairs], replayed=[D(b) for _, b in pairs])

        assert sum(bar.people for bar in bars) + unchanged == len(pairs)
        losers = sum(bar.people for bar in bars[: EDGES.index(D(0)) + 1])
        assert losers == sum(after < before for before, after in pairs)


class TestInputsBrought:
    NAMES = ("posted", "carried", "excess", "bank", "draw", "recoverable")

    def brought(self, closed_, *, year=2026, version="v1", **kept):
        balances = Balances(**{name: as_column([D(kept.get(name, 0))]) for name in self.NAMES})
        inputs = replace(_EMPTY, payees=("E1",), balances=balances)
        made = inputs_brought(inputs=inputs, before={"E1": closed_}, fiscal_year=year, version=version)
        return {name: getattr(made.balances, name)[0] for name in self.NAMES}

    def test_is_what_the_run_brought_where_the_replay_paid_the_same(self):
        same = {"posted": D(900), "carried": D(-5)}
        then = Closed(fiscal_year=2026, version="v1", paid=same, replayed=same)

        brought = self.brought(then, posted=1_000, carried=-5, recoverable=7)

        assert (brought["posted"], brought["carried"], brought["recoverable"]) == (1_000, -5, 7)

    def test_moves_by_what_the_replay_closes_differently(self):
        then = Closed(fiscal_year=2026, version="v1", paid={"posted": D(900)}, replayed={"posted": D(800)})

        assert self.brought(then, posted=1_000)["posted"] == 900  # 100 were corrected since, and stay
        assert self.brought(then, posted=100, version="v2")["posted"] == 900
        assert self.brought(then, posted=0, year=2027)["posted"] == 0


def _empty():
    period = Period("Q1", date(2026, 1, 1), date(2026, 4, 1))
    nothing = np.zeros(0, dtype=np.int64)
    money = as_column([])
    spans = Spans(row=nothing, since=nothing, until=nothing, target_incentive=money, base_salary=money, fte=money,
                  dedication=money, on_leave=np.zeros(0, dtype=bool))  # fmt: skip
    calendar = Calendar(years=(Year("2026", (period,)),), year=0, period=0)
    balances = Balances(**dict.fromkeys(TestInputsBrought.NAMES, as_column([])))
    return Inputs(calendar=calendar, stints=(), payees=(), payee=nothing, spans=spans, balances=balances)


_EMPTY = _empty()


@pytest.fixture
def past(db):
    """Two closed quarters of four people paid to date, the second worse than the first."""
    made = quarters(accumulation="year_to_date")
    for code, value in (("2026-Q1", "1200000"), ("2026-Q2", "700000")):
        sold(made, code, value)
        sold(made, code, value, account=1)
        closed(made, code)
    return made


def drafted(made, *, points=None, currency="EUR", **goal):
    document = json.loads(json.dumps(made.version.document))
    document["currency"] = currency
    leaf = document["incentive"]["children"][0]
    leaf |= goal
    if points:
        leaf["curve"]["points"] = points
    return PlanVersion.objects.create(
        plan=made.version.plan, number=2, valid=made.version.valid, document=document, digest="0" * 64,
        currency=currency, prepared_by=made.users["maren"],
    )  # fmt: skip


STEEPER = [["0.80", "0.50"], ["1.00", "1.00"], ["1.50", "3.00"]]


@pytest.mark.django_db
class TestPlanReplayed:
    def test_of_the_plan_in_force_is_what_was_paid_period_after_period(self, past):
        found = plan_replayed(version=past.version, periods=4, plans=["CROWD"])

        assert [run.period.code for run in found.runs] == ["2026-Q1", "2026-Q2"]
        paid = Payout.objects.filter(run__status="locked").values_list("person_id", "period__code", "amount")
        assert {(who, code): now for who, each in found.people.items() for code, (_w, now) in each.periods.items()} == {
            (who, code): amount for who, code, amount in paid
        }  # fmt: skip
        assert any(each.leaves.get("posted", (D(0),))[0] for each in found.people.values())
        assert [(each.period, each.paid == each.replayed) for each in found.pools] == [
            ("2026-Q1", True), ("2026-Q2", True),
        ]  # fmt: skip
        assert (found.problems, found.read_anew) == ([], set())

    def test_of_a_draft_goes_on_from_its_own_first_quarter(self, past):
        found = plan_replayed(version=drafted(past, points=STEEPER), periods=4, plans=["CROWD"])

        one = next(iter(found.people.values()))
        (paid, now), (_paid_then, later) = one.periods["2026-Q1"], one.periods["2026-Q2"]
        assert abs(now - paid * D("1.8") / D("1.4")) < D("0.02")  # 120 % pays 180 % where it paid 140 %
        to_date = Payout.objects.filter(period__code="2026-Q2", run__status="locked").first().due
        assert now + later == max(now, to_date)

    def test_reads_anew_what_no_run_kept(self, past):
        draft = drafted(past, accumulation="period")

        found = plan_replayed(version=draft, periods=["2026-Q2"], plans=["CROWD"])

        assert found.read_anew == {"2026-Q2"}
        assert all(each.periods["2026-Q2"][1] == 0 for each in found.people.values())  # 70 % pays nothing

    def test_names_whom_it_cannot_pay(self, past):
        found = plan_replayed(version=drafted(past, metric="XOWN"), periods=1, plans=["CROWD"])

        assert found.people == {}
        assert any(words.startswith("E00001, 2026-Q2: SALES reads XOWN") for words in found.problems)

    def test_refuses_without_a_past_or_in_another_currency(self, past):
        with pytest.raises(NothingToReplay, match="a first plan without history is simulated"):
            plan_replayed(version=past.version, periods=4, plans=["NOBODY"])
        with pytest.raises(NothingToReplay, match=r"2026-Q4: no locked run .* 2026-Q1, 2026-Q2"):
            plan_replayed(version=past.version, periods=["2026-Q4"], plans=["CROWD"])
        with pytest.raises(ReplayInAnotherCurrency, match="EUR, and the plan to replay pays in USD"):
            plan_replayed(version=drafted(past, currency="USD"), periods=1, plans=["CROWD"])

    def test_has_the_same_digest_again_and_another_under_another_plan(self, past):
        digests = [
            plan_replayed(version=past.version, periods=2, plans=["CROWD"]).result_digest for _ in "ab"
        ]

        other = plan_replayed(version=drafted(past, points=STEEPER), periods=2, plans=["CROWD"])
        assert digests[0] == digests[1] != other.result_digest


@pytest.mark.django_db
class TestReplayMake:
    def test_keeps_sums_people_and_what_it_is_of(self, past):
        draft = drafted(past, points=STEEPER)

        replay = replay_make(version_id=draft.pk, by=past.users["maren"], at=timezone.now())

        rows = list(ReplayPerson.objects.filter(replay=replay))
        assert len(rows) == replay.people == 4
        assert replay.replayed - replay.paid == sum(row.difference for row in rows) > 0
        assert replay.pools_replayed > replay.pools_paid > 0
        periods = replay.figures["periods"].values()
        assert sum(D(each["pay"][1]) for each in periods) == replay.replayed
        assert sum(D(now) for _was, now in replay.figures["leaves"].values()) == replay.replayed
        assert (replay.created_by, replay.periods) == (past.users["maren"], ["2026-Q1", "2026-Q2"])
        assert {row.account for row in rows} == {"Mer", "Gag"}

    def test_is_the_evidence_that_a_check_asks_for_as_long_as_the_draft_stays(self, past):
        draft = drafted(past)
        replay = replay_make(version_id=draft.pk, by=past.users["jonas"], at=timezone.now())
        PlanVersion.objects.filter(pk=draft.pk).update(digest=replay.version_digest)
        draft.refresh_from_db()

        evidence = picture_of_version(version=draft, on=timezone.localdate()).facts.evidence
        assert (evidence.closed_periods, evidence.replayed_periods) == (2, 2)

        draft.digest = "1" * 64
        changed = picture_of_version(version=draft, on=timezone.localdate()).facts.evidence
        assert (changed.closed_periods, changed.replayed_periods) == (2, 0)

    def test_is_refused_to_others_and_for_plans_there_are_not(self, past):
        with pytest.raises(RoleMissing, match="Replaying a plan"):
            replay_make(version_id=past.version.pk, by=past.users["anders"], at=timezone.now())
        with pytest.raises(NoSuchPlans, match="no plan ELSE"):
            replay_make(
                version_id=past.version.pk,
                by=past.users["maren"],
                at=timezone.now(),
                people_of=["ELSE", "CROWD"],
            )


@pytest.mark.django_db
class TestReplayCommand:
    def test_says_sums_and_who_gains_most(self, past):
        drafted(past, points=STEEPER)

        out = StringIO()
        call_command("payouts", "replay", "CROWD", "--by", "maren", "--show", "2", stdout=out)

        said = out.getvalue()
        assert "2026-Q1" in said
        assert "4 persons of 4 would be paid another amount in EUR." in said
        assert Replay.objects.get().version.number == 2

    def test_answers_json_and_refuses_in_a_sentence(self, past):
        out = StringIO()
        call_command(
            "payouts", "replay", "CROWD", "--by", "maren", "--periods", "2026-Q1", "--json", stdout=out
        )

        told = json.loads(out.getvalue())
        assert told["paid"] == told["replayed"]
        assert told["periods"]["2026-Q1"]["pay"][0] == told["periods"]["2026-Q1"]["pay"][1]
        with pytest.raises(CommandError, match="2026-Q3: no locked run"):
            call_command("payouts", "replay", "CROWD", "--by", "maren", "--periods", "2026-Q3")
