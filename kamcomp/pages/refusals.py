"""
The sentences of refusals as they stand in the code, for the catalogue of translations.

A refusal that a browser can meet is raised with a literal sentence and its values
beside it (`kamcomp.refusal`). This reads them from the source of the rooms whose acts the
screens call, and names each sentence that was put together before: no translation finds it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from kamcomp.refusal import Refusal

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("kamcomp", "teams", "scorecards", "plans", "payouts")
SPOKEN = (
    "kamcomp/identity", "kamcomp/imports/column_choices.py", "kamcomp/imports/mends.py",
    "kamcomp/imports/services.py", "kamcomp/imports/undo.py", "kamcomp/imports/uploads.py",
    "kamcomp/audit/context.py", "kamcomp/calendar", "kamcomp/policy", "kamcomp/pages/amounts.py",
    "kamcomp/starting_over.py", "teams/services", "teams/selectors", "scorecards/services",
    "scorecards/selectors", "plans/services", "plans/selectors", "payouts/services", "payouts/selectors",
)  # fmt: skip
BY_COMMAND_ONLY = {"payouts/services/partitions.py", "payouts/services/run_chunks.py"}
PLACE = re.compile(r"%\((\w+)\)s")
ACTS = {"role_check", "_role_check"}


def spoken(path: Path) -> Iterator[str]:
    """Return the sentences, the words in them and the names of acts that refusals of a file are made of."""
    for call in _calls(path):
        name = _name(call.func)
        first = call.args[0] if call.args else None
        if name == "Word" or (name in refusal_names() and _is_spoken(path)):
            if isinstance(first, ast.Constant) and first.value:
                yield str(first.value)
        elif name in ACTS:
            yield from (
                str(each.value.value)
                for each in call.keywords
                if each.arg == "act" and isinstance(each.value, ast.Constant) and each.value.value
            )


def put_together() -> list[str]:
    """Return the places, as file and line, where a refusal is given a sentence that no translation finds."""
    return sorted(
        f"{path.relative_to(PROJECT)}:{call.lineno}"
        for path in sources()
        if _is_spoken(path)
        for call in _calls(path)
        if _name(call.func) in refusal_names() and call.args and isinstance(call.args[0], ast.JoinedStr)
    )


def unfilled() -> list[str]:
    """Return the places where a refusal's sentence and the values beside it do not belong together."""
    return sorted(
        f"{path.relative_to(PROJECT)}:{call.lineno}"
        for path in sources()
        for call in _calls(path)
        if _name(call.func) in refusal_names() and _is_unfilled(call)
    )


@cache
def refusal_names() -> frozenset[str]:
    """Return the names of every class of the project that is a refusal."""
    bases = {
        node.name: {_name(base) for base in node.bases}
        for path in sources()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ClassDef)
    }
    found: set[str] = {Refusal.__name__}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return frozenset(found)


@cache
def sources() -> tuple[Path, ...]:
    """Return the project's modules, in order."""
    return tuple(sorted(path for room in ROOMS for path in (PROJECT / room).rglob("*.py")))


def _is_unfilled(call: ast.Call) -> bool:
    first = call.args[0] if call.args else None
    if not isinstance(first, ast.Constant) or any(each.arg is None for each in call.keywords):
        return False
    return not set(PLACE.findall(str(first.value))) <= {str(each.arg) for each in call.keywords}


def _is_spoken(path: Path) -> bool:
    place = path.relative_to(PROJECT).as_posix()
    if "/management/" in place or place in BY_COMMAND_ONLY:
        return False
    return any(place == room or place.startswith(f"{room}/") for room in SPOKEN)


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
