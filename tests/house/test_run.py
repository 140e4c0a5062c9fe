"""`make run` as a person meets it: it starts, says who holds it, survives rough handling, and stops whole."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.system import System, alive, eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc"),
    pytest.mark.xdist_group("system"),
]
USERS = "__import__('django.contrib.auth').contrib.auth.get_user_model().objects"
LONG_NAME = "a path with spaces that is a good deal longer than any socket may have in its own name"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Return a copy of the project in a long path with spaces, which as root is also closed to other users."""
    system = System(folder=tmp_path_factory.mktemp("run") / LONG_NAME / "kam comp")
    yield system
    system.clean()


@pytest.fixture
def running(system: System) -> System:
    """Return the system, started if the test before left it stopped."""
    if system.process is None or system.process.poll() is not None:
        system.start()
    return system


class TestRun:
    def test_answers_at_the_address_it_says(self, running):
        assert running.health() == {"postgresql": "up", "valkey": "up"}
        with urllib.request.urlopen(running.address, timeout=60) as page:
            words, policy = page.read().decode(), page.headers["Content-Security-Policy"]
        assert "Key accounts" in words
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy

    def test_runs_the_database_as_somebody_other_than_root(self, running):
        owner = Path(f"/proc/{running.pids()['PostgreSQL']}").stat().st_uid

        assert owner != 0
        assert os.getuid() in (0, owner)

    def test_gives_web_and_workers_no_way_to_the_owner(self, running):
        for name in ("the web server", "the worker", "beat"):
            variables = Path(f"/proc/{running.pids()[name]}/environ").read_bytes()
            assert b"DATABASE_URL=" in variables
            assert b"kamcomp_owner" not in variables
            assert b"DATABASE_OWNER_URL" not in variables

    def test_keeps_its_secrets_from_other_users(self, running):
        for name in ("secrets.json", "settings.json"):
            assert (running.state / name).stat().st_mode & 0o077 == 0

    def test_says_who_holds_it_to_a_second_start(self, running):
        second = running.command("run")

        assert second.returncode == 1
        assert f"already running here: process {running.process.pid} " in second.stderr
        assert len(second.stderr.strip().splitlines()) == 1
        assert running.health() == {"postgresql": "up", "valkey": "up"}

    def test_lets_a_command_in_while_it_runs(self, running):
        answer = running.command(
            "manage", "shell", "-c", "from plans.models import Plan; print(Plan.objects.count())"
        )

        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.strip().splitlines()[-1] == "0"

    def test_answers_manage_py_by_a_python_that_has_nothing(self, running):
        words = [
            sys.executable,
            "manage.py",
            "shell",
            "-c",
            "from plans.models import Plan; print(Plan.objects.count())",
        ]

        answer = subprocess.run(
            words, cwd=running.folder, env=running.environ, capture_output=True, text=True, check=False
        )

        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.strip().splitlines()[-1] == "0"

    @pytest.mark.parametrize("name", ["the web server", "the worker", "beat"])
    def test_starts_again_what_was_killed(self, running, name):
        before = running.pids()[name]

        os.kill(before, signal.SIGKILL)

        eventually(lambda: running.pids().get(name, before) != before, what=f"{name} with a new process")
        eventually(running.health, what="an answer")
        assert f"{name} ended (killed by signal 9" in running.words()
        assert running.process.poll() is None

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_stops_all_of_it_at_a_signal_and_keeps_the_data(self, running, number):
        name = f"kept-{int(number)}"
        running.command("manage", "shell", "-c", f"{USERS}.create(username={name!r})")
        pids = running.pids()

        code = running.end(number)

        assert code == 0
        assert not [name for name, pid in pids.items() if alive(pid)]
        assert not (running.state / "settings.json").exists()
        answer = running.command("manage", "shell", "-c", f"print({USERS}.filter(username={name!r}).count())")
        assert answer.stdout.strip().splitlines()[-1] == "1", answer.stderr

    @pytest.mark.parametrize("name", ["PostgreSQL", "Valkey"])
    def test_ends_with_one_sentence_when_a_service_dies_and_starts_again(self, running, name):
        pids = running.pids()

        os.kill(pids[name], signal.SIGKILL)

        assert running.process.wait(timeout=180) == 1
        assert running.words().count(f"kamcomp: {name} ended (killed by signal 9") == 1
        assert not [left for left, pid in pids.items() if alive(pid)]
        running.start()
        assert running.health() == {"postgresql": "up", "valkey": "up"}

    def test_starts_at_once_after_the_launcher_itself_was_killed(self, running):
        pids = running.pids()

        running.end(signal.SIGKILL)
        running.start()

        assert running.health() == {"postgresql": "up", "valkey": "up"}
        assert not [name for name, pid in pids.items() if alive(pid)]

    def test_is_stopped_from_elsewhere(self, running):
        pids = running.pids()

        answer = running.command("stop")

        assert answer.stdout.strip() == "kamcomp has stopped; its data stays."
        assert running.process.wait(timeout=120) == 0
        assert not [name for name, pid in pids.items() if alive(pid)]
        assert running.command("stop").stdout.strip() == "kamcomp is not running here."

    def test_forgets_everything_at_reset(self, running):
        running.end()
        remembered = running.state / "database-home"
        home = Path(remembered.read_text().strip()) if remembered.exists() else running.state / "postgresql"
        assert (home / "data" / "PG_VERSION").exists() or os.getuid() != 0

        refused, done = running.command("reset"), running.command("reset", "--yes")

        assert "say --yes" in refused.stderr
        assert done.returncode == 0, done.stderr
        assert not home.exists()


class TestRunRefusals:
    """Wrong settings stop the start with one sentence, before anything was started."""

    @pytest.mark.parametrize(
        ("settings", "sentence"),
        [
            ({"DATABASE_URL": "mysql://a:b@c/d"}, "DATABASE_OWNER_URL is not set|DATABASE_URL is set but"),
            ({"REDIS_URL": "localhost:6379"}, "REDIS_URL must look like"),
            ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "REDIS_URL does not lead to a Redis or Valkey server"),
            ({"KAMCOMP_PORT": "http"}, "KAMCOMP_PORT is 'http'"),
            ({"KAMCOMP_PG_BIN": "/nowhere", "KAMCOMP_ENVIRONMENT": "/nowhere"}, "is no Python environment"),
        ],
    )
    def test_names_what_is_wrong(self, system, settings, sentence):
        if system.process and system.process.poll() is None:
            system.end()

        answer = system.command("run", **settings)

        assert answer.returncode == 1
        said = answer.stderr.strip().splitlines()[-1]
        assert any(part in said for part in sentence.split("|")), answer.stderr
        assert "Traceback" not in answer.stderr

    def test_says_how_it_is_used(self, system):
        answer = system.command("fly")

        assert answer.returncode == 2
        assert "usage:" in answer.stdout


class TestRunOnOwnServers:
    def test_starts_none_of_its_own(self, tmp_path):
        system = System(folder=tmp_path / "kamcomp")
        addresses = {name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")}

        try:
            system.start(**addresses)

            assert set(system.pids()) == {"the web server", "the worker", "beat"}
            assert system.health() == {"postgresql": "up", "valkey": "up"}
            assert system.end() == 0
        finally:
            system.clean()

        assert not (system.state / "postgresql").exists()
