"""
Weights of a plan's tree put in order: branches that are the sum of their children, and a rest spread over them.

A leaf's weight is its share of the whole plan, a branch's is the sum of what stands under it. Pure.
Rule: docs/reference/formulas.md, "The plan tree".
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kamcomp import money
from plans.engine.edits import Edit, set_at
from plans.engine.places import value_of

DIGITS = 4
ROOT = "/incentive"
ZERO, ONE = Decimal(0), Decimal(1)


def branches_summed(*, document: Mapping[str, Any]) -> list[Edit]:
    """Return the edits after which each branch under the whole weighs what its children weigh together."""
    found: list[Edit] = []
    for number, child in enumerate(document["incentive"]["children"]):
        _sum(child, f"{ROOT}/children/{number}", found)
    return found


@money.exactly
def rest_spread(*, document: Mapping[str, Any], at: str = ROOT) -> list[Edit]:
    """
    Return the edits after which what stands under a branch sums to it, each part in proportion to its weight.

    Parts without any weight share evenly. Weights keep four decimals; what is left over goes to the heaviest.
    """
    found: list[Edit] = []
    node = value_of(document, at)
    _scale(node, at, ONE if at == ROOT else Decimal(node["weight"]), found, whole=True)
    return found


def _sum(node: Mapping[str, Any], at: str, found: list[Edit]) -> Decimal:
    if not node.get("children"):
        return Decimal(node["weight"])
    parts = (_sum(child, f"{at}/children/{number}", found) for number, child in enumerate(node["children"]))
    weight = sum(parts, ZERO)
    if weight != Decimal(node["weight"]):
        found.append(set_at(f"{at}/weight", f"{weight:f}"))
    return weight


def _scale(
    node: Mapping[str, Any], at: str, weight: Decimal, found: list[Edit], *, whole: bool = False
) -> None:
    if not whole and weight != Decimal(node["weight"]):
        found.append(set_at(f"{at}/weight", f"{weight:f}"))
    children = node.get("children") or []
    if not children:
        return
    now = [Decimal(child["weight"]) for child in children]
    total = sum(now, ZERO)
    if total == weight:
        return
    parts = now if total else [ONE] * len(children)
    new = [money.to_decimals(weight * part / sum(parts, ZERO), DIGITS) for part in parts]
    heaviest = max(range(len(new)), key=lambda number: new[number])
    new[heaviest] += weight - sum(new, ZERO)
    for number, (child, share) in enumerate(zip(children, new, strict=True)):
        _scale(child, f"{at}/children/{number}", share.normalize() + ZERO, found)
