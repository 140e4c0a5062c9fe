"""
`run`, `manage`, `python`, `bench` and `reset`, inside the environment: the whole system on this machine, from
one command.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.error import URLError

from kamcomp.embedded.bootstrap import holder, lock_take
from kamcomp.embedded.places import (
    PROJECT,
    CannotStart,
    Place,
    forget,
    place_for,
    private_write,
    secrets_of,
)
from kamcomp.embedded.processes import Child, clean_environment, start, wait_until
from kamcomp.embedded.services import Services, services_up
from kamcomp.embedded.starting_over import StartingOver
from kamcomp.embedded.supervisor import Supervisor

FIRST_PORT, LAST_PORT = 8000, 8099
WEB_SECONDS = 60.0
OWNER_ONLY = ("DATABASE_OWNER_URL",)


def main(*, arguments: Sequence[str]) -> int:
    """Do one of the commands that work at the place of running."""
    command, *rest = arguments
    # Until the supervisor listens, a SIGTERM unwinds like an exit, so that what was started is stopped.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        if command == "manage":
            return python(arguments=["manage.py", *rest])
        if command == "python":
            return python(arguments=rest)
        if command == "reset":
            return reset(arguments=rest)
        if command == "bench":
            return bench(arguments=rest)
        return run()
    except CannotStart as refusal:
        say(str(refusal))
        return 1
    except KeyboardInterrupt:
        return 130


def say(sentence: str) -> None:
    """Say something to the person at the terminal."""
    print(f"kamcomp: {sentence}", file=sys.stderr, flush=True)


# run ------------------------------------------------------------------------------------------------------


def run() -> int:
    """Start everything, say where it is, and stay until a signal or the death of the database or broker."""
    place = place_for(kind="run")
    os.set_inheritable(lock_take(place=place), False)
    with door_open() as door, services_up(place=place) as services:
        supervisor = Supervisor(services=services, say=say)
        port = door.getsockname()[1]
        services.environ |= web_settings(place=place)
        services.environ["KAMCOMP_ADDRESS"] = os.environ.get("KAMCOMP_ADDRESS") or f"http://127.0.0.1:{port}"
        over = starting_over(services=services)
        services.environ |= over.environ if over else {}
        try:
            private_write(path=place.settings, text=json.dumps(services.environ, indent=1))
            if prepare(services=services) and over:
                over.set_aside()
            if supervisor.asked_to_stop():
                return 0
            web = supervisor.keep(lambda: web_begin(services=services, door=door))
            for begin in (worker_begin, beat_begin):
                supervisor.keep(partial(begin, services=services))
            if not wait_until(ready=lambda: answers(port=port), child=web, seconds=WEB_SECONDS):
                raise CannotStart(f"the web server did not start: {web.ending()}")
            greet(port=port)
            code = supervisor.watch(look=partial(start_over, over=over, supervisor=supervisor, web=web))
        finally:
            place.settings.unlink(missing_ok=True)
        say("stopping...")
    say("stopped; the data stays.")
    return code


def web_settings(*, place: Place) -> dict[str, str]:
    """Return the settings of a start on one's own machine: plain http, addresses of this machine only."""
    defaults = {"KAMCOMP_HTTPS": "0", "KAMCOMP_OPEN_START_PAGE": "1", "KAMCOMP_LOG_FORMAT": "console"}
    if os.environ.get("KAMCOMP_DEMO") != "0":
        defaults["KAMCOMP_DEMO_MODE"] = "1"
        defaults["KAMCOMP_COMPANY"] = "Halden Components"
    return {name: os.environ.get(name) or value for name, value in defaults.items()}


