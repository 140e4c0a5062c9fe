"""What only ran out of time is played again; what found anything wrong is not."""

import subprocess
from pathlib import Path
from textwrap import dedent

from kamcomp.embedded.checks import PATIENTLY, TESTS


def test_of_three_tests_that_fail_the_first_time(tmp_path: Path):
    tallies, trial = tmp_path / "tallies", tmp_path / "test_trial.py"
    tallies.mkdir()
    trial.write_text(
        dedent(f"""\
            import pathlib
            import pytest

            def first_time(name):
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

    done = subprocess.run(
        [*TESTS, *PATIENTLY, "-p", "no:django", "-c", "/dev/null", "--rootdir", str(tmp_path), str(trial)],
        capture_output=True,
        text=True,
    )

    played = {tally.name: len(tally.read_text()) for tally in tallies.iterdir()}
    assert played == {"waits": 2, "stops": 2, "loses": 1}, done.stdout + done.stderr
    assert "1 failed, 2 passed, 2 rerun" in done.stdout
