"""
Commission on cash, on booking, payment, renewal and year end, and on contract value, in real runs.

The deal of the golden case: 120,000 under a contract of 300,000, booked and half paid in
the first quarter, the rest in the second; a quarter of it bounces in the third, when the
contract is renewed, and is paid in the fourth.
"""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from psycopg2.extras import DateRange

from payouts.engine.calculator import calculate
from payouts.intake.cases import case_read
from payouts.models import Adjustment, Payout, Run, RunProblem
from payouts.services import late_facts as services
from payouts.services.approvals import run_approve
from payouts.services.diff import runs_diff
from payouts.services.locks import run_lock
from payouts.services.reviews import run_review
from payouts.services.verify import verify_run
from scorecards.models import Collection, Contract, Transaction
from tests.payouts.crowd import Crowd, crowd, document
from tests.payouts.quarters import after
from tests.payouts.test_run_inputs import invoice, problem, run_of

D = Decimal
GOLDEN = Path(__file__).parents[1] / "golden"
PLAN = json.loads((GOLDEN / "plans" / "cash.json").read_text())
QUARTERS = tuple(f"2026-Q{number}" for number in (1, 2, 3, 4))
pytestmark = pytest.mark.django_db(transaction=True)


def company(*commissions, **changes) -> Crowd:
    """Make one person on a plan of commissions, and the quarters of a year."""
    leaves = list(commissions) or PLAN["commissions"]
    plan = document(incentive={"weight": "1", "children": []}, commissions=leaves, **changes)
    return crowd(1, plan=plan, code="2026-Q1", achieved=False)


def earned_on(event: str, **leaf):
    """Return a commission of 10 % earned on one event."""
    shares = [{"event": event, "share": "1"}]
    return {
        "code": "COM",
        "kind": "commission",
        "earned_on": shares,
        "tiers": [{"from": "0", "rate": "0.1"}],
    } | leaf


def collected(line: Transaction, on: date, amount: str, *, name: str = "") -> Collection:
    return Collection.objects.create(
        source_id=line.source_id, collection_id=name or f"P{Collection.objects.count() + 1}", collected_on=on,
        amount=D(amount), currency=line.currency,
    )  # fmt: skip


def contract(made: Crowd, name: str, value: str, **fields) -> Contract:
    return Contract.objects.create(
        contract_id=name, node=made.accounts[0].node, value=D(value), currency="EUR",
        **{"start_on": date(2026, 2, 1), "end_on": date(2026, 12, 31), **fields},
    )  # fmt: skip


def deal(made: Crowd, revenue="120000", *, on: date | None = date(2026, 2, 20), source_id="INV-1", **fields):
    line = invoice(made, on or date(2026, 1, 1), revenue, to=None)
    Transaction.objects.filter(pk=line.pk).update(superseded_at=_now())
    line.pk, line.source_id, line.date = None, source_id, on
    for name, value in fields.items():
        setattr(line, name, value)
    line.save(force_insert=True)
    made.people[0].credits.create(source_id=source_id, line=line.line, share=1, credit_type="direct")
    return line


def the_golden_deal(made: Crowd) -> Transaction:
    contract(made, "K1", "300000")
    contract(
        made,
        "K2",
        "310000",
        start_on=date(2027, 1, 1),
        end_on=None,
        renewed_from="K1",
        signed_on=date(2026, 9, 15),
    )
    line = deal(made, booked_on=date(2026, 2, 10), contract_id="K1")
    for on, amount in (
        (date(2026, 3, 3), "60000"),
        (date(2026, 5, 12), "60000"),
        (date(2026, 8, 1), "-30000"),
        (date(2026, 10, 9), "30000"),
    ):
        collected(line, on, amount)
    return line


def locked(made: Crowd, code: str) -> Run:
    """Run a quarter and take it to closed books."""
    run, at = run_of(made, made.periods[code]), after(made, code)
    run_review(run_id=run.pk, by=made.users["anders"], at=at)
    run_approve(run_id=run.pk, by=made.users["jonas"], at=at)
    return run_lock(run_id=run.pk, by=made.users["jonas"], at=at)


def paid(made: Crowd, code: str) -> Decimal:
    run = run_of(made, made.periods[code])
    assert [each.message for each in run.problems.all()] == []
    return Payout.objects.get(run=run).amount


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    return moment