def door_open() -> socket.socket:
    """
    Return a listening socket on KAMCOMP_PORT, or on the first free port from 8000.

    It is ours from the first moment to the last, through every new start of the web server: were the port
    only looked up here, another start could take it meanwhile and answer our health check in our place.

    :raises CannotStart: if KAMCOMP_PORT is taken or no number, or none is free.
    """
    asked = os.environ.get("KAMCOMP_PORT")
    if asked and not (asked.isascii() and asked.isdigit() and 0 < int(asked) < 65536):
        raise CannotStart(f"KAMCOMP_PORT is {asked!r}; it must be a port number.")
    for port in [int(asked)] if asked else range(FIRST_PORT, LAST_PORT + 1):
        door = socket.socket()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
            door.listen()
        except OSError:
            door.close()
            continue
        return door
    wanted = f"port {asked} is" if asked else f"the ports {FIRST_PORT} to {LAST_PORT} are"
    raise CannotStart(f"{wanted} taken by another program; set KAMCOMP_PORT to a free one.")


def starting_over(*, services: Services) -> StartingOver | None:
    """Return what starts the demo over from the browser; nothing for servers of one's own, or without the demo."""
    if services.database is None or services.environ.get("KAMCOMP_DEMO_MODE") != "1":
        return None
    password = secrets_of(place=services.place)["superuser"]
    return StartingOver(place=services.place, sockets=services.database.sockets, password=password)


def start_over(*, over: StartingOver | None, supervisor: Supervisor, web: Child) -> None:
    """Start the demo over if somebody asked for it; the web server stays, the others stop meanwhile."""
    if over is None or not over.asked():
        return
    say("starting the demo over, as somebody asked in the browser.")
    with supervisor.without(*(kept.child for kept in supervisor.kept if kept.child is not web)):
        over.again(prepare=lambda: prepare(services=supervisor.services))
    over.ended()
    say("the demo is as it was when it was loaded.")


def prepare(*, services: Services) -> bool:
    """
    Bring the tables up to date, and fill an empty database with the demo company (not with KAMCOMP_DEMO=0).

    Returns whether the company was loaded now.

    :raises CannotStart: if either fails; the command's own words are above.
    """
    pages_make()
    if command(services=services, arguments=["migrate", "--verbosity", "0"]) != 0:
        raise CannotStart("the database could not be brought up to date; the reason is above.")
    if os.environ.get("KAMCOMP_DEMO") == "0":
        return False
    note = services.place.folder / "loaded"
    note.unlink(missing_ok=True)
    if command(services=services, arguments=["demo_when_empty", "--note", str(note)]) != 0:
        raise CannotStart("the demo company could not be loaded; the reason is above.")
    return note.is_file()


def pages_make() -> None:
    """
    Make what the pages need and the repository does not hold: the type face, the compiled translations.

    :raises CannotStart: if it cannot be made; its own words are above.
    """
    made = subprocess.run([sys.executable, "-m", "kamcomp.pages.making"], cwd=PROJECT, check=False)
    if made.returncode != 0:
        raise CannotStart("the pages' type face and translations could not be made; the reason is above.")


def command(*, services: Services, arguments: Sequence[str]) -> int:
    """Run a manage.py command on the services and return its exit code."""
    return program(services=services, arguments=["manage.py", *arguments])


def program(*, services: Services, arguments: Sequence[str]) -> int:
    """Run a Python program on the services and return its exit code."""
    environ = {**os.environ, **services.environ}
    return subprocess.run([sys.executable, *arguments], env=environ, cwd=PROJECT, check=False).returncode


def _begin(
    *, services: Services, name: str, log: str, arguments: Sequence[str], keeps: Sequence[int] = ()
) -> Child:
    """Start one of our own processes, without the owner's address: it works as a role that owns nothing."""
    environ = {key: value for key, value in services.environ.items() if key not in OWNER_ONLY}
    passed = {key: value for key, value in os.environ.items() if key.startswith("KAMCOMP_")}
    return start(
        name=name,
        command=[sys.executable, "-m", *arguments],
        log=services.place.logs / log,
        environ=clean_environment(extra={**passed, **environ, "PYTHONUNBUFFERED": "1"}),
        folder=PROJECT,
        keeps=keeps,
    )


def web_arguments(*, door: socket.socket, folder: Path) -> list[str]:
    """Return how Python starts the web server on a socket that listens already; `folder` is for its own notes."""
    options = ["--bind", f"fd://{door.fileno()}", "--workers", "2", "--threads", "4", "--no-control-socket"]
    options += ["--worker-tmp-dir", str(folder), "--graceful-timeout", "5"]
    return ["gunicorn", *options, "kamcomp.wsgi"]


