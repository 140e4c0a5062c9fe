"""
The table of what the scenarios told: one row a seed for the terminal, one row a scenario for the page.

`python -m tests.faults.table REPORT [PAGE]` prints the first; with PAGE it writes the second between that page's marks.
"""

import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

BEGIN, END = "<!-- the last make faults -->", "<!-- end of the last make faults -->"


def rows_told(report: Path) -> list[dict[str, str]]:
    """Return the rows told, by scenario and seed."""
    lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    return sorted((json.loads(line) for line in lines), key=lambda row: (row["scenario"], int(row["seed"])))


def whole_table(rows: Sequence[dict[str, str]]) -> str:
    """Return every row: scenario, seed, moment, cents lost and doubled, seconds to recover, verdict."""
    lines = [
        "| scenario | seed | moment | lost | doubled | recovery s | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        seconds = f"{float(row['recovery']):.1f}" if float(row["recovery"]) else ""
        lines.append(
            f"| {row['scenario']} | {row['seed']} | {row['moment']} | {row['lost']} | {row['doubled']} "
            f"| {seconds} | {row['verdict']} |"
        )
    return "\n".join(lines)


def short_table(rows: Sequence[dict[str, str]]) -> str:
    """Return a row a scenario: how often it was tried, what was lost or doubled in all, the slowest recovery."""
    lines = [
        "| scenario | tried | failed | lost | doubled | slowest recovery s | one of the moments |",
        "|---|---|---|---|---|---|---|",
    ]
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        mine = [row for row in rows if row["scenario"] == scenario]
        slowest = max(float(row["recovery"]) for row in mine)
        lines.append(
            f"| {scenario} | {len(mine)} | {sum(row['verdict'] == 'FAILED' for row in mine)} "
            f"| {sum(Decimal(row['lost']) for row in mine)} | {sum(Decimal(row['doubled']) for row in mine)} "
            f"| {f'{slowest:.1f}' if slowest else ''} | {mine[0]['moment']} |"
        )
    return "\n".join(lines)


def page_write(page: Path, rows: Sequence[dict[str, str]]) -> None:
    """Put the short table, with day, machine and load, between the marks of a page."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    head = (
        f"{datetime.now(UTC):%d %b %Y %H:%M} UTC, {os.cpu_count()} cores, {platform.machine()}, "
        f"load {load}: {len(rows)} scenarios played."
    )
    text = page.read_text(encoding="utf-8")
    between = f"{BEGIN}\n{head}\n\n{short_table(rows)}\n{END}"
    changed = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _found: between, text, flags=re.DOTALL)
    page.write_text(changed, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Print the table of a report; return 1 if a cent was lost or doubled, or a scenario failed."""
    rows = rows_told(Path(arguments[0]))
    print(whole_table(rows))
    if len(arguments) > 1:
        page_write(Path(arguments[1]), rows)
    wrong = [
        row for row in rows if row["verdict"] == "FAILED" or Decimal(row["lost"]) or Decimal(row["doubled"])
    ]
    print(f"\n{len(rows)} scenarios played, {len(wrong)} of them not as they should be.")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
