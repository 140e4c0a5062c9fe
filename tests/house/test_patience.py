"""What only ran out of time is played again, what found anything wrong is not; and a group stays on one process."""

import subprocess
from pathlib import Path
from textwrap import dedent

from kamcomp.embedded.checks import PATIENTLY, TESTS, TOGETHER


def test_of_three_tests_that_fail_the_first_time(tmp_path: Path):
    tallies, processes, trial = tmp_path / "tallies", tmp_path / "processes", tmp_path / "test_trial.py"
    tallies.mkdir()
    processes.mkdir()
    trial.write_text(
        dedent(f"""\
            import os
            import pathlib
            import pytest

            pytestmark = pytest.mark.xdist_group("shares something dear")

            def first_time(name):
                pathlib.Path({str(processes)!r}, os.environ["PYTEST_XDIST_WORKER"]).touch()
                tally = pathlib.Path({str(tallies)!r}, name)
                tally.write_text(tally.read_text() + "." if tally.exists() else ".")
                return tally.read_text() == "."

            def test_waits():
                if first_time("waits"):
                    pytest.fail("waited 60 s in vain for a run to end")

            def test_stops():
                if first_time("stops"):
                    raise TimeoutError("a page")

            def test_loses():
                assert not first_time("loses"), "0.01 lost"
            """)
    )

    bare = ["-p", "no:django", "-c", "/dev/null", "--rootdir", str(tmp_path), str(trial)]
    done = subprocess.run(
        [*TESTS, *PATIENTLY, *TOGETHER, *bare],
        capture_output=True,
        text=True,
    )

    played = {tally.name: len(tally.read_text()) for tally in tallies.iterdir()}
    assert played == {"waits": 2, "stops": 2, "loses": 1}, done.stdout + done.stderr
    assert "1 failed, 2 passed, 2 rerun" in done.stdout
    assert len(list(processes.iterdir())) == 1
