"""
From a bare Python to the project's environment: take the lock, make the environment if its stamp differs,
and continue inside it with the lock still held.

Standard library only. The reasons are in docs/adr/0010-embedded-services.md.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from kamcomp.embedded.places import PROJECT, CannotStart, Place, place_for

USAGE = """usage: python3 -m kamcomp.embedded COMMAND [ARGUMENTS]

  run              start everything, and stop it with Ctrl-C
  stop             stop what `run` started, from elsewhere
  manage ...       run a manage.py command on the running services (or start them for it)
  python ...       run a Python program of yours on them in the same way
  test ...         run the tests; the arguments go to pytest
  quick ...        run the tests of the engine and the services only, each law on few examples
  faults ...       play every fault with many seeds and print what was lost: nothing (--seeds, --rounds, --write)
  bench ...        measure, on services and databases of their own; the figures go to docs/reference/performance.md
  check ...        run every check; --no-tests leaves the tests out
  lock             resolve requirements.lock again
  reset            remove the embedded services' data (asks first; --yes does not)
"""
PLACES = {
    **dict.fromkeys(("run", "manage", "python", "reset"), "run"),
    **dict.fromkeys(("test", "quick", "faults", "check", "lock"), "test"),
    "bench": "bench",
}
GUESTS = ("manage", "python")
LOCK_VARIABLE = "KAMCOMP_LOCK"


def main(*, arguments: Sequence[str]) -> int:
    """Do one command of the command line; most of them continue in the environment and never return here."""
    command, *rest = arguments or ["help"]
    try:
        if command == "stop":
            return stop(place=place_for(kind="run"))
        if command not in PLACES:
            print(USAGE, end="")
            return 0 if command in ("help", "--help", "-h") else 2
        return enter(command=command, arguments=rest)
    except CannotStart as refusal:
        print(f"kamcomp: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def enter(*, command: str, arguments: Sequence[str]) -> int:
    """Continue in the environment of the command's place, holding its lock."""
    place = place_for(kind=PLACES[command])
    place.make()
    environ = dict(os.environ)
    if command in GUESTS and place.settings.exists() and holder(place=place):
        # The services are up: their starter keeps the lock, and this command is their guest.
        continue_inside(place=place, module="launcher", arguments=[command, *arguments], environ=environ)
    descriptor = lock_take(place=place)
    environment_make(place=place)
    environ[LOCK_VARIABLE] = str(descriptor)
    module = "checks" if PLACES[command] == "test" else "launcher"
    continue_inside(place=place, module=module, arguments=[command, *arguments], environ=environ)
    return 0


def continue_inside(
    *, place: Place, module: str, arguments: Sequence[str], environ: Mapping[str, str]
) -> None:
    """Replace this process by a module of this package, run in the environment."""
    os.chdir(PROJECT)
    sys.stdout.flush()
    command = [str(place.python), "-m", f"kamcomp.embedded.{module}", *arguments]
    os.execve(command[0], command, {**environ, "VIRTUAL_ENV": str(place.environment)})


# The lock ------------------------------------------------------------------------------------------------


