"""A whole kamcomp started as a person would start it, from a copy of the project, for tests to be rough with."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
COPIED = (
    "kamcomp",
    "teams",
    "scorecards",
    "plans",
    "payouts",
    "templates",
    "locale",
    "docs",
    "manage.py",
    "Makefile",
)
PATIENCE_SECONDS = 240.0
OWN_VARIABLES = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "KAMCOMP_LOCK",
    "KAMCOMP_STATE",
    "KAMCOMP_HTTPS",
)


def eventually(met: Callable[[], object], *, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until `met` is true, or fail saying what did not happen."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.1)


class System:
    """One copy of the project, and what was started from it."""

    def __init__(self, *, folder: Path) -> None:
        self.folder = folder
        self.state = folder / ".kamcomp" / "run"
        for name in COPIED:
            source = PROJECT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / name)
        self.environ = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
        # The tests' own environment serves, so that no second one has to be made for each test.
        self.environ |= {"KAMCOMP_ENVIRONMENT": sys.prefix, "KAMCOMP_DEMO": "0"}
        self.process: subprocess.Popen[str] | None = None
        self.said = ""

    def command(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run one command of kamcomp to its end."""
        return subprocess.run(
            [sys.executable, "-m", "kamcomp.embedded", *arguments],
            cwd=self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def start(self, **environ: str) -> None:
        """Start everything and wait for its greeting."""
        log = (self.folder / "said.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kamcomp.embedded", "run"],
            cwd=self.folder,
            env={**self.environ, **environ},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        log.close()
        eventually(
            lambda: self.process.poll() is not None or "is running:" in self.words(), what="the greeting"
        )
        assert self.process.poll() is None, self.words()

    def words(self) -> str:
        """Return all that was said since the last start."""
        return (self.folder / "said.log").read_text()

    @property
    def address(self) -> str:
        """Return the address in the greeting."""
        return re.search(r"is running: +(\S+)", self.words())[1]

    def health(self) -> dict[str, str] | None:
        """Return what the health page says, or None if nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.address}healthz", timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError):
            return None

    def pids(self) -> dict[str, int]:
        """Return the processes by name, as the launcher noted them."""
        return {
            child["name"]: child["pid"] for child in json.loads((self.state / "children.json").read_text())
        }

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the launcher a signal and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def clean(self) -> None:
        """Stop what still runs and remove the data, wherever it is."""
        if self.process and self.process.poll() is None:
            self.end()
        self.command("reset", "--yes")


def alive(pid: int) -> bool:
    """Return whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
