"""Period after period: each run opens with what the last locked one closed with. Worked figures of the field."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from payouts.choices import LedgerAccount, RunStatus
from payouts.models import LedgerEntry, Payout, Run
from payouts.selectors.rederived import payout_explain
from payouts.services.adjustments import adjustment_approve
from payouts.services.approvals import run_approve
from payouts.services.late_facts import late_facts
from payouts.services.locks import run_lock
from payouts.services.reviews import run_review
from payouts.services.run_work import run_look
from payouts.services.runs import PeriodLocked, run_request
from payouts.services.verify import verify_period
from scorecards.models import Credit, Target, Transaction
from teams.models import PayPackage
from tests.payouts.crowd import Crowd, crowd, document, final

D = Decimal
QUARTERS = ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4")
K = {"points": [["0.85", "0.50"], ["1.00", "1.00"], ["1.10", "1.50"], ["1.20", "2.00"]]}
pytestmark = pytest.mark.django_db(transaction=True)


def closed(made: Crowd, code: str) -> Run:
    """Run a quarter and lock it, a few days after its last."""
    period, at = made.periods[code], in_time(made, code)
    run = run_request(period=period, by=made.users["maren"], at=at)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.CALCULATED, run.error
    run_review(run_id=run.pk, by=made.users["anders"], at=at)
    run_approve(run_id=run.pk, by=made.users["jonas"], at=at)
    return run_lock(run_id=run.pk, by=made.users["jonas"], at=at)


def paid(made: Crowd) -> list[Payout]:
    """Close the four quarters and return the payouts of the first person, in order."""
    runs = [closed(made, code) for code in QUARTERS]
    payouts = [Payout.objects.get(run=run, person=made.people[0]) for run in runs]
    for run, payout in zip(runs, payouts, strict=True):
        assert [finding.sentence for finding in verify_period(period=run.period).findings] == []
        assert payout.amount == sum(line.amount for line in payout.lines.all())
        assert payout_explain(payout=payout).equal
    return payouts


def in_time(made: Crowd, code: str) -> datetime:
    """Return a moment a few days after a quarter's last."""
    until = made.periods[code].days.upper
    return datetime.combine(until + timedelta(days=20), datetime.min.time(), tzinfo=UTC)


def credited(made: Crowd, code: str, revenue: str, *, name: str = "T") -> None:
    line = Transaction.objects.create(
        source_id=f"{name}-{code}", date=made.periods[code].days.lower, node=made.accounts[0].node, revenue=D(revenue),
        currency="EUR",
    )  # fmt: skip
    Credit.objects.create(source_id=line.source_id, person=made.people[0])


def commission(**payment) -> dict:
    leaf = {"code": "COM", "kind": "commission", "tiers": [{"from": "0", "rate": "1"}]}
    return document(incentive={"weight": "1", "children": []}, commissions=[leaf], payment=payment)


class TestYearToDate:
    def test_pays_what_is_due_to_date_less_what_was_posted(self):
        goal = {
            "code": "SALES", "weight": "1", "kind": "goal", "metric": "XSALES", "curve": K,
            "accumulation": "year_to_date", "interim_cap": "1.00",
        }  # fmt: skip
        made = crowd(1, plan=document(incentive={"weight": "1", "children": [goal]}), code="2026-Q1")
        PayPackage.objects.update(variable_target=D(30_000))
        Target.objects.filter(metric__code="XSALES").update(superseded_at=datetime(2026, 1, 2, tzinfo=UTC))
        for code, attained in zip(QUARTERS, ("225000", "500000", "712500", "1012500"), strict=True):
            node, period = made.accounts[0].node, made.periods[code]
            Target.objects.create(
                metric=made.metrics["XSALES"], node=node, days=period.days, value=250_000, currency="EUR"
            )
            final(
                metric=made.metrics["XSALES"], period=period, node=node, value=D(attained), currency="EUR",
                window="year_to_date",
            ).save()  # fmt: skip

        payouts = paid(made)

        assert [payout.amount for payout in payouts] == [D("5000"), D("10000"), D("3750"), D("13125")]
        assert [payout.posted_before for payout in payouts] == [D(0), D("5000"), D("15000"), D("18750")]
        assert payouts[-1].due == D("31875")


class TestCarried:
    def test_a_negative_is_carried_and_worked_off(self):
        made = crowd(1, plan=commission())
        for code, earned in zip(QUARTERS, ("7500", "7500", "-1000", "7000"), strict=True):
            credited(made, code, earned)

        payouts = paid(made)

        assert [payout.amount for payout in payouts] == [D("7500"), D("7500"), D("0"), D("6000")]
        assert [payout.carried for payout in payouts] == [D(0), D(0), D("-1000"), D(0)]


