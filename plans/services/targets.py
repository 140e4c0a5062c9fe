"""
Targets from last year, issued as the plan that pays on them is published.

They go into the scorecards as if somebody typed them there, with the same checks and history. What somebody agreed on
already stands. Rule: docs/reference/plan-proposal.md, "What the draft says".
"""

from __future__ import annotations

from datetime import datetime

from kamcomp.identity.models import User
from plans.models import PlanVersion
from plans.selectors.targets_asked import targets_asked
from scorecards.services.cells import CellSet, targets_set


def targets_issue(*, version: PlanVersion, by: User, at: datetime) -> int:
    """
    Issue the targets that stand beside the draft of a version, and return how many. Part of the act that publishes it.

    :raises RoleMissing, ImportRejected: as setting them in the scorecards does.
    """
    asked = targets_asked(version=version)
    for period in dict.fromkeys(one.period for one in asked):
        cells = [
            CellSet(
                subject=(version.plan.account.node_id, None, None),  # type: ignore[union-attr]  # of an account
                metric=one.metric, value=one.value, seen=None, currency=one.currency,
            )
            for one in asked
            if one.period == period
        ]  # fmt: skip
        targets_set(period=period, cells=cells, by=by, at=at)
    return len(asked)
