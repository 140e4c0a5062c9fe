"""
Every metric of the library from plain facts, against figures worked by hand.

The figures stand beside the facts they come from; docs/reference/metrics.md shows the
same workings in words.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kamcomp.trace import RecordingTrace
from scorecards.engine.facts import (
    AccountNode,
    Benchmark,
    Contract,
    Conventions,
    Credit,
    Facts,
    Inventory,
    Objective,
    Opportunity,
    Product,
    ProfitLoss,
    Rating,
    Sale,
    Subject,
    SurveyAnswer,
    TeamPay,
    WalletEstimate,
)
from scorecards.engine.ingredients import (
    INGREDIENTS,
    Ingredients,
    IngredientUnknown,
    ingredients_from_facts,
    ingredients_given,
)
from scorecards.engine.library import LIBRARY, METRIC_CODES, MetricUnknown, metric_rule
from scorecards.engine.metric import IngredientMissing, MetricResult, MetricState, metric_result
from scorecards.engine.rates import RateMissing, Rates
from scorecards.engine.windows import Window, WindowEmpty

D = Decimal
YEAR = Window(date(2026, 1, 1), date(2027, 1, 1))
LAST_YEAR = Window(date(2025, 1, 1), date(2026, 1, 1))
QUARTER = Window(date(2026, 1, 1), date(2026, 4, 1))
GAG = Subject.account("GAG")


def day(text: str) -> date:
    return date.fromisoformat(text)


def sale(on: str, revenue: str, *, account: str = "GAG", currency: str = "EUR", **more: object) -> Sale:
    return Sale(on=day(on), account=account, revenue=D(revenue), currency=currency, **more)


def measured(
    code: str,
    facts: Facts,
    *,
    subject: Subject = GAG,
    window: Window = YEAR,
    rates: Rates | None = None,
    **conventions: object,
) -> MetricResult:
    rule = metric_rule(code=code)
    found = ingredients_from_facts(
        facts=facts,
        subject=subject,
        window=window,
        wanted=rule.ingredients,
        currency="EUR",
        rates=rates,
        conventions=Conventions(**conventions),
    )
    return metric_result(rule=rule, ingredients=found)


def percent(result: MetricResult) -> Decimal:
    """Return the value times a hundred, cut to the two decimals the worked figures have."""
    assert result.state is MetricState.FINAL, result.reason
    return (result.value * 100).quantize(D("0.01"))


def contract(code: str, value: str, since: str, last: str, **more: object) -> Contract:
    until = day(last) + timedelta(days=1)
    return Contract(code, more.pop("account", "GAG"), day(since), until, D(value), "EUR", **more)


def answers(survey: str, group: str = "", **counts: int) -> tuple[SurveyAnswer, ...]:
    """Return answers by score: s5=40 is forty fives."""
    return tuple(
        SurveyAnswer(survey, "GAG", day("2026-02-10"), D(score[1:]), group, count)
        for score, count in counts.items()
    )


def year_pnl(window: Window, revenue: str, cogs: str, direct: str, **more: object) -> ProfitLoss:
    return ProfitLoss(more.pop("account", "GAG"), window, D(revenue), D(cogs), D(direct), "EUR", **more)


class TestLibrary:
    def test_holds_the_twenty_six_metrics(self) -> None:
        assert tuple(f"M{n:02}" for n in range(1, 28) if n != 9) == METRIC_CODES

    def test_is_made_of_known_ingredients_only(self) -> None:
        assert {name for rule in LIBRARY.values() for name in rule.ingredients} <= set(INGREDIENTS)

    def test_uses_every_ingredient_it_describes(self) -> None:
        assert set(INGREDIENTS) == {name for rule in LIBRARY.values() for name in rule.ingredients}

    def test_names_the_readings_of_a_metric_whose_reading_is_unknown(self) -> None:
        with pytest.raises(
            MetricUnknown, match=r"M06\.nps; M06 has the readings M06, M06\.mean, M06\.net_prom"
        ):
            metric_rule(code="M06.nps")

    def test_names_its_extent_when_a_code_is_unknown(self) -> None:
        with pytest.raises(MetricUnknown, match="M09; the library holds M01 to M27, without M09"):
            metric_rule(code="M09")

    def test_points_to_readings_that_exist(self) -> None:
        assert {rule.otherwise for rule in LIBRARY.values() if rule.otherwise} <= set(LIBRARY)


class TestRevenue:
    def test_adds_the_tree_and_deducts_credit_notes(self) -> None:
        tree = (AccountNode("GAG"), AccountNode("GAG-DE", "GAG"), AccountNode("GAG-DE-1", "GAG-DE"))
        facts = Facts(
            nodes=tree,
            sales=(
                sale("2026-01-05", "7000000"),
                sale("2026-05-05", "6000000", account="GAG-DE"),
                sale("2026-12-31", "-400000", account="GAG-DE-1"),
                sale("2027-01-01", "99", account="GAG-DE-1"),
                sale("2026-05-05", "123", account="OTHER"),
            ),
        )

        assert measured("M01", facts).value == D("12600000")
        assert measured("M01", facts, subject=Subject.account("GAG-DE")).value == D("5600000")
        assert measured("M01", facts, subject=Subject.company()).value == D("12600123")

    def test_adds_currencies_at_stored_rates_only(self) -> None:
        facts = Facts(
            sales=(
                sale("2026-01-05", "4000000"),
                sale("2026-02-05", "5400000", currency="USD"),
                sale("2026-03-05", "300000000", currency="JPY"),
            )
        )
        rates = Rates({("EUR", "USD"): D("1.08"), ("EUR", "JPY"): D("160")})

        assert measured("M01", facts, rates=rates).value == D("10875000")
        with pytest.raises(RateMissing, match="no plan rate between JPY and EUR"):
            measured("M01", facts, rates=Rates({("EUR", "USD"): D("1.08")}))

    def test_gives_a_person_the_credited_share_and_overlay_apart(self) -> None:
        credits = (Credit("E7", "split", D("0.6")), Credit("E8", "split", D("0.4")), Credit("E9", "overlay"))
        facts = Facts(sales=(sale("2026-01-05", "1000", credits=credits),))

        assert measured("M01", facts, subject=Subject.of_person("E7")).value == D("600")
        assert measured("M01", facts, subject=Subject.of_person("E9")).value == 0
        assert measured("M01.overlay", facts, subject=Subject.of_person("E9")).value == D("1000")
        assert measured("M01.overlay", facts, subject=Subject.of_person("E7")).value == 0

    def test_is_zero_where_others_sold_and_missing_where_nobody_did(self) -> None:
        facts = Facts(sales=(sale("2026-01-05", "10", account="OTHER"),))

        assert measured("M01", facts).value == 0
        nobody = measured("M01", facts, window=LAST_YEAR)
        assert nobody.state is MetricState.MISSING
        assert nobody.value is None
        assert nobody.reason == "no transactions from 2025-01-01 to 2025-12-31"

    def test_follows_the_tree_of_the_day(self) -> None:
        moved = (
            AccountNode("GAG"),
            AccountNode("NEW"),
            AccountNode("SITE", "GAG", until=day("2026-07-01")),
            AccountNode("SITE", "NEW", since=day("2026-07-01")),
        )
        facts = Facts(
            nodes=moved,
            sales=(sale("2026-06-30", "100", account="SITE"), sale("2026-07-01", "40", account="SITE")),
        )

        assert measured("M01", facts).value == D("100")
        assert measured("M01", facts, subject=Subject.account("NEW")).value == D("40")

    def test_cuts_by_segment_and_region(self) -> None:
        facts = Facts(
            nodes=(
                AccountNode("GAG", region="EMEA"),
                AccountNode("US", "GAG", region="AMER"),
                AccountNode("S", "US"),
            ),
            products=(Product("P1", "Pumps", "AUTO"),),
            sales=(
                sale("2026-01-05", "5", product="P1"),
                sale("2026-01-05", "7", segment="ENERGY", account="US"),
                sale("2026-01-05", "11", segment="AUTO", account="S"),
            ),
        )

        assert measured("M01", facts, subject=Subject.segment("AUTO")).value == D("16")
        assert measured("M01", facts, subject=Subject.account("GAG", segments=["ENERGY"])).value == D("7")
        assert measured("M01", facts, subject=Subject.region("AMER")).value == D("18")
        assert measured("M01", facts, subject=Subject.region("EMEA")).value == D("5")

    def test_lies_in_one_segment_of_a_kind(self) -> None:
        facts = Facts(
            nodes=(AccountNode("GAG", segment="AUTO"), AccountNode("S", "GAG")),
            products=(Product("P1", "Pumps", "FLUIDS"),),
            sales=(
                sale("2026-01-05", "5", account="S", product="P1"),
                sale("2026-01-05", "7", account="S", product="P1", segment="ENERGY"),
            ),
            segment_kinds={"AUTO": "vertical", "ENERGY": "vertical", "FLUIDS": "product"},
        )

        revenue = {
            code: measured("M01", facts, subject=Subject.segment(code)).value for code in facts.segment_kinds
        }

        assert revenue == {"AUTO": D("5"), "ENERGY": D("7"), "FLUIDS": D("12")}


class TestGrowth:
    @pytest.mark.parametrize(
        ("now", "before", "growth"),
        [("12600000", "12000000", "5.00"), ("9000", "12000", "-25.00"), ("700", "600", "16.67")],
    )
    def test_compares_with_the_year_before(self, now: str, before: str, growth: str) -> None:
        facts = Facts(sales=(sale("2026-03-01", now), sale("2025-03-01", before)))

        assert percent(measured("M02", facts)) == D(growth)

    def test_takes_the_places_of_the_last_day_for_both_years(self) -> None:
        bought = (AccountNode("GAG"), AccountNode("B", "GAG", since=day("2026-06-01")))
        facts = Facts(
            nodes=bought,
            sales=(
                sale("2025-03-01", "100"),
                sale("2025-03-01", "50", account="B"),
                sale("2026-03-01", "110"),
                sale("2026-03-01", "55", account="B"),
            ),
        )

        assert percent(measured("M02", facts)) == D("10.00")

    def test_uses_one_rate_for_both_years(self) -> None:
        facts = Facts(
            sales=(sale("2026-03-01", "110", currency="USD"), sale("2025-03-01", "100", currency="USD"))
        )

        grown = measured("M02", facts, rates=Rates({("USD", "EUR"): D("0.9")}))

        assert percent(grown) == D("10.00")
        assert grown.denominator == D("90")

    def test_refuses_a_prior_year_of_zero_and_reads_it_in_money(self) -> None:
        facts = Facts(sales=(sale("2026-03-01", "600"), sale("2025-03-01", "5", account="OTHER")))

        assert measured("M02", facts).state is MetricState.NOT_MEASURABLE
        assert measured("M02", facts).reason.endswith("is 0, not above zero; read M02.absolute instead")
        assert measured("M02.absolute", facts).value == D("600")


class TestProfit:
    NOW = year_pnl(YEAR, "12600000", "8820000", "1500000")
    BEFORE = year_pnl(LAST_YEAR, "12000000", "8640000", "1400000")

    def test_gives_margin_contribution_and_their_change(self) -> None:
        facts = Facts(pnl=(self.NOW, self.BEFORE))

        assert percent(measured("M03", facts)) == D("30.00")
        assert measured("M03.money", facts).value == D("3780000")
        assert measured("M04", facts).value == D("2280000")
        assert measured("M05", facts).value == D("320000")
        assert percent(measured("M18", facts)) == D("2.00")

    def test_adds_sums_never_percentages(self) -> None:
        first, second = Window(YEAR.since, day("2026-07-01")), Window(day("2026-07-01"), YEAR.until)
        facts = Facts(pnl=(year_pnl(first, "100", "50", "0"), year_pnl(second, "300", "270", "0")))

        assert percent(measured("M03", facts)) == D("20.00")

    def test_is_missing_from_the_first_day_nobody_stated(self) -> None:
        facts = Facts(pnl=(year_pnl(QUARTER, "100", "50", "0"),))

        result = measured("M03", facts)

        assert result.state is MetricState.MISSING
        assert result.reason == "no profit and loss of account GAG on 2026-04-01"

    def test_of_sales_needs_every_cost(self) -> None:
        costed = Facts(
            sales=(sale("2026-01-05", "200", cost=D("150")), sale("2026-02-05", "100", cost=D("120")))
        )
        uncosted = Facts(sales=(*costed.sales, sale("2026-02-05", "1")))

        assert percent(measured("M03.of_sales", costed)) == D("10.00")
        assert measured("M03.of_sales", uncosted).state is MetricState.MISSING

    def test_cuts_by_segment(self) -> None:
        facts = Facts(
            pnl=(
                year_pnl(YEAR, "100", "60", "10", segment="AUTO"),
                year_pnl(YEAR, "50", "20", "5", segment="ENERGY"),
            )
        )

        assert measured("M04", facts).value == D("55")
        assert measured("M04", facts, subject=Subject.account("GAG", segments=["ENERGY"])).value == D("25")


class TestSurveys:
    def test_counts_the_two_best_boxes(self) -> None:
        facts = Facts(answers=answers("csat", s5=40, s4=26, s3=10, s1=4))

        assert percent(measured("M06", facts)) == D("82.50")
        assert measured("M06", facts).sample == 80
        assert percent(measured("M06.mean", facts)) == D("84.50")

    def test_takes_detractors_from_promoters(self) -> None:
        facts = Facts(answers=answers("nps", s10=30, s9=18, s8=12, s7=10, s6=4, s0=6))

        assert percent(measured("M06.net_promoter", facts)) == D("47.50")

    def test_says_when_too_few_answered(self) -> None:
        result = measured("M06", Facts(answers=answers("csat", s5=9)))

        assert result.state is MetricState.INSUFFICIENT_SAMPLE
        assert result.value is None
        assert result.sample == 9
        assert result.reason == "satisfaction_answers is 9, fewer than the 10 it takes"

    def test_says_when_nobody_answered(self) -> None:
        assert measured("M06", Facts()).state is MetricState.MISSING

    @pytest.mark.parametrize(
        ("scores", "relationship"),
        [({"s5": 1, "s4": 4, "s3": 1}, "75.00"), ({"s1": 5}, "0.00"), ({"s5": 3, "s2": 4}, "57.14")],
    )
    def test_scales_ratings_by_matrix_colleagues(self, scores: dict[str, int], relationship: str) -> None:
        outsiders = answers("relationship", "member", s1=20)
        facts = Facts(answers=answers("relationship", "colleague", **scores) + outsiders)

        assert percent(measured("M24", facts)) == D(relationship)

    def test_hides_ratings_below_five_raters_in_the_trace_too(self) -> None:
        rule, trace = metric_rule(code="M24"), RecordingTrace()
        found = ingredients_from_facts(
            facts=Facts(answers=answers("relationship", "colleague", s5=4)),
            subject=GAG, window=YEAR, wanted=rule.ingredients, currency="EUR",
        )  # fmt: skip

        result = metric_result(rule=rule, ingredients=found, trace=trace)

        assert result.state is MetricState.INSUFFICIENT_SAMPLE
        assert (result.numerator, result.denominator) == (None, None)
        assert "20" not in str(trace.tree())

    def test_reads_leadership_by_its_own_survey(self) -> None:
        facts = Facts(
            answers=answers("leadership", "member", s5=2, s4=4) + answers("relationship", "colleague", s1=9)
        )

        assert percent(measured("M26", facts)) == D("83.33")


class TestWallet:
    FACTS = Facts(
        products=(Product("P1", "Pumps", "AUTO"), Product("V1", "Valves", "ENERGY")),
        sales=(
            sale("2026-03-01", "12600000", product="P1"),
            sale("2025-03-01", "12000000", product="P1"),
            sale("2026-03-01", "900", product="V1"),
        ),
        wallet=(
            WalletEstimate("GAG", "Pumps", D("42000000"), "EUR", "annual report", day("2026-06-30")),
            WalletEstimate("GAG", "Pumps", D("41500000"), "EUR", "annual report", day("2025-06-30")),
        ),
    )

    def test_shares_and_their_change(self) -> None:
        assert percent(measured("M07", self.FACTS)) == D("30.00")
        assert percent(measured("M08", self.FACTS)) == D("1.08")

    def test_takes_twelve_months_whatever_the_window(self) -> None:
        q2 = Window(day("2026-04-01"), day("2026-07-01"))

        assert percent(measured("M07", self.FACTS, window=q2)) == D("30.00")

    def test_takes_the_newest_estimate_of_its_time(self) -> None:
        newer = WalletEstimate("GAG", "Pumps", D("63000000"), "EUR", "survey", day("2026-12-31"))
        later = WalletEstimate("GAG", "Pumps", D("1"), "EUR", "survey", day("2027-01-01"))
        facts = Facts(
            self.FACTS.nodes, self.FACTS.products, self.FACTS.sales, wallet=(newer, *self.FACTS.wallet, later)
        )

        assert percent(measured("M07", facts)) == D("20.00")

    def test_gives_a_person_the_slice_and_not_the_credits(self) -> None:
        slice_of_person = Subject.of_person("E7", accounts=["GAG"], segments=["AUTO"])

        assert percent(measured("M07", self.FACTS, subject=slice_of_person)) == D("30.00")

    def test_is_missing_without_an_estimate_of_the_time(self) -> None:
        facts = Facts(self.FACTS.nodes, self.FACTS.products, self.FACTS.sales, wallet=self.FACTS.wallet[:1])

        assert percent(measured("M07", facts)) == D("30.00")
        assert (
            measured("M08", facts).reason
            == "no wallet estimate of account GAG as of 2025-01-01 to 2025-12-31"
        )

    def test_refuses_a_category_that_is_no_family(self) -> None:
        strange = WalletEstimate("GAG", "Pums", D(5), "EUR", "typed", day("2026-06-30"))

        result = measured(
            "M07", Facts(products=self.FACTS.products, sales=self.FACTS.sales, wallet=(strange,))
        )

        assert result.reason == "wallet category Pums is neither a product family nor a segment"

    def test_takes_all_sales_where_the_category_is_all(self) -> None:
        everything = WalletEstimate("GAG", "all", D("25201800"), "EUR", "report", day("2026-06-30"))

        result = measured(
            "M07", Facts(products=self.FACTS.products, sales=self.FACTS.sales, wallet=(everything,))
        )

        assert percent(result) == D("50.00")


def families(count: int) -> tuple[Product, ...]:
    return tuple(Product(f"P{n}", f"F{n}") for n in range(count))


class TestCrossSellAndUpSell:
    def test_counts_families_bought_of_families_offered(self) -> None:
        bought = tuple(sale("2026-02-01", "5", product=f"P{n}") for n in range(7))
        returned = (sale("2026-02-01", "5", product="P8"), sale("2026-03-01", "-5", product="P8"))

        assert percent(measured("M10", Facts(products=families(10), sales=bought + returned))) == D("70.00")

    def test_counts_the_money_of_new_families(self) -> None:
        facts = Facts(
            products=families(3),
            sales=(
                sale("2025-12-31", "1", product="P0"),
                sale("2026-02-01", "100", product="P0"),
                sale("2026-02-01", "30", product="P1"),
                sale("2026-09-01", "12", product="P2"),
            ),
        )

        assert measured("M10.new_families", facts).value == D("42")

    def test_is_missing_without_a_catalogue(self) -> None:
        result = measured("M10", Facts(sales=(sale("2026-02-01", "5", product="P1"),)))

        assert result.reason == "no products with a family are known; import products"

    @pytest.mark.parametrize(
        ("price", "quantity", "up_sell"),
        [
            ("100", "98400", "3.58"),  # 9,840,000 of volume alone on 9,500,000: 340,000
            ("110", "95000", "0.00"),  # dearer, no more of it
            ("110", "90000", "-5.26"),  # 500,000 less at old prices on 9,500,000
        ],
    )
    def test_takes_prices_apart(self, price: str, quantity: str, up_sell: str) -> None:
        facts = Facts(
            products=families(2),
            sales=(
                sale("2025-02-01", "9500000", product="P0", quantity=D("95000")),
                sale("2026-02-01", str(D(price) * D(quantity)), product="P0", quantity=D(quantity)),
                sale("2026-02-01", "777", product="P1", quantity=D(1)),
            ),
        )

        assert percent(measured("M11", facts)) == D(up_sell)

    def test_counts_a_new_item_of_a_kept_family_as_mix(self) -> None:
        facts = Facts(
            products=(Product("A", "Pumps"), Product("B", "Pumps")),
            sales=(
                sale("2025-02-01", "1000", product="A", quantity=D(10)),
                sale("2026-02-01", "880", product="A", quantity=D(8)),
                sale("2026-02-01", "300", product="B", quantity=D(1)),
            ),
        )

        assert percent(measured("M11", facts)) == D("10.00")  # 1,180 - 1,000 - 80 of price


class TestLineChurn:
    def test_shows_count_and_value(self) -> None:
        products = families(16)
        before = tuple(
            sale("2025-02-01", amount, product=f"P{n}")
            for n, amount in enumerate(["100000", "80000", *["700000"] * 13, "720000"])
        )
        now = tuple(sale("2026-02-01", "1", product=f"P{n}") for n in range(2, 16))
        facts = Facts(products=products, sales=before + now)

        assert percent(measured("M12", facts)) == D("12.50")
        assert percent(measured("M12.value", facts)) == D("1.80")

    def test_tells_a_segment_from_another_in_the_same_family(self) -> None:
        facts = Facts(
            products=(Product("A", "Pumps"),),
            sales=(
                sale("2025-02-01", "60", product="A", segment="AUTO"),
                sale("2025-02-01", "40", product="A", segment="ENERGY"),
                sale("2026-02-01", "500", product="A", segment="AUTO"),
            ),
        )

        assert percent(measured("M12", facts)) == D("50.00")
        assert percent(measured("M12.value", facts)) == D("40.00")

    def test_counts_a_line_that_was_only_returned_as_lost(self) -> None:
        facts = Facts(
            products=families(2),
            sales=(
                sale("2025-02-01", "60", product="P0"),
                sale("2025-02-01", "40", product="P1"),
                sale("2026-02-01", "9", product="P0"),
                sale("2026-02-01", "-3", product="P1"),
            ),
        )

        assert percent(measured("M12.value", facts)) == D("40.00")


class TestRenewals:
    DUE = (
        contract("C1", "6000000", "2025-07-01", "2026-06-30"),
        contract("C2", "3600000", "2024-01-01", "2026-12-31"),
        contract("C9", "5000000", "2026-01-01", "2027-01-31"),
    )

    def test_counts_value_renewed_of_value_due(self) -> None:
        renewals = (
            contract("R1", "6600000", "2026-07-01", "2027-06-30", renews="C1"),
            contract("R2", "3120000", "2027-01-01", "2027-12-31", renews="C2"),
        )

        assert percent(measured("M13", Facts(contracts=self.DUE + renewals))) == D("95.00")

    def test_leaves_out_a_renewal_under_notice(self) -> None:
        renewals = (
            contract("R1", "6000000", "2026-07-01", "2027-06-30", renews="C1", notice_on=day("2026-11-01")),
            contract("R2", "3600000", "2027-01-01", "2027-12-31", renews="C2", notice_on=day("2027-01-01")),
        )

        assert percent(measured("M13", Facts(contracts=self.DUE + renewals))) == D("37.50")

    def test_counts_an_early_renewal_where_the_contract_falls_due(self) -> None:
        early = contract("R1", "6000000", "2026-01-15", "2028-01-14", renews="C1")
        q1, q2 = QUARTER, Window(day("2026-04-01"), day("2026-07-01"))

        assert (
            measured("M13", Facts(contracts=(*self.DUE, early)), window=q1).state
            is MetricState.NOT_MEASURABLE
        )
        assert percent(measured("M13", Facts(contracts=(*self.DUE, early)), window=q2)) == D("100.00")


class TestRetention:
    CHAINS = (
        contract("A", "4000000", "2025-01-01", "2025-12-31"),
        contract("A2", "4700000", "2026-01-01", "2026-12-31", renews="A"),
        contract("B", "3550000", "2025-01-01", "2026-03-31"),
        contract("B2", "3300000", "2026-04-01", "2027-03-31", renews="B"),
        contract("C", "450000", "2025-01-01", "2026-06-30"),
        contract("D", "2000000", "2024-01-01", "2028-12-31"),
    )

    def test_gives_gross_and_net(self) -> None:
        facts = Facts(contracts=self.CHAINS)

        assert percent(measured("M19", facts)) == D("93.00")
        assert percent(measured("M19.net", facts)) == D("100.00")
        assert measured("M19", facts).denominator == D("10000000")

    def test_counts_a_new_contract_as_expansion_only(self) -> None:
        facts = Facts(contracts=(*self.CHAINS, contract("N", "500000", "2026-05-01", "2027-04-30")))

        assert percent(measured("M19", facts)) == D("93.00")
        assert percent(measured("M19.net", facts)) == D("105.00")

    def test_reads_a_quarter_from_its_own_opening(self) -> None:
        q2 = Window(day("2026-04-01"), day("2026-07-01"))

        # open on 31 March 4.7 + 3.55 + 0.45 + 2 = 10.7; B loses 0.25, C (last day 30 June) is still there
        assert percent(measured("M19", Facts(contracts=self.CHAINS), window=q2)) == D("97.66")

    def test_is_not_measurable_without_an_opening(self) -> None:
        facts = Facts(contracts=(contract("N", "5", "2026-05-01", "2027-04-30"),))

        assert measured("M19", facts).state is MetricState.NOT_MEASURABLE

    def test_compares_terms_of_different_length_by_their_year_where_told(self) -> None:
        facts = Facts(
            contracts=(
                contract("A", "300", "2023-01-01", "2025-12-31"),
                contract("B", "100", "2026-01-01", "2026-12-31", renews="A"),
            )
        )

        assert percent(measured("M19", facts)) == D("33.33")
        assert percent(measured("M19", facts, contract_value="per_year")) == D("100.00")

    def test_stands_against_the_rest_of_the_programme(self) -> None:
        others = (
            contract("X", "9250000", "2025-01-01", "2027-12-31", account="X"),
            contract("Y", "750000", "2025-01-01", "2026-05-31", account="Y"),
        )

        gap = measured("M16", Facts(contracts=self.CHAINS + others))

        assert percent(gap) == D("3.00")  # 7.5 % of the others, 4.5 % of the account

    def test_stands_against_a_named_source(self) -> None:
        marks = (
            Benchmark("M16", "survey 2025", D("0.09"), day("2025-12-31")),
            Benchmark("M16", "survey 2026", D("0.04"), day("2026-12-31")),
            Benchmark("M16", "survey 2027", D("0.9"), day("2027-06-30")),
        )

        assert percent(measured("M16.named_source", Facts(contracts=self.CHAINS, benchmarks=marks))) == D(
            "-0.50"
        )

    def test_has_no_average_without_others(self) -> None:
        result = measured("M16", Facts(contracts=self.CHAINS))

        assert result.reason == "no other account of the programme had a contract at the start"


def objectives(*weights: str) -> tuple[Objective, ...]:
    return tuple(Objective(f"O{n}", "GAG", "E7", D(w), day("2026-06-30")) for n, w in enumerate(weights))


def ratings(*marks: str) -> tuple[Rating, ...]:
    return tuple(Rating(f"O{n}", YEAR, D(mark)) for n, mark in enumerate(marks))


class TestObjectives:
    @pytest.mark.parametrize(
        ("weights", "marks", "score"),
        [
            (("0.40", "0.35", "0.25"), ("1", "1.25", "0.5"), "96.25"),
            (("0.5", "0.5"), ("1.5", "0"), "75.00"),
            (("1",), ("1.25",), "125.00"),
        ],
    )
    def test_weighs_ratings(self, weights: tuple[str, ...], marks: tuple[str, ...], score: str) -> None:
        facts = Facts(objectives=objectives(*weights), ratings=ratings(*marks))

        assert percent(measured("M14", facts)) == D(score)
        assert percent(measured("M14", facts, subject=Subject.of_person("E7"))) == D(score)

    def test_names_what_was_not_rated(self) -> None:
        facts = Facts(objectives=objectives("0.5", "0.5"), ratings=ratings("1"))

        assert measured("M14", facts).reason == "no rating of O1 from 2026-01-01 to 2026-12-31"

    def test_refuses_weights_that_are_not_whole(self) -> None:
        facts = Facts(objectives=objectives("0.5", "0.4"), ratings=ratings("1", "1"))

        assert measured("M14", facts).state is MetricState.NOT_MEASURABLE
        assert "sums to 0.9, not to 1" in measured("M14", facts).reason
        assert percent(measured("M21.rating", facts)) == D("100.00")

    def test_counts_milestones_done_of_planned(self) -> None:
        met, late = day("2026-06-01"), day("2027-01-05")
        facts = Facts(
            objectives=(
                Objective("O1", "GAG", "E7", D("0.5"), day("2026-06-30"), met),
                Objective("O2", "GAG", "E7", D("0.5"), day("2026-09-30"), late),
                Objective("O3", "GAG", "E8", D(1), day("2026-09-30"), met),
                Objective("O4", "GAG", "E8", D(1), day("2027-09-30"), met),
            )
        )

        assert percent(measured("M21", facts)) == D("66.67")
        assert percent(measured("M21", facts, subject=Subject.of_person("E7"))) == D("50.00")
        assert measured("M21", Facts()).state is MetricState.MISSING


class TestOpportunities:
    def test_pays_the_win_in_its_window_only(self) -> None:
        won = Opportunity("OP1", "GAG", 4, 4, "E7", won_on=day("2026-02-10"))

        assert percent(measured("M20", Facts(opportunities=(won,)), window=QUARTER)) == D("100.00")
        q2 = Window(day("2026-04-01"), day("2026-07-01"))
        assert measured("M20", Facts(opportunities=(won,)), window=q2).state is MetricState.MISSING

    def test_shares_by_stage(self) -> None:
        open_one = Opportunity("OP1", "GAG", 2, 4, "E7")
        won = Opportunity("OP2", "GAG", 3, 4, "E8", won_on=day("2026-02-10"))
        facts = Facts(opportunities=(open_one, won))

        assert percent(measured("M20.stages", facts, subject=Subject.of_person("E7"))) == D("50.00")
        assert percent(measured("M20.stages", facts)) == D("75.00")
        assert percent(measured("M20", facts)) == D("50.00")


class TestOrders:
    def test_counts_orders_of_sites_that_ordered_before(self) -> None:
        # 33 sites order for the first time in 2026 and four more times: 165 orders, 132 repeated
        sales = tuple(
            sale(f"2026-{month:02}-01", "10", account=f"S{site}", order=f"{site}-{month}")
            for site in range(33)
            for month in (1, 3, 5, 7, 9)
        )
        old = sale("2025-06-01", "1", account="OTHER", order="z")
        tree = tuple(AccountNode(f"S{site}", "GAG") for site in range(33))

        assert percent(measured("M15", Facts(nodes=tree, sales=(*sales, old)))) == D("80.00")

    def test_forgets_orders_older_than_twelve_months(self) -> None:
        facts = Facts(
            sales=(
                sale("2025-02-10", "1", order="a"),
                sale("2026-02-10", "1", order="b"),
                sale("2025-02-09", "1", account="X", order="c"),
                sale("2026-02-10", "1", account="X", order="d"),
            )
        )

        assert percent(measured("M15", facts)) == D("100.00")
        assert percent(measured("M15", facts, subject=Subject.account("X"))) == D("0.00")

    def test_counts_an_order_once_and_credit_notes_never(self) -> None:
        facts = Facts(
            sales=(
                sale("2025-12-01", "1", order="a"),
                sale("2026-02-10", "1", order="b"),
                sale("2026-02-10", "2", order="b"),
                sale("2026-02-11", "-3", order="note"),
            )
        )

        assert measured("M15", facts).denominator == 1


class TestPriceHold:
    @pytest.mark.parametrize(
        ("prices", "index"),
        [(("102", "49"), "100.00"), (("110", "50"), "105.00"), (("95", "48"), "95.50")],
    )
    def test_weighs_prices_by_this_years_quantities(self, prices: tuple[str, str], index: str) -> None:
        facts = Facts(
            sales=(
                sale("2025-02-01", "20000", product="A", quantity=D(200)),
                sale("2025-02-01", "150000", product="B", quantity=D(3000)),
                sale("2026-02-01", str(D(prices[0]) * 500), product="A", quantity=D(500)),
                sale("2026-02-01", str(D(prices[1]) * 1000), product="B", quantity=D(1000)),
                sale("2026-02-01", "12345", product="NEW", quantity=D(1)),
                sale("2025-02-01", "12345", product="OLD", quantity=D(1)),
            )
        )

        assert percent(measured("M17", facts)) == D(index)

    def test_needs_quantities(self) -> None:
        facts = Facts(sales=(sale("2025-02-01", "1", product="A"), sale("2026-02-01", "1", product="A")))

        assert (
            measured("M17", facts).reason == "a transaction of a product has no quantity, so it has no price"
        )


class TestNewBusiness:
    PRODUCTS = (Product("P", "Pumps"), Product("V", "Valves"))

    def test_counts_families_new_to_a_place(self) -> None:
        facts = Facts(
            products=self.PRODUCTS,
            sales=(
                sale("2024-06-01", "900", product="P", order="1"),
                sale("2026-02-01", "900", product="P", order="2"),
                sale("2026-02-01", "300", product="V", order="3"),
                sale("2026-02-01", "300", product="V", order="3"),
                sale("2026-03-01", "9000", product="V", order="4"),
            ),
        )

        assert measured("M22.families", facts, order_minimum=D(600)).value == 1
        assert measured("M22.families", facts, order_minimum=D(601)).value == 0

    def test_counts_a_family_again_after_two_years(self) -> None:
        facts = Facts(
            products=self.PRODUCTS,
            sales=(
                sale("2023-12-31", "900", product="P", order="1"),
                sale("2025-01-01", "1", product="P", account="X", order="0"),
                sale("2026-02-01", "900", product="P", order="2"),
            ),
        )

        assert measured("M22.families", facts).value == 1

    def test_counts_applications_approved_with_a_first_order_of_the_minimum(self) -> None:
        def application(code: str, won_on: str | None, value: str, *, new: bool = True) -> Opportunity:
            won = day(won_on) if won_on else None
            return Opportunity(code, "GAG", 4, 4, "E7", D(value), "EUR", won, new_application=new)

        facts = Facts(
            opportunities=(
                application("A1", "2026-02-01", "1000"),
                application("A2", "2026-12-31", "999.99"),
                application("A3", "2025-12-31", "5000"),
                application("A4", None, "5000"),
                application("A5", "2026-02-01", "5000", new=False),
            )
        )

        assert measured("M22", facts, order_minimum=D(1000)).value == 1
        assert measured("M22", facts).value == 2
        assert measured("M22", facts, subject=Subject.of_person("E8")).value == 0
        unmarked = Facts(opportunities=(application("A5", "2026-02-01", "5000", new=False),))
        assert measured("M22", unmarked).state is MetricState.MISSING

    def test_counts_divisions_first_invoiced(self) -> None:
        def division(code: str, first: str | None = None) -> AccountNode:
            return AccountNode(code, "GAG", "division", first_invoice_on=day(first) if first else None)

        facts = Facts(
            nodes=(
                AccountNode("GAG"), division("N"), division("OLD"), division("KNOWN", "2025-03-01"),
                division("SMALL"), AccountNode("N-1", "N", "site"),
            ),
            sales=(
                sale("2024-06-01", "5000", account="OLD", order="1"),
                sale("2026-02-01", "5000", account="OLD", order="2"),
                sale("2026-02-01", "5000", account="N-1", order="3"),
                sale("2026-03-01", "5000", account="N", order="4"),
                sale("2026-02-01", "5000", account="KNOWN", order="5"),
                sale("2026-02-01", "999", account="SMALL", order="6"),
            ),
        )  # fmt: skip

        assert measured("M23", facts, order_minimum=D(1000)).value == 1
        assert measured("M23", facts).value == 2

    def test_cannot_tell_new_without_a_past(self) -> None:
        facts = Facts(products=self.PRODUCTS, sales=(sale("2026-02-01", "9", product="P"),))

        assert measured("M22.families", facts).reason == "no transactions from 2024-01-01 to 2025-12-31"


class TestInventoryAndPay:
    def test_turns_inventory(self) -> None:
        halves = (Window(YEAR.since, day("2026-07-01")), Window(day("2026-07-01"), YEAR.until))
        one = Facts(inventory=(Inventory("GAG", YEAR, D("1260000"), D("8820000"), "EUR"),))
        two = Facts(inventory=tuple(Inventory("GAG", half, D(100), D(365), "EUR") for half in halves))

        assert measured("M25", one).value == 7
        assert measured("M25", two).value == D("7.3")
        assert measured("M25.days", two).value == 50

    def test_sets_pay_against_revenue(self) -> None:
        pay = TeamPay("GAG", YEAR, D("520000"), D("120000"), "EUR")
        facts = Facts(sales=(sale("2026-02-01", "12000000"),), team_pay=(pay,))

        assert percent(measured("M27", facts)) == D("5.33")


class TestMetricResult:
    def test_takes_figures_instead_of_facts(self) -> None:
        given = ingredients_given(
            values={"contract_value_renewed": D("9120000"), "contract_value_due": D("9600000")}
        )

        assert metric_result(rule=metric_rule(code="M13"), ingredients=given).value == D("0.95")

    def test_refuses_to_go_without_an_ingredient(self) -> None:
        given = ingredients_given(values={"contract_value_due": D("9600000")})

        with pytest.raises(IngredientMissing, match="M13 Contract renewal rate needs contract_value_renewed"):
            metric_result(rule=metric_rule(code="M13"), ingredients=given)

    @pytest.mark.parametrize("rule", LIBRARY.values(), ids=lambda rule: rule.code)
    def test_needs_each_of_its_ingredients(self, rule) -> None:
        whole = dict.fromkeys(rule.ingredients, D(1)) | ({rule.sample: D(50)} if rule.sample else {})
        assert metric_result(rule=rule, ingredients=Ingredients(values=whole)).state is MetricState.FINAL

        for name in rule.ingredients:
            rest = {key: value for key, value in whole.items() if key != name}
            with pytest.raises(IngredientMissing, match=name):
                metric_result(rule=rule, ingredients=Ingredients(values=rest))
            absent = metric_result(rule=rule, ingredients=Ingredients(values=rest, absent={name: "not said"}))
            assert (absent.state, absent.value, absent.reason) == (MetricState.MISSING, None, "not said")

    def test_refuses_ingredients_nobody_knows(self) -> None:
        with pytest.raises(IngredientUnknown, match="turnover is no ingredient"):
            ingredients_given(values={"turnover": D(1)})

    def test_says_in_the_trace_what_it_was_made_from(self) -> None:
        trace = RecordingTrace()
        given = ingredients_given(values={"pnl_revenue": D("12600000"), "pnl_cogs": D("8820000")})

        metric_result(rule=metric_rule(code="M03"), ingredients=given, trace=trace)

        [heading] = trace.tree()
        [step] = heading["steps"]
        assert heading["name"] == "M03 Gross margin"
        assert step["value"] == "0.3"
        assert step["because"] == "(pnl_revenue - pnl_cogs) / pnl_revenue"
        assert step["inputs"] == {"pnl_revenue": "12600000", "pnl_cogs": "8820000"}

    def test_carries_the_full_quotient(self) -> None:
        given = ingredients_given(values={"orders": D(3), "repeat_orders": D(1)})

        assert metric_result(rule=metric_rule(code="M15"), ingredients=given).value == D("0." + "3" * 34)


class TestWindow:
    def test_moves_by_years_and_months_of_their_own_length(self) -> None:
        leap = Window(day("2024-02-29"), day("2024-03-01"))

        assert leap.year_before() == Window(day("2023-02-28"), day("2023-03-01"))
        assert QUARTER.months_before(months=24) == Window(day("2024-01-01"), day("2026-01-01"))
        assert QUARTER.trailing(months=12) == Window(day("2025-04-01"), day("2026-04-01"))
        assert str(QUARTER) == "2026-01-01 to 2026-03-31"

    def test_refuses_to_hold_no_day(self) -> None:
        with pytest.raises(WindowEmpty, match="holds no day"):
            Window(day("2026-01-01"), day("2026-01-01"))
