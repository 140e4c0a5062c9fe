"""
What a scenario tells: which seed, when the blow fell, what was lost or doubled, how long it took to recover.

Every scenario runs with seeds: a few in the ordinary tests, as many as KAMCOMP_FAULT_SEEDS says in `make faults`,
which prints the rows told here as one table.
"""

import json
import os
import random
import re
import time
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from payouts.choices import RunStatus
from payouts.models import Payout, PayoutLine, Run
from payouts.services.verify import verify_run

SEEDS = os.environ.get("KAMCOMP_FAULT_SEEDS")
ROUNDS = int(os.environ.get("KAMCOMP_FAULT_ROUNDS") or 0)
REPORT = os.environ.get("KAMCOMP_FAULT_REPORT")


def seeds(few: int = 1):
    """Parametrise a scenario with its seeds: `few` of them, or as many as `make faults` asks for."""
    return pytest.mark.parametrize("seed", range(int(SEEDS) if SEEDS else few))


@dataclass
class Row:
    """One row of the table."""

    scenario: str
    seed: int
    moment: str = ""
    lost: Decimal = Decimal(0)
    doubled: Decimal = Decimal(0)
    recovery: float = 0.0
    verdict: str = "as undisturbed"


@dataclass
class Story:
    """What one scenario has to tell, written down whatever its end."""

    row: Row
    random: random.Random
    since: float = field(default_factory=time.monotonic)

    def blow(self, moment: str) -> None:
        """Note what was done to the system, and when; recovery is counted from here."""
        self.row.moment = f"{self.row.moment}; {moment}" if self.row.moment else moment
        self.since = time.monotonic()

    def recovered(self) -> None:
        """Note that the system is where it should be again."""
        self.row.recovery = time.monotonic() - self.since

    def counted(self, *, lost: Decimal = Decimal(0), doubled: Decimal = Decimal(0)) -> None:
        """Note what is missing or too much, and expect neither."""
        self.row.lost, self.row.doubled = lost, doubled
        assert (lost, doubled) == (0, 0)

    def ends_as(self, run: Run, undisturbed: Run) -> None:
        """Expect a run to be what it would have been if nothing had happened, and its state to say so."""
        self.recovered()
        run.refresh_from_db()
        self.counted(**difference(run, undisturbed))
        same_as(run, undisturbed)
        assert shown(run) == Shown(done=run.people, of=run.people, running=False)


@pytest.fixture
def story(request: pytest.FixtureRequest):
    """Return the story of this test, told at its end; its random numbers follow from name and seed alone."""
    seed = getattr(request.node, "callspec", None)
    number = seed.params.get("seed", 0) if seed else 0
    name = request.node.name.partition("[")[0].removeprefix("test_").replace("_", " ")
    room = request.node.module.__name__.rpartition("test_")[2].replace("_", " ")
    told = Story(row=Row(scenario=f"{room}: {name}", seed=number), random=random.Random(f"{name} {number}"))
    failed_before = request.session.testsfailed
    yield told
    if REPORT:
        if request.session.testsfailed > failed_before:
            told.row.verdict = "FAILED"
        with Path(REPORT).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(told.row), default=str) + "\n")


@dataclass(frozen=True)
class Shown:
    """What the run's page says: how many people are computed, of how many, and whether it goes on."""

    done: int
    of: int
    running: bool


def shown(run: Run) -> Shown:
    """Return what whoever started a run sees of it."""
    client = Client()
    client.force_login(run.started_by)
    page = client.get(reverse("payouts:run-progress", args=[run.pk])).content.decode()
    found = re.search(r"([\d,]+) of ([\d,]+) people", page)
    assert found, page
    done, of = (int(number.replace(",", "")) for number in found.groups())
    return Shown(done=done, of=of, running='role="progressbar"' in page)


def paid(run: Run) -> dict[tuple[str, str], Decimal]:
    """Return what each person gets by each plan version in a run, all their payouts together."""
    rows = Payout.objects.filter(run=run).values_list("person__employee_id", "plan_version_id", "amount")
    sums: dict[tuple[str, str], Decimal] = {}
    for employee_id, version, amount in rows:
        key = (employee_id, str(version))
        sums[key] = sums.get(key, Decimal(0)) + amount
    return sums


def difference(run: Run, undisturbed: Run) -> dict[str, Decimal]:
    """Return how much of the undisturbed run's pay a run lacks, and how much it has too much, person by person."""
    expected, found = paid(undisturbed), paid(run)
    gaps = [
        found.get(key, Decimal(0)) - expected.get(key, Decimal(0)) for key in expected.keys() | found.keys()
    ]
    return {
        "lost": -sum((gap for gap in gaps if gap < 0), Decimal(0)),
        "doubled": sum((gap for gap in gaps if gap > 0), Decimal(0)),
    }


def same_as(run: Run, undisturbed: Run) -> None:
    """Nothing lost, nothing doubled, the same digests, and everything follows from the kept inputs."""
    assert (run.status, run.error) == (RunStatus.CALCULATED, "")
    assert (run.input_digest, run.result_digest) == (undisturbed.input_digest, undisturbed.result_digest)
    assert run.totals == undisturbed.totals
    people = Payout.objects.filter(run=undisturbed).count()
    assert Payout.objects.filter(run=run).count() == people == run.people
    lines = PayoutLine.objects.filter(payout__run=undisturbed).count()
    assert PayoutLine.objects.filter(payout__run=run).count() == lines > 0
    assert [finding.sentence for finding in verify_run(run=run).findings] == []
