"""A gate and a goal over the last four quarters: in runs, over the turn of the year, in late facts, as calculated."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import Frequency, PeriodStatus
from kamcomp.calendar.services import periods_add, regular_periods
from payouts.choices import RunStatus
from payouts.engine.calculator import calculate
from payouts.models import Payout, Run
from payouts.services.approvals import run_approve
from payouts.services.diff import runs_diff
from payouts.services.late_facts import late_facts
from payouts.services.locks import run_lock
from payouts.services.reviews import run_review
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from payouts.services.verify import verify_run
from plans.models import Assignment
from scorecards.choices import ResultStatus
from scorecards.models import Metric, Result, Target
from teams.models import Employment, PayPackage
from tests.payouts.crowd import CURVE, START, Crowd, crowd, final, published
from tests.payouts.test_run_inputs import invoice

D = Decimal
AT = datetime(2027, 5, 20, 9, tzinfo=UTC)
TWO_YEARS = DateRange(START, date(2028, 1, 1))
COSTS = {"2026-Q1": "250", "2026-Q2": "190", "2026-Q3": "190", "2026-Q4": "230", "2027-Q1": "205"}
ROLLING = {"window": "rolling", "periods": 4}
pytestmark = pytest.mark.django_db(transaction=True)


def plan_document(**gate):
    goal = {"code": "REV", "weight": "1", "kind": "goal", "metric": "M01", "curve": CURVE, **ROLLING}
    return {
        "format": "kamcomp.plan/1",
        "code": "ROLL",
        "name": "Rolling",
        "type": "renewal",
        "currency": "EUR",
        "effective": {"from": "2026-01-01", "to": "2027-12-31"},
        "period": "quarter",
        "incentive": {
            "weight": "1",
            "children": [goal | ({"when_short": gate["when_short"]} if "when_short" in gate else {})],
            "gate": {"metric": "M03.of_sales", **ROLLING, "at_least": "0.25", **gate},
        },
    }


def two_years(*, plan=None, **gate) -> Crowd:
    """Make one person with 5,000 a quarter; every quarter sells 275 against 250, at the costs above."""
    made = crowd(1, achieved=False)
    Assignment.objects.all().delete()
    Employment.objects.update(valid=TWO_YEARS)
    PayPackage.objects.update(valid=TWO_YEARS, variable_target=20_000)
    drafts = regular_periods(first_day=date(2027, 1, 1), frequency=Frequency.QUARTER, years=1)
    for period in periods_add(calendar=made.period.calendar, periods=drafts, by=made.users["maren"]):
        period.status = PeriodStatus.OPEN
        period.save(update_fields=["status"])
        made.periods[period.code] = period
    version = published(
        calendar=made.period.calendar,
        users=made.users,
        document=plan or plan_document(**gate),
        code="ROLL",
        valid=TWO_YEARS,
    )
    Assignment.objects.create(
        person=made.people[0],
        plan=version.plan,
        plan_version=version,
        account=made.accounts[0],
        valid=TWO_YEARS,
    )
    for period in made.periods.values():
        Target.objects.create(
            metric=Metric.objects.get(code="M01"), node=made.accounts[0].node, value=250, currency="EUR",
            days=period.days,
        )  # fmt: skip
    for code, cost in COSTS.items():
        invoice(made, made.periods[code].days.lower, "275", cost=cost)
    return made


def run_of(made: Crowd, code: str) -> Run:
    run = run_request(period=made.periods[code], by=made.users["maren"], at=AT)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    return run


def paid(run: Run) -> Decimal:
    return Payout.objects.get(run=run).amount


def closed(made: Crowd, code: str) -> Run:
    run = run_of(made, code)
    run_review(run_id=run.pk, by=made.users["anders"], at=AT)
    run_approve(run_id=run.pk, by=made.users["jonas"], at=AT)
    return run_lock(run_id=run.pk, by=made.users["jonas"], at=AT)


def case() -> dict:
    def quarter(year: int, number: int) -> dict:
        days = ("01-01", "03-31"), ("04-01", "06-30"), ("07-01", "09-30"), ("10-01", "12-31")
        since, to = days[number - 1]
        return {"name": f"{year}-Q{number}", "from": f"{year}-{since}", "to": f"{year}-{to}"}

    always = {"from": "2026-01-01", "to": None}
    about = {"level": "team", "subject": "MER"}
    return {
        "format": "kamcomp.case/1",
        "plan": plan_document(),
        "calendar": {
            "years": [{"name": str(y), "periods": [quarter(y, n) for n in (1, 2, 3, 4)]} for y in (2026, 2027)],
            "pay": ["2026-Q4", "2027-Q1"],
        },
        "people": [
            {
                "id": "E00001",
                "employments": [always | {"fte": "1"}],
                "packages": [always | {"base_salary": "60000", "target_incentive": "20000"}],
                "leaves": [],
                "assignments": [always | {"account": "MER", "dedication": "1"}],
                "opening": dict.fromkeys(("posted", "carried", "excess", "bank", "draw", "recoverable"), "0"),
            }
        ],
        "results": [
            result
            for code, cost in COSTS.items()
            for result in (
                {"metric": "M01", **about, "period": code, "actual": "275", "target": "250"},
                {
                    "metric": "M03.of_sales", **about, "period": code,
                    "numerator": str(275 - int(cost)), "denominator": "275",
                },
            )
        ],
    }  # fmt: skip


# 2026: 240 of 1,100 is 21.8 %, closed. From 2026-Q2 to 2027-Q1: 285 of 1,100 is 25.9 %, open: 110 % pays 120 %.
PAID = {"2026-Q4": "0.00", "2027-Q1": "6000.00"}


class TestRollingWindow:
    def test_reads_the_last_four_quarters_over_the_turn_of_the_year(self):
        made = two_years()

        runs = {code: run_of(made, code) for code in PAID}

        assert {code: paid(run) for code, run in runs.items()} == {
            code: D(amount) for code, amount in PAID.items()
        }
        margin = Result.objects.get(
            metric__code="M03.of_sales", window="rolling_4", period=made.periods["2027-Q1"]
        )
        assert (margin.numerator, margin.denominator) == (285, 1100)
        assert verify_run(run=runs["2027-Q1"]).equal

    def test_is_the_same_in_the_calculator(self):
        answer = calculate(case())["payouts"]

        assert {period["period"]: period["people"][0]["payout"] for period in answer} == PAID

    def test_has_no_result_where_the_calendar_begins_later_and_the_person_is_named(self):
        made = two_years()

        run = run_of(made, "2026-Q3")

        assert run.status == RunStatus.WITH_ERRORS
        said = " ".join(run.problems.values_list("message", flat=True))
        assert "reads M01 (team) over the last 4 periods, which has no result or target" in said
        assert not Result.objects.filter(window__startswith="rolling").exists()

    def test_is_shorter_there_where_the_plan_says_so(self):
        made = two_years(when_short="shorter", at_least="0.20")

        run = run_of(made, "2026-Q3")

        # 195 of 825 is 23.6 %; 825 of 750 is 110 %.
        assert paid(run) == D("6000.00")
        assert set(Result.objects.filter(window__startswith="rolling").values_list("window", flat=True)) == {
            "rolling_4_or_fewer"
        }

    def test_is_open_there_where_a_missing_result_is_neutral(self):
        made = two_years(missing="neutral")
        PayPackage.objects.update(variable_target=0)

        run = run_of(made, "2026-Q3")

        nodes = {
            problem.message.partition(" reads ")[0].rpartition(": ")[2] for problem in run.problems.all()
        }
        assert not any("gate" in node for node in nodes)


def external(**says) -> Crowd:
    """Make the same person on a goal whose metric comes by file: 275 a quarter, of targets of 250 each."""
    goal = {"code": "EXT", "weight": "1", "kind": "goal", "metric": "XSALES", "curve": CURVE}
    made = two_years(
        plan=plan_document() | {"incentive": {"weight": "1", "children": [goal | ROLLING | says]}}
    )
    for code, period in made.periods.items():
        about = {"metric": made.metrics["XSALES"], "node": made.accounts[0].node, "currency": "EUR"}
        Target.objects.create(days=period.days, value=250, **about)
        if code in COSTS:
            final(period=period, value=275, **about).save()
    return made


def restated(made: Crowd, code: str, value: int | None) -> None:
    result = Result.objects.current().filter(metric__code="XSALES", period=made.periods[code])
    result.update(superseded_at=timezone.now())
    status = ResultStatus.MISSING if value is None else ResultStatus.RESTATED
    Result.objects.create(
        metric=made.metrics["XSALES"], node=made.accounts[0].node, currency="EUR", period=made.periods[code],
        value=value, status=status,
    )  # fmt: skip


class TestExternalMetric:
    @pytest.mark.parametrize(
        ("says", "amount"),
        [
            ({}, "6000.00"),  # 1,100 of 1,000 is 110 %, pays 120 %
            ({"window": "year", "periods": None}, None),  # the year's later quarters have no result yet
            ({"window": "year_to_date", "periods": None}, "6000.00"),
            ({"periods": 2}, "6000.00"),
        ],
    )
    def test_is_added_up_over_longer_windows(self, says, amount):
        made = external(**says)

        run = run_of(made, "2027-Q1")

        assert (run.status == RunStatus.WITH_ERRORS) == (amount is None)
        assert [str(each) for each in Payout.objects.filter(run=run).values_list("amount", flat=True)] == (
            [f"{amount}0000"] if amount else []
        )

    def test_has_no_result_where_a_quarter_has_none(self):
        made = external()
        restated(made, "2026-Q3", None)

        assert run_of(made, "2027-Q1").status == RunStatus.WITH_ERRORS

    def test_is_corrected_when_a_quarter_of_the_window_is_restated(self):
        made = external()
        closed(made, "2027-Q1")
        restated(made, "2026-Q2", 175)
        restated(made, "2026-Q1", 1)

        found = late_facts(period=made.periods["2027-Q2"], by=made.users["maren"], at=AT)

        # 1,000 of 1,000: 5,000 instead of 6,000; the first quarter of 2026 is no longer in the window.
        assert [str(each.amount) for each in found.proposed] == ["-1000.00"]

    def test_carries_the_last_reading_of_the_same_window(self):
        made = external(missing="carry")
        for code in ("2026-Q4", "2027-Q1"):
            restated(made, code, 250)

        run = run_of(made, "2027-Q2")

        # From 2026-Q2 to 2027-Q1: 1,050 of 1,000 is 105 %, pays 110 %.
        assert paid(run) == D("5500.00")


class TestLateFacts:
    @pytest.mark.parametrize(
        ("on", "amounts"),
        [
            (date(2026, 5, 4), ["-6000.00"]),
            (date(2026, 12, 31), ["-6000.00"]),
            (date(2027, 3, 31), ["-6000.00"]),
            (date(2026, 2, 4), []),
        ],
    )
    def test_in_any_of_the_quarters_correct_the_payout_and_no_others_do(self, on, amounts):
        made = two_years()
        closed(made, "2027-Q1")
        invoice(made, on, "0", cost="20")  # 265 of 1,100 is 24.1 %: the gate closes

        found = late_facts(period=made.periods["2027-Q2"], by=made.users["maren"], at=AT)

        assert [str(each.amount) for each in found.proposed] == amounts

    def test_are_named_between_two_runs(self):
        made = two_years()
        old = run_of(made, "2027-Q1")
        invoice(made, date(2026, 5, 4), "0", cost="20")

        new = run_of(made, "2027-Q1")

        (change,) = runs_diff(old=old, new=new)
        assert "result M03.of_sales of MER over the last 4 periods: 285 / 1100 → 265 / 1100" in change.reasons
