"""
The pages that walk through a quarter are run as they stand: first quarter, late credit note, second quarter.

In a page, every `kamcomp ...` line of an `sh` block is a command. A `text` block lists what the commands
before it have to say, blanks aside; a refusal that it does not list fails the test.
"""

import json
import re
import shlex
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from kamcomp.calendar.models import Period
from payouts.models import LedgerEntry
from plans.models import PlanVersion

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("tutorials/first-quarter.md", "how-to/correct-a-closed-period.md", "how-to/close-a-period.md")
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REFUSED = "CommandError: "


def blocks(page: str) -> list[tuple[list[str], list[str]]]:
    """Return the page's commands, each group with the lines that have to be said."""
    groups: list[tuple[list[str], list[str]]] = []
    for kind, text in BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
        if kind == "sh":
            groups.append((text.splitlines(), []))
        else:
            groups[-1][1].extend(text.splitlines())
    return groups


def said_by(command: str) -> str:
    """Return what a command says; a refusal as the command line shows it."""
    name, *words = shlex.split(command)
    assert name == "kamcomp", command
    out = StringIO()
    try:
        call_command(*words, stdout=out)
    except CommandError as refusal:
        return f"{out.getvalue()}{REFUSED}{refusal}\n"
    return out.getvalue()


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def books(settings, tmp_path, monkeypatch):
    """Write exports into a folder of the test, and stand where the pages stand."""
    settings.EXPORT_ROOT = tmp_path / "exports"
    monkeypatch.chdir(DOCS.parent)
    return settings.EXPORT_ROOT


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_pages_say_what_happens(books):
    for page in PAGES:
        for commands, expected in blocks(page):
            said = [said_by(command) for command in commands]
            whole = plain(" ".join(said))
            missing = [line for line in expected if plain(line) not in whole]
            refused = [
                answer for answer in said
                if REFUSED in answer and not any(plain(line) in plain(answer) for line in expected if REFUSED in line)
            ]  # fmt: skip

            assert missing == [], f"{page}: not said by {commands}:\n{''.join(said)}"
            assert refused == [], f"{page}: refused without being told"

    answer = json.loads(said_by("kamcomp calculate examples/first-quarter/case.json"))
    assert answer["payouts"][0]["people"][0]["payout"] == "7152.00"
    assert answer["payouts"][0]["plan_digest"] == PlanVersion.objects.get().digest
    locked = Period.objects.filter(status="locked").values_list("code", flat=True)
    assert sorted(locked) == ["2025-Q1", "2025-Q2"]
    assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == 0
    assert len(list(books.rglob("*payroll*"))) == 2