class TestDraw:
    def test_a_recoverable_draw_is_paid_back_from_what_is_earned_above_it(self):
        made = crowd(1, plan=commission(draw={"amount": "1500", "recoverable": True, "recovery_rate": "1"}))
        for code, earned in zip(QUARTERS, ("500", "1800", "3200", "2000"), strict=True):
            credited(made, code, earned)

        payouts = paid(made)

        assert [payout.amount for payout in payouts] == [D("1500"), D("1500"), D("2500"), D("2000")]
        assert [payout.closing for payout in payouts] == [{"draw": "1000.00"}, {"draw": "700.00"}, {}, {}]


class TestLocked:
    def test_a_locked_period_is_not_run_again(self):
        made = crowd(1, plan=commission())
        credited(made, "2026-Q1", "100")
        run = closed(made, "2026-Q1")

        with pytest.raises(PeriodLocked, match="becomes an adjustment in the open period"):
            run_request(period=run.period, by=made.users["maren"], at=datetime(2026, 5, 1, tzinfo=UTC))

    def test_a_cent_changed_by_the_owner_is_named_in_payout_and_ledger(self, owner_sql):
        made = crowd(2, plan=commission())
        credited(made, "2026-Q1", "100")
        run = closed(made, "2026-Q1")
        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute("UPDATE payouts_payout SET amount = amount + 0.01 WHERE amount > 0")

        sentences = [finding.sentence for finding in verify_period(period=run.period).findings]

        payout = f"a payout ({Payout.objects.get(run=run, amount__gt=0).pk})"
        assert sentences == [
            "E00001, CROWD v1, payout: amount stored 100.01, derived 100.00 (+0.01 EUR).",
            f"Run {run}: the total stored is 100.00 EUR, its payouts sum to 100.01.",
            f"E00001: the ledger has 100 EUR on expense for {payout}, 100.01 follows (-0.01 EUR).",
            f"E00001: the ledger has -100 EUR on payable for {payout}, -100.01 follows (+0.01 EUR).",
        ]


class TestHoldback:
    def test_releases_what_was_held_back_in_instalments(self):
        held = {"share": "0.20", "periods": 1, "instalments": ["0.60", "0.40"]}
        made = crowd(1, plan=commission(holdback=held), code="2026-Q1")
        credited(made, "2026-Q1", "7500")
        credited(made, "2026-Q2", "7500")

        payouts = paid(made)

        assert [p.amount for p in payouts] == [D("6000.00"), D("6900.00"), D("1500.00"), D("600.00")]
        banked = LedgerEntry.objects.filter(account=LedgerAccount.BANK).order_by("pk")
        assert [entry.amount for entry in banked] == [-1500, -1500, 900, 1500, 600]
        assert [p.closing for p in payouts[1:]] == [
            {"held_1": "1500.00", "held_2": "600.00"},
            {"held_1": "600.00"},
            {},
        ]

    def test_of_a_late_fact_is_held_back_and_released_with_the_corrections_of_those_periods(self):
        held = {"share": "0.20", "periods": 1, "instalments": ["0.60", "0.40"]}
        made = crowd(1, plan=commission(holdback=held), code="2026-Q1")
        credited(made, "2026-Q1", "7500")
        closed(made, "2026-Q1")
        credited(made, "2026-Q1", "1000", name="LATE")

        corrections = []
        for code in ("2026-Q2", "2026-Q3", "2026-Q4"):
            found = late_facts(period=made.periods[code], by=made.users["maren"], at=timezone.now())
            for adjustment in found.proposed:
                adjustment_approve(adjustment_id=adjustment.pk, by=made.users["jonas"], at=timezone.now())
                corrections.append((code, adjustment.corrects_period.code, adjustment.amount))
            closed(made, code)

        # A fifth of the 1,000 is held: 120 belong to the second quarter, 80 to the third.
        assert corrections == [
            ("2026-Q2", "2026-Q1", D("800")),
            ("2026-Q3", "2026-Q2", D("120")),
            ("2026-Q4", "2026-Q3", D("80")),
        ]
        assert sum(Payout.objects.values_list("amount", flat=True)) == 7500


class TestForgivenDraw:
    def test_leaves_the_draws_and_is_borne_as_pay(self):
        draw = {"amount": "1500", "recovery_end": 2, "at_end": "forgiven"}
        made = crowd(1, plan=commission(draw=draw), code="2026-Q1")
        credited(made, "2026-Q1", "500")
        credited(made, "2026-Q2", "1200")

        payouts = [Payout.objects.get(run=closed(made, code)) for code in QUARTERS[:2]]

        assert [p.amount for p in payouts] == [1500, 1500]
        draws = LedgerEntry.objects.filter(account=LedgerAccount.DRAW).order_by("pk")
        assert [entry.amount for entry in draws] == [1000, -1000]
        expense = LedgerEntry.objects.filter(account=LedgerAccount.EXPENSE, payout=payouts[1])
        assert sum(entry.amount for entry in expense) == 1200 + 1300
