"""What rows become the engine's inputs: people, results, credits, ratings, rates; each by a figure worked by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import transaction
from psycopg2.extras import DateRange

from kamcomp.currency.choices import RateSet
from kamcomp.currency.models import FxRate
from payouts.choices import RunStatus
from payouts.models import Payout, Run, RunProblem
from payouts.selectors.inputs.results import StoredTarget, target_parts
from payouts.selectors.rederived import kept_of_chunk
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from plans.models import Assignment
from scorecards.choices import CreditType
from scorecards.models import Credit, Metric, ObjectiveRating, Product, Result, Target, Transaction
from teams.choices import EmploymentStatus
from teams.models import AccountNode, AccountObjective, Employment, PayPackage, Person
from tests.payouts.crowd import CURVE, END, START, Crowd, crowd, document, final

D = Decimal
Q3 = (date(2026, 7, 1), date(2026, 10, 1))
AT = datetime(2026, 10, 6, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def goal(code="REV", **fields):
    return {"code": code, "weight": "1", "kind": "goal", "metric": "M01", "curve": CURVE} | fields


def only(*children, **changes):
    return document(incentive={"weight": "1", "children": list(children)}, **changes)


def run_of(made: Crowd, period=None) -> Run:
    run = run_request(period=period or made.period, by=made.users["maren"], at=AT)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    assert run.status in (RunStatus.CALCULATED, RunStatus.WITH_ERRORS), run.error
    return run


def amount(run: Run, employee_id="E00001") -> Decimal:
    return Payout.objects.get(run=run, person__employee_id=employee_id).amount


def problem(run: Run) -> RunProblem:
    return RunProblem.objects.get(run=run)


def package(person, **fields) -> None:
    PayPackage.objects.filter(person=person).update(**fields)


def invoice(
    made: Crowd,
    on: date,
    revenue: str,
    *,
    node=None,
    to=None,
    share="1",
    cost=None,
    currency="EUR",
    kind=CreditType.DIRECT,
):
    number = Transaction.objects.count() + 1
    line = Transaction.objects.create(
        source_id=f"T{number}", date=on, node=node or made.accounts[0].node, revenue=D(revenue),
        cost=None if cost is None else D(cost), currency=currency, quantity=D(2),
        product=Product.objects.get_or_create(code="PX", defaults={"name": "Pump", "family": "pumps"})[0],
    )  # fmt: skip
    if to is not None:
        Credit.objects.create(source_id=line.source_id, person=to, credit_type=kind, share=D(share))
    return line


def target(
    made: Crowd, value: str, days: DateRange, *, node=None, person=None, currency="EUR", code="M01"
) -> None:
    Target.objects.create(
        metric=Metric.objects.get(code=code),
        node=node,
        person=person,
        days=days,
        value=D(value),
        currency=currency,
    )


class TestComputedResults:
    def test_a_run_computes_them_first_and_knows_them(self):
        made = crowd(1, plan=only(goal()))
        package(made.people[0], variable_target=D(20_000))
        target(made, "1000", made.period.days, node=made.accounts[0].node)
        invoice(made, date(2026, 8, 1), "1100")

        run = run_of(made)

        assert amount(run) == D("6000.00")  # 5,000 a quarter x 1.20

    def test_a_fact_recorded_after_the_request_waits_for_the_next_run(self):
        made = crowd(1, plan=only(goal()))
        package(made.people[0], variable_target=D(20_000))
        target(made, "1000", made.period.days, node=made.accounts[0].node)
        invoice(made, date(2026, 8, 1), "1000")
        run = run_request(period=made.period, by=made.users["maren"], at=AT)
        invoice(made, date(2026, 8, 2), "500")

        run_look(run_id=run.pk)

        assert amount(run) == D("5000.00")
        assert amount(run_of(made)) == D("10000.00")

    def test_a_missing_result_is_a_problem_of_those_who_read_it(self):
        made = crowd(2, plan=only(goal()))
        package(made.people[1], variable_target=D(20_000))
        target(made, "1000", made.period.days, node=made.accounts[1].node)
        invoice(made, date(2026, 8, 1), "1000", node=made.accounts[1].node)

        run = run_of(made)

        assert (problem(run).person, problem(run).code) == (made.people[0], "result_missing")
        assert amount(run, "E00002") == D("5000.00")


class TestPeople:
    def test_a_joiner_has_the_days_since_the_first(self):
        made = crowd(1, plan=only(goal("SALES", metric="XSALES")))
        package(made.people[0], variable_target=D("36800"))
        Employment.objects.filter(person=made.people[0]).update(valid=DateRange(date(2026, 8, 1), END))

        # 9,200 a quarter x 61/92 days = 6,100; attainment 1.037123 pays 1.074246.
        assert amount(run_of(made)) == D("6552.90")

    def test_leave_is_prorated(self):
        made = crowd(1, plan=only(goal("SALES", metric="XSALES")))
        package(made.people[0], variable_target=D("36800"))
        Employment.objects.filter(person=made.people[0]).update(valid=DateRange(START, date(2026, 9, 1)))
        Employment.objects.create(
            person=made.people[0], employer="Halden", jurisdiction="DE", payroll_currency="EUR",
            valid=DateRange(date(2026, 9, 1), END), status=EmploymentStatus.LEAVE,
        )  # fmt: skip

        # 62 of 92 days: 6,200 x 1.074246.
        assert amount(run_of(made)) == D("6660.33")

    def test_nobody_is_paid_without_an_employment(self):
        made = crowd(2)
        Employment.objects.filter(person=made.people[0]).update(valid=DateRange(date(2025, 1, 1), START))

        run = run_of(made)

        assert (problem(run).code, problem(run).person) == ("employment_missing", made.people[0])
        assert "add it, or end the assignment" in problem(run).message

    def test_a_worked_day_without_a_package_is_named(self):
        made = crowd(1)
        PayPackage.objects.filter(person=made.people[0]).update(valid=DateRange(date(2026, 8, 1), END))

        run = run_of(made)

        assert problem(run).message.startswith("E00001 has no approved pay package on 2026-07-01")

    def test_a_package_in_another_currency_is_converted_at_the_plan_rate(self):
        made = crowd(1, plan=only(goal("SALES", metric="XSALES")))
        package(made.people[0], variable_target=D("21600"), currency="USD")
        FxRate.objects.create(
            rate_set=RateSet.PLAN, rate_date=START, from_currency="EUR", to_currency="USD", rate=D("1.08")
        )

        run = run_of(made)

        # 21,600 USD are 20,000 EUR: 5,000 x 1.074246 = 5,371.23; the rate used is kept.
        assert amount(run) == D("5371.23")
        kept = kept_of_chunk(run.chunks.get().pk)
        assert list(kept.inputs.parameters) == ["rate USD/EUR"]

    def test_without_a_rate_the_person_has_a_problem(self):
        made = crowd(2)
        package(made.people[0], currency="CHF")

        run = run_of(made)

        assert (problem(run).code, problem(run).person) == ("rate_missing", made.people[0])
        assert Payout.objects.filter(run=run).count() == 1


class TestCommission:
    LEAF = {
        "code": "COM",
        "kind": "commission",
        "tiers": [{"from": "0", "rate": {"parameter": "rate"}}],
    }

    def made(self, **leaf) -> Crowd:
        made = crowd(
            2, plan=document(incentive={"weight": "1", "children": []}, commissions=[self.LEAF | leaf])
        )
        for person, rate in zip(made.people, ("0.012", "0.015"), strict=True):
            person.assignments.update(parameters={"rate": rate})
        return made

    def test_pays_each_at_their_own_rate_on_credits_of_the_period(self):
        made = self.made()
        invoice(made, date(2026, 7, 1), "1000.005", to=made.people[0])
        invoice(made, date(2026, 9, 30), "500", to=made.people[0], share="1")
        invoice(made, date(2026, 10, 1), "9999", to=made.people[0])

        run = run_of(made)

        assert amount(run) == D("18.00")  # 1,500.005 x 0.012 = 18.00006
        assert amount(run, "E00002") == D("0.00")

    def test_counts_a_credit_only_on_the_account_of_the_assignment_and_its_tree(self):
        made = self.made()
        site = AccountNode.objects.create(
            code="MER-1", name="Site", parent=made.accounts[0].node, currency="EUR"
        )
        invoice(made, date(2026, 8, 1), "1000", node=site, to=made.people[0])
        invoice(made, date(2026, 8, 1), "7000", node=made.accounts[1].node, to=made.people[0])

        assert amount(run_of(made)) == D("12.00")

    def test_names_the_deal_whose_cost_is_missing(self):
        made = self.made(base="margin")
        invoice(made, date(2026, 8, 1), "1000", to=made.people[0])

        run = run_of(made)

        assert problem(run).code == "credit_incomplete"
        assert "erp/T1/1/E00001/direct" in problem(run).message

    def test_names_the_person_without_the_parameter(self):
        made = self.made()
        made.people[1].assignments.update(parameters={})

        run = run_of(made)

        assert (problem(run).code, problem(run).person) == ("parameter_missing", made.people[1])

    def test_names_a_parameter_that_is_no_decimal(self):
        made = self.made()
        made.people[1].assignments.update(parameters={"rate": "1.5 %"})

        run = run_of(made)

        assert (
            "rate = '1.5 %': write a decimal as a string"
            in RunProblem.objects.filter(run=run).first().message
        )

    def test_digests_do_not_depend_on_whose_parameters_are_in_the_chunk(self, settings):
        made = self.made()
        made.people[1].assignments.update(parameters={"rate": "0.015", "extra": "7"})
        settings.KAMCOMP_CHUNK_PEOPLE = 1
        apart = run_of(made)
        settings.KAMCOMP_CHUNK_PEOPLE = 2

        together = run_of(made)

        assert apart.input_digest == together.input_digest


class TestAbsurdFigures:
    """One person's figure that no table holds is that person's problem; everybody else is paid, to the cent."""

    @pytest.mark.parametrize("digits", [19, 60, 5_000])
    def test_of_a_parameter(self, digits):
        made = TestCommission().made()
        made.people[1].assignments.update(parameters={"rate": "9" * digits})
        invoice(made, date(2026, 8, 1), "1000", to=made.people[0])
        invoice(made, date(2026, 8, 1), "1000", to=made.people[1], node=made.accounts[1].node)

        run = run_of(made)

        assert (problem(run).person, problem(run).code) == (made.people[1], "figure_too_large")
        assert "too large to be kept exactly" in problem(run).message
        assert "Look at the personal parameters" in problem(run).message
        assert amount(run) == D("12.00")
        assert run.status == RunStatus.WITH_ERRORS

    def test_of_a_target_so_small_that_the_attainment_is_no_figure(self):
        leaf = goal("OWN", metric="XOWN", level="individual", target={"parameter": "target"})
        made = crowd(3, plan=only(leaf))
        for person, value in zip(made.people, ("30", "0." + "0" * 30 + "1", "32"), strict=True):
            person.assignments.update(parameters={"target": value})
            package(person, variable_target=D(20_000))

        run = run_of(made)

        assert (problem(run).person, problem(run).code) == (made.people[1], "figure_too_large")
        assert [amount(run, name) for name in ("E00001", "E00003")] == [D("5000.00"), D("5000.00")]

    def test_does_not_change_the_digests_of_the_others(self, settings):
        made = TestCommission().made()
        made.people[1].assignments.update(parameters={"rate": "9" * 60})
        for person, account in zip(made.people, made.accounts, strict=True):
            invoice(made, date(2026, 8, 1), "1000", to=person, node=account.node)
        settings.KAMCOMP_CHUNK_PEOPLE = 1
        apart = run_of(made)
        settings.KAMCOMP_CHUNK_PEOPLE = 2

        assert run_of(made).result_digest == apart.result_digest


class TestManagerCredits:
    """E00003 sells, E00002 is the manager of E00003, E00001 of E00002."""

    def made(self, *kinds: str) -> Crowd:
        leaf = {
            "code": "TEAM",
            "kind": "commission",
            "credit_types": list(kinds),
            "tiers": [{"from": "0", "rate": "0.01"}],
        }
        made = crowd(3, plan=document(incentive={"weight": "1", "children": []}, commissions=[leaf]))
        head, lead, rep = made.people
        Assignment.objects.update(account=None)
        Person.objects.filter(pk=rep.pk).update(manager=lead)
        Person.objects.filter(pk=lead.pk).update(manager=head)
        invoice(made, date(2026, 7, 1), "1000", to=rep)
        with transaction.atomic():
            invoice(made, date(2026, 9, 30), "500", to=rep, share="0.4", kind=CreditType.SPLIT)
            Credit.objects.create(source_id="T2", person=head, credit_type=CreditType.SPLIT, share=D("0.6"))
        invoice(made, date(2026, 8, 1), "7000", to=rep, kind=CreditType.OVERLAY)
        invoice(made, date(2026, 8, 1), "300", to=lead)
        invoice(made, date(2026, 10, 1), "9999", to=rep)
        return made

    def amounts(self, run: Run) -> list[Decimal]:
        return list(
            Payout.objects.filter(run=run).order_by("person__employee_id").values_list("amount", flat=True)
        )

    def test_roll_up_gives_own_sales_to_every_manager_above(self):
        run = run_of(self.made("rollup"))

        # The rep's 1,000 + 0.4 x 500 = 1,200 to the lead and the head, the lead's 300 to the head.
        assert self.amounts(run) == [D("15.00"), D("12.00"), D("0.00")]

    def test_override_gives_them_to_the_direct_manager(self):
        run = run_of(self.made("override"))

        assert self.amounts(run) == [D("3.00"), D("12.00"), D("0.00")]

    def test_stands_beside_ones_own_credits(self):
        run = run_of(self.made("direct", "split", "rollup"))

        assert self.amounts(run) == [D("18.00"), D("15.00"), D("12.00")]

    def test_counts_the_sales_of_people_who_are_on_no_plan(self):
        made = self.made("rollup")
        Assignment.objects.exclude(person=made.people[0]).delete()

        assert self.amounts(run_of(made)) == [D("15.00")]

    def test_counts_only_on_the_account_of_the_managers_assignment(self):
        made = self.made("rollup")
        made.people[0].assignments.update(account=made.accounts[1])

        assert self.amounts(run_of(made)) == [D("0.00"), D("12.00"), D("0.00")]

    def test_does_not_depend_on_who_is_in_the_chunk(self, settings):
        made = self.made("direct", "split", "rollup")
        settings.KAMCOMP_CHUNK_PEOPLE = 1
        apart = run_of(made)
        settings.KAMCOMP_CHUNK_PEOPLE = 3

        assert run_of(made).result_digest == apart.result_digest

    def test_names_who_is_their_own_manager_and_pays_the_others(self):
        made = self.made("direct", "split", "rollup")
        Person.objects.filter(pk=made.people[0].pk).update(manager=made.people[1])

        run = run_of(made)

        named = RunProblem.objects.filter(run=run, code="managers_loop").order_by("person__employee_id")
        assert [each.person for each in named] == made.people[:2]
        assert "E00001 is, over others, their own manager" in named[0].message
        assert self.amounts(run) == [D("12.00")]


class TestPeriodsCounted:
    """A guarantee of 9,000 for two periods, where 5,000 x 1.074246 is earned."""

    def amounts(self, *, since: date) -> Decimal:
        terms = {"guarantee": {"amount": "9000", "periods": 2}}
        made = crowd(1, plan=only(goal("SALES", metric="XSALES"), payment=terms))
        package(made.people[0], variable_target=D(20_000))
        made.people[0].assignments.update(valid=DateRange(since, END))
        return amount(run_of(made))

    def test_begin_with_the_first_of_the_assignment(self):
        assert self.amounts(since=date(2026, 4, 1)) == D("9000.00")

    def test_are_over_when_they_are_over(self):
        assert self.amounts(since=START) == D("5371.23")


class TestRatings:
    OBJECTIVES = {
        "code": "MBO",
        "kind": "objectives",
        "weight": "1",
        "items": [{"code": "PLAN", "weight": "0.6"}, {"code": "WALLET", "weight": "0.4"}],
    }

    def test_finds_the_persons_objective_then_the_accounts_then_the_plain_one(self):
        made = crowd(2, plan=only(self.OBJECTIVES))
        package(made.people[0], variable_target=D(20_000))
        package(made.people[1], variable_target=D(20_000))
        for code, rating in (("E00001/PLAN", "1.25"), ("MER/PLAN", "0.5"), ("PLAN", "1"), ("WALLET", "1.5")):
            objective = AccountObjective.objects.create(
                account=made.accounts[0],
                code=code,
                owner=made.people[0],
                statement=code,
                due_on=date(2026, 9, 30),
            )
            ObjectiveRating.objects.create(objective=objective, period=made.period, rating=D(rating))

        run = run_of(made)

        assert amount(run) == D("6750.00")  # 5,000 x (0.6 x 1.25 + 0.4 x 1.5)
        assert amount(run, "E00002") == D("6000.00")  # 5,000 x (0.6 x 1 + 0.4 x 1.5)

    def test_a_missing_rating_is_named(self):
        run = run_of(crowd(1, plan=only(self.OBJECTIVES)))

        problems = RunProblem.objects.filter(run=run).order_by("id")
        assert [each.message.partition(" has")[0] for each in problems] == ["MBO/PLAN", "MBO/WALLET"]


class TestTargets:
    def parts(self, *targets, adds=True):
        stored = [StoredTarget(since, until, D(value), "EUR") for since, until, value in targets]
        return [part.value for part in target_parts(targets=stored, since=Q3[0], until=Q3[1], adds=adds)]

    def test_the_days_of_the_window_count_first(self):
        assert self.parts((START, END, 9), (*Q3, 4), (Q3[0], date(2026, 8, 1), 1)) == [4]

    def test_months_that_fill_a_quarter_add_up(self):
        months = [(date(2026, m, 1), date(2026, m + 1, 1), m) for m in (7, 8, 9)]

        assert self.parts(*months) == [7, 8, 9]

    def test_months_with_a_gap_are_no_target(self):
        assert (
            self.parts((date(2026, 7, 1), date(2026, 8, 1), 1), (date(2026, 9, 1), date(2026, 10, 1), 1))
            == []
        )

    def test_a_years_sum_is_no_quarters_target(self):
        assert self.parts((START, END, 9)) == []

    def test_a_level_agreed_for_the_year_holds_in_the_quarter(self):
        assert self.parts((START, END, 9), (date(2026, 1, 1), date(2026, 8, 1), 5), adds=False) == [9]


class TestCarriedReading:
    def test_the_last_known_reading_is_carried(self):
        made = crowd(1, plan=only(goal("OWN", metric="XOWN", level="individual", missing="carry")))
        package(made.people[0], variable_target=D(20_000))
        before = made.periods["2026-Q2"]
        Result.objects.filter(metric=made.metrics["XOWN"]).update(superseded_at=AT)
        final(metric=made.metrics["XOWN"], period=before, person=made.people[0], value=D(44)).save()
        target(made, "40", before.days, person=made.people[0], currency="", code="XOWN")

        # 44 of 40 in the second quarter: 1.10 pays 1.20.
        assert amount(run_of(made)) == D("6000.00")

    def test_of_the_year_to_date_is_held_against_the_target_to_date(self):
        gate = {
            "metric": "XOWN",
            "reads": "attainment",
            "window": "year_to_date",
            "level": "individual",
            "missing": "carry",
            "at_least": "1",
        }
        leaf = goal("SALES", metric="XSALES", gate=gate | {"otherwise": {"limit": "1"}})
        made = crowd(1, plan=only(leaf))
        package(made.people[0], variable_target=D(20_000))
        for code in ("2026-Q1", "2026-Q2"):
            target(made, "40", made.periods[code].days, person=made.people[0], currency="", code="XOWN")
        final(
            metric=made.metrics["XOWN"], period=made.periods["2026-Q2"], person=made.people[0], value=D(72),
            window="year_to_date",
        ).save()  # fmt: skip

        # 72 of 80 to the end of June is below 100 %: 1.037123 pays 1.074246, limited to 1.
        assert amount(run_of(made)) == D("5000.00")
