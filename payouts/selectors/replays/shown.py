"""A kept replay as its page shows it: sums by period, measure and account, and who gains or loses how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from kamcomp.visibility import Viewer, visible
from payouts.engine.replay import Bar, change_bars
from payouts.models import ReplayPerson
from plans.choices import ReplayKind
from plans.models import PlanVersion, Replay
from teams.visibility import PAY

ZERO = Decimal(0)
FEWEST_SHOWN = 5
"""Sums of fewer people would tell what one of them is paid."""
WIDTH, HEIGHT, GROUND, TOP = 640, 150, 122, 18


@dataclass(frozen=True, kw_only=True)
class Sum:
    """One line of a table of sums: what was paid, and what the replay pays."""

    name: str
    paid: Decimal
    replayed: Decimal
    people: int = 0
    read_anew: bool = False

    @property
    def difference(self) -> Decimal:
        """Return what the replay pays more, or less."""
        return self.replayed - self.paid


@dataclass(frozen=True, kw_only=True)
class BarShown:
    """A bar of the histogram with its place in the drawing: whole units of its box."""

    bar: Bar
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        """Return where its figures stand."""
        return self.x + self.width // 2

    @property
    def loses(self) -> bool:
        """Tell whether these people would be paid less."""
        return self.bar.high is not None and self.bar.high <= 0


@dataclass(frozen=True, kw_only=True)
class ReplayPage:
    """Everything the page shows beside the list of people; nothing but that there are few, where there are."""

    replay: Replay
    few: bool
    periods: Sequence[Sum] = ()
    pool_periods: Sequence[Sum] = ()
    measures: Sequence[Sum] = ()
    pools: Sequence[Sum] = ()
    bars: Sequence[BarShown] = ()
    gain: int = 0
    lose: int = 0
    same: int = 0
    stale: bool = False

    @property
    def people(self) -> Sum:
        """Return the sums of all people."""
        return Sum(name="", paid=self.replay.paid, replayed=self.replay.replayed)

    @property
    def all_pools(self) -> Sum:
        """Return the sums of all pools."""
        return Sum(name="", paid=self.replay.pools_paid, replayed=self.replay.pools_replayed)

    @property
    def whole(self) -> Sum:
        """Return people and pools together."""
        return Sum(
            name="",
            paid=self.people.paid + self.all_pools.paid,
            replayed=self.people.replayed + self.all_pools.replayed,
        )


def replays_of(
    *, version: PlanVersion, viewer: Viewer, kind: ReplayKind = ReplayKind.PLAN
) -> QuerySet[Replay]:
    """Return the replays of a version, or of the draft that becomes it, that a reader may see, newest first."""
    rows = Replay.objects.filter(Q(version_id=version.pk) | Q(draft_id=version.pk), kind=kind)
    return visible(rows.select_related("created_by"), to=viewer).order_by("-at", "-pk")


def replay_page(*, replay: Replay, version: PlanVersion, viewer: Viewer) -> ReplayPage:
    """Return a replay as the reader may see it: who may not see people's pay sees no sums of fewer than five."""
    stale = replay.version_digest != version.digest
    if replay.people < FEWEST_SHOWN and not viewer.holds(*PAY):
        return ReplayPage(replay=replay, few=True, stale=stale)
    rows = ReplayPerson.objects.filter(replay=replay).values_list("paid", "replayed")
    paid, replayed = [each[0] for each in rows], [each[1] for each in rows]
    bars, same = change_bars(paid=paid, replayed=replayed)
    names = leaf_names(version.document)
    figures = replay.figures
    periods = figures["periods"].items()
    return ReplayPage(
        replay=replay,
        few=False,
        periods=[
            _sum(code, each["pay"], people=each["people"], read_anew=each["read_anew"])
            for code, each in periods
        ],
        pool_periods=[_sum(code, each["pools"]) for code, each in periods],
        measures=_measures(figures["leaves"], names),
        pools=_by_account(figures["pools"]),
        bars=_drawn(bars),
        gain=sum(now > was for was, now in zip(paid, replayed, strict=True)),
        lose=sum(now < was for was, now in zip(paid, replayed, strict=True)),
        same=same,
        stale=stale,
    )


def leaf_names(document: Any) -> dict[str, str]:
    """Return the names of a document's leaves and branches by their code, in its order."""
    found: dict[str, str] = {}

    def walk(node: Any) -> None:
        for child in node.get("children") or ():
            found[child["code"]] = child.get("name") or child["code"]
            walk(child)

    walk(document.get("incentive") or {})
    for leaf in document.get("commissions") or ():
        found[leaf["code"]] = leaf.get("name") or leaf["code"]
    return found


def _measures(leaves: dict[str, list[str]], names: dict[str, str]) -> list[Sum]:
    order = {code: place for place, code in enumerate(names)}
    codes = sorted(leaves, key=lambda code: (order.get(code.partition("/")[0], len(order)), code))
    found = [_sum(_name(code, names), leaves[code]) for code in codes]
    return [each for each in found if each.paid or each.replayed]


def _name(code: str, names: dict[str, str]) -> str:
    leaf, _slash, effect = code.partition("/")
    name = names.get(leaf, leaf.replace("_", " ").capitalize() if leaf.islower() else leaf)
    return f"{name}: {effect}" if effect else name


def _by_account(pools: Sequence[dict[str, Any]]) -> list[Sum]:
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for each in pools:
        paid, replayed = sums.get(each["name"], (ZERO, ZERO))
        was, now = map(Decimal, each["amounts"])
        sums[each["name"]] = (paid + was, replayed + now)
    return [Sum(name=name, paid=paid, replayed=now) for name, (paid, now) in sorted(sums.items())]


def _sum(name: str, amounts: Sequence[str], *, people: int = 0, read_anew: bool = False) -> Sum:
    paid, replayed = map(Decimal, amounts)
    return Sum(name=name, paid=paid, replayed=replayed, people=people, read_anew=read_anew)


def _drawn(bars: Sequence[Bar]) -> list[BarShown]:
    """Return the bars in their box; the most people stand as high as it goes."""
    most = max((bar.people for bar in bars), default=0) or 1
    step = WIDTH // len(bars)
    return [
        BarShown(
            bar=bar,
            x=place * step + 6,
            y=GROUND - (GROUND - TOP) * bar.people // most,
            width=step - 12,
            height=(GROUND - TOP) * bar.people // most,
        )
        for place, bar in enumerate(bars)
    ]
