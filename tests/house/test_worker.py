"""A real worker on the test's own database and its own part of Valkey; what it takes and what it refuses."""

import os
import pickle
import time
from pathlib import Path

import pytest
from kombu.serialization import register, unregister

from kamcomp.celery import app
from tests.house.system import eventually


class Trap:
    """An object that leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


class TestWorker:
    def test_listens_on_this_process_own_part_of_valkey(self, worker):
        answers = []
        eventually(lambda: answers.extend(app.control.ping(timeout=2)) or answers, what="an answer")

        assert [list(answer) for answer in answers] == [[f"test-{os.getpid()}@localhost"]]

    def test_runs_no_code_of_a_pickled_message(self, worker, tmp_path):
        register("trap", pickle.dumps, pickle.loads, "application/x-python-serialize", "binary")
        try:
            app.loader.import_default_modules()
            task = next(name for name in sorted(app.tasks) if not name.startswith("celery."))
            app.send_task(task, args=[Trap(tmp_path / "sprung")], serializer="trap")
        finally:
            unregister("trap")

        log = tmp_path / "worker.log"
        eventually(lambda: "Refusing to deserialize" in log.read_text(), what="a refusal in the log")
        assert not (tmp_path / "sprung").exists()
        assert worker.poll() is None

    def test_waits_for_work_without_taking_more_than_it_does(self, worker):
        stats = next(iter(app.control.inspect(timeout=120, limit=1).stats().values()))

        assert stats["prefetch_count"] == stats["pool"]["max-concurrency"] == 1


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("task_acks_late", True),
            ("task_reject_on_worker_lost", True),
            ("task_ignore_result", True),
            ("worker_prefetch_multiplier", 1),
            ("accept_content", ["json"]),
            ("task_serializer", "json"),
            ("result_backend", None),
        ],
    )
    def test_lose_no_work_and_take_only_json(self, name, value):
        assert getattr(app.conf, name) == value

    def test_sweep_often_but_never_before_a_task_can_be_done(self):
        options = app.conf.broker_transport_options

        assert options["visibility_timeout"] >= 900
        assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] <= 10


def test_a_wait_that_is_never_met_fails():
    started = time.monotonic()

    with pytest.raises(AssertionError, match=r"waited 0 s in vain: pigs in the air"):
        eventually(lambda: False, what="pigs in the air", seconds=0.3)
    assert time.monotonic() - started < 60
