"""Holding pay back after the lock, releasing it, and what payroll says it paid: events, files and the ledger."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Sum

from kamcomp.imports.services import import_commit, import_undo
from payouts.choices import AdjustmentKind, ExportFormat, ExportProfile, LedgerAccount, PayoutEventKind
from payouts.models import LedgerEntry, PayoutEvent, PayrollReturn, Posting
from payouts.selectors.reconciliation import paid_differently, run_reconciled
from payouts.services.adjustments import adjustment_approve, adjustment_propose
from payouts.services.exports import export_make
from payouts.services.holds import (
    HeldAlready,
    HoldReasonMissing,
    NotHeld,
    NothingToHold,
    NotLockedYet,
    OwnHold,
    PayrollWasTold,
    payout_hold,
    payout_release,
)
from tests.payouts.books import locked
from tests.payouts.company import AT, LATER, calculated_run, company

pytestmark = pytest.mark.django_db
D = Decimal
HEADER = "run,payroll_number,amount,currency,paid_on\n"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EXPORT_ROOT = tmp_path


@pytest.fixture
def made():
    return company()


@pytest.fixture
def run(made):
    return locked(made, calculated_run(made))


def hold(made, run, name="PM", *, by="jonas", reason="bank details in doubt"):
    return payout_hold(run_id=run.pk, person=made.people[name], reason=reason, by=made.user(by), at=AT)


def release(made, run, name="PM"):
    return payout_release(
        run_id=run.pk, person=made.people[name], reason="seen", by=made.user("jonas"), at=LATER
    )


def payroll(made, run, file_format=ExportFormat.CSV):
    done = export_make(
        run=run, profile=ExportProfile.PAYROLL, file_format=file_format, by=made.user("jonas"), at=AT
    )
    return done, done.path.read_bytes()


def paid_in(content):
    rows = csv.DictReader(StringIO(content.decode()))
    return {(row["period"], row["employee_id"]): D(row["amount"]) for row in rows}


def returned(made, *lines, name="return.csv"):
    text = HEADER + "".join(f"{line}\n" for line in lines)
    return import_commit(
        kind="payroll_return", content=text.encode(), filename=name, by=made.user("jonas"), at=LATER
    )


def balance(account, **of):
    return LedgerEntry.objects.filter(account=account, **of).aggregate(total=Sum("amount"))["total"] or D(0)


class TestPayoutHold:
    def test_leaves_the_person_out_and_the_next_file_pays_them(self, made, run):
        assert hold(made, run) == 1
        _done, first = payroll(made, run)

        assert ("2026-Q3", "PM") not in paid_in(first)
        assert sum(paid_in(first).values()) == D("36617.50") - D("14130.30")

        release(made, run)
        second = locked(made, calculated_run(made, period="2026-Q4", amounts={"KAM": "100.00"}), at=LATER)
        again = paid_in(payroll(made, second)[1])

        assert again["2026-Q3", "PM"] == D("14130.30")
        assert again["2026-Q4", "KAM"] == 100
        assert [key for key in again if key[0] == "2026-Q3"] == [("2026-Q3", "PM")]
        assert payroll(made, run)[1] == first

    def test_files_stay_what_they_were_after_the_release(self, made, run):
        hold(made, run)
        done, first = payroll(made, run)
        release(made, run)
        done.path.unlink()

        assert payroll(made, run)[1] == first
        ndjson = payroll(made, run, ExportFormat.NDJSON)[1]
        assert b'"PM"' not in ndjson
        assert b'"CSR"' in ndjson

    def test_released_in_time_is_paid_as_usual(self, made, run):
        hold(made, run)
        release(made, run)

        assert paid_in(payroll(made, run)[1])["2026-Q3", "PM"] == D("14130.30")

    def test_says_who_when_and_why(self, made, run):
        hold(made, run)

        event = PayoutEvent.objects.get(kind=PayoutEventKind.HELD)
        assert (event.by, event.at, event.reason) == (made.user("jonas"), AT, "bank details in doubt")
        assert event.allocation.person == made.people["PM"]

    def test_is_refused_by_name(self, made, run):
        with pytest.raises(HoldReasonMissing, match="Holding a payout needs a reason"):
            hold(made, run, reason=" ")
        with pytest.raises(NotHeld, match="Nothing that .* pays PM is held"):
            release(made, run)
        with pytest.raises(NothingToHold, match="pays KEN nothing"):
            hold(made, run, "KEN")
        hold(made, run)
        with pytest.raises(HeldAlready, match="pays PM is held already"):
            hold(made, run)
        payroll(made, run)
        with pytest.raises(PayrollWasTold, match="told to pay CSR .* stop it there"):
            hold(made, run, "CSR")

    def test_is_not_for_ones_own_pay(self, made, run):
        made.people["PM"].user = made.user("jonas")

        with pytest.raises(OwnHold, match="cannot hold or release their own pay"):
            hold(made, run)

    def test_is_for_what_is_locked(self, made):
        with pytest.raises(NotLockedYet, match="is calculated: only what is locked is held"):
            hold(made, calculated_run(made))

    def test_of_an_adjustment_alone(self, made):
        run = _with_goodwill(made)

        assert hold(made, run, "KEN") == 1
        assert ("2026-Q3", "KEN") not in paid_in(payroll(made, run)[1])

    def test_by_command(self, made, run):
        said = StringIO()
        words = ["--period=2026-Q3", "--person=PM", "--by=jonas"]

        call_command("payouts", "hold", *words, "--reason=bank details in doubt", stdout=said)
        call_command("payouts", "export", "--period=2026-Q3", "--profile=payroll", "--by=jonas", stdout=said)
        call_command("payouts", "release", *words, "--reason=seen", stdout=said)

        assert "PM is left out: held, bank details in doubt" in said.getvalue()
        assert "the next payroll file pays them" in said.getvalue()
        assert [e.kind for e in PayoutEvent.objects.exclude(kind="exported").order_by("pk")] == [
            "held",
            "released",
        ]


class TestPayrollReturn:
    def test_moves_what_was_paid_from_payables_to_payroll(self, made, run):
        returned(made, "2026-Q3/1,P-KAM,6457.50,EUR,2026-10-30", "2026-Q3/1,P-PM,14000.00,EUR,2026-10-30")

        posting = Posting.objects.get(act="payroll_return")
        assert posting.period.code == "2026-Q4"
        assert balance(LedgerAccount.PAYROLL) == D("-20457.50")
        assert balance(LedgerAccount.PAYABLE) == D("-36617.50") + D("20457.50")
        (line,) = run_reconciled(run=run)
        assert line.closing == -balance(LedgerAccount.PAYABLE) == D("16160.00")
        assert [each.difference for each in paid_differently(run=run) if each.employee_id == "PM"] == [
            D("-130.30")
        ]

    def test_notes_payment_once(self, made, run):
        returned(made, "2026-Q3/1,P-KAM,6000.00,EUR,2026-10-30")
        returned(made, "2026-Q3/1,P-KAM,457.50,EUR,2026-11-30", name="rest.csv")

        event = PayoutEvent.objects.get(kind=PayoutEventKind.PAID)
        assert (event.payout.person.employee_id, event.by, event.at, event.reference) == (
            "KAM",
            made.user("jonas"),
            LATER,
            "return.csv",
        )
        assert balance(LedgerAccount.PAYABLE, person=made.people["KAM"]) == 0

    def test_restated_posts_the_difference_and_undone_takes_it_back(self, made, run):
        returned(made, "2026-Q3/1,P-KAM,6000.00,EUR,2026-10-30")
        batch = returned(made, "2026-Q3/1,P-KAM,6457.50,EUR,2026-10-30", name="restated.csv").batch

        assert balance(LedgerAccount.PAYROLL) == D("-6457.50")
        import_undo(batch_id=batch.pk, by=made.user("jonas"), at=LATER)

        assert PayrollReturn.objects.current().get().amount == 6000
        assert balance(LedgerAccount.PAYROLL) == -6000

    def test_pays_somebody_who_has_only_an_adjustment(self, made):
        run = _with_goodwill(made)

        returned(made, "2026-Q3/1,P-KEN,75.00,EUR,2026-10-30")

        assert balance(LedgerAccount.PAYABLE, person=made.people["KEN"]) == 0
        assert not [each for each in paid_differently(run=run) if each.employee_id == "KEN"]
        assert PayoutEvent.objects.get(kind=PayoutEventKind.PAID).adjustment.person == made.people["KEN"]

    def test_is_in_the_journal_of_the_period_it_was_posted_in(self, made, run):
        returned(made, "2026-Q3/1,P-KAM,6457.50,EUR,2026-10-30")
        second = locked(made, calculated_run(made, period="2026-Q4", amounts={"KAM": "100.00"}), at=LATER)

        done = export_make(
            run=second,
            profile=ExportProfile.GL_JOURNAL,
            file_format=ExportFormat.CSV,
            by=made.user("jonas"),
            at=LATER,
        )
        rows = list(csv.DictReader(StringIO(done.path.read_text())))
        assert [row["credit"] for row in rows if row["account"] == "payroll"] == ["6457.50"]
        assert done.export.totals == {"EUR": "0.00"}


def _with_goodwill(made):
    """Lock the quarter with 75.00 of goodwill for KEN, who has nothing else in it."""
    adjustment = adjustment_propose(
        period=made.quarters["2026-Q3"], kind=AdjustmentKind.GOODWILL, amount=D("75.00"), currency="EUR",
        reason="for the handover", person=made.people["KEN"], by=made.user("maren"), at=AT,
    )  # fmt: skip
    adjustment_approve(adjustment_id=adjustment.pk, by=made.user("jonas"), at=AT)
    return locked(made, calculated_run(made))