class TestGoldenDeal:
    def test_pays_in_runs_what_the_calculator_pays(self):
        made = company()
        the_golden_deal(made)
        answer = calculate(case_read(path=GOLDEN / "cases" / "cash.json"))
        by_hand = [D("7800.00"), D("2400.00"), D("0.00"), D("1200.00")]

        got = []
        for code in QUARTERS:
            run = locked(made, code)
            got.append(Payout.objects.get(run=run))
            assert not verify_run(run=run).findings

        assert [payout.amount for payout in got] == by_hand
        assert got[2].carried == D("-600.00")
        calculated = [each["people"][0] for each in answer["payouts"]]
        assert [D(each["payout"]) for each in calculated] == by_hand
        assert [[line.amount for line in payout.lines.order_by("number")] for payout in got] == [
            [D(line["amount"]) for line in each["lines"]] for each in calculated
        ]


class TestPayment:
    def test_reaches_the_lines_of_an_invoice_in_proportion(self):
        made = company(earned_on("payment"))
        first, second = deal(made, "900"), deal(made, "100", line=2)
        assert second.source_id == first.source_id
        collected(first, date(2026, 3, 1), "250")

        assert paid(made, "2026-Q1") == D("25.00")

    def test_in_thirds_comes_to_the_whole(self):
        made = company(earned_on("payment", accumulation="year_to_date"))
        line = deal(made, "100")
        for day in (1, 2, 3):
            collected(line, date(2026, 3, day), "33.333333")
        collected(line, date(2026, 3, 4), "0.000001")

        assert paid(made, "2026-Q1") == D("10.00")

    def test_of_a_source_that_says_nothing_of_collections_is_missing(self):
        made = company(earned_on("payment"))
        line = deal(made, "900")

        assert "reads payment of erp/INV-1/1/E00001/direct, which has none" in problem(run_of(made)).message

        collected(line, date(2026, 3, 1), "0")
        assert paid(made, "2026-Q1") == D("0.00")

    def test_of_an_invoice_of_nothing_is_made_on_its_day(self):
        made = company(earned_on("payment"))
        deal(made, "500"), deal(made, "-500", line=2)
        other = deal(made, "50", source_id="INV-2")
        collected(other, date(2026, 3, 1), "50")

        assert paid(made, "2026-Q1") == D("5.00")

    def test_belongs_to_whom_the_plan_holds_on_the_day_it_comes(self):
        made = company(earned_on("payment"))
        made.people[0].assignments.update(valid=DateRange(date(2026, 1, 1), date(2026, 3, 10)))
        line = deal(made, "1000")
        collected(line, date(2026, 3, 9), "400")
        collected(line, date(2026, 3, 10), "600")

        assert paid(made, "2026-Q1") == D("40.00")

    def test_of_a_deal_is_paid_at_the_rate_and_cap_of_the_whole_deal(self):
        tiers = [{"from": "0", "rate": "0.01"}, {"from": "1000", "rate": "0.02"}]
        made = company(earned_on("payment", per="deal", reading="whole_amount", deal_cap="150", tiers=tiers))
        small, large = deal(made, "1000"), deal(made, "9000", source_id="INV-2")
        collected(small, date(2026, 3, 1), "400")
        collected(large, date(2026, 3, 1), "2250"), collected(large, date(2026, 3, 31), "2250")

        assert paid(made, "2026-Q1") == D("83.00")  # 20 x 0.4 + 150 x 0.5

    def test_does_not_count_again_what_another_commission_counts_on_the_deals_day(self):
        plain = {"code": "PLAIN", "kind": "commission", "tiers": [{"from": "0", "rate": "0.01"}]}
        made = company(plain, earned_on("payment"))
        line = deal(made, "1000")
        collected(line, date(2026, 5, 1), "1000")

        first = locked(made, "2026-Q1")

        assert Payout.objects.get(run=first).amount == D("10.00")
        assert paid(made, "2026-Q2") == D("100.00")

    def test_late_moves_the_period_it_belongs_to(self):
        made = company(earned_on("payment"))
        line = deal(made, "1000")
        collected(line, date(2026, 3, 1), "500")
        locked(made, "2026-Q1")
        collected(line, date(2026, 3, 31), "100")

        found = services.late_facts(
            period=made.periods["2026-Q2"], by=made.users["maren"], at=after(made, "2026-Q2")
        )

        correction = Adjustment.objects.get()
        assert (found.proposed, correction.amount) == ([correction], D("10"))
        assert "reached: payment 0.5 → " in correction.reason
        assert "reached: payment 0.6" in correction.reason

    def test_restated_is_a_difference_between_runs(self):
        made = company(earned_on("payment"))
        line = deal(made, "1000")
        part = collected(line, date(2026, 3, 1), "500")
        first = run_of(made)
        Collection.objects.filter(pk=part.pk).update(superseded_at=_now())
        collected(line, date(2026, 3, 1), "700", name=part.collection_id)
        second = run_of(made)

        (change,) = runs_diff(old=first, new=second)

        assert (change.old, change.new) == (D("50.00"), D("70.00"))
        assert any("payment 0.7" in reason for reason in change.reasons)


