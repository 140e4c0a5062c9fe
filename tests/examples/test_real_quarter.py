"""
AdventureWorks, all twelve quarters, and the tutorial about it.

The example runs once; the tutorial's console blocks are then held against what it
printed, and what it did not print is executed here.
"""

import csv
import re
import shlex
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "adventureworks"
TUTORIAL = PROJECT / "docs" / "tutorials" / "real-quarter.md"
CONSOLE = re.compile(r"```console\n(.*?)```", re.S)


pytestmark = pytest.mark.xdist_group("real quarter")


@dataclass(frozen=True)
class Told:
    """What the example printed, and where it wrote; folders stand as in the tutorial."""

    transcript: str
    files: Path
    folders: dict[str, str]


@pytest.fixture(scope="module")
def told(shared_data: Path, django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Told]:
    """Run the example in a transaction of its own, and take it back after the tests."""
    sys.path.insert(0, str(EXAMPLE))
    import real_quarter

    source, files = shared_data / "adventureworks", tmp_path_factory.mktemp("files")
    folders = {
        "SOURCE": str(source),
        "FILES": str(files),
        "MAPS": str(EXAMPLE / "maps"),
        "PLANS": str(EXAMPLE / "plans"),
    }
    printed, before = StringIO(), sys.stdout
    with django_db_blocker.unblock(), transaction.atomic():
        sys.stdout = printed
        try:
            real_quarter.main(["--from", str(source), "--to", str(files)])
        finally:
            sys.stdout = before
        connection.check_constraints()  # once, or each test would do it anew and take it back
        yield Told(printed.getvalue(), files, folders)
        transaction.set_rollback(True)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.django_db
class TestRealQuarter:
    def test_pays_every_quota_as_the_source_adds_up(self, told, shared_data):
        source = shared_data / "adventureworks"
        rates = {
            row["person"]: Decimal(row["commission_pct"]) for row in rows_of(source / "compensation.csv")
        }
        sold = defaultdict(list)
        for row in rows_of(source / "transactions.csv"):
            sold[row["person"]].append((row["date"], Decimal(row["revenue"])))
        expected = []
        for quota in rows_of(source / "quotas.csv"):
            first, last, person = quota["period_start"], quota["period_end"], quota["person"]
            revenue = sum((amount for day, amount in sold[person] if first <= day <= last), Decimal(0))
            commission = (revenue * rates[person]).quantize(Decimal("0.01"), ROUND_HALF_UP)
            attainment = f"{revenue / Decimal(quota['quota']):.6f}"
            expected.append((person, first, last, revenue, attainment, commission))

        written = [
            (
                *(row["employee_id"], row["period_start"], row["period_end"], Decimal(row["revenue"])),
                *(row["attainment"], Decimal(row["commission"])),
            )
            for row in rows_of(told.files / "attainment.csv")
        ]

        assert len(written) == 163
        assert sorted(written) == sorted(expected)

    def test_verifies_and_exports_twelve_quarters(self, told):
        assert told.transcript.count("derived again, all equal") == 12
        assert len(list(told.files.glob("*-payroll.csv"))) == 12

    def test_loads_past_plans_late_unsigned_and_unreplayed_as_findings_that_block_nothing(self, told):
        from kamcomp.approvals.models import Finding
        from plans.models import PlanVersion

        versions = list(PlanVersion.objects.filter(loading="history"))
        assert versions
        assert {version.status for version in versions} == {"published"}
        assert all(version.published_at.date() > version.valid.lower for version in versions)
        for version in versions:
            rows = Finding.objects.filter(subject_id=str(version.pk))
            found = dict(rows.values_list("rule", "severity"))
            assert {"published_late", "not_accepted", "not_replayed"} <= found.keys()
            assert "blocks" not in found.values()

    def test_hands_out_every_pool_to_the_cent(self, told):
        from payouts.models import Pool

        for pool in Pool.objects.prefetch_related("allocations"):
            assert sum(share.amount for share in pool.allocations.all() if share.eligible) == pool.funded

    def test_pays_in_the_payroll_files_what_the_ledger_owes(self, told):
        from django.db.models import Sum

        from payouts.choices import LedgerAccount
        from payouts.models import LedgerEntry

        paid = sum(
            Decimal(row["amount"]) for path in told.files.glob("*-payroll.csv") for row in rows_of(path)
        )

        owed = LedgerEntry.objects.filter(account=LedgerAccount.PAYABLE).aggregate(total=Sum("amount"))
        assert paid == -owed["total"]


@pytest.mark.django_db
class TestTutorial:
    def test_shows_what_is_printed(self, told):
        transcript = squeezed(spoken(told.transcript, told.folders))

        for command, lines in commands_of(TUTORIAL.read_text(encoding="utf-8")):
            place = transcript.find(f"$ {command}\n")
            shown = transcript[place:].split("\n$ ", 1)[0] if place >= 0 else executed(command, told.folders)
            for line in lines:
                assert pattern(line).search(squeezed(shown)), (
                    f"{command}\nprints no line\n{line}\nbut\n{shown}"
                )

    def test_quotes_the_attainment_file(self, told):
        text = TUTORIAL.read_text(encoding="utf-8")

        [quoted] = [line for line in text.splitlines() if line.startswith("E276,")]
        assert quoted in (told.files / "attainment.csv").read_text(encoding="utf-8").splitlines()


def commands_of(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of the console blocks with the lines shown for each."""
    for block in CONSOLE.findall(text):
        for part in block.split("$ ")[1:]:
            command, *lines = part.rstrip("\n").split("\n")
            yield " ".join(shlex.split(command)), lines


def executed(command: str, folders: dict[str, str]) -> str:
    """Do a command of the tutorial and return what it says, refusals too."""
    for name, folder in folders.items():
        command = command.replace(f"{name}/", f"{folder}/")
    output = StringIO()
    try:
        call_command(*shlex.split(command)[1:], stdout=output)
    except CommandError as refusal:
        output.write(str(refusal))
    return spoken(output.getvalue(), folders)


def spoken(text: str, folders: dict[str, str]) -> str:
    """Return a text with the tutorial's words for folders."""
    for name, folder in folders.items():
        text = text.replace(folder, name)
    return text


def squeezed(text: str) -> str:
    """Return a text with runs of blanks as one."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines()) + "\n"


def pattern(line: str) -> re.Pattern[str]:
    """Return what a line of the tutorial stands for: itself, with anything in place of an ellipsis."""
    return re.compile(".*".join(re.escape(part) for part in " ".join(line.split()).split("…")))
