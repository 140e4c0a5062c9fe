"""Files of facts, targets, results and rates: what each brings, and each rule's failing file."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from kamcomp.calendar.models import Period
from kamcomp.currency.models import FxRate
from kamcomp.refusal import Refusal
from kamcomp.spans import Span
from scorecards.choices import MetricSource
from scorecards.models import (
    AccountPnl,
    Collection,
    Contract,
    Credit,
    InventoryLevel,
    Metric,
    ObjectiveRating,
    Opportunity,
    Product,
    Result,
    SatisfactionWave,
    SurveyResponse,
    Target,
    Transaction,
    WalletEstimate,
)
from teams.models import AccountNode
from tests.imports import company
from tests.imports.company import AT, commit, findings, preview

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known() -> None:
    company.teams()
    commit("products", company.PRODUCTS)
    company.quarters(locked=(1,))


def metric(code: str, *, unit: str = "money", source: str = MetricSource.EXTERNAL) -> Metric:
    made, _ = Metric.objects.update_or_create(
        code=code,
        defaults={"name": f"Metric {code}", "perspective": "financial", "unit": unit, "source": source},
    )
    return made


class TestProducts:
    def test_come_in(self) -> None:
        product = Product.objects.get(code="NA")

        assert (product.name, product.family, product.segment) == ("NA", "Valves", None)
        assert Product.objects.get(code="P-1").segment.code == "pumps"


class TestStatistics:
    def test_are_taken_of_what_a_large_file_brought(self) -> None:
        header, *_lines = company.LINES.splitlines()
        lines = [f"BIG-{number},1,2026-01-05,ACME,,P-1,1,10,,EUR,E2," for number in range(600)]

        commit("transactions", "\n".join([header, *lines]) + "\n")

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, reltuples >= 600 FROM pg_class"
                " WHERE relname IN ('scorecards_transaction', 'scorecards_credit')"
            )
            assert dict(cursor.fetchall()) == {"scorecards_credit": True, "scorecards_transaction": True}


class TestTransactions:
    def test_come_in_with_every_decimal_and_their_credits(self) -> None:
        shown = commit("transactions", company.LINES)

        assert (shown.rows, shown.new) == (4, 4)
        line = Transaction.objects.get(source_id="INV-1", line=1)
        assert (line.revenue, line.cost) == (Decimal("1200.10"), Decimal("700.000001"))
        assert line.date == date(2026, 1, 5)
        assert Transaction.objects.get(source_id="INV-1", line=2).cost is None
        assert Transaction.objects.count() == 3
        credits = Credit.objects.filter(source_id="INV-2").values_list(
            "person__employee_id", "credit_type", "share"
        )
        assert sorted(credits) == [("E1", "split", Decimal("0.4")), ("E2", "split", Decimal("0.6"))]
        assert Credit.objects.get(source_id="INV-1", line=1).credit_type == "direct"
        assert shown.late == {"2026-Q1": 4}

    def test_sums_stand_by_currency(self) -> None:
        shown = preview("transactions", company.LINES)

        assert shown.totals["EUR"]["revenue"]["file"] == "1149.60"
        assert shown.totals["USD"]["revenue"]["file"] == "600"
        assert not Transaction.objects.exists()

    def test_a_restated_line_keeps_the_old_one(self) -> None:
        commit("transactions", company.LINES)

        later = AT + timedelta(days=1)
        shown = commit("transactions", company.LINES.replace("1200.10", "1300.00"), at=later)

        assert (shown.new, shown.changed, shown.same) == (0, 1, 3)
        old, new = Transaction.objects.filter(source_id="INV-1", line=1).order_by("recorded_at")
        assert [(t.revenue, t.superseded_at) for t in (old, new)] == [
            (Decimal("1200.10"), new.recorded_at),
            (Decimal(1300), None),
        ]
        believed = Transaction.objects.known_at(old.recorded_at).get(source_id="INV-1", line=1)
        assert believed.revenue == Decimal("1200.10")
        assert [(c.column, c.old, c.new) for c in shown.changes] == [
            ("revenue", "1200.100000", "1300.000000")
        ]

    @pytest.mark.parametrize("apart", [timedelta(hours=-2), timedelta(hours=2)])
    def test_a_restated_line_is_believed_once_whatever_the_importers_clock(self, apart: timedelta) -> None:
        commit("transactions", company.LINES)

        commit("transactions", company.LINES.replace("1200.10", "1300.00"), at=timezone.now() + apart)

        old, new = Transaction.objects.filter(source_id="INV-1", line=1).order_by("recorded_at")
        for instant in (old.recorded_at, new.recorded_at, timezone.now() + timedelta(hours=1)):
            assert Transaction.objects.known_at(instant).filter(source_id="INV-1", line=1).count() == 1

    def test_a_line_credited_to_somebody_else_ends_the_old_credit(self) -> None:
        commit("transactions", company.LINES)

        shown = commit("transactions", company.LINES.replace("EUR,E2,\n", "EUR,E1,\n"))

        believed = Credit.objects.current().filter(source_id="INV-1", line=1)
        assert [credit.person.employee_id for credit in believed] == ["E1"]
        assert shown.ended == 1

    def test_credits_of_a_line_are_whole(self) -> None:
        found = findings("transactions", company.LINES.replace("E1,40", "E1,39.99"))

        assert found == [
            "line 4, credit_pct: '60' the credits of the invoice line (line 4, 5) sum to 99.99 %, not to 100 %",
            "line 5, credit_pct: '39.99' the credits of the invoice line (line 4, 5) sum to 99.99 %, not to 100 %",
        ]

    def test_rows_of_one_line_say_the_same(self) -> None:
        found = findings("transactions", company.LINES.replace("300,100,USD,E1", "301,100,USD,E1"))

        assert "the same line stands in line 4 with another revenue" in found[0]

    def test_the_same_row_twice_is_refused(self) -> None:
        found = findings(
            "transactions", company.LINES + "INV-1,1,2026-01-05,ACME,,P-1,2,1200.10,700.000001,EUR,E2,\n"
        )

        assert found == [
            "line 6, source: the same source, source_id, line, employee_id already stands in line 2"
        ]

    def test_every_wrong_cell_is_named(self) -> None:
        header = company.LINES.splitlines()[0]

        found = findings(
            "transactions",
            f"{header}\n"
            "INV-9,x,2026-13-01,NOWHERE,mars,P-9,1,1e400,NaN,XXX,E9,0\n"
            "INV-9,1,2026-01-01,ACME,,,1_0,١٢٣,,EUR,,\n",
        )

        assert [line.split(":")[0] for line in found] == [
            "line 2, line",
            "line 2, date",
            "line 2, revenue",
            "line 2, cost",
            "line 2, currency",
            "line 2, credit_pct",
            "line 2, employee_id",
            "line 2, account_code",
            "line 2, segment",
            "line 2, product",
            "line 3, quantity",
            "line 3, revenue",
        ]

    def test_a_formula_is_text_and_comes_back_as_it_was(self) -> None:
        commit("products", "product,name\nF-1,'=cmd()\n")

        assert Product.objects.get(code="F-1").name == "=cmd()"


class TestBookings:
    HEADER = "source_id,line,date,account_code,revenue,currency,booked_on,deal_kind,contract_id\n"

    def test_come_in_without_a_date_and_are_invoiced_later(self) -> None:
        commit("transactions", self.HEADER + "SO-1,1,,ACME,500,EUR,2026-04-20,new,K1\n")
        commit("transactions", self.HEADER + "SO-1,1,2026-05-02,ACME,510,EUR,2026-04-20,new,K1\n")

        line = Transaction.objects.current().get(source_id="SO-1")
        assert (line.date, line.booked_on, line.revenue) == (date(2026, 5, 2), date(2026, 4, 20), 510)
        assert (line.deal_kind, line.contract_id) == ("new", "K1")
        assert Transaction.objects.get(source_id="SO-1", revenue=500).date is None

    def test_keep_what_a_later_file_does_not_say(self) -> None:
        commit("transactions", self.HEADER + "SO-1,1,2026-05-02,ACME,500,EUR,2026-04-20,new,K1\n")
        plain = "source_id,line,date,account_code,revenue,currency\n"
        commit("transactions", plain + "SO-1,1,2026-05-02,ACME,510,EUR\n")

        line = Transaction.objects.current().get(source_id="SO-1")
        assert (line.booked_on, line.deal_kind, line.contract_id) == (date(2026, 4, 20), "new", "K1")

    def test_without_any_day_are_rejected(self) -> None:
        assert findings("transactions", self.HEADER + "SO-1,1,,ACME,500,EUR,,,\n") == [
            "line 2, date: is empty: say the invoice's day, or booked_on while it is only booked"
        ]


class TestCollections:
    HEADER = "source_id,collection_id,collected_on,amount,currency\n"

    @pytest.fixture(autouse=True)
    def lines(self) -> None:
        commit("transactions", company.LINES)

    def test_come_in_in_parts(self) -> None:
        parts = "INV-2,P1,2026-04-03,100,USD\nINV-2,P2,2026-04-09,200,USD\n"
        shown = commit("collections", self.HEADER + parts)

        assert (shown.rows, shown.new) == (2, 2)
        assert sum(Collection.objects.values_list("amount", flat=True)) == 300
        assert commit("collections", self.HEADER + parts + "\n").new == 0

    def test_are_restated_and_reversed(self) -> None:
        commit("collections", self.HEADER + "INV-2,P1,2026-04-03,300,USD\n")
        commit("collections", self.HEADER + "INV-2,P1,2026-04-03,250,USD\nINV-2,P2,2026-04-20,-50,USD\n")

        assert sum(Collection.objects.current().values_list("amount", flat=True)) == 200
        assert Collection.objects.count() == 3

    def test_beyond_the_invoice_are_rejected_with_all_its_parts(self) -> None:
        commit("collections", self.HEADER + "INV-2,P1,2026-04-03,100,USD\n")
        reason = "the parts collected of the invoice come to 300.01, the invoice to 300"
        parts = "INV-2,P2,2026-04-09,150,USD\nINV-2,P3,2026-04-09,50.01,USD\n"

        assert findings("collections", self.HEADER + parts) == [
            f"line 2, amount: '150' {reason}",
            f"line 3, amount: '50.01' {reason}",
        ]

    def test_of_unknown_invoices_and_in_other_currencies_are_rejected(self) -> None:
        assert findings(
            "collections", self.HEADER + "INV-9,P1,2026-04-03,1,EUR\nINV-2,P1,2026-04-03,1,EUR\n"
        ) == [
            "line 2, source_id: 'INV-9' there is no such invoice here: import transactions first",
            "line 3, currency: 'EUR' the invoice is in USD: give the amount in its currency",
        ]

    def test_of_a_restated_invoice_are_still_covered(self) -> None:
        commit("collections", self.HEADER + "INV-2,P1,2026-04-03,300,USD\n")

        with pytest.raises(
            Refusal, match="invoice INV-2 of erp comes to 200 USD, what is collected for it to 300"
        ):
            commit("transactions", company.LINES.replace(",1,300,100,USD", ",1,200,100,USD"))


class TestCredits:
    HEADER = "source_id,line,employee_id,credit_type,credit_pct\n"

    def test_replace_those_of_their_sort(self) -> None:
        commit("transactions", company.LINES)

        commit("credits", self.HEADER + "INV-1,1,E1,split,50\nINV-1,1,E2,split,50\nINV-1,1,007,overlay,30\n")

        believed = Credit.objects.current().filter(source_id="INV-1", line=1)
        assert sorted(believed.values_list("person__employee_id", "credit_type", "share")) == [
            ("007", "overlay", Decimal("0.3")),
            ("E1", "split", Decimal("0.5")),
            ("E2", "split", Decimal("0.5")),
        ]

    def test_overlay_stands_beside(self) -> None:
        commit("transactions", company.LINES)

        commit("credits", self.HEADER + "INV-1,1,007,overlay,100\n")

        assert Credit.objects.current().filter(source_id="INV-1", line=1).count() == 2

    def test_rules(self) -> None:
        commit("transactions", company.LINES)

        assert findings("credits", self.HEADER + "INV-1,1,E1,split,50\nINV-7,1,E2,direct,100\n") == [
            "line 2, credit_pct: '50' the credits of the invoice line (line 2) sum to 50 %, not to 100 %",
            "line 3, source_id: 'INV-7' there is no such invoice line here: import transactions first",
        ]


class TestContracts:
    HEADER = "contract_id,account_code,start_date,end_date,value,currency,renewed_from,notice_on\n"

    def test_come_in(self) -> None:
        commit(
            "contracts",
            self.HEADER + "C1,ACME,2025-01-01,2025-12-31,1000,EUR,,\nC2,ACME,2026-01-01,,1100,EUR,C1,\n",
        )

        contract = Contract.objects.get(contract_id="C2")
        assert (contract.renewed_from, contract.end_on, contract.value) == ("C1", None, Decimal(1100))

    def test_rules(self) -> None:
        assert findings(
            "contracts",
            self.HEADER + "C1,ACME,2025-01-01,2024-12-31,1,EUR,,\nC2,ACME,2026-01-01,,1,EUR,C9,\n",
        ) == [
            "line 2, end_date: '2024-12-31' comes before start_date 2025-01-01: the last day is included",
            "line 3, renewed_from: 'C9' there is no such contract here: import it first, or in this file",
        ]


class TestOpportunities:
    HEADER = "opportunity_id,account_code,owner_employee_id,stage,stages,value,won_on\n"

    def test_come_in_in_the_account_s_currency(self) -> None:
        commit("opportunities", self.HEADER + "O1,ACME,E1,3,4,500.5,2026-03-01\nO2,ACME,,0,4,,\n")

        won = Opportunity.objects.get(opportunity_id="O1")
        assert (won.currency, won.value, won.owner.employee_id) == ("EUR", Decimal("500.5"), "E1")
        assert Opportunity.objects.get(opportunity_id="O2").owner is None

    def test_the_stage_is_one_of_the_stages(self) -> None:
        assert findings("opportunities", self.HEADER + "O1,ACME,E1,5,4,,\n") == [
            "line 2, stage: '5' is beyond the last of 4 stages"
        ]


class TestFigures:
    def test_pnl_comes_in_by_period_with_its_contribution(self) -> None:
        header = "period,account_code,segment,revenue,cogs,direct_cost,currency\n"
        text = header + "2026-Q1,ACME,,100,60,10,EUR\n2026-Q1,ACME,auto,50,30,5,EUR\n"

        commit("account_pnl", text)

        pnl = AccountPnl.objects.get(segment=None)
        assert pnl.contribution == 30
        assert Span(pnl.days.lower, pnl.days.upper) == Span(date(2026, 1, 1), date(2026, 4, 1))
        again = commit("account_pnl", text.replace("100,60", "101,60"))
        assert (again.changed, again.same) == (1, 1)

    def test_a_period_is_known(self) -> None:
        assert findings(
            "account_pnl", "period,account_code,revenue,cogs,currency\n2031-Q1,ACME,1,1,EUR\n"
        ) == ["line 2, period: '2031-Q1' is no period here"]

    def test_wallet_comes_in(self) -> None:
        commit(
            "wallet",
            "account_code,category,spend,source,as_of\nACME,pumps,2000000,Analyst report,2026-01-31\n",
        )

        estimate = WalletEstimate.objects.get()
        assert (estimate.spend, estimate.source, estimate.currency) == (
            Decimal(2000000),
            "Analyst report",
            "EUR",
        )

    def test_wallet_needs_its_source_and_day(self) -> None:
        assert findings("wallet", "account_code,category,spend,source,as_of\nACME,,5,,\n") == [
            "line 2, source: is empty: every row needs it",
            "line 2, as_of: is empty: every row needs it",
        ]

    def test_inventory_comes_in(self) -> None:
        commit("inventory", "account_code,period,average_inventory,cogs\nACME,2026-Q2,100,700\n")

        assert InventoryLevel.objects.get().cogs == 700

    def test_inventory_is_not_negative(self) -> None:
        found = findings("inventory", "account_code,period,average_inventory,cogs\nACME,2026-Q2,-1,700\n")

        assert found == ["line 2, average_inventory: '-1' is below 0, the least allowed"]


class TestJudgements:
    def test_answers_come_in(self) -> None:
        commit(
            "survey_responses",
            "response_id,survey,account_code,date,score,respondent_group\nR1,CSAT,ACME,2026-02-01,9.5,customer\n",
        )

        assert SurveyResponse.objects.get().score == Decimal("9.5")

    def test_a_respondent_is_of_a_known_group(self) -> None:
        found = findings(
            "survey_responses",
            "response_id,survey,account_code,date,score,respondent_group\nR1,CSAT,ACME,2026-02-01,9,boss\n",
        )

        assert "use one of customer, colleague, member" in found[0]

    def test_response_rates_come_in(self) -> None:
        header = "survey,account_code,from,to,invited,responded\n"
        commit("satisfaction", header + "CSAT,ACME,2026-01-01,2026-03-31,40,25\n")

        assert SatisfactionWave.objects.get().responded == 25
        assert findings("satisfaction", header + "NPS,ACME,2026-01-01,2026-03-31,40,41\n") == [
            "line 2, responded: '41' is more than the 40 who were invited"
        ]

    def test_ratings_stand_on_the_scale(self) -> None:
        commit(
            "objectives",
            "objective_code,account_code,owner_employee_id,statement,baseline,target,due_on\n"
            "O-1,ACME,E1,Grow,,,2026-12-31\n",
        )
        header = "objective_code,period,rating,evidence\n"

        commit("ratings", header + "O-1,2026-Q1,1.25,Minutes of the review\n")

        assert ObjectiveRating.objects.get().rating == Decimal("1.25")
        assert findings("ratings", header + "O-1,2026-Q2,1.2,\nO-2,2026-Q2,1,\n") == [
            "line 2, rating: '1.2' is not on the scale 0, 0.5, 1, 1.25, 1.5; 1 is 100 %",
            "line 3, objective_code: 'O-2' there is no objective of this name here: import objectives first",
        ]


class TestTargets:
    HEADER = "metric_code,account_code,employee_id,from,to,target,currency,issued_on\n"

    def test_come_in_for_accounts_and_people(self) -> None:
        metric("X1")

        commit(
            "targets",
            self.HEADER
            + "X1,ACME,,2026-04-01,2026-06-30,1000,EUR,2026-03-15\nX1,,E2,2026-04-01,2026-06-30,500,EUR,2026-03-15\n",
        )

        target = Target.objects.get(person=None)
        assert (target.value, target.node.code, target.status) == (Decimal(1000), "ACME", "issued")
        assert Span(target.days.lower, target.days.upper).last == date(2026, 6, 30)

    def test_a_revised_one_keeps_its_history(self) -> None:
        metric("X1")
        row = "X1,ACME,,2026-04-01,2026-06-30,1000,EUR,2026-03-15\n"
        commit("targets", self.HEADER + row)

        shown = commit("targets", self.HEADER + row.replace("1000", "900"))

        assert shown.changed == 1
        assert [t.value for t in Target.objects.current()] == [Decimal(900)]
        assert Target.objects.count() == 2

    def test_rules(self) -> None:
        metric("X1")
        metric("X2", unit="percent")

        shown = findings(
            "targets",
            self.HEADER
            + "X1,ACME,E2,2026-04-01,2026-06-30,1,EUR,\n"
            + "X1,,,2026-04-01,2026-06-30,1,EUR,\n"
            + "X1,ACME,,2026-04-01,2026-06-30,1,,\n"
            + "X2,ACME,,2026-04-01,2026-06-30,1,EUR,\n"
            + "X9,ACME,,2026-04-01,2026-06-30,1,,\n"
            + "X1,ACME,,2026-07-01,2026-06-30,1,EUR,\n",
        )

        assert [line.split(":")[0] for line in shown] == [
            "line 2, account_code or employee_id",
            "line 3, account_code or employee_id",
            "line 4, currency",
            "line 5, currency",
            "line 6, metric_code",
            "line 7, to",
        ]

    def test_a_late_one_is_said(self) -> None:
        metric("X1")

        shown = preview("targets", self.HEADER + "X1,ACME,,2026-04-01,2026-06-30,1,EUR,2026-05-01\n")

        assert [note.rule for note in shown.notes] == ["target_late"]


class TestMetricResults:
    HEADER = "period,account_code,employee_id,metric_code,target,actual,currency,as_of,note\n"

    def test_come_in_with_their_targets(self) -> None:
        metric("X1")

        commit("metric_results", self.HEADER + "2026-Q2,ACME,,X1,1000,1100.5,EUR,2026-06-30,\n")

        result = Result.objects.get()
        assert (result.value, result.status, result.currency) == (Decimal("1100.5"), "final", "EUR")
        assert Target.objects.get().value == 1000

    def test_a_computed_metric_is_refused_by_name(self) -> None:
        metric("X1", source=MetricSource.COMPUTED)

        assert findings("metric_results", self.HEADER + "2026-Q2,ACME,,X1,,1,EUR,,\n") == [
            (
                "line 2, metric_code: 'X1' Metric X1 is computed from facts and takes no typed result: "
                "import the facts, or use an external metric"
            )
        ]

    def test_missing_is_a_state_with_a_reason(self) -> None:
        metric("X1")

        assert findings("metric_results", self.HEADER + "2026-Q2,ACME,,X1,,,EUR,,\n") == [
            "line 2, actual: is empty: a missing result says why in the column note"
        ]
        commit("metric_results", self.HEADER + "2026-Q2,ACME,,X1,,,EUR,,survey comes in May\n")
        result = Result.objects.get()
        assert (result.value, result.status, result.note) == (None, "missing", "survey comes in May")

    def test_a_restated_one_says_so_and_keeps_nothing_of_what_the_old_one_was_made_of(self) -> None:
        Result.objects.create(
            metric=metric("X1"), period=Period.objects.get(code="2026-Q2"), node=AccountNode.objects.get(code="ACME"),
            window="period", value=1, numerator=1, denominator=1, sample=1, currency="EUR", status="final",
        )  # fmt: skip

        shown = commit("metric_results", self.HEADER + "2026-Q2,ACME,,X1,,2,EUR,,\n")

        assert shown.changed == 1
        result = Result.objects.current().get()
        assert (result.value, result.status) == (2, "restated")
        assert (result.numerator, result.denominator, result.sample) == (None, None, None)
        again = commit("metric_results", self.HEADER + "2026-Q2,ACME,,X1,,2,EUR,,\n\n")
        assert again.same == 1


class TestFxRates:
    HEADER = "rate_set,rate_date,from_currency,to_currency,rate\n"

    def test_come_in(self) -> None:
        commit("fx_rates", self.HEADER + "plan,2026-01-01,USD,EUR,0.9259259259\n")

        assert FxRate.objects.get().rate == Decimal("0.9259259259")

    def test_rules(self) -> None:
        assert findings(
            "fx_rates", self.HEADER + "plan,2026-01-01,USD,USD,1\nplan,2026-01-01,USD,EUR,0\n"
        ) == [
            "line 2, to_currency: 'USD' is the same as from_currency: a rate joins two currencies",
            "line 3, rate: '0' must be above 0",
        ]
