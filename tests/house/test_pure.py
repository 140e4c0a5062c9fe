"""The engine and its alphabet read no clock, open nothing and round nothing: what import contracts cannot see."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
APPS = ("teams", "scorecards", "plans", "payouts")
ALPHABET = [PROJECT / "kamcomp" / f"{name}.py" for name in ("money", "columns", "trace", "spans")]
ENGINE = [path for app in APPS for path in sorted((PROJECT / app / "engine").rglob("*.py"))]
CLOCKS = {"now", "today", "utcnow", "time", "monotonic"}
NOT_MONEY = {
    "payouts/engine/estimate.py": "a result to reach, rounded up to a whole unit of its metric",
    "payouts/engine/pool_members.py": "a mean dedication, kept with as many digits as a stored share",
    "plans/engine/curve_inverse.py": "a reading of a curve, rounded up so that the curve does earn there",
}
IN_FLOATS = "payouts/engine/simulation/"
"""Drawn futures and their figures, which are never paid: the only rooms of an engine that make floats."""
DOORS = {"open", "print", "input", "eval", "exec", "__import__", "breakpoint"}


def calls(path: Path) -> list[tuple[str, bool, int]]:
    """Return each call in a file: the name called, whether it is an attribute, and the line."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                found.append((node.func.attr, True, node.lineno))
            elif isinstance(node.func, ast.Name):
                found.append((node.func.id, False, node.lineno))
    return found


class TestEngine:
    def test_is_there(self):
        assert len(ENGINE) > len(APPS)

    @pytest.mark.parametrize(
        "path", [*ENGINE, *ALPHABET], ids=lambda path: path.relative_to(PROJECT).as_posix()
    )
    def test_reads_no_clock_and_opens_nothing(self, path):
        wrong = [
            f"{path.name}:{line} calls {name}"
            for name, attribute, line in calls(path)
            if (name in CLOCKS if attribute else name in DOORS)
        ]

        assert not wrong

    @pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.relative_to(PROJECT).as_posix())
    def test_neither_rounds_nor_makes_floats(self, path):
        wrong = [
            f"{path.name}:{line} calls {name}"
            for name, attribute, line in calls(path)
            if name == "round"
            or (name == "quantize" and path.relative_to(PROJECT).as_posix() not in NOT_MONEY)
            or (not attribute and name == "float" and IN_FLOATS not in path.as_posix())
        ]

        assert not wrong
