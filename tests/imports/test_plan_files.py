"""Plan documents and assignments as files, and what payroll answers."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.imports.passage import ImportRejected
from kamcomp.spans import Span
from payouts.choices import PayoutEventKind, RunStatus
from payouts.models import Payout, PayoutEvent, PayrollReturn, Run, RunChunk
from plans.choices import VersionStatus
from plans.models import Assignment, Plan, PlanVersion
from teams.models import Person, StrategicAccount
from tests.imports import company
from tests.imports.company import AT, commit, findings, preview

DOCUMENT = Path(__file__).resolve().parents[2] / "examples" / "adventureworks" / "plans" / "commission.json"
pytestmark = pytest.mark.django_db


def document(**changes: object) -> str:
    return json.dumps(
        json.loads(DOCUMENT.read_text()) | {"effective": {"from": "2026-01-01", "to": "2026-12-31"}} | changes
    )


def published(text: str) -> PlanVersion:
    """Import a plan document and publish it as two people do."""
    ann, bob = company.user("ann"), company.user("bob")
    commit("plan_documents", text, by=ann)
    version = PlanVersion.objects.get(status=VersionStatus.DRAFT)
    for status in (VersionStatus.APPROVED, VersionStatus.PUBLISHED):
        version.status, version.approved_by, version.approved_at = status, bob, AT
        version.save()
    return version


class TestPlanDocuments:
    def test_become_a_draft_version(self) -> None:
        company.quarters()
        ann = company.user("ann")

        shown = commit("plan_documents", document(), by=ann)

        version = PlanVersion.objects.get()
        assert (shown.new, version.number, version.status, version.prepared_by) == (1, 1, "draft", ann)
        assert version.plan.code == "AW-COMMISSION"
        assert version.span == Span(date(2026, 1, 1), date(2027, 1, 1))

    def test_the_same_document_is_the_same_version(self) -> None:
        company.quarters()
        ann = company.user("ann")
        commit("plan_documents", document(), by=ann)

        same = commit("plan_documents", document() + "\n", by=ann)
        other = commit(
            "plan_documents", document(effective={"from": "2027-01-01", "to": "2027-12-31"}), by=ann
        )

        assert (same.new, same.changed, same.same) == (0, 0, 1)
        assert other.changed == 1
        assert list(PlanVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]

    def test_errors_have_json_pointers(self) -> None:
        company.quarters()
        ann = company.user("ann")

        shown = preview("plan_documents", document(type="lottery", pay={"elements": []}), by=ann)

        assert "/type" in {finding.column for finding in shown.blocking}

    def test_must_be_json_and_have_a_preparer(self) -> None:
        with pytest.raises(ImportRejected, match="is not JSON"):
            commit("plan_documents", "{", by=company.user("ann"))
        with pytest.raises(ImportRejected, match="say who with --by"):
            commit("plan_documents", document())

    def test_need_a_calendar_of_their_period(self) -> None:
        with pytest.raises(ImportRejected, match="there is no calendar of the plan's period, quarter"):
            commit("plan_documents", document(), by=company.user("ann"))

    def test_a_map_names_the_account(self) -> None:
        company.teams()
        company.quarters()

        commit("plan_documents", document(), {"constants": {"account_code": "ACME"}}, by=company.user("ann"))

        assert Plan.objects.get().account == StrategicAccount.objects.get()


class TestAssignments:
    HEADER = "employee_id,plan_code,account_code,share,parameter,parameter_value,from,to\n"

    @pytest.fixture(autouse=True)
    def known(self) -> None:
        company.teams()
        company.quarters()
        published(document())

    def test_come_in_with_personal_values(self) -> None:
        commit(
            "assignments",
            self.HEADER
            + "E1,AW-COMMISSION,ACME,0.25,rate,0.012,2026-01-01,\n"
            + "E1,AW-COMMISSION,ACME,0.25,guarantee,500,2026-01-01,\n"
            + "E2,AW-COMMISSION,,1,,,2026-04-01,2026-06-30\n",
        )

        ada = Assignment.objects.get(person__employee_id="E1")
        assert (ada.share, ada.parameters) == (Decimal("0.25"), {"rate": "0.012", "guarantee": "500"})
        assert Span(ada.valid.lower, ada.valid.upper) == Span(date(2026, 1, 1), date(2027, 1, 1))
        ben = Assignment.objects.get(person__employee_id="E2")
        assert (ben.account, ben.parameters) == (None, {})
        assert ben.valid.upper == date(2026, 7, 1)

    def test_the_same_again_changes_nothing_and_a_changed_rate_one(self) -> None:
        row = "E1,AW-COMMISSION,ACME,0.25,rate,0.012,2026-01-01,\n"
        commit("assignments", self.HEADER + row)

        assert commit("assignments", self.HEADER + row + "\n").same == 1
        assert commit("assignments", self.HEADER + row.replace("0.012", "0.013")).changed == 1

    def test_rules(self) -> None:
        commit("assignments", self.HEADER + "E2,AW-COMMISSION,,1,,,2026-01-01,\n")

        assert findings(
            "assignments",
            self.HEADER
            + "E1,NONE,,1,,,2026-01-01,\n"
            + "E1,AW-COMMISSION,,1,,,2025-12-31,\n"
            + "E1,AW-COMMISSION,,1,,,2026-06-01,2027-01-01\n"
            + "E2,AW-COMMISSION,,1,,,2026-06-01,2026-06-30\n"
            + "007,AW-COMMISSION,,1,rate,,2026-06-01,2026-06-30\n"
            + "007,AW-COMMISSION,,1.1,,,2026-07-01,2026-07-30\n",
        ) == [
            (
                "line 2, plan_code: 'NONE' there is no plan of this name here: "
                "import its plan document and publish it first"
            ),
            (
                "line 3, from: '2025-12-31' no published version of AW-COMMISSION is in force on 2025-12-31: "
                "publish one first"
            ),
            (
                "line 4, from: '2026-06-01' no published version of AW-COMMISSION is in force on 2027-01-01: "
                "publish one first"
            ),
            (
                "line 5, from: '2026-06-01' the time of the assignment that stands already (2026-01-01 to 2026-12-31) "
                "overlaps this one (2026-06-01 to 2026-06-30): end one before the other begins"
            ),
            "line 6, parameter: 'rate' a personal value has a name and a value, or neither",
            "line 7, share: '1.1' is above 1, the most allowed",
        ]

    def test_run_over_versions_that_follow_each_other(self) -> None:
        version = PlanVersion.objects.get()
        later = PlanVersion.objects.create(
            plan=version.plan,
            number=2,
            valid=(date(2027, 1, 1), date(2028, 1, 1)),
            document=version.document,
            digest="x" * 64,
            currency="USD",
            prepared_by=version.prepared_by,
        )
        for status in (VersionStatus.APPROVED, VersionStatus.PUBLISHED):
            later.status, later.approved_by, later.approved_at = status, version.approved_by, AT
            later.save()

        commit("assignments", self.HEADER + "E1,AW-COMMISSION,,1,rate,0.01,2026-07-01,2027-06-30\n")

        spans = [Span(a.valid.lower, a.valid.upper) for a in Assignment.objects.order_by("valid")]
        assert spans == [
            Span(date(2026, 7, 1), date(2027, 1, 1)),
            Span(date(2027, 1, 1), date(2027, 7, 1)),
        ]


class TestPayrollReturn:
    HEADER = "run,payroll_number,amount,currency,paid_on\n"

    @pytest.fixture
    def run(self) -> Run:
        company.teams()
        period = company.quarters()[0]
        version = published(document())
        run = self.of_period(period)
        chunk = RunChunk.objects.create(run=run, number=1, plan_version=version, assignments=[])
        Payout.objects.create(
            run=run,
            chunk=chunk,
            period=period,
            person=Person.objects.get(employee_id="E2"),
            plan_version=version,
            currency="USD",
            due=100,
            amount=100,
            input_digest="0" * 64,
        )
        return self.lock(run)

    def of_period(self, period: Period) -> Run:
        """Make the first run of a period."""
        return Run.objects.create(
            calendar=period.calendar,
            period=period,
            number=1,
            started_by=company.user(f"cat{period.calendar.code}"),
            engine_format=1,
            known_at=AT,
        )

    def lock(self, run: Run) -> Run:
        """Take a run to locked, its period open again for what payroll answers."""
        dan, eve = (company.user(f"{name}{run.calendar.code}") for name in ("dan", "eve"))
        run.reviewed_by, run.reviewed_at, run.approved_by, run.approved_at = dan, AT, eve, AT
        steps = ["queued", "calculating", "calculated", "reviewed", "allocating", "approved", "locked"]
        for status in steps:
            run.status = RunStatus(status)
            run.save()
        run.period.status = PeriodStatus.OPEN
        run.period.save()
        return run

    def test_asks_which_calendar_where_two_have_such_a_run(self, run: Run) -> None:
        other = FiscalCalendar.objects.create(code="SALES", name="Sales year")
        twin = Period.objects.create(
            calendar=other, code=run.period.code, fiscal_year=2026, number=1, days=run.period.days,
            cut_off_on=run.period.days.upper,
        )  # fmt: skip
        self.lock(self.of_period(twin))

        assert findings("payroll_return", self.HEADER + "2026-Q1/1,0002,1.00,USD,2026-04-30\n") == [
            "line 2, run: '2026-Q1/1' there is no locked run of this name here: name it as 2026-Q3/1, or as "
            "FY/2026-Q3/1 where several calendars have such a run"
        ]
        commit("payroll_return", self.HEADER + "FY/2026-Q1/1,0002,1.00,USD,2026-04-30\n")
        assert PayrollReturn.objects.get().run == run

    def test_of_nothing_says_of_nobody_that_they_were_paid(self, run: Run) -> None:
        commit("payroll_return", self.HEADER + "2026-Q1/1,0002,0.00,USD,2026-04-30\n")
        assert not PayoutEvent.objects.exists()

        commit("payroll_return", self.HEADER + "2026-Q1/1,0002,100.00,USD,2026-04-30\n")
        assert PayoutEvent.objects.get().kind == PayoutEventKind.PAID

    def test_comes_in_beside_the_payouts(self, run: Run) -> None:
        shown = commit("payroll_return", self.HEADER + "2026-Q1/1,0002,100.00,USD,2026-04-30\n")

        returned = PayrollReturn.objects.get()
        assert (returned.run, returned.person.employee_id, returned.amount) == (run, "E2", Decimal(100))
        assert shown.totals["USD"]["amount"]["accepted"] == "100.00"

    def test_rules(self, run: Run) -> None:
        assert findings(
            "payroll_return",
            self.HEADER
            + "2026-Q2/1,0002,1,USD,2026-04-30\n"
            + "2026-Q1/1,9999,1,USD,2026-04-30\n"
            + "2026-Q1/1,0001,1,USD,2026-04-30\n"
            + "2026-Q1/1,0002,1.001,USD,2026-04-30\n",
        ) == [
            "line 2, run: '2026-Q2/1' there is no locked run of this name here: name it as 2026-Q3/1, or "
            "as FY/2026-Q3/1 where several calendars have such a run",
            "line 3, payroll_number: '9999' there is no person with this payroll number of this name here",
            "line 4, payroll_number: '0001' has nothing to be paid in this run",
            "line 5, amount: '1.001' has 3 decimals, USD has 2",
        ]