def lock_take(*, place: Place) -> int:
    """
    Return the descriptor of this place's lock, now ours, and inherited by what this process becomes.

    :raises CannotStart: naming the process that holds it.
    """
    place.make()
    inherited = os.environ.get(LOCK_VARIABLE)
    if inherited and _is_lock(descriptor=int(inherited), place=place):
        return int(inherited)
    descriptor = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        what = "kamcomp is already running" if place.kind == "run" else "tests are already running"
        way_out = (
            "stop it with `make stop`"
            if place.kind == "run"
            else "wait, or set KAMCOMP_STATE to another folder"
        )
        raise CannotStart(
            f"{what} here: process {holder(place=place)} holds {place.lock} ({way_out})."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    os.set_inheritable(descriptor, True)
    return descriptor


def _is_lock(*, descriptor: int, place: Place) -> bool:
    try:
        return os.path.sameopenfile(descriptor, descriptor) and os.path.samestat(
            os.fstat(descriptor), place.lock.stat()
        )
    except OSError:
        return False


def holder(*, place: Place) -> int | None:
    """Return the process id of who holds this place's lock, or None if nobody does."""
    try:
        descriptor = os.open(place.lock, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.pread(descriptor, 32, 0).decode().strip() or "0")
    finally:
        os.close(descriptor)
    return None


def stop(*, place: Place) -> int:
    """Ask the holder of the lock to stop, and wait until it has."""
    process = holder(place=place)
    if not process:
        print("kamcomp is not running here.")
        return 0
    os.kill(process, signal.SIGTERM)
    with place.lock.open("r+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
    print("kamcomp has stopped; its data stays.")
    return 0


# The environment -----------------------------------------------------------------------------------------


def environment_make(*, place: Place) -> None:
    """
    Make the place's environment, unless its stamp says that it is the one the requirements ask for.

    :raises CannotStart: if neither uv nor venv and pip could make it, or a given one has no Python.
    """
    if os.environ.get("KAMCOMP_ENVIRONMENT"):
        if not place.python.is_file():
            raise CannotStart(
                f"KAMCOMP_ENVIRONMENT names {place.environment}, which is no Python environment."
            )
        return
    wanted, stamp = _stamp(place=place), place.environment / "kamcomp-stamp"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"Making the Python environment for `{place.kind}` (once, about a minute)...", flush=True)
    names = ["requirements.txt"] if place.kind == "run" else ["requirements-dev.txt"]
    asked = [*(part for name in names for part in ("-r", str(PROJECT / name)))]
    asked += ["-c", str(PROJECT / "requirements.lock")]
    if not (_has_uv() and _with_uv(place=place, asked=asked)):
        _with_pip(place=place, asked=asked)
    stamp.write_text(wanted, encoding="utf-8")


def _stamp(*, place: Place) -> str:
    digest = hashlib.sha256()
    for name in ("requirements.txt", "requirements-dev.txt", "requirements.lock"):
        digest.update((PROJECT / name).read_bytes())
    digest.update(repr((sys.version, os.path.realpath(sys.executable), str(place.environment))).encode())
    return digest.hexdigest()


def _has_uv() -> bool:
    try:
        return subprocess.run(["uv", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _with_uv(*, place: Place, asked: Sequence[str]) -> bool:
    environ = {**os.environ, "UV_SYSTEM_CERTS": "1", "UV_NO_PROGRESS": "1"}
    environ.pop("VIRTUAL_ENV", None)
    shutil.rmtree(place.environment, ignore_errors=True)
    made = ["uv", "venv", "--quiet", "--no-project", "--python", sys.executable, str(place.environment)]
    filled = ["uv", "pip", "install", "--quiet", "--python", str(place.python), *asked]
    return all(_run(command=command, environ=environ, quiet=True) == 0 for command in (made, filled))


def _with_pip(*, place: Place, asked: Sequence[str]) -> None:
    shutil.rmtree(place.environment, ignore_errors=True)
    made = [sys.executable, "-m", "venv", str(place.environment)]
    if _run(command=made, environ=os.environ, quiet=False) != 0:
        raise CannotStart(
            "the Python environment could not be made: install uv, or your system's package for "
            "Python's venv module (on Debian: python3-venv)."
        )
    options = ["--quiet", "--disable-pip-version-check", "--no-input"]
    filled = [str(place.python), "-m", "pip", "install", *options, *asked]
    if _run(command=filled, environ=os.environ, quiet=False) != 0:
        raise CannotStart("the requirements could not be installed; pip's own message is above.")


def _run(*, command: Sequence[str], environ: Mapping[str, str], quiet: bool) -> int:
    """Run an installer to its end; a SIGTERM to us reaches it too."""
    errors = subprocess.PIPE if quiet else None
    with subprocess.Popen(command, env=dict(environ), cwd=PROJECT, stderr=errors) as process:

        def pass_on(number: int, _frame: object) -> None:
            process.terminate()
            raise SystemExit(128 + number)

        before = signal.signal(signal.SIGTERM, pass_on)
        try:
            _out, said = process.communicate()
        finally:
            signal.signal(signal.SIGTERM, before)
    if quiet and process.returncode != 0:
        words = (said or b"").decode(errors="replace").strip().splitlines()
        print(f"uv could not do it ({words[-1] if words else process.returncode}); using pip.", flush=True)
    return process.returncode
