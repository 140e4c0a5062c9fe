"""
The plan templates: a whole plan document of each type, to start from.

They are ordinary plan documents with sensible figures; what they pay is worked out in
tests/golden under the same shapes. A new plan copies one, gives it a code and dates, and
is edited from there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from plans.engine.conventions import PlanType


def plan_template(*, plan_type: PlanType) -> dict[str, Any]:
    """Return the template document of a plan type; each call a fresh copy."""
    document: dict[str, Any] = json.loads((Path(__file__).parent / f"{plan_type}.json").read_text())
    return document


def account_manager_template() -> dict[str, Any]:
    """Return the document of a usual account managers' plan, to lay a key account plan beside; a fresh copy."""
    document: dict[str, Any] = json.loads((Path(__file__).parent / "account_manager.json").read_text())
    return document
