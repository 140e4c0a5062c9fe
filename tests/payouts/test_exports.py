"""Files out: what they hold equals the ledger, a repeat is byte-identical, and nothing half-written is ever left."""

import csv
import hashlib
import json
from collections import defaultdict
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from openpyxl import load_workbook

from kamcomp.identity.selectors import RoleMissing
from payouts.choices import ExportFormat, ExportProfile, LedgerAccount, PayoutEventKind
from payouts.exports import writers
from payouts.models import Export, LedgerEntry, PayoutEvent, PayrollReturn
from payouts.services import exports
from teams.models import PersonDetails
from tests.payouts.books import locked
from tests.payouts.company import AT, LATER, calculated_run, company

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EXPORT_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def made():
    return company()


@pytest.fixture
def run(made):
    return locked(made, calculated_run(made))


def export(made, run, profile, file_format=ExportFormat.CSV, *, by="jonas", at=AT):
    return exports.export_make(run=run, profile=profile, file_format=file_format, by=made.user(by), at=at)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


class TestExportMake:
    def test_payroll_equals_the_payables_person_by_person(self, made, run):
        done = export(made, run, ExportProfile.PAYROLL)

        found = {row["employee_id"]: D(row["amount"]) for row in rows_of(done.path)}
        payable = LedgerEntry.objects.filter(posting__run=run, account=LedgerAccount.PAYABLE)
        owed = payable.values_list("person__employee_id").annotate(total=Sum("amount"))
        assert found == {name: -total for name, total in owed}
        assert (done.export.rows, done.export.totals) == (6, {"EUR": "36617.50"})
        assert {row["payroll_number"] for row in rows_of(done.path)} == {f"P-{name}" for name in found}

    def test_the_journal_equals_the_ledger_account_by_account_and_sums_to_nothing(self, made, run):
        done = export(made, run, ExportProfile.GL_JOURNAL)

        found = defaultdict(D)
        for row in rows_of(done.path):
            found[row["account"]] += D(row["debit"] or 0) - D(row["credit"] or 0)
        sums = (
            LedgerEntry.objects.filter(posting__run=run).values_list("account").annotate(total=Sum("amount"))
        )
        assert dict(found) == dict(sums)
        assert done.export.totals == {"EUR": "0.00"}

    def test_the_register_holds_every_line_and_share(self, made, run):
        done = export(made, run, ExportProfile.REGISTER)

        found = [(row["source"], row["employee_id"], row["amount"]) for row in rows_of(done.path)]
        assert ("payout", "KAM", "6457.50") in found
        assert ("pool", "PM", "14130.30") in found
        assert sum(D(amount) for _source, _person, amount in found) == D("36617.50")

    @pytest.mark.parametrize("file_format", list(ExportFormat))
    def test_a_repeat_is_the_same_bytes_even_when_the_file_has_gone(self, made, run, file_format):
        first = export(made, run, ExportProfile.REGISTER, file_format)
        content = first.path.read_bytes()

        again = export(made, run, ExportProfile.REGISTER, file_format, by="olga", at=LATER)
        assert (again.made, again.path.read_bytes()) == (False, content)

        first.path.unlink()
        export(made, run, ExportProfile.REGISTER, file_format, by="olga", at=LATER)

        assert first.path.read_bytes() == content
        assert hashlib.sha256(content).hexdigest() == first.export.sha256
        assert Export.objects.count() == 1

    def test_a_file_somebody_changed_is_put_right(self, made, run):
        first = export(made, run, ExportProfile.PAYROLL)
        content = first.path.read_bytes()
        first.path.write_bytes(content.replace(b"6457.50", b"9457.50"))

        assert export(made, run, ExportProfile.PAYROLL).path.read_bytes() == content

    def test_a_file_that_does_not_come_out_the_same_is_refused(self, made, run):
        first = export(made, run, ExportProfile.REGISTER)
        first.path.unlink()
        PersonDetails.objects.filter(legal_name="=PM Doe").update(legal_name="Erased")

        with pytest.raises(exports.ExportChanged, match="verify the period, and compare with what was sent"):
            export(made, run, ExportProfile.REGISTER)

    def test_ndjson_ends_with_its_count_totals_and_digest(self, made, run):
        done = export(made, run, ExportProfile.REGISTER, ExportFormat.NDJSON)

        *body, last = done.path.read_bytes().splitlines(keepends=True)
        summary = json.loads(last)["_summary"]
        assert summary["rows"] == len(body) == done.export.rows
        assert summary["totals"] == {"EUR": "36617.50"}
        assert summary["sha256"] == hashlib.sha256(b"".join(body)).hexdigest()
        assert json.loads(body[0])["amount"] == "6457.50"

    def test_a_spreadsheet_has_typed_numbers_no_formula_and_says_what_it_is(self, made, run):
        done = export(made, run, ExportProfile.REGISTER, ExportFormat.XLSX)

        book = load_workbook(done.path)
        sheet, about = book.worksheets
        cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]
        header = [cell.value for cell in sheet[1]]
        first = dict(zip(header, (cell.value for cell in sheet[2]), strict=True))
        assert first["amount"] == 6457.5
        assert first["name"] == "'=KAM Doe"
        said = {row[0].value: row[1].value for row in about.iter_rows()}
        assert said["made by"] == "jonas"
        assert said["result digest"] == run.result_digest
        assert said["total EUR"] == "36617.50"

    def test_text_is_guarded_and_numbers_are_not(self, made, run):
        done = export(made, run, ExportProfile.GL_JOURNAL)
        journal = rows_of(done.path)
        register = rows_of(export(made, run, ExportProfile.REGISTER).path)

        assert {row["name"] for row in register if row["employee_id"] == "KAM"} == {"'=KAM Doe"}
        assert min(D(row["amount"]) for row in journal) < 0

    def test_is_refused_before_the_lock(self, made):
        run = calculated_run(made)

        with pytest.raises(exports.RunNotLocked, match="is calculated: files are made once it is locked"):
            export(made, run, ExportProfile.REGISTER)

    def test_payroll_is_refused_while_somebody_has_no_number(self, made, run):
        PersonDetails.objects.filter(person=made.people["PM"]).update(payroll_number="")

        assert exports.payroll_dry_run(run=run) == ["PM"]
        with pytest.raises(
            exports.PayrollNumbersMissing, match="1 people to be paid have no payroll number: PM"
        ):
            export(made, run, ExportProfile.PAYROLL)
        assert not Export.objects.exists()

    def test_is_not_for_everybody(self, made, run):
        with pytest.raises(RoleMissing, match="Exporting is for Finance"):
            export(made, run, ExportProfile.PAYROLL, by="ingrid")

    def test_payroll_notes_what_was_exported(self, made, run):
        export(made, run, ExportProfile.PAYROLL)

        events = PayoutEvent.objects.filter(kind=PayoutEventKind.EXPORTED)
        assert (
            events.filter(payout__isnull=False).count(),
            events.filter(allocation__isnull=False).count(),
        ) == (1, 5)

    def test_a_full_disk_leaves_nothing(self, made, run, folder, monkeypatch):
        def full(*_paths):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(writers.os, "replace", full)

        with pytest.raises(
            exports.DiskTookNothing, match=r"No space left on device\): nothing of it was kept"
        ):
            export(made, run, ExportProfile.REGISTER)
        assert not [path for path in folder.rglob("*") if path.is_file()]


class TestReconcile:
    def test_is_refused_before_the_lock(self, made, run):
        calculated_run(made, period="2026-Q4", amounts={"KAM": "100.00"})

        with pytest.raises(
            CommandError, match="2026-Q4 no. 1 is calculated: payroll is reconciled with a locked run"
        ):
            call_command("payouts", "reconcile", "--period=2026-Q4")

    def test_opening_and_earned_less_paid_is_closing(self, made, run):
        PayrollReturn.objects.create(
            run=run, person=made.people["KAM"], amount=D("6400.00"), currency="EUR", paid_on=AT.date()
        )
        said = StringIO()

        with pytest.raises(SystemExit):
            call_command("payouts", "reconcile", "--period=2026-Q3", stdout=said)

        words = said.getvalue()
        assert "30217.50" in words
        assert "KAM: owed 6457.50 EUR, paid 6400.00 (-57.50)" in words
        second = locked(made, calculated_run(made, period="2026-Q4", amounts={"KAM": "100.00"}), at=LATER)
        with pytest.raises(SystemExit):
            call_command("payouts", "reconcile", "--period=2026-Q4", stdout=said)
        assert str(D("30217.50") + 100 + second.pools.get().funded.quantize(D("0.01"))) in said.getvalue()
