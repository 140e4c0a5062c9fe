"""The figures of Halden Components that are right as drawn, and what its story must be."""

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from kamcomp.calendar.models import Period
from payouts.choices import PoolStatus, RunStatus
from payouts.demo import company
from payouts.demo.deals import growth_plan
from payouts.demo.figures import QUARTERS
from payouts.demo.files import quarter_span
from payouts.demo.story import corrections_of
from payouts.engine.calculator import calculate
from payouts.models import Allocation, LedgerEntry, Payout, PayoutLine, Pool, Run
from plans.choices import AcceptanceStatus, VersionStatus
from plans.models import Acceptance, PlanVersion
from plans.services.acceptances import WAITING
from scorecards.models import Result, Target
from teams.models import Membership, StrategicAccount

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("halden"),
    pytest.mark.xdist_group("halden"),
]

INGRID = "HC-1001"
GUIDELINES = {
    "Tomasz Wieczorek": "3159.53",
    "Priya Nair": "3554.47",
    "Lukas Brandt": "2764.59",
    "Amara Okafor": "2369.65",
    "Sofia Marques": "1579.76",
    "Jonas Lindqvist": "2172.18",
    "Chiara Rossi": "1777.24",
    "Mei Tan": "1579.76",
    "Daniel Fischer": "789.88",
}


def payout_of(employee_id: str, quarter: str) -> Payout:
    return Payout.objects.get(run__is_current=True, period__code=quarter, person__employee_id=employee_id)


def meridian_pool() -> Pool:
    return Pool.objects.get(account__node__code="MERIDIAN", period__code="2026-Q3")


class TestStatement:
    """Ingrid Solheim's third quarter of 2026."""

    def test_earns_the_four_lines_as_drawn(self):
        lines = PayoutLine.objects.filter(payout=payout_of(INGRID, "2026-Q3")).order_by("number")

        assert [(line.leaf, line.amount) for line in lines] == [
            ("REV", Decimal("2976.00")),
            ("MAR", Decimal("1275.00")),
            ("SAT", Decimal("1344.00")),
            ("OBJ", Decimal("720.00")),
        ]
        assert payout_of(INGRID, "2026-Q3").amount == Decimal("6315.00")

    def test_gets_the_late_invoice_of_the_second_quarter(self):
        [correction] = corrections_of("2026-Q2").filter(person__employee_id=INGRID)

        assert correction.amount == Decimal("142.50")
        assert (correction.due, correction.posted_before) == (Decimal("7054.50"), Decimal("6912.00"))
        assert payout_of(INGRID, "2026-Q3").amount + correction.amount == Decimal("6457.50")

    def test_has_earned_so_much_in_the_year(self):
        earned = [payout_of(INGRID, quarter).amount for quarter in ("2026-Q1", "2026-Q2")]

        assert earned == [Decimal("5640.00"), Decimal("6912.00")]
        assert sum(earned) + Decimal("6457.50") == Decimal("19009.50")

    def test_stands_against_target_as_drawn(self):
        payout = payout_of(INGRID, "2026-Q3")

        assert payout.target_incentive == Decimal(6000)
        assert payout.amount / payout.target_incentive == Decimal("1.0525")


class TestPool:
    """Meridian's pool of the third quarter of 2026."""

    def test_is_funded_as_drawn(self):
        pool = meridian_pool()

        assert (pool.target_amount, pool.funded) == (Decimal(18_000), Decimal("19747.06"))
        assert round(pool.result_ratio, 6) == Decimal("1.097059")

    def test_proposes_nine_guidelines_by_largest_remainder(self):
        rows = Allocation.objects.filter(pool=meridian_pool(), eligible=True)

        found = {row.person.details.legal_name: row.guideline for row in rows}
        assert found == {name: Decimal(amount) for name, amount in GUIDELINES.items()}
        assert sum(found.values()) == Decimal("19747.06")

    def test_is_handed_out_so_far_as_drawn(self):
        rows = Allocation.objects.filter(pool=meridian_pool())

        by_link = dict(rows.values_list("link").annotate(total=Sum("amount")).order_by("link"))
        assert by_link == {"direct": Decimal("12360.00"), "matrix": Decimal("6319.06")}
        assert meridian_pool().funded - sum(by_link.values()) == Decimal("1068.00")

    def test_says_why_the_leaver_gets_nothing(self):
        [row] = Allocation.objects.filter(pool=meridian_pool(), eligible=False)

        assert row.person.details.legal_name == "Ken Yamada"
        assert "14 Aug 2026" in row.ineligible_reason

    def test_of_the_quarter_before_owes_the_late_invoice_too(self):
        [correction] = corrections_of("2026-Q2").filter(person=None, status="proposed")

        assert correction.period.code == "2026-Q4"
        assert correction.corrects_pool.account.node.code == "MERIDIAN"
        assert correction.amount == Decimal("502.94")