def web_begin(*, services: Services, door: socket.socket) -> Child:
    """Start the web server on the socket that listens already."""
    return _begin(
        services=services,
        name="the web server",
        log="web.log",
        arguments=web_arguments(door=door, folder=services.place.folder),
        keeps=[door.fileno()],
    )


def worker_begin(*, services: Services) -> Child:
    """Start the worker, with one process a core."""
    options = [
        "--concurrency",
        str(os.cpu_count() or 1),
        "--loglevel",
        "INFO",
        "--without-gossip",
        "--without-mingle",
    ]
    arguments = ["celery", "-A", "kamcomp.celery", "worker", *options]
    return _begin(services=services, name="the worker", log="worker.log", arguments=arguments)


def beat_begin(*, services: Services) -> Child:
    """Start beat, the clock of the background work, with its schedule in the state folder."""
    schedule = services.place.folder / "beat-schedule"
    options = ["--schedule", str(schedule), "--pidfile", "", "--loglevel", "INFO"]
    arguments = ["celery", "-A", "kamcomp.celery", "beat", *options]
    return _begin(services=services, name="beat", log="beat.log", arguments=arguments)


def answers(*, port: int) -> bool:
    """Return whether the web server says that it is well."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def greet(*, port: int) -> None:
    """Say where everything is and what to try."""
    print(
        f"""
kamcomp is running:  http://127.0.0.1:{port}/

  what is there      open the address above; its health is at /health/live
  a command          make manage ARGS="help"
  a calculation      make manage ARGS="calculate CASE.json --explain"
  logs               {place_for(kind="run").logs}
  stop               Ctrl-C here, or `make stop`
""",
        flush=True,
    )


# manage, python and reset ---------------------------------------------------------------------------------


def python(*, arguments: Sequence[str]) -> int:
    """Run a Python program, manage.py say: as a guest of what runs, or on services started for it."""
    place = place_for(kind="run")
    pages_make()
    inherited = "KAMCOMP_LOCK" in os.environ
    if not inherited and place.settings.is_file():
        environ = {**os.environ, **json.loads(place.settings.read_text(encoding="utf-8"))}
        os.execve(sys.executable, [sys.executable, *arguments], environ)
    os.set_inheritable(lock_take(place=place), False)
    with services_up(place=place) as services:
        services.environ |= web_settings(place=place)
        # A restore goes into an empty database, and brings its tables along.
        if arguments[:2] == ["manage.py", "restore"]:
            return program(services=services, arguments=arguments)
        if command(services=services, arguments=["migrate", "--verbosity", "0"]) != 0:
            raise CannotStart("the database could not be brought up to date; the reason is above.")
        return program(services=services, arguments=arguments)


def bench(*, arguments: Sequence[str]) -> int:
    """Measure (benchmarks/) on services of their own, as durable as those of a start."""
    place = place_for(kind="bench")
    os.set_inheritable(lock_take(place=place), False)
    with services_up(place=place) as services:
        services.environ |= web_settings(place=place)
        if command(services=services, arguments=["migrate", "--verbosity", "0"]) != 0:
            raise CannotStart("the database could not be brought up to date; the reason is above.")
        return program(services=services, arguments=["-m", "benchmarks", *arguments])


def reset(*, arguments: Sequence[str]) -> int:
    """Remove the data of the embedded services, after asking; your own servers are never touched."""
    place = place_for(kind="run")
    if "--yes" not in arguments:
        if not sys.stdin.isatty():
            raise CannotStart("`reset` removes all embedded data; say --yes where nobody can be asked.")
        if input("Remove all data of the embedded services here? [y/N] ").strip().lower() not in ("y", "yes"):
            return 1
    forget(place=place)
    if holder(place=place_for(kind="test")) is None:
        forget(place=place_for(kind="test"))
    say("the embedded data is gone; `make run` starts afresh.")
    return 0


if __name__ == "__main__":
    sys.exit(main(arguments=sys.argv[1:]))
