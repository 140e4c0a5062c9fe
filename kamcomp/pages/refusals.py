"""
The sentences of refusals and findings as they stand in the code, for the catalogue of translations.

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
BY_COMMAND_ONLY = (
    "kamcomp/backups", "kamcomp/embedded", "kamcomp/visibility", "payouts/cli", "payouts/demo",
    "payouts/intake/cases.py", "payouts/services/partitions.py", "payouts/services/run_chunks.py",
)  # fmt: skip
"""Rooms and modules whose refusals no page ever says: those of commands, and of what stands behind them."""
PLACE = re.compile(r"%\((\w+)\)s")
ACTS = {"role_check", "_role_check"}
SAYING: dict[str, tuple[int | str, ...]] = {
    "Word": (0,), "Sentence": (0,), "known": (1,), "ask": (1,), "put": (0,), "reject": (2,), "inform": (2,),
    "resolve": (2, 3, "cure"), "check_overlaps": ("what",), "unreadable": (0,), "Unfit": (0,),
    "RowFinding": ("reason",), "_problem": (1,), "_header": (1,), "_error": (2,), "_rises": (2,),
    "_sums_to_one": (2,), "_over": ("what",), "growth_ratio": ("what",), "block": ("detail",),
    "DocumentError": ("detail",), "_check_status": ("cure",), "law_says": (1, 2),
    "step": (0, "because"), "within": (0,),
}  # fmt: skip
"""Calls that say something of ours, with the arguments that say it, by place or by name."""


def spoken(path: Path) -> Iterator[str]:
    """Return the sentences, the words in them and the names of acts that refusals of a file are made of."""
    for call in _calls(path):
        name = _name(call.func)
        for said in _sayings(call, path):
            yield from _literal(said)
        if name in ACTS:
            yield from (
                str(each.value.value)
                for each in call.keywords
                if each.arg == "act" and isinstance(each.value, ast.Constant) and each.value.value
            )


def _literal(said: ast.expr | None) -> Iterator[str]:
    """Yield what an argument says; places with nothing but signs between them say the same in every language."""
    text = said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""
    if any(letter.isalpha() for letter in PLACE.sub("", text)):
        yield text


def put_together() -> list[str]:
    """Return the places, as file and line, where a refusal is given a sentence that no translation finds."""
    return sorted(
        f"{path.relative_to(PROJECT)}:{call.lineno}"
        for path in sources()
        for call in _calls(path)
        if _is_put_together(call, path)
    )


def _is_put_together(call: ast.Call, path: Path) -> bool:
    # A step of a trace may be called by the code of what it is about, which no language says otherwise.
    named = call.args[0] if _name(call.func) in ("step", "within") and call.args else None
    return any(isinstance(said, ast.JoinedStr) and said is not named for said in _sayings(call, path))


def _sayings(call: ast.Call, path: Path) -> Iterator[ast.expr]:
    """Yield the arguments of a call that say something of ours."""
    name = _name(call.func)
    refuses = name in refusal_names() or id(call) in _calls_above(path)
    places = SAYING.get(name, (0,) if refuses and _is_spoken(path) else ())
    for place in places:
        if isinstance(place, int):
            yield from call.args[place : place + 1]
        else:
            yield from (each.value for each in call.keywords if each.arg == place)


def unfilled() -> list[str]:
    """Return the places where a refusal's sentence and the values beside it do not belong together."""
    return sorted(
        f"{path.relative_to(PROJECT)}:{call.lineno}"
        for path in sources()
        for call in _calls(path)
        if (_name(call.func) in refusal_names() or _name(call.func) == "Sentence") and _is_unfilled(call)
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
    by_command = any(place == room or place.startswith(f"{room}/") for room in BY_COMMAND_ONLY)
    return not by_command and "/management/" not in place


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call))


@cache
def _calls_above(path: Path) -> frozenset[int]:
    """Return which calls of a file are those by which a refusal makes the refusal it is: `super().__init__(...)`."""
    return frozenset(
        id(call)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ClassDef) and node.name in refusal_names()
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and _name(call.func) == "__init__"
    )


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
