"""A run's digests are the same however it is cut, in whatever order its facts came in, in any process and place."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as django_settings

from payouts.models import Run
from payouts.services.run_work import run_look
from tests.faults.conftest import asked
from tests.faults.story import Story, same_as, seeds
from tests.payouts.crowd import crowd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PEOPLE = 30
PLACES = [
    ("0", "Pacific/Auckland", "de_DE.UTF-8"),
    ("1", "America/New_York", "tr_TR.UTF-8"),
    ("4242", "UTC", "C"),
]


FACTS = (
    "teams_person", "teams_employment", "teams_paypackage", "teams_accountnode", "teams_strategicaccount",
    "plans_assignment", "scorecards_metric", "scorecards_target", "scorecards_result",
)  # fmt: skip


def shuffle(owner, *, by: float) -> None:
    """Lay the rows of the tables of facts down again in an order drawn from `by`, with no trigger looking."""
    owner.execute("SET session_replication_role = replica")
    owner.execute("SELECT setseed(%s)", [by])
    for table in FACTS:
        owner.execute(f"CREATE TEMP TABLE shuffled AS SELECT * FROM {table} ORDER BY random()")
        owner.execute(f"DELETE FROM {table}")
        owner.execute(f"INSERT INTO {table} SELECT * FROM shuffled")
        owner.execute("DROP TABLE shuffled")
    owner.execute("SET session_replication_role = DEFAULT")


def run_here(made) -> Run:
    run = asked(made)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    return run


@pytest.fixture
def whole(transactional_db, settings):
    """A small crowd and its run in one chunk."""
    settings.KAMCOMP_CHUNK_PEOPLE = 5_000
    made = crowd(PEOPLE)
    return made, run_here(made)


class TestDigests:
    def test_are_the_same_for_chunks_of_one_of_seven_of_a_thousand_and_of_all(
        self, whole, settings, story: Story
    ):
        made, first = whole
        for size in (1, 7, 1_000, PEOPLE):
            settings.KAMCOMP_CHUNK_PEOPLE = size
            run = run_here(made)
            assert run.chunks.count() == -(-PEOPLE // size)
            same_as(run, first)
        story.row.moment = "1, 7, 1000, all"

    @seeds(2)
    def test_are_the_same_when_the_rows_lie_in_another_order(self, seed, whole, owner_sql, story: Story):
        made, first = whole
        shuffle(owner_sql, by=story.random.uniform(-1, 1))

        run = run_here(made)

        story.row.moment = f"{len(FACTS)} tables shuffled"
        same_as(run, first)

    @pytest.mark.parametrize(("hash_seed", "zone", "language"), PLACES)
    def test_are_the_same_in_another_process_zone_and_language(
        self, whole, worker_environment, hash_seed, zone, language, story: Story
    ):
        _made, first = whole
        places = {"PYTHONHASHSEED": hash_seed, "TZ": zone, "LANG": language, "LC_ALL": language}

        subprocess.run(
            f"{sys.executable} manage.py payouts run --period 2026-Q3 --by maren --here --whole".split(),
            env={**os.environ, **worker_environment, **places, "KAMCOMP_CHUNK_PEOPLE": "11"},
            cwd=django_settings.BASE_DIR,
            check=True,
            capture_output=True,
            timeout=120,
        )

        run = Run.objects.get(is_current=True)
        assert run.number == 2
        story.row.moment = f"hash seed {hash_seed}, {zone}, {language}"
        same_as(run, first)
