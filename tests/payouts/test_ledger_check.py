"""The daily check of the books: whole books pass, and each cent moved behind the system's back is named."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from kamcomp.celery import app
from kamcomp.pulse.measures import measured
from payouts.choices import ExportFormat, ExportProfile
from payouts.models import Export, LedgerCheck, Posting
from payouts.services import exports
from teams.models import PersonDetails
from tests.payouts.quarters import after, closed, quarters, sold

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EXPORT_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def books():
    """Two closed quarters, with all their files out."""
    made = quarters()
    for number, person in enumerate(made.people, start=1):
        PersonDetails.objects.create(person=person, legal_name="Ada Lovelace", payroll_number=f"P-{number}")
    for code, value in (("2026-Q1", 1_100_000), ("2026-Q2", 1_250_000)):
        for account in (0, 1):
            sold(made, code, value, account=account)
        run = closed(made, code)
        for profile in ExportProfile:
            exports.export_make(
                run=run,
                profile=profile,
                file_format=ExportFormat.CSV,
                by=made.users["jonas"],
                at=after(made, code),
            )
    made.run = run
    return made


def checked(*options) -> tuple[int, str]:
    """Return the exit code of the command and what it said."""
    out = StringIO()
    try:
        call_command("ledger_check", *options, stdout=out)
    except SystemExit as ended:
        return int(ended.code), out.getvalue()
    return 0, out.getvalue()


class TestLedgerCheck:
    def test_finds_nothing_in_whole_books(self, books):
        code, said = checked()

        assert code == 0, said
        postings = Posting.objects.count()
        assert (
            said == f"2 locked run(s), {postings} postings, 8 files out: 0 finding(s), unexplained 0 EUR.\n"
        )
        check = LedgerCheck.objects.get()
        assert (check.runs, check.found, check.findings, check.unexplained) == (2, 0, [], {"EUR": "0"})

    @pytest.mark.parametrize(
        ("change", "code", "words"),
        [
            (
                "UPDATE payouts_ledgerentry SET amount = amount - 0.01 WHERE id ="
                " (SELECT max(id) FROM payouts_ledgerentry WHERE account = 'payable' AND payout_id IS NOT NULL)",
                "posting_unbalanced",
                "sums to -0.01",
            ),
            (
                "UPDATE payouts_ledgerentry SET amount = amount - 0.01 WHERE id ="
                " (SELECT max(id) FROM payouts_ledgerentry WHERE account = 'payable' AND payout_id IS NOT NULL)",
                "ledger_differs",
                "on payable for a payout",
            ),
            (
                "UPDATE payouts_payoutline SET amount = amount + 0.01 WHERE (payout_id, number) ="
                " (SELECT payout_id, number FROM payouts_payoutline ORDER BY payout_id DESC, number LIMIT 1)",
                "statement_differs",
                "(-0.01)",
            ),
            (
                "UPDATE payouts_allocation SET amount = amount + 0.01"
                " WHERE id = (SELECT max(id::text)::uuid FROM payouts_allocation)",
                "pool_not_whole",
                "the pool of MER",
            ),
            (
                "UPDATE payouts_export SET totals = jsonb_build_object('EUR', '1.00') WHERE profile = 'payroll'",
                "export_differs",
                "payroll.csv sums to 1 EUR",
            ),
        ],
    )
    def test_names_what_was_moved_behind_the_systems_back(self, books, owner_sql, change, code, words):
        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute(change)

        status, said = checked()

        assert status == 1
        assert any(line.startswith(f"{code}: ") and words in line for line in said.splitlines()), said
        assert D(LedgerCheck.objects.get().unexplained["EUR"]) > 0

    def test_names_the_person_and_the_amount(self, books, owner_sql):
        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute(
            "UPDATE payouts_payout SET amount = amount + 0.07 WHERE person_id ="
            " (SELECT id FROM teams_person WHERE employee_id = 'E00002')"
        )

        _status, said = checked("--period", "2026-Q1")

        (line,) = [each for each in said.splitlines() if each.startswith("statement_differs")]
        assert "the payout of E00002 is" in line
        assert line.endswith("(+0.07).")

    def test_holds_a_file_on_the_disk_against_what_was_made(self, books, folder):
        payroll = Export.objects.get(run=books.run, profile="payroll")
        path = exports.export_path(run=books.run, filename=payroll.filename)
        path.write_bytes(path.read_bytes().replace(b"EUR", b"USD"))

        status, said = checked()

        assert status == 1
        assert said.startswith(f"export_file_changed: {payroll.filename} does not lie there as it was made")

    def test_does_not_miss_a_file_that_has_been_taken_away(self, books, folder):
        for path in folder.rglob("*.csv"):
            path.unlink()

        assert checked()[0] == 0

    def test_can_be_asked_for_one_period(self, books, owner_sql):
        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute(
            "UPDATE payouts_payoutline SET amount = payouts_payoutline.amount + 0.01 FROM payouts_payout p"
            " WHERE p.id = payout_id AND p.period_id = (SELECT id FROM calendar_period"
            "                                            WHERE code = '2026-Q1')"
        )

        assert checked("--period", "2026-Q2")[0] == 0
        assert checked("--period", "2026-Q1")[0] == 1

    def test_names_a_period_that_is_not_there(self, books):
        with pytest.raises(CommandError, match="2031-Q1"):
            checked("--period", "2031-Q1")


class TestFigures:
    def test_tell_operators_of_each_cent_without_naming_anybody(self, books, owner_sql):
        assert b"kamcomp_unexplained_cents" not in measured()
        checked()
        assert b'kamcomp_unexplained_cents{currency="EUR"} 0.0' in measured()
        assert b"kamcomp_ledger_findings 0.0" in measured()

        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute(
            "UPDATE payouts_payout SET amount = amount + 0.07 WHERE person_id ="
            " (SELECT id FROM teams_person WHERE employee_id = 'E00002') AND period_id ="
            " (SELECT id FROM calendar_period WHERE code = '2026-Q1')"
        )
        checked("--period", "2026-Q1")
        assert b'kamcomp_unexplained_cents{currency="EUR"} 0.0' in measured()  # not a check of all books
        checked()

        # The payout does not follow from its lines, and neither do its two entries from it.
        assert b'kamcomp_unexplained_cents{currency="EUR"} 21.0' in measured()


def test_the_clock_asks_for_it_every_day():
    app.loader.import_default_modules()
    entry = app.conf.beat_schedule["ledger-check"]

    assert entry["task"] in app.tasks
    assert (entry["schedule"].hour, entry["schedule"].minute) == ({3}, {15})
