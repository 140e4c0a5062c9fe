"""`python -m benchmarks [MEASUREMENT...]`: run measurements, each in a process of its own, and write their tables."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys

from benchmarks.harness import Asked, Figure, machine, moment, page_put, table

MEASUREMENTS = (
    "whole_run", "growth", "workers", "periods", "engine", "trace", "imports", "exports", "spreadsheet", "change",
    "checks", "designer", "dragged", "simulate", "pulls", "api_load",
)  # fmt: skip
MARK = "BENCH "


def main() -> int:
    """Run the measurements asked for; return 1 if one broke (a goal missed is a figure, not a failure)."""
    arguments = _arguments()
    if arguments.inside:
        return _inside(arguments)
    broken = [name for name in arguments.names or MEASUREMENTS if not _outside(name, arguments)]
    if broken:
        print(f"Broke: {', '.join(broken)}.")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(MEASUREMENTS)} (all without)")
    parser.add_argument("--people", type=int, default=200_000, help="people in the company")
    parser.add_argument("--pairs", type=int, default=5, help="how often what is compared takes turns")
    parser.add_argument("--dry", action="store_true", help="print the tables; leave the page as it is")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(MEASUREMENTS))
    if unknown:
        parser.error(f"there is no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}")
    return arguments


def _outside(name: str, arguments: argparse.Namespace) -> bool:
    """Run one measurement in a process of its own, and put its table on the page."""
    module = importlib.import_module(f"benchmarks.{name}")
    size = ["--people", str(arguments.people), "--pairs", str(arguments.pairs)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, *size, "--inside"],
        env=os.environ, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    told = [line.removeprefix(MARK) for line in done.stdout.splitlines() if line.startswith(MARK)]
    if done.returncode != 0 or not told:
        print(done.stdout)
        return False
    figures = [Figure(**row) for row in json.loads(told[-1])]
    about = module.ABOUT.format(people=f"{arguments.people:,}")
    print(f"\n## {module.TITLE}\n\n{about}\n\n{table(figures)}\n\n{machine()}; {moment()}", flush=True)
    if not arguments.dry:
        page_put(name=name, title=module.TITLE, figures=figures, about=about)
    return True


def _inside(arguments: argparse.Namespace) -> int:
    (name,) = arguments.names
    module = importlib.import_module(f"benchmarks.{name}")
    figures = module.measure(Asked(people=arguments.people, pairs=arguments.pairs))
    print(MARK + json.dumps([figure.as_row() for figure in figures]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
