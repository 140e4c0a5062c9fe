"""
Typed clients, generated from the committed description into a folder: Python by openapi-python-client, TypeScript by
openapi-typescript where node is there. Nothing of them is kept: what is kept is a small program for each.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DESCRIPTION = HERE.parents[2] / "docs" / "reference" / "openapi.yaml"
CONFIGURATION = (
    "project_name_override: kamcomp-client\npackage_name_override: kamcomp_client\npost_hooks: []\n"
)
PATIENCE_SECONDS = 300


def python_made(folder: Path, *, generator: Path) -> Path:
    """Generate the Python client in a folder, the program beside it; return the program."""
    configuration = folder / "generator.yaml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    shutil.rmtree(folder / "kamcomp_client", ignore_errors=True)
    ran(
        [
            *(generator, "generate", "--path", DESCRIPTION, "--meta", "none", "--config", configuration),
            *("--output-path", folder / "kamcomp_client", "--fail-on-warning"),
        ],
        folder=folder,
    )
    return Path(shutil.copy(HERE / "use.py", folder / "use.py"))


def python_typed(folder: Path, *, checker: Path) -> None:
    """Check the program and what it uses of the client, strictly."""
    ran([checker, "--config-file=", "--strict", "--cache-dir", folder / "mypy", "use.py"], folder=folder)


def typescript_absent() -> str:
    """Return why there can be no TypeScript client here; nothing if there can."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    return f"{' and '.join(missing)} is not here" if missing else ""


def typescript_made(folder: Path) -> Path:
    """Generate the TypeScript types in a folder, check the program against them, and return it as it runs."""
    for name in ("package.json", "tsconfig.json", "use.ts"):
        shutil.copy(HERE / name, folder / name)
    if not (folder / "node_modules" / "openapi-typescript").is_dir():
        ran(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], folder=folder)
    ran(["npx", "openapi-typescript", DESCRIPTION, "--output", "interface.d.ts"], folder=folder)
    ran(["npx", "tsc", "--project", "."], folder=folder)
    return folder / "made" / "use.js"


def told(command: list[Path | str], *, at: str, key: str, folder: Path) -> dict[str, Any]:
    """Run a program against the interface at an address, and return what it printed."""
    said = ran(command, folder=folder, KAMCOMP_AT=at, KAMCOMP_KEY=key)
    return dict(json.loads(said.splitlines()[-1]))


def ran(command: list[Path | str], *, folder: Path, **environ: str) -> str:
    """
    Run a command in a folder and return what it printed.

    :raises RuntimeError: if it failed, with what it said.
    """
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} {command[1]}: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    return done.stdout