class TestOtherEvents:
    def test_a_booking_counts_before_there_is_an_invoice(self):
        made = company(earned_on("booking"))
        deal(made, "1000", on=None, booked_on=date(2026, 3, 30))

        assert paid(made, "2026-Q1") == D("100.00")

    def test_an_invoice_counts_on_its_day_and_not_when_it_was_booked(self):
        made = company(earned_on("invoice"))
        deal(made, "1000", on=date(2026, 4, 2), booked_on=date(2026, 3, 30))

        assert paid(made, "2026-Q1") == D("0.00")
        locked(made, "2026-Q1")
        assert paid(made, "2026-Q2") == D("100.00")

    def test_a_renewal_counts_the_day_it_is_signed_else_the_day_it_begins(self):
        made = company(earned_on("renewal"))
        contract(made, "K1", "1"), contract(made, "K3", "1")
        deal(made, "1000", contract_id="K1"), deal(made, "200", source_id="INV-2", contract_id="K3")
        contract(made, "K2", "1", renewed_from="K1", signed_on=date(2026, 3, 1), start_on=date(2026, 7, 1))
        contract(made, "K4", "1", renewed_from="K3", start_on=date(2026, 3, 31))

        assert paid(made, "2026-Q1") == D("120.00")

    def test_a_renewal_under_notice_is_none(self):
        made = company(earned_on("renewal"))
        contract(made, "K1", "1")
        deal(made, "1000", contract_id="K1")
        renewal = {"renewed_from": "K1", "signed_on": date(2026, 3, 1)}
        contract(made, "K2", "1", notice_on=date(2026, 3, 31), **renewal)

        assert paid(made, "2026-Q1") == D("0.00")

    def test_a_contract_nobody_knows_is_named(self):
        made = company(earned_on("renewal", base="contract_value"))
        deal(made, "1000", contract_id="K9")

        run = run_of(made)

        assert {each.code for each in RunProblem.objects.filter(run=run)} == {"credit_incomplete"}
        assert "erp/INV-1/1/E00001/direct" in RunProblem.objects.filter(run=run).first().message

    def test_the_year_end_counts_for_every_deal_of_its_year(self):
        made = company(earned_on("year_end"))
        deal(made, "1000"), deal(made, "500", on=date(2026, 12, 31), source_id="INV-2")

        assert paid(made, "2026-Q4") == D("150.00")

    def test_the_value_of_a_contract_counts_once_with_its_first_line(self):
        made = company(
            {
                "code": "TCV",
                "kind": "commission",
                "base": "contract_value",
                "tiers": [{"from": "0", "rate": "0.01"}],
            }
        )
        contract(made, "K1", "300000")
        deal(made, "10", contract_id="K1"), deal(made, "20", source_id="INV-0", contract_id="K1")
        deal(made, "70", source_id="INV-9")

        assert paid(made, "2026-Q1") == D("3000.00")

    def test_to_date_is_the_sum_of_its_periods(self):
        made = company(earned_on("payment", accumulation="year_to_date"))
        line = deal(made, "1000")
        collected(line, date(2026, 3, 1), "500"), collected(line, date(2026, 6, 30), "300")

        locked(made, "2026-Q1")

        assert paid(made, "2026-Q2") == D("30.00")

    def test_rates_tell_deal_kinds_apart(self):
        rates = [{"deal_kind": "new", "tiers": [{"from": "0", "rate": "0.05"}]}]
        made = company(
            {"code": "COM", "kind": "commission", "rates": rates, "tiers": [{"from": "0", "rate": "0.01"}]}
        )
        deal(made, "1000", deal_kind="new"), deal(made, "1000", source_id="INV-2")

        assert paid(made, "2026-Q1") == D("60.00")
