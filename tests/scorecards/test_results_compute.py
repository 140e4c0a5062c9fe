"""Results of a period from stored facts: every metric, every subject, and what happens when a fact changes."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.currency.models import FxRate
from kamcomp.policy.models import PolicySetting
from scorecards.choices import ResultStatus, Window
from scorecards.engine.library import LIBRARY, MetricUnknown
from scorecards.engine.rates import RateMissing
from scorecards.models import (
    AccountPnl,
    Contract,
    InventoryLevel,
    Metric,
    ObjectiveRating,
    Opportunity,
    Result,
    SurveyResponse,
    Target,
    Transaction,
    WalletEstimate,
)
from scorecards.selectors import ConventionUnknown, results_believed
from scorecards.services import CurrencyUnknown, ResultsNewer, results_compute
from teams.models import AccountObjective, Membership, PayPackage, Segment, StrategicAccount
from tests.scorecards.conftest import Company, day, days

pytestmark = pytest.mark.django_db

D = Decimal


def percent(result: Result) -> Decimal:
    """Return the value times a hundred, cut to the two decimals the worked figures have."""
    assert result.value is not None, result.note
    return (result.value * 100).quantize(D("0.01"))


def respond(
    company: Company, survey: str, scores: dict[int, int], *, group: str = "customer", **values
) -> None:
    SurveyResponse.objects.bulk_create(
        SurveyResponse(
            response_id=f"R{next(company.numbers)}",
            survey=survey,
            node=company.nodes["GAG-DE"],
            date=day("2026-05-05"),
            score=score,
            respondent_group=group,
            recorded_at=company.clock,
            **values,
        )
        for score, times in scores.items()
        for _ in range(times)
    )


def agree(company: Company, code: str, value: str, first: str, last: str | None, **values) -> Contract:
    return Contract.objects.create(
        contract_id=code,
        node=company.nodes[values.pop("node", "GAG")],
        start_on=day(first),
        end_on=day(last) if last else None,
        value=D(value),
        currency="EUR",
        recorded_at=company.clock,
        **values,
    )


def state_pnl(
    company: Company, first: str, last: str, revenue: str, cogs: str, direct: str, **values
) -> AccountPnl:
    return AccountPnl.objects.create(
        node=company.nodes[values.pop("node", "GAG")],
        days=days(first, last),
        revenue=D(revenue),
        cogs=D(cogs),
        direct_cost=D(direct),
        currency="EUR",
        recorded_at=company.clock,
        **values,
    )


class TestMetricLibrary:
    def test_ships_every_metric_in_every_reading(self):
        assert set(Metric.objects.values_list("code", flat=True)) == set(LIBRARY)
        assert Metric.objects.get(code="M12").direction == "lower"
        assert Metric.objects.get(code="M24").level == "account"


class TestRevenue:
    def test_is_added_over_the_tree_by_window(self, company):
        company.invoice("2026-01-15", "7000000")
        company.invoice("2026-05-05", "6000000", node="GAG-DE")
        company.invoice("2026-12-31", "-400000", node="GAG-US")
        company.invoice("2026-05-05", "123", node="OTHER")

        assert company.result("M01").value == D("12600000")
        assert company.result("M01", node="GAG-DE").value == D("6000000")
        assert company.result("M01", period="2026-Q2", window=Window.PERIOD).value == D("6000000")
        assert company.result("M01", period="2026-Q2", window=Window.YEAR_TO_DATE).value == D("13000000")
        assert company.result("M01", window=Window.MULTI_YEAR).currency == "EUR"

    def test_is_credited_to_people_with_overlay_apart(self, company):
        split = [("E1", "split", "0.6"), ("E2", "split", "0.4"), ("E3", "overlay", "1")]
        company.invoice("2026-02-01", "1000.50", credited=split)
        company.invoice("2026-03-01", "10", credited=[("E1", "direct", "1")])

        assert company.result("M01", person="E1").value == D("610.30")
        assert company.result("M01", person="E3").value == 0
        assert company.result("M01.overlay", person="E3").value == D("1000.50")
        assert company.result("M01").value == D("1010.50")

    def test_lies_in_a_segment_by_line_product_or_account(self, company):
        company.nodes["GAG-US"].segment = company.segments["ENERGY"]
        company.nodes["GAG-US"].save()
        company.invoice("2026-02-01", "5", node="GAG-US", product="P1")
        company.invoice("2026-02-01", "7", node="GAG-US", segment="AUTO")
        company.invoice("2026-02-01", "11", node="GAG-DE", product="P1")

        assert company.result("M01", segment="ENERGY").value == D("5")
        assert company.result("M01", segment="AUTO").value == D("7")
        assert company.result("M01", segment="PUMPS").value == D("16")

    def test_of_the_company_is_read_at_the_node_that_stands_for_it(self, company):
        PolicySetting.objects.create(
            key="company.node", value="THIRD", valid=days("2026-01-01", "2030-01-01")
        )
        company.segments["EMEA"] = Segment.objects.create(code="EMEA", name="EMEA", kind="region")
        company.nodes["GAG"].region = "EMEA"
        company.nodes["GAG"].save()
        company.invoice("2026-11-01", "5", node="GAG-US")
        company.invoice("2026-11-01", "7", node="OTHER")

        assert company.result("M01", node="THIRD").value == D("12")
        assert company.result("M01", node="THIRD", segment="EMEA").value == D("5")

    def test_of_several_years_begins_where_it_is_told(self, company):
        for on in ("2024-05-05", "2025-05-05", "2026-05-05"):
            company.invoice(on, "10")

        assert company.result("M01", window=Window.MULTI_YEAR).value == D("30")
        assert company.result("M01", window=Window.MULTI_YEAR, years=2).value == D("20")
        assert company.result("M01", window=Window.MULTI_YEAR, since=day("2025-05-06")).value == D("10")

    def test_converts_at_the_years_plan_rates(self, company):
        for rate_set, on, target, rate in (
            ("plan", "2025-12-01", "USD", "1.08"),
            ("plan", "2024-12-01", "USD", "1.5"),
            ("plan", "2026-06-01", "USD", "2"),
            ("plan", "2026-01-01", "JPY", "160"),
            ("average", "2026-01-01", "USD", "3"),
        ):
            FxRate.objects.create(
                rate_set=rate_set, rate_date=day(on), from_currency="EUR", to_currency=target, rate=rate,
                recorded_at=company.clock,
            )  # fmt: skip
        company.invoice("2026-01-05", "4000000")
        company.invoice("2026-08-05", "5400000", currency="USD")
        company.invoice("2026-03-05", "300000000", currency="JPY")
        company.invoice("2025-03-05", "5400000", currency="USD")

        assert company.result("M01").value == D("10875000")
        assert company.result("M02").value == D("1.175")  # 10.875 on 5.0, both at the rates of 2026

    def test_refuses_a_currency_without_a_rate(self, company):
        company.invoice("2026-01-05", "1", currency="USD")

        with pytest.raises(RateMissing, match="no plan rate between USD and EUR"):
            company.result("M01")

    def test_refuses_a_person_without_a_currency(self, company):
        company.invoice("2026-01-05", "1")

        with pytest.raises(CurrencyUnknown, match="E1 has no approved pay package in 2026-Q4"):
            company.result("M01", person="E1", currency="")


class TestMetricsFromSales:
    def test_growth(self, company):
        company.invoice("2025-06-01", "12000000")
        company.invoice("2026-06-01", "12600000")

        grown = company.result("M02")

        assert percent(grown) == D("5.00")
        assert (grown.numerator, grown.denominator) == (D("600000"), D("12000000"))

    def test_growth_on_nothing_is_told_and_not_paid(self, company):
        company.invoice("2025-06-01", "1", node="OTHER")
        company.invoice("2026-06-01", "600")

        assert company.result("M02").status == ResultStatus.MISSING
        assert company.result("M02").note.startswith("not measurable: revenue_prior_same_perimeter is 0")
        assert company.result("M02.absolute").value == D("600")

    def test_margin_of_sales_needs_every_cost(self, company):
        company.invoice("2026-02-01", "200", cost="150")
        company.invoice("2026-02-02", "100", cost="120", node="OTHER")
        assert percent(company.result("M03.of_sales")) == D("25.00")

        company.invoice("2026-02-01", "1")
        assert company.result("M03.of_sales").status == ResultStatus.MISSING

    def test_cross_sell_and_new_families(self, company):
        company.invoice("2025-05-01", "10", product="P1")
        company.invoice("2026-05-01", "30", product="V1")
        company.invoice("2026-06-01", "12", product="V2")

        assert percent(company.result("M10")) == D("50.00")
        assert company.result("M10.new_families").value == D("42")

    def test_up_sell_takes_prices_apart(self, company):
        company.invoice("2025-05-01", "9500000", product="P1", quantity=95000)
        company.invoice("2026-05-01", "10824000", product="P1", quantity=98400)
        company.invoice("2026-05-01", "777", product="V1", quantity=1)

        # 1,324,000 more, of which 984,000 is price: 340,000 on 9,500,000
        assert percent(company.result("M11")) == D("3.58")

    def test_churn_of_lines(self, company):
        company.invoice("2025-05-01", "9820000", product="P1")
        company.invoice("2025-05-01", "180000", product="V1")
        company.invoice("2026-05-01", "1", product="P1")

        assert percent(company.result("M12")) == D("50.00")
        assert percent(company.result("M12.value")) == D("1.80")

    def test_repeat_orders_by_site(self, company):
        company.invoice("2025-12-01", "5", node="GAG-DE", source_id="A")
        company.invoice("2026-02-01", "5", node="GAG-DE", source_id="B")
        company.invoice("2026-02-01", "5", node="GAG-DE", source_id="B", line=2)
        company.invoice("2026-03-01", "5", node="GAG-US", source_id="C")
        company.invoice("2026-03-05", "5", node="GAG-US", source_id="D")
        company.invoice("2026-03-09", "-5", node="GAG-US", source_id="E")

        repeat = company.result("M15")

        assert (repeat.numerator, repeat.denominator) == (2, 3)

    def test_price_hold(self, company):
        company.invoice("2025-05-01", "20000", product="P1", quantity=200)
        company.invoice("2025-05-01", "150000", product="V1", quantity=3000)
        company.invoice("2026-05-01", "51000", product="P1", quantity=500)
        company.invoice("2026-05-01", "49000", product="V1", quantity=1000)

        assert company.result("M17").value == 1

    def test_new_families_and_divisions_with_a_first_order_of_the_minimum(self, company):
        PolicySetting.objects.create(
            key="metrics.order_minimum", value="1000", valid=days("2026-01-01", "2030-01-01")
        )
        company.invoice("2024-05-01", "5000", node="GAG-DE", product="P1")
        company.invoice("2026-05-01", "5000", node="GAG-DE", product="V1")
        company.invoice("2026-05-01", "600", node="GAG-US", product="P1", source_id="X")
        company.invoice("2026-05-01", "400", node="GAG-US", product="P1", source_id="X", line=2)

        assert company.result("M22.families").value == 2
        assert company.result("M23").value == 1

    def test_a_counting_rule_nobody_knows_is_refused(self, company):
        PolicySetting.objects.create(
            key="metrics.minimum_order", value="1000", valid=days("2026-01-01", "2030-01-01")
        )
        company.invoice("2026-05-01", "5000")

        with pytest.raises(ConventionUnknown, match=r"metrics\.minimum_order = '1000' cannot be read"):
            company.result("M01")


class TestMetricsFromProfitAndInventory:
    def test_margin_contribution_and_their_change(self, company):
        state_pnl(company, "2026-01-01", "2026-06-30", "6300000", "4410000", "700000")
        state_pnl(company, "2026-07-01", "2026-12-31", "6300000", "4410000", "800000")
        state_pnl(company, "2025-01-01", "2025-12-31", "12000000", "8640000", "1400000")

        assert percent(company.result("M03")) == D("30.00")
        assert company.result("M04").value == D("2280000")
        assert company.result("M05").value == D("320000")
        assert percent(company.result("M18")) == D("2.00")
        assert company.result("M18").denominator is None

    def test_is_missing_where_a_day_is_not_stated(self, company):
        state_pnl(company, "2026-01-01", "2026-06-30", "6300000", "4410000", "700000")

        missing = company.result("M04")

        assert (missing.status, missing.value) == (ResultStatus.MISSING, None)
        assert missing.note == "no profit and loss of account GAG on 2026-07-01"

    def test_inventory_turns(self, company):
        InventoryLevel.objects.create(
            node=company.nodes["GAG"], days=days("2026-01-01", "2026-12-31"), average_inventory="1260000",
            cogs="8820000", currency="EUR", recorded_at=company.clock,
        )  # fmt: skip

        assert company.result("M25").value == 7
        assert company.result("M25.days").value.quantize(D("0.01")) == D("52.14")


class TestMetricsFromCustomers:
    def test_satisfaction_and_net_promoters(self, company):
        respond(company, "csat", {5: 40, 4: 26, 3: 14})
        respond(company, "nps", {10: 48, 8: 22, 2: 10})

        assert percent(company.result("M06")) == D("82.50")
        assert company.result("M06").sample == 80
        assert percent(company.result("M06.net_promoter")) == D("47.50")

    def test_a_small_sample_is_insufficient_and_the_company_says_what_is_small(self, company):
        respond(company, "csat", {5: 9})

        small = company.result("M06")
        assert (small.status, small.value, small.sample) == (ResultStatus.INSUFFICIENT, None, 9)

        Metric.objects.filter(code="M06").update(minimum_sample=9)
        assert percent(company.result("M06")) == D("100.00")

    def test_relationship_and_leadership_hide_few_raters(self, company):
        respond(company, "relationship", {5: 1, 4: 4, 3: 1}, group="colleague")
        respond(company, "relationship", {1: 30}, group="member")
        respond(company, "leadership", {5: 4}, group="member", person=company.people["E1"])

        assert percent(company.result("M24")) == D("75.00")
        hidden = company.result("M26", person="E1")
        assert (hidden.status, hidden.numerator) == (ResultStatus.MISSING, None)

        Membership.objects.create(
            account=StrategicAccount.objects.get(node__code="GAG"), person=company.people["E1"],
            role_id=_role(), link="direct", valid=days("2026-01-01", "2026-12-31"),
        )  # fmt: skip
        hidden = company.result("M26", person="E1")
        assert (hidden.status, hidden.numerator, hidden.sample) == (ResultStatus.INSUFFICIENT, None, 4)

    def test_wallet_of_an_account_and_of_a_persons_slice(self, company):
        for on, spend in (("2026-06-30", "42000000"), ("2025-06-30", "41500000")):
            WalletEstimate.objects.create(
                node=company.nodes["GAG"], category="Pumps", spend=spend, currency="EUR", source="report",
                as_of=day(on), recorded_at=company.clock,
            )  # fmt: skip
        company.invoice("2026-03-01", "12600000", product="P1")
        company.invoice("2025-03-01", "12000000", product="P1")
        company.invoice("2026-03-01", "999", product="V1")
        seat = Membership.objects.create(
            account=StrategicAccount.objects.get(node__code="GAG"), person=company.people["E1"],
            role_id=_role(), link="direct", valid=days("2026-01-01", "2026-12-31"),
        )  # fmt: skip
        seat.segments.add(company.segments["PUMPS"])

        assert percent(company.result("M07")) == D("30.00")
        assert percent(company.result("M08")) == D("1.08")
        assert percent(company.result("M07", person="E1")) == D("30.00")
        assert company.result("M07", person="E2").note.endswith("serves no account on the window's last day")


class TestTeamPay:
    def test_sets_base_and_variable_pay_against_revenue(self, company):
        company.invoice("2026-05-05", "9000000")
        company.invoice("2026-11-05", "3000000")
        account = StrategicAccount.objects.get(node__code="GAG")
        for person, dedication, first, last, base in (
            ("E1", "1", "2020-01-01", "2030-12-31", "400000"),
            ("E2", "0.5", "2026-01-01", "2026-07-19", "438000"),  # 200 of 365 days: 120,000
        ):
            Membership.objects.create(
                account=account, person=company.people[person], role_id=_role(), link="direct",
                dedication=dedication, valid=days(first, last),
            )  # fmt: skip
            PayPackage.objects.create(
                person=company.people[person],
                base_salary=base,
                currency="EUR",
                valid=days("2020-01-01", "2030-12-31"),
            )
        year = [period for code, period in company.periods.items() if code.startswith("2026")]
        paid = {(account.node_id, period.pk): D("30000") for period in year}
        needed = [company.need("M27", window=Window.YEAR)]
        last = company.periods["2026-Q4"]

        results_compute(period=last, needed=needed, by=company.maren, at=company.tick(), variable_paid=paid)
        assert percent(Result.objects.get()) == D("5.33")  # 520,000 + 120,000 on 12,000,000

        del paid[account.node_id, year[1].pk]
        results_compute(period=last, needed=needed, by=company.maren, at=company.tick(), variable_paid=paid)
        assert Result.objects.current().get().note == "no team pay of account GAG on 2026-04-01"


def _role():
    from teams.models import JobRole

    return JobRole.objects.get(code="account_executive").pk


class TestMetricsFromContractsAndWork:
    CHAINS = (
        ("A", "4000000", "2025-01-01", "2025-12-31", ""),
        ("A2", "4700000", "2026-01-01", "2026-12-31", "A"),
        ("B", "3550000", "2025-01-01", "2026-03-31", ""),
        ("B2", "3300000", "2026-04-01", "2027-03-31", "B"),
        ("C", "450000", "2025-01-01", "2026-06-30", ""),
        ("D", "2000000", "2024-01-01", None, ""),
    )

    def test_retention_and_churn_against_the_programme(self, company):
        for code, value, first, last, renewed in self.CHAINS:
            agree(company, code, value, first, last, renewed_from=renewed)
        agree(company, "X", "9250000", "2025-01-01", "2027-12-31", node="OTHER")
        agree(company, "Y", "750000", "2025-01-01", "2026-05-31", node="THIRD")
        PolicySetting.objects.create(
            key="benchmark.M16",
            value={"source": "survey", "value": "0.04"},
            valid=days("2026-01-01", "2027-01-01"),
        )

        assert percent(company.result("M19")) == D("93.00")
        assert percent(company.result("M19.net")) == D("100.00")
        assert percent(company.result("M16")) == D("3.00")
        assert percent(company.result("M16.named_source")) == D("-0.50")

    def test_renewals(self, company):
        agree(company, "C1", "6000000", "2025-07-01", "2026-06-30")
        agree(company, "C2", "3600000", "2024-01-01", "2026-12-31")
        agree(company, "R1", "6600000", "2026-07-01", "2027-06-30", renewed_from="C1")
        agree(company, "R2", "3120000", "2027-01-01", "2027-12-31", renewed_from="C2")

        assert percent(company.result("M13")) == D("95.00")

    def test_objectives_by_account_and_owner(self, company):
        account = StrategicAccount.objects.get(node__code="GAG")
        for code, owner, weight, rating in (
            ("O1", "E1", "0.40", "1"), ("O2", "E1", "0.35", "1.25"), ("O3", "E1", "0.25", "0.5"),
            ("O4", "E2", None, "0"),
        ):  # fmt: skip
            objective = AccountObjective.objects.create(
                account=account, code=code, owner=company.people[owner], statement=code, weight=weight,
                due_on=day("2026-06-30"), status="met" if code in ("O1", "O2") else "missed",
            )  # fmt: skip
            ObjectiveRating.objects.create(
                objective=objective,
                period=company.periods["2026-Q4"],
                rating=rating,
                recorded_at=company.clock,
            )

        assert percent(company.result("M14", person="E1")) == D("96.25")
        assert percent(company.result("M14")) == D("96.25")
        assert percent(company.result("M21", person="E1")) == D("66.67")
        assert company.result("M14", person="E3").status == ResultStatus.MISSING

    def test_opportunities_and_applications(self, company):
        for code, owner, stage, won, new in (
            ("OP1", "E1", 4, "2026-05-01", True), ("OP2", "E1", 2, None, False), ("OP3", "E2", 4, "2026-05-01", False),
        ):  # fmt: skip
            Opportunity.objects.create(
                opportunity_id=code, node=company.nodes["GAG-US"], owner=company.people[owner], stage=stage, stages=4,
                value="5000", currency="EUR", won_on=day(won) if won else None, new_application=new,
                recorded_at=company.clock,
            )  # fmt: skip

        assert percent(company.result("M20", person="E2")) == D("100.00")
        assert percent(company.result("M20.stages", person="E1")) == D("75.00")
        assert percent(company.result("M20")) == D("66.67")
        assert company.result("M22").value == 1
        assert company.result("M22", person="E2").value == 0


class TestResultsCompute:
    def test_keeps_the_old_result_when_a_fact_is_restated(self, company):
        line = company.invoice("2026-05-05", "100")
        first = company.result("M01")
        before = company.clock
        restated_at = company.tick()
        Transaction.objects.filter(pk=line.pk).update(superseded_at=restated_at)
        company.invoice("2026-05-05", "80", source_id=line.source_id)

        second = company.result("M01")

        assert (first.value, first.status) == (100, ResultStatus.PROVISIONAL)
        assert (second.value, second.status) == (80, ResultStatus.RESTATED)
        first.refresh_from_db()
        assert first.superseded_at == second.recorded_at
        then = results_believed(period=company.periods["2026-Q4"], known_at=before).get()
        assert then.pk == first.pk

    def test_leaves_alone_what_came_out_the_same(self, company):
        company.invoice("2026-05-05", "100")
        company.invoice("2025-05-05", "3")
        needed = [company.need(code, window=Window.YEAR) for code in ("M01", "M02", "M04")]

        done = results_compute(
            period=company.periods["2026-Q4"], needed=needed, by=company.maren, at=company.tick()
        )
        again = results_compute(
            period=company.periods["2026-Q4"], needed=needed, by=company.maren, at=company.tick()
        )

        assert (done.new, done.changed, done.same, done.without_value) == (3, 0, 0, 1)
        assert (again.new, again.changed, again.same, again.without_value) == (0, 0, 3, 1)
        assert Result.objects.count() == 3

    def test_sees_only_facts_known_at_its_moment(self, company):
        company.invoice("2026-05-05", "100")
        moment = company.tick()
        company.tick()
        company.invoice("2026-05-05", "11")
        period = company.periods["2026-Q4"]

        results_compute(
            period=period, needed=[company.need("M01", window="year")], by=company.maren, at=moment
        )

        assert Result.objects.get().value == 100

    def test_refuses_to_go_back_behind_newer_results(self, company):
        company.invoice("2026-05-05", "100")
        company.result("M01")

        with pytest.raises(ResultsNewer, match=r"computed at 2020-01-05 00:01.*start a new run"):
            results_compute(
                period=company.periods["2026-Q4"],
                needed=[],
                by=company.maren,
                at=company.clock - timedelta(seconds=1),
            )

    def test_is_final_after_the_cut_off(self, company):
        company.invoice("2024-05-05", "100")
        Period.objects.filter(code="2024-Q2").update(status=PeriodStatus.OPEN)
        Period.objects.filter(code="2024-Q2").update(status=PeriodStatus.COLLECTING)

        assert company.result("M01", period="2024-Q2", window=Window.PERIOD).status == ResultStatus.FINAL

    def test_without_needs_does_what_has_a_target_and_the_programme(self, company):
        company.invoice("2026-11-05", "100", credited=[("E1", "direct", "1")])
        for metric, subject in (
            ("M01", {"person": company.people["E1"]}),
            ("M04", {"node": company.nodes["OTHER"]}),
        ):
            Target.objects.create(
                metric=Metric.objects.get(code=metric), days=days("2026-10-01", "2026-12-31"), value=5, currency="EUR",
                recorded_at=company.clock, **subject,
            )  # fmt: skip

        results_compute(period=company.periods["2026-Q4"], by=company.maren, at=company.tick())

        kept = results_believed(period=company.periods["2026-Q4"]).filter(window=Window.PERIOD)
        found = {(row.metric.code, str(row.person or row.node)): row.value for row in kept}
        assert found[("M01", "E1")] == 100
        assert found[("M01", "GAG")] == 100
        assert found[("M01", "OTHER")] == 0
        assert found[("M04", "OTHER")] is None
        assert ("M04", "GAG") not in found

    def test_leaves_external_metrics_to_their_files(self, company):
        Metric.objects.create(
            code="X1",
            name="Audit score",
            perspective="internal",
            unit="score",
            source="external",
            level="account",
        )

        done = results_compute(
            period=company.periods["2026-Q4"],
            needed=[company.need("X1")],
            by=company.maren,
            at=company.tick(),
        )

        assert (done.new, Result.objects.count()) == (0, 0)

    def test_refuses_a_metric_nobody_knows(self, company):
        with pytest.raises(MetricUnknown, match="no metric M99"):
            results_compute(
                period=company.periods["2026-Q4"],
                needed=[company.need("M99")],
                by=company.maren,
                at=company.tick(),
            )

    @pytest.mark.parametrize("lines", [10, 400])
    def test_reads_each_kind_of_fact_once(self, company, lines):
        for number in range(lines):
            company.invoice("2026-05-05", "1", node=["GAG", "GAG-DE", "OTHER"][number % 3], product="P1")
        codes = [code for code, rule in LIBRARY.items() if "account" in rule.levels]
        needed = [
            company.need(code, node=node, window=w)
            for code in codes
            for node in company.nodes
            for w in Window.values
        ]

        with CaptureQueriesContext(
            connection,
        ) as queries:
            results_compute(
                period=company.periods["2026-Q4"], needed=needed, by=company.maren, at=company.tick()
            )

        assert len(queries) <= 40
        assert Result.objects.count() == len(needed)
