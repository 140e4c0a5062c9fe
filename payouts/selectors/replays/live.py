"""
A working draft on the last locked periods, at once: what the designer shows beside the curve after each change.

Only sums and counts, nothing is kept; what is read of the locked runs is held in memory. Where there is more than a
moment's work it says so, and the replay has a page of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from kamcomp.refusal import Refusal
from kamcomp.visibility import Viewer
from payouts.selectors.inputs.reads import plan_of
from payouts.selectors.replays.past import Past, past_held, payouts_of
from payouts.selectors.replays.quick import quick_replayed
from payouts.selectors.replays.replaying import Amounts, past_replayed, sum_amounts
from payouts.selectors.replays.shown import FEWEST_SHOWN, Sum
from plans.engine.plan import Plan
from plans.models import Draft
from plans.selectors.drafts import draft_as_version
from teams.visibility import PAY

LIVE_PERIODS = 4
LIVE_MOST = 400
"""Payouts that are replayed to the cent within the answer to a change; of more, sums of people in float64."""
QUICK_MOST = 20_000
"""Payouts that are replayed at all then."""
ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class LivePast:
    """
    The last locked periods under a draft; `too_many` payouts, or `refused`, say why there are no figures.

    `quick` ones are of people alone, computed in float64.
    """

    refused: Refusal | None = None
    too_many: int = 0
    few: bool = False
    quick: bool = False
    periods: tuple[str, ...] = ()
    people: Sum | None = None
    pools: Sum | None = None
    measure: Sum | None = None
    gain: int = 0
    lose: int = 0
    same: int = 0
    left_out: int = 0

    @property
    def whole(self) -> Sum | None:
        """Return people and pools together."""
        if self.people is None or self.pools is None:
            return None
        paid, replayed = self.people.paid + self.pools.paid, self.people.replayed + self.pools.replayed
        return Sum(name="", paid=paid, replayed=replayed)


def draft_past(*, draft: Draft, code: str, viewer: Viewer) -> LivePast:
    """
    Return what a draft comes to on the last locked periods of its own plan's people, with the leaf of a code.

    Who may not see people's pay sees no sums of fewer than five.
    """
    try:
        version = draft_as_version(draft=draft)
        plans, asked = [version.plan.code], {"version": version, "periods": LIVE_PERIODS}
        plan = plan_of(version.document)
        if (many := payouts_of(plans=plans, **asked)) > QUICK_MOST:  # type: ignore[arg-type]
            return LivePast(too_many=many)
        past = past_held(plan=plan, plans=plans, **asked)  # type: ignore[arg-type]
        if many > LIVE_MOST:
            return _quick(past, plan)
        found = past_replayed(past=past, version=version, plan=plan)
    except Refusal as refusal:
        return LivePast(refused=refusal)
    people = list(found.people.values())
    if len(people) < FEWEST_SHOWN and not viewer.holds(*PAY):
        return LivePast(few=True)
    leaves: list[Mapping[str, Amounts]] = [person.leaves for person in people]
    return LivePast(
        periods=tuple(run.period.code for run in found.runs),
        people=_sum(sum_amounts((each.paid, each.replayed) for each in people)),
        pools=_sum(sum_amounts((each.paid, each.replayed) for each in found.pools)),
        measure=_sum(sum_amounts(leaf[code] for leaf in leaves if code in leaf)) if code else None,
        gain=sum(each.replayed > each.paid for each in people),
        lose=sum(each.replayed < each.paid for each in people),
        same=sum(each.replayed == each.paid for each in people),
        left_out=len(found.problems),
    )


def _quick(past: Past, plan: Plan) -> LivePast:
    """Return the sums of people of a plan that pays many; its pools are left to the replay."""
    found = quick_replayed(past=past, plan=plan)
    moves = [now - was for was, now in found.people.values()]
    return LivePast(
        quick=True,
        periods=tuple(period.run.period.code for period in past.periods),
        people=_sum(sum_amounts(found.people.values())),
        pools=None if plan.pool else _sum((ZERO, ZERO)),
        gain=sum(move > 0 for move in moves),
        lose=sum(move < 0 for move in moves),
        same=sum(move == 0 for move in moves),
        left_out=found.left_out,
    )


def _sum(amounts: Amounts) -> Sum:
    return Sum(name="", paid=amounts[0], replayed=amounts[1])
