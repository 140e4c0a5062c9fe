"""Replays of Halden's plans: what was paid comes out again, and the draft costs what the designer shows."""

from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from kamcomp.identity.models import User
from payouts.demo.figures import QUARTERS
from payouts.demo.representatives import REPRESENTATIVES
from payouts.models import Payout, Pool, ReplayPerson, Run
from payouts.selectors.replays import plan_replayed, reps_replayed
from payouts.services.replays import replay_make
from plans.models import PlanVersion
from scorecards.models import Transaction

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("halden"),
    pytest.mark.xdist_group("halden"),
]

CLOSED = QUARTERS[:4]
PLANS = ("GAG", "REN", "SEG")


def draft() -> PlanVersion:
    return PlanVersion.objects.get(plan__code="GAG", status="draft")


class TestReplayOfWhatWasInForce:
    @pytest.mark.parametrize("plan", PLANS)
    @pytest.mark.parametrize("quarter", CLOSED)
    def test_pays_what_was_paid_to_the_cent(self, plan, quarter):
        run = Run.objects.get(period__code=quarter, is_current=True)
        version = PlanVersion.objects.get(pk=run.chunks.get(plan_version__plan__code=plan).plan_version_id)

        found = plan_replayed(version=version, periods=[quarter], plans=[plan])

        paid = dict(Payout.objects.filter(run=run, plan_version=version).values_list("person_id", "amount"))
        assert {person: each.replayed for person, each in found.people.items()} == paid
        assert all(
            each.leaves and was == now for each in found.people.values() for was, now in each.leaves.values()
        )
        pools = Pool.objects.filter(run=run, plan_version=version)
        funded = {pool.account.node.code: pool.funded - pool.correction for pool in pools}
        assert {each.account: each.replayed for each in found.pools} == funded
        assert funded
        assert (found.problems, found.read_anew) == ([], set())


class TestReplayOfRepresentatives:
    def test_shows_the_one_whose_credit_the_manager_of_lindgren_shared(self):
        found = reps_replayed(version=draft())

        changes = {each.employee_id: each.paid - each.replayed for each in found.people.values()}
        assert [run.period.code for run in found.runs] == ["2025-H2", "2026-H1"]
        assert {rep for rep, change in changes.items() if change} == {"HC-3004"}
        lines = Transaction.objects.current().filter(
            node__code="LINDGREN-NORTH", date__gte="2026-04-01", date__lt="2026-07-01"
        )
        revenue = lines.aggregate(total=Sum("revenue"))["total"]
        rate = Decimal(REPRESENTATIVES[3].rate)
        assert abs(changes["HC-3004"] + revenue * rate / 4) < Decimal("0.01")
        assert found.problems == []

    def test_is_nothing_beside_the_plans_whose_managers_share_no_credit(self):
        for plan in ("SEG", "REN"):
            version = PlanVersion.objects.filter(plan__code=plan).order_by("-number").first()
            people = reps_replayed(version=version).people.values()
            assert len(people) == 6
            assert all(each.paid == each.replayed > 0 for each in people)


class TestReplayOfTheDraft:
    def test_on_everybody_costs_what_the_designer_shows_and_leaves_nobody_out(self):
        found = plan_replayed(version=draft(), periods=4, plans=PLANS)

        assert [run.period.code for run in found.runs] == list(CLOSED)
        assert sum(each.replayed for each in found.pools) == Decimal(1_043_280)
        assert found.read_anew == set(CLOSED)
        assert sum(each.replayed for each in found.people.values()) == Decimal(345_072)
        assert len(found.people) == 14
        assert found.problems == []

    def test_on_its_own_people_is_kept_with_winners_and_losers(self):
        maren = User.objects.get(username="maren.holt")

        replay = replay_make(version_id=draft().pk, by=maren, at=timezone.now())

        assert (replay.periods, replay.people_of) == (list(CLOSED), ["GAG"])
        assert replay.version_digest == draft().digest
        rows = ReplayPerson.objects.filter(replay=replay)
        assert rows.count() == replay.people == 8
        assert sum(row.difference for row in rows) == replay.replayed - replay.paid
        assert any(row.difference for row in rows)
        periods = replay.figures["periods"]
        assert sum(Decimal(each["pay"][1]) for each in periods.values()) == replay.replayed
        leaves = replay.figures["leaves"]
        assert sum(Decimal(now) for _was, now in leaves.values()) == replay.replayed
        assert [leaf for leaf, (was, now) in leaves.items() if was != now] == ["REV"]
