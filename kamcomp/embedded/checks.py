"""
`test`, `quick`, `faults` and `check`, inside the environment: what a change has to pass, each tool by its own command.

Every check runs, whether or not one before it failed, so that one go shows all there is to mend.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence

from kamcomp.embedded.bootstrap import LOCK_VARIABLE, lock_take
from kamcomp.embedded.places import PROJECT, CannotStart, place_for
from kamcomp.embedded.services import Services, services_up
from kamcomp.pages.making import made

PYTHON = sys.executable
STATIC_CHECKS = {
    "lint": [PYTHON, "-m", "ruff", "check", "--output-format", "concise", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "--output-format", "concise", "."],
    "imports": [
        PYTHON,
        "-c",
        "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())",
    ],
    "types": [PYTHON, "-m", "mypy"],
    "deploy": [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING", "--database", "default"],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
}
TESTS = [PYTHON, "-m", "pytest"]
# A test that waited in vain on a busy machine is played again, and told as such; one that found anything wrong is not.
RAN_OUT_OF_TIME = ("in vain", "TimeoutError", "TimeoutExpired")
PATIENTLY = ["--reruns", "2", *(f"--only-rerun={words}" for words in RAN_OUT_OF_TIME)]
# One process more than two cores have work for, because many tests wait for workers, browsers and broken links; what
# shares something dear is marked as a group and stays on one.
TOGETHER = ["-n", "3", "--dist", "loadgroup"]
FAULTS_PAGE = "docs/reference/faults.md"
QUICK_TESTS = [f"tests/{room}" for room in ("engine", "golden", "teams", "scorecards", "plans", "payouts")]


def main(*, arguments: Sequence[str]) -> int:
    """Do one of the commands that work at the place of tests."""
    command, *rest = arguments
    try:
        if command == "test":
            test(arguments=rest)
        if command == "quick":
            os.environ.setdefault("KAMCOMP_HYPOTHESIS", "quick")
            test(arguments=[*QUICK_TESTS, "-q", "-m", "not slow", *rest])
        if command == "faults":
            return faults(arguments=rest)
        if command == "lock":
            return requirements_lock()
        return check(arguments=rest)
    except CannotStart as refusal:
        print(f"kamcomp: {refusal}", file=sys.stderr)
        return 1


def test(*, arguments: Sequence[str]) -> None:
    """Become pytest, on three processes unless the arguments say otherwise."""
    ways = ("-n", "--numprocesses", "--pdb", "-p no:xdist")
    own = [] if any(argument.startswith(ways) for argument in arguments) else TOGETHER
    command = [*TESTS, *PATIENTLY, *own, *arguments]
    sys.stdout.flush()
    os.execv(command[0], command)


def faults(*, arguments: Sequence[str]) -> int:
    """
    Play every fault with many seeds and print the table; return 0 if no cent was lost or doubled.

    `--seeds N` and `--rounds N` say how many, `--write` puts the table on its page, the rest goes to pytest.
    """
    parser = argparse.ArgumentParser(prog="faults")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--write", action="store_true")
    asked, rest = parser.parse_known_args(arguments)
    report = place_for(kind="test").folder / "faults.jsonl"
    report.unlink(missing_ok=True)
    asked_for = {"SEEDS": str(asked.seeds), "ROUNDS": str(asked.rounds), "REPORT": str(report)}
    environ = {**os.environ, **{f"KAMCOMP_FAULT_{name}": value for name, value in asked_for.items()}}
    own = [] if any(argument.startswith("-n") for argument in rest) else TOGETHER
    passed = subprocess.run(
        [*TESTS, "tests/faults", "-q", *own, *rest], env=environ, check=False, close_fds=False
    )
    page = [str(PROJECT / FAULTS_PAGE)] if asked.write else []
    told = subprocess.run([PYTHON, "-m", "tests.faults.table", str(report), *page], cwd=PROJECT, check=False)
    return passed.returncode or told.returncode


def check(*, arguments: Sequence[str]) -> int:
    """
    Run the checks and then the tests; `--no-tests` leaves those out, names of checks run only these.

    Return 0 if all passed.
    """
    asked = [argument for argument in arguments if not argument.startswith("-")]
    unknown = [name for name in asked if name not in STATIC_CHECKS]
    if unknown:
        raise CannotStart(f"there is no check {unknown[0]!r}; there are {', '.join(STATIC_CHECKS)}.")
    place = place_for(kind="test")
    lock = lock_take(place=place)
    os.set_inheritable(lock, False)
    made()
    with services_up(place=place) as services:
        failed = [name for name in asked or STATIC_CHECKS if not _passes(name=name, services=services)]
    if not asked and "--no-tests" not in arguments:
        os.set_inheritable(lock, True)
        done = subprocess.run(
            [*TESTS, *PATIENTLY, *TOGETHER],
            env={**os.environ, LOCK_VARIABLE: str(lock)},
            pass_fds=[lock],
        )
        failed += ["tests"] if done.returncode else []
    print("Every check passed." if not failed else f"Not passed: {', '.join(failed)}.")
    return 1 if failed else 0


def _passes(*, name: str, services: Services) -> bool:
    started = time.monotonic()
    environ = {**os.environ, **services.environ}
    done = subprocess.run(
        STATIC_CHECKS[name], env=environ, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - started
    print(f"{name:12} {'passed' if done.returncode == 0 else 'FAILED':8} {seconds:5.1f} s", flush=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def requirements_lock() -> int:
    """Resolve requirements.lock from the direct pins, for every supported Python and system, naming no host."""
    options = ["--universal", "--python-version", "3.11", "--no-header", "--no-annotate"]
    options += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    command = [
        PYTHON,
        "-m",
        "uv",
        "pip",
        "compile",
        *options,
        "requirements-dev.txt",
        "-o",
        "requirements.lock",
    ]
    return subprocess.run(
        command, env={**os.environ, "UV_SYSTEM_CERTS": "1"}, cwd=PROJECT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(arguments=sys.argv[1:]))
