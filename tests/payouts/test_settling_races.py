"""Two people settle the same thing at the same moment: what one decides, the other has to know."""

from decimal import Decimal

import pytest

from payouts.choices import AdjustmentKind, AdjustmentStatus, ExportFormat, ExportProfile
from payouts.models import Adjustment, ClawbackCase, PayoutEvent
from payouts.services.adjustments import adjustment_approve, adjustment_propose
from payouts.services.exports import export_make
from payouts.services.holds import PayrollWasTold, payout_hold, payout_release
from tests.faults.together import overlapping
from tests.payouts.books import locked
from tests.payouts.company import AT, LATER, calculated_run, company

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EXPORT_ROOT = tmp_path


def proposed(made, amount):
    return adjustment_propose(
        period=made.quarters["2026-Q4"], kind=AdjustmentKind.GOODWILL, amount=D(amount), currency="EUR",
        reason="Agreed", person=made.people["PM"], plan_version=made.version, by=made.user("maren"), at=AT,
    )  # fmt: skip


def approve(made, adjustment):
    return adjustment_approve(adjustment_id=adjustment.pk, by=made.user("jonas"), at=AT)


def payroll(made, run):
    return export_make(
        run=run, profile=ExportProfile.PAYROLL, file_format=ExportFormat.CSV, by=made.user("jonas"), at=LATER
    )


class TestTwoAdjustments:
    def test_of_one_person_are_netted_though_they_are_approved_at_once(self):
        made = company()
        more, less = proposed(made, "100.00"), proposed(made, "-100.00")

        overlapping(lambda: approve(made, more), lambda: approve(made, less))

        assert {each.status for each in Adjustment.objects.all()} == {AdjustmentStatus.APPROVED}
        assert [case.recoverable for case in ClawbackCase.objects.filter(closed_at=None)] == []


class TestWhatWasReleased:
    @pytest.fixture
    def made(self):
        """Return three locked quarters; of the first, a share was held and left out of its file."""
        made = company()
        for code in ("2026-Q2", "2026-Q3", "2026-Q4"):
            locked(made, calculated_run(made, period=code), at=LATER)
        said = {"run_id": made.runs["2026-Q2"].pk, "person": made.people["PM"], "by": made.user("jonas")}
        payout_hold(reason="bank details in doubt", at=LATER, **said)
        payroll(made, made.runs["2026-Q2"])
        payout_release(reason="seen", at=LATER, **said)
        return made

    def test_is_in_one_of_two_files_that_are_made_at_once(self, made):
        made_first, made_second = overlapping(
            lambda: payroll(made, made.runs["2026-Q3"]), lambda: payroll(made, made.runs["2026-Q4"])
        )

        assert not [each for each in (made_first, made_second) if isinstance(each, Exception)]
        told = PayoutEvent.objects.filter(
            kind="exported", allocation__person=made.people["PM"], allocation__pool__run=made.runs["2026-Q2"]
        )
        assert [event.reference for event in told] == ["FY-2026-Q3-run-1-payroll"]

    def test_is_not_held_again_while_a_later_file_pays_it(self, made):
        _file, held = overlapping(
            lambda: payroll(made, made.runs["2026-Q3"]),
            lambda: payout_hold(
                run_id=made.runs["2026-Q2"].pk, person=made.people["PM"], reason="again", by=made.user("jonas"),
                at=LATER,
            ),
        )  # fmt: skip

        assert isinstance(held, PayrollWasTold)
