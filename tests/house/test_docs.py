"""Pages name what is there: links between them, and files of the project."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted([PROJECT / "README.md", PROJECT / "CHANGELOG.md", *(PROJECT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
FOLDERS = "kamcomp|teams|scorecards|plans|payouts|tests|examples|templates|docs"
FILE = re.compile(rf"`((?:{FOLDERS})/[\w./-]+\.(?:py|md|json|toml|csv|html))`")
README_LINES = 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_a_page_links_and_names_what_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    gone = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    gone += [name for name in FILE.findall(text) if not (PROJECT / name).exists()]

    assert gone == []


def test_every_page_is_in_the_index() -> None:
    listed = set()
    for index in (PROJECT / "docs" / "README.md", PROJECT / "docs" / "adr" / "README.md"):
        listed |= {
            (index.parent / link).resolve() for link in LINK.findall(index.read_text(encoding="utf-8"))
        }
    pages = {page for page in PAGES if page.is_relative_to(PROJECT / "docs")}
    # The help of single screens is found by the screens' addresses (tests/pages/test_help.py).
    pages -= {page for page in pages if page.is_relative_to(PROJECT / "docs" / "help")}

    assert pages - listed - {PROJECT / "docs" / "README.md"} == set()


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(page.name[:4]) for page in (PROJECT / "docs" / "adr").glob("0*.md"))

    assert numbers == list(range(1, len(numbers) + 1))


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES
