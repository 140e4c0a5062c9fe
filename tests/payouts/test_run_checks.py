"""Checks as a run pays and as money is taken back: what is known of it, what is kept beside it, what is refused."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from kamcomp.approvals.models import Finding
from payouts.choices import ExceptionKind
from payouts.models import Adjustment, Payout
from payouts.selectors.run_checks import picture_of_run
from payouts.services import clawbacks
from payouts.services.exceptions import exception_decide, exception_request, exception_review
from payouts.services.run_checks import RecoveryAgainstLocalLaw, run_check
from plans.checks.rule import RULES, Moment
from teams.models import Employment
from tests.laws import rows
from tests.payouts.books import locked
from tests.payouts.company import AT, LATER, calculated_run, company

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def made():
    return company(payment={"clawback": {"months": 12, "per_payout_at_most": "0.25"}})


def moved(made, person, place):
    """Let somebody work somewhere from 2026 on."""
    who = made.people[person]
    if not Employment.objects.filter(person=who).update(jurisdiction=place):
        Employment.objects.create(
            person=who, employer="Halden", jurisdiction=place, payroll_currency="EUR",
            valid=rows.days("2024-01-01"), overtime_status="non_exempt",
        )  # fmt: skip


class TestRunCheck:
    def test_knows_what_the_run_paid(self, made):
        run = calculated_run(made)

        facts = picture_of_run(run=run, version=made.version).facts.run

        payout = Payout.objects.get(run=run)
        assert (facts.paid, facts.lines) == (payout.amount, payout.lines.count())
        assert facts.ends_on.isoformat() == "2026-09-30"
        assert facts.zero_payouts == ()
        assert facts.exceptions == ()

    def test_reads_the_register_of_exceptions(self, made):
        run, maren = calculated_run(made), made.user("maren")
        for reason in ("Agreed with the customer", "A quota moved late", "Left out"):
            exception = exception_request(
                plan=made.version.plan, person=made.people["KAM"], period=run.period, kind=ExceptionKind.QUOTA,
                reason=reason, amount=D("900.00"), currency="EUR", expires_on=date(2026, 12, 31), by=maren, at=AT,
            )  # fmt: skip
            if reason != "A quota moved late":
                exception_review(exception_id=exception.pk, by=made.user("jonas"), at=AT)
                approve = reason != "Left out"
                exception_decide(
                    exception_id=exception.pk, approve=approve, words="No", by=made.user("anders"), at=AT
                )

        (report,) = run_check(run_id=run.pk, by=maren, at=AT).values()

        said = [(one.rule, one.message) for one in report.findings if one.rule in ("L62", "L63")]
        assert ("L63", "Exception 2 cannot be paid: it says no approver.") in said
        assert any(rule == "L62" and "of the lines are exceptions" in words for rule, words in said)
        assert not any("Exception 1" in words or "Exception 3" in words for _rule, words in said)

    def test_keeps_its_findings_beside_the_run_once(self, made):
        moved(made, "KAM", "MX")
        run = calculated_run(made)

        run_check(run_id=run.pk, by=made.user("maren"), at=AT)
        reports = run_check(run_id=run.pk, by=made.user("maren"), at=AT)

        (report,) = reports.values()
        assert all(Moment.RUN in RULES[one.rule].moments for one in report.findings)
        kept = Finding.objects.filter(subject_table="payouts_run", subject_id=str(run.pk), rule__in=RULES)
        assert sorted(kept.values_list("message", flat=True)) == sorted(
            one.message for one in report.findings
        )
        assert "L53" in {one.rule for one in report.not_known}

    def test_is_asked_on_the_command_line(self, made, capsys):
        moved(made, "KAM", "US-TX")
        Employment.objects.filter(person=made.people["KAM"]).update(overtime_status="non_exempt")
        calculated_run(made)

        try:
            call_command("payouts", "checks", "--period", "2026-Q3", "--by", "maren")
        except (CommandError, SystemExit):
            pytest.fail("nothing blocks this run")

        said = capsys.readouterr().out
        assert "E08 to look at: United States:" in said
        assert "L53 not known" in said


class TestRecovery:
    def take_back(self, made):
        return clawbacks.clawback_open(
            payout=Payout.objects.select_related(
                "run", "period__calendar", "plan_version__plan", "person"
            ).get(),
            recomputed=D("5000.00"),
            cause="The order was cancelled",
            by=made.user("maren"),
            at=LATER,
        )

    def test_is_refused_where_the_law_does_not_permit_it(self, made):
        locked(made, calculated_run(made))
        moved(made, "KAM", "AU-NSW")

        with pytest.raises(
            RecoveryAgainstLocalLaw, match="E42: Australia: 1,457.50 may not be deducted from"
        ):
            self.take_back(made)

        assert not Adjustment.objects.exists()

    def test_says_what_is_not_known_beside_the_proposal(self, made):
        locked(made, calculated_run(made))
        moved(made, "KAM", "GB")

        proposed = self.take_back(made)

        kept = Finding.objects.get(
            subject_table="payouts_adjustment", subject_id=str(proposed.pk), rule="E17"
        )
        assert kept.message.startswith("Britain deduction without consent: not known is whether ")
