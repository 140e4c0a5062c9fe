"""
Two versions on the same past: what each person would be paid by the one and by the other.

Both stand on kept replays of the same locked runs for the people of the same plans, so that the figures are those of
the replays themselves. Who could be replayed by one of the two only, or not in the same periods, is counted
and left out.
Rule: docs/reference/formulas.md, "Replays".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count as CountOf
from django.db.models import F, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models import Sum as SumOf

from kamcomp.visibility import Viewer, visible
from payouts.models import ReplayPerson
from payouts.selectors.replays.shown import FEWEST_SHOWN, Sum
from plans.choices import ReplayKind
from plans.models import PlanVersion, Replay
from teams.visibility import PAY

ZERO = Decimal(0)
NEWEST = 60
NOTHING = Sum(name="", paid=ZERO, replayed=ZERO)
PERIODS = "$.periods.keyvalue().key"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """
    Two replays side by side; nothing but that there are few people, where there are.

    Of each sum `paid` is what the earlier version comes to, and `replayed` the later.
    """

    before: Replay
    after: Replay
    few: bool
    paid: Decimal = ZERO
    people: int = 0
    all: Sum = NOTHING
    pools: tuple[Sum, ...] = ()
    gain: int = 0
    lose: int = 0
    left_out: int = 0

    @property
    def same(self) -> int:
        """Return how many would be paid the same."""
        return self.people - self.gain - self.lose

    @property
    def all_pools(self) -> Sum:
        """Return the sums of all pools that both fund."""
        return Sum(
            name="",
            paid=sum((each.paid for each in self.pools), ZERO),
            replayed=sum((each.replayed for each in self.pools), ZERO),
        )

    @property
    def whole(self) -> Sum:
        """Return people and pools together."""
        pools = self.all_pools
        return Sum(name="", paid=self.all.paid + pools.paid, replayed=self.all.replayed + pools.replayed)


def replays_alike(*, before: PlanVersion, after: PlanVersion, viewer: Viewer) -> tuple[Replay, Replay] | None:
    """
    Return the newest two replays of the documents as they are that stand on the same runs and people, if any.

    One query; a version that became of a draft has the draft's replays too.
    """
    ids = [before.pk, after.pk]
    rows = Replay.objects.filter(
        Q(version__in=ids) | Q(draft__in=ids), kind=ReplayKind.PLAN,
        version_digest__in=[before.digest, after.digest],
    )  # fmt: skip
    found = list(visible(rows, to=viewer).order_by("-at", "-pk")[:NEWEST])
    earlier = {_ground(each): each for each in reversed(found) if _is_of(each, before)}
    for later in found:
        if _is_of(later, after) and _ground(later) in earlier:
            return earlier[_ground(later)], later
    return None


def people_compared(*, before: Replay, after: Replay) -> QuerySet[ReplayPerson]:
    """
    Return the people of the later replay who are in the earlier one over the same periods.

    Each row carries `under_before`, what the earlier version comes to, and `change`, what the later pays more or less.
    """
    theirs = ReplayPerson.objects.filter(replay=before, person=OuterRef("person")).annotate(over=_periods())
    rows = ReplayPerson.objects.filter(replay=after).annotate(
        over=_periods(),
        over_before=Subquery(theirs.values("over")[:1]),
        under_before=Subquery(theirs.values("replayed")[:1]),
    )
    return rows.filter(over=F("over_before")).annotate(change=F("replayed") - F("under_before"))


def replays_compared(*, before: Replay, after: Replay, viewer: Viewer) -> Compared:
    """Return two replays side by side: who may not see people's pay sees no sums of fewer than five."""
    rows = people_compared(before=before, after=after)
    sums = rows.aggregate(
        people=CountOf("pk"), paid=SumOf("paid"), was=SumOf("under_before"), now=SumOf("replayed"),
        gain=CountOf("pk", filter=Q(change__gt=0)), lose=CountOf("pk", filter=Q(change__lt=0)),
    )  # fmt: skip
    people = sums["people"]
    if people < FEWEST_SHOWN and not viewer.holds(*PAY):
        return Compared(before=before, after=after, few=True)
    return Compared(
        before=before,
        after=after,
        few=False,
        people=people,
        paid=sums["paid"] or ZERO,
        all=Sum(name="", paid=sums["was"] or ZERO, replayed=sums["now"] or ZERO),
        pools=_pools(before, after),
        gain=sums["gain"],
        lose=sums["lose"],
        left_out=_left_out(before, after, people),
    )


def _is_of(replay: Replay, version: PlanVersion) -> bool:
    return (replay.version_id or replay.draft_id) == version.pk and replay.version_digest == version.digest


def _ground(replay: Replay) -> tuple[Any, ...]:
    return replay.input_digest, tuple(replay.periods), tuple(replay.people_of)


def _periods() -> Func:
    """Return the codes of the periods that a person was replayed over, as one text."""
    return Func(
        F("figures"), Value(PERIODS), function="jsonb_path_query_array",
        template="%(function)s(%(expressions)s::jsonpath)::text", output_field=TextField(),
    )  # fmt: skip


def _left_out(before: Replay, after: Replay, people: int) -> int:
    """Return how many people of either replay are not compared."""
    rows = ReplayPerson.objects.filter(replay__in=[before, after]).order_by().values("replay")
    found = {row["replay"]: row["number"] for row in rows.annotate(number=CountOf("pk"))}
    return int(sum(found.get(replay.pk, 0) - people for replay in (before, after)))


def _pools(before: Replay, after: Replay) -> tuple[Sum, ...]:
    """Return the pools that both fund, by account."""
    theirs = {_place(each): Decimal(each["amounts"][1]) for each in before.figures["pools"]}
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for each in after.figures["pools"]:
        if (was := theirs.get(_place(each))) is None:
            continue
        before_so_far, after_so_far = sums.get(each["name"], (ZERO, ZERO))
        sums[each["name"]] = (before_so_far + was, after_so_far + Decimal(each["amounts"][1]))
    return tuple(Sum(name=name, paid=was, replayed=now) for name, (was, now) in sorted(sums.items()))


def _place(pool: dict[str, Any]) -> tuple[str, str]:
    return pool["account"], pool["period"]