class TestCostOfTheDraft:
    """The 2027 draft on the results of the four closed quarters, as the designer shows it."""

    def test_is_as_drawn(self):
        answers = [
            calculate(draft_case(account, quarter))
            for account in company.ACCOUNTS
            for quarter in QUARTERS[:4]
        ]

        managers = sum(Decimal(answer["payouts"][0]["people"][0]["payout"]) for answer in answers)
        pools = sum(Decimal(answer["pool"]["funded"]) for answer in answers)
        assert (managers, pools) == (Decimal(345_072), Decimal(1_043_280))
        assert round((managers + pools) / 1_400_000, 3) == Decimal("0.992")


def draft_case(account: company.Account, quarter: str) -> dict[str, Any]:
    """Return the calculation of the draft for an account's manager and pool, on a quarter's stored results."""
    year = quarter[:4]
    days = [(number, quarter_span(f"{year}-Q{number}")) for number in range(1, 5)]
    periods = [
        {"name": f"{year}-Q{number}", "from": str(span.since), "to": str(span.last)} for number, span in days
    ]
    since = f"{year}-01-01"
    draft = growth_plan(year=2027)
    funding_alone = {"funding": draft["pool"]["funding"]}
    return {
        "format": "kamcomp.case/1",
        "plan": draft | {"effective": {"from": since, "to": f"{year}-12-31"}, "pool": funding_alone},
        "calendar": {"years": [{"name": year, "periods": periods}], "pay": [quarter]},
        "people": [
            {
                "id": "kam",
                "employments": [{"from": since, "to": None, "fte": "1"}],
                "packages": [
                    {"from": since, "to": None, "base_salary": "96000", "target_incentive": "24000"}
                ],
                "leaves": [],
                "opening": dict.fromkeys(("posted", "carried", "excess", "bank", "draw", "recoverable"), "0"),
                "assignments": [{"from": since, "to": None, "account": account.code, "dedication": "1"}],
            }
        ],
        "results": [stored_result(account, quarter, metric) for metric in ("M01", "M04", "M06.mean", "M21")],
        "pool": {
            "account": account.code,
            "period": quarter,
            "members": [
                {
                    "id": "team",
                    "role": "team",
                    "link": "matrix",
                    "dedication": "1",
                    "eligible_days": quarter_span(quarter).days,
                    "role_weight": "1",
                    "target": "18000",
                }
            ],
        },
    }


def stored_result(account: company.Account, quarter: str, metric: str) -> dict[str, Any]:
    """Return a metric's result as the quarter was paid on it, before late facts, and its target."""
    of_account = {"metric__code": metric, "node__code": account.code, "segment": None}
    results = Result.objects.filter(period__code=quarter, window="period", **of_account)
    result = results.earliest("recorded_at", "pk")
    subject = (
        {"level": "individual", "subject": "kam"}
        if metric == "M21"
        else {
            "level": "team",
            "subject": account.code,
        }
    )
    stated = {
        "metric": metric,
        "period": quarter,
        "actual": f"{round(result.value, 12).normalize():f}",
        **subject,
    }
    if metric != "M21":
        days = Period.objects.get(code=quarter).days
        stated["target"] = f"{Target.objects.get(days=days, **of_account).value.normalize():f}"
    return stated


class TestStory:
    def test_closes_four_quarters_and_leaves_one_with_the_managers(self):
        runs = Run.objects.filter(is_current=True, calendar__code="FY")
        states = dict(runs.values_list("period__code", "status"))

        assert states == dict.fromkeys(QUARTERS[:4], RunStatus.LOCKED) | {"2026-Q3": RunStatus.ALLOCATING}

    def test_has_fourteen_accounts_and_their_teams(self):
        assert StrategicAccount.objects.filter(status="active").count() == 14
        assert Membership.objects.filter(seat="kam").count() == 14
        assert len(company.supporters()) == 114

    def test_ran_the_open_quarter_twice_with_other_inputs(self):
        first, second = Run.objects.filter(period__code="2026-Q3").order_by("number")

        assert first.status == RunStatus.SUPERSEDED
        assert first.input_digest != second.input_digest

    def test_balances_its_books(self):
        sums = LedgerEntry.objects.values("posting", "currency").annotate(total=Sum("amount"))

        assert {row["total"] for row in sums} == {Decimal(0)}

    def test_waits_with_a_draft_of_2027(self):
        draft = PlanVersion.objects.get(status=VersionStatus.DRAFT)

        assert (draft.plan.code, draft.number) == (company.GROWTH, 3)

    def test_allocates_every_closed_pool_to_the_cent(self):
        for pool in Pool.objects.filter(status=PoolStatus.APPROVED):
            assert pool.allocations.aggregate(total=Sum("amount"))["total"] == pool.funded


class TestAcceptances:
    def test_are_signed_but_one_refused_and_one_overdue(self):
        told = {
            each.person.user.username: each
            for each in Acceptance.objects.select_related("person__user", "version__plan")
        }

        assert {each.version.plan.code for each in told.values()} == {"GAG"}
        assert [name for name, each in told.items() if each.status == AcceptanceStatus.REFUSED] == [
            "marco.bellini"
        ]
        assert [name for name, each in told.items() if each.status in WAITING] == ["hana.kimura"]
        assert told["hana.kimura"].reminded_at is not None
        assert told["ingrid.solheim"].status == AcceptanceStatus.SIGNED
