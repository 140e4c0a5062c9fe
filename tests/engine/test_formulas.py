"""Every section of formulas.md that an engine module names exists there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted([*ROOT.glob("*/engine/**/*.py"), *(ROOT / "kamcomp").glob("*.py")])
NAMED = re.compile(r"formulas\.md,([^.]*)\.", re.DOTALL)


def sections() -> set[str]:
    text = (ROOT / "docs/reference/formulas.md").read_text()
    return set(re.findall(r"^#{2,3} (.+)$", text, re.MULTILINE)) | set(
        re.findall(r"^\*\*([^*]+?)\.?\*\*", text, re.MULTILINE)
    )


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sections_named_by_a_module_exist(module):
    named = {
        " ".join(name.split())
        for match in NAMED.findall(module.read_text())
        for name in re.findall(r'"([^"]+)"', match)
    }

    assert named <= sections(), f"{module.name} names sections that formulas.md does not have"
