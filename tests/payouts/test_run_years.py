"""Goals over several years: results, targets and incentive mean the same years in runs and in the calculator."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import Frequency, PeriodStatus
from kamcomp.calendar.services import periods_add, regular_periods
from payouts.choices import RunStatus
from payouts.engine.calculator import calculate
from payouts.models import Payout, Run
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from plans.choices import PlanType, VersionStatus
from plans.engine.codec import DocumentInvalid
from plans.engine.document import plan_digest, plan_from_document
from plans.models import Assignment, Plan, PlanVersion
from scorecards.models import Metric, Result, Target
from teams.models import Employment, PayPackage
from tests.payouts.crowd import CURVE, START, Crowd, crowd
from tests.payouts.test_run_inputs import invoice

D = Decimal
AT = datetime(2029, 1, 8, 9, tzinfo=UTC)
THREE_YEARS = DateRange(START, date(2029, 1, 1))
SOLD = {2026: "1000", 2027: "1100", 2028: "1200"}
pytestmark = pytest.mark.django_db(transaction=True)


def leaf(code, years):
    return {
        "code": code,
        "weight": "0.5",
        "kind": "goal",
        "metric": "M01",
        "accumulation": "multi_year",
        "years": years,
        "curve": CURVE,
    }


def plan_document():
    return {
        "format": "kamcomp.plan/1",
        "code": "LONG",
        "name": "Long",
        "type": "team_performance",
        "currency": "EUR",
        "effective": {"from": "2026-01-01", "to": "2028-12-31"},
        "period": "quarter",
        "incentive": {"weight": "1", "children": [leaf("TWO", 2), leaf("THREE", 3)]},
    }


def long_plan(made: Crowd, *, valid=THREE_YEARS, code="LONG") -> PlanVersion:
    document = plan_document() | {"code": code}
    plan = Plan.objects.create(
        code=code, name=code, plan_type=PlanType.TEAM_PERFORMANCE, calendar=made.period.calendar
    )
    version = PlanVersion.objects.create(
        plan=plan, number=1, valid=valid, document=document, currency="EUR",
        digest=plan_digest(plan_from_document(document)), prepared_by=made.users["maren"],
    )  # fmt: skip
    for status, by in (("approved", made.users["anders"]), ("published", made.users["maren"])):
        version.status = VersionStatus(status)
        setattr(version, f"{status}_by", by)
        setattr(version, f"{status}_at", AT)
        version.save()
    Assignment.objects.create(
        person=made.people[0], plan=plan, plan_version=version, account=made.accounts[0], valid=valid
    )
    return version


def three_years() -> Crowd:
    """Make one person on a plan of three years; 1,000 a year is the target, 1,000, 1,100 and 1,200 are sold."""
    made = crowd(1)
    Assignment.objects.all().delete()
    Employment.objects.update(valid=THREE_YEARS)
    PayPackage.objects.update(valid=THREE_YEARS, variable_target=20_000)
    drafts = regular_periods(first_day=date(2027, 1, 1), frequency=Frequency.QUARTER, years=2)
    for period in periods_add(calendar=made.period.calendar, periods=drafts, by=made.users["maren"]):
        period.status = PeriodStatus.OPEN
        period.save(update_fields=["status"])
        made.periods[period.code] = period
    long_plan(made)
    for year, sold in SOLD.items():
        invoice(made, date(year, 2, 1), sold)
        Target.objects.create(
            metric=Metric.objects.get(code="M01"), node=made.accounts[0].node, value=1000, currency="EUR",
            days=DateRange(date(year, 1, 1), date(year + 1, 1, 1)),
        )  # fmt: skip
    invoice(made, date(2025, 12, 31), "9999")
    return made


def run_of(made: Crowd, code: str) -> Run:
    run = run_request(period=made.periods[code], by=made.users["maren"], at=AT)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    return run


def case() -> dict:
    def quarter(year: int, number: int) -> dict:
        days = ("01-01", "03-31"), ("04-01", "06-30"), ("07-01", "09-30"), ("10-01", "12-31")
        since, to = days[number - 1]
        return {"name": f"{year}-Q{number}", "from": f"{year}-{since}", "to": f"{year}-{to}"}

    always = {"from": "2026-01-01", "to": None}
    return {
        "format": "kamcomp.case/1",
        "plan": plan_document(),
        "calendar": {
            "years": [{"name": str(year), "periods": [quarter(year, n) for n in (1, 2, 3, 4)]} for year in SOLD],
            "pay": [f"{year}-Q{number}" for year in SOLD for number in (1, 2, 3, 4)],
        },
        "people": [
            {
                "id": "E00001",
                "employments": [always | {"fte": "1"}],
                "packages": [always | {"base_salary": "60000", "target_incentive": "20000"}],
                "leaves": [],
                "assignments": [always | {"account": "MER", "dedication": "1"}],
            }
        ],
        "results": [
            {
                "metric": "M01", "level": "team", "subject": "MER", "period": f"{year}-Q{number}",
                "actual": sold if number == 1 else "0", "target": "250",
            }
            for year, sold in SOLD.items()
            for number in (1, 2, 3, 4)
        ],
    }  # fmt: skip


# TWO: 2,100 of 2,000 is 105 %, pays 110 % x 50 % x 2 x 20,000. THREE: 3,300 of 3,000, pays 120 % x 50 % x 60,000.
PAID = {"2026-Q4": "0.00", "2027-Q3": "0.00", "2027-Q4": "22000.00", "2028-Q3": "0.00", "2028-Q4": "36000.00"}


class TestGoalsOverSeveralYears:
    def test_are_paid_at_the_end_of_their_years_on_exactly_those_years(self):
        made = three_years()

        paid = {code: Payout.objects.get(run=run_of(made, code)).amount for code in PAID}

        assert paid == {code: D(amount) for code, amount in PAID.items()}

    def test_are_paid_the_same_by_the_calculator(self):
        answer = calculate(case())["payouts"]

        paid = {period["period"]: period["people"][0]["payout"] for period in answer}
        assert {code: paid[code] for code in PAID} == PAID

    def test_have_a_result_only_when_they_end(self):
        made = three_years()
        run_of(made, "2027-Q3")
        assert not Result.objects.filter(window="multi_year").exists()

        run_of(made, "2027-Q4")

        assert [each.value for each in Result.objects.filter(window="multi_year")] == [2100]

    def test_of_two_plans_that_mean_different_years_are_refused_by_name(self):
        made = three_years()
        other = long_plan(made, valid=DateRange(date(2027, 1, 1), date(2029, 1, 1)), code="OTHER")

        run = run_of(made, "2028-Q4")

        assert run.status == RunStatus.FAILED
        assert f"{other} reads M01 over several years from 2027-01-01" in run.error

    def test_are_the_only_ones_that_read_over_several_years(self):
        document = plan_document()
        document["incentive"]["children"][0] |= {
            "accumulation": "period", "years": 1, "gate": {"metric": "M03", "window": "multi_year", "at_least": "0.2"},
        }  # fmt: skip

        with pytest.raises(DocumentInvalid, match="M03 is read over several years"):
            calculate(case() | {"plan": document})
