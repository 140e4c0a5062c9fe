"""
A plan on drawn results: what every person is paid in every draw, and again after one curve moved.

Draws are taken in blocks. Each remembers what was read and what every node of the tree came to, so that of a plan
in which a curve changed only that goal and the branches above it are computed again. Float64, never paid. Pure.
Rule: docs/reference/formulas.md, "Simulation".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kamcomp.columns import FAST
from payouts.engine.simulation.draws import Floats, Places
from payouts.engine.simulation.frame import DrawnResults, Draws, nodes_of
from plans.engine.conventions import Above, Window
from plans.engine.inputs import Inputs, Stated
from plans.engine.money_leaves import money_line
from plans.engine.parameter import Parameter
from plans.engine.plan import Curve, Goal, Incentive, Matrix, Milestone, Node, Objectives, Plan, SlopeCurve
from plans.engine.proration import WindowIncentive
from plans.engine.reading import Computation, Known
from plans.engine.tree import NodeResult, leaf_read, leaf_window, tree_result

BLOCK_ROWS = 50_000
NEARLY = 1e-9
LOW, WIDTH, BARS = 0.4, 0.1, 12


@dataclass(frozen=True, kw_only=True)
class PoolDrawn:
    """
    A pool of an account: what its members' targets come to in the year, and the results that fund it.

    `row` stands for the team; `shares` are parts of the target by node ("" the whole plan); `fixed` is funded
    whatever the result.
    """

    row: int
    target: float = 0.0
    shares: Mapping[str, float] = field(default_factory=dict)
    fixed: float = 0.0


@dataclass(frozen=True, kw_only=True)
class LeafDrawn:
    """Of a leaf, over people and draws: how often it pays something, at least its target, its most; its mean."""

    pays: float
    target: float
    most: float | None
    mean: float


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """
    What a plan comes to in the draws.

    Shape: `people` and `pools` have a sum a draw; `bars` for each tenth of performance how many people and draws,
    and their mean pay as a ratio of target. Units: money of the plan's currency a year.
    """

    people: Floats
    pools: Floats
    leaves: Mapping[str, LeafDrawn]
    counts: Places
    pay_ratio: Floats
    unread: int

    @property
    def cost(self) -> Floats:
        """Return what people and pools cost together, by draw."""
        return self.people + self.pools


@dataclass
class Block:
    """Some draws, with what was read of them and what the nodes of the last plan came to."""

    inputs: Inputs
    draws: int
    incentives: dict[tuple[Window, int], WindowIncentive]
    reads: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    known: dict[Any, Known] = field(default_factory=dict)
    counted: dict[Any, tuple[int, int, int, float]] = field(default_factory=dict)
    performance: dict[Any, tuple[Places, Places]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Part:
    """What a block came to."""

    people: Floats
    pools: Floats
    leaves: Mapping[str, tuple[int, int, int, float]]
    counts: Places
    paid: Floats
    unread: int


class Simulation:
    """
    Draws of a frame, ready to have plans laid over them.

    The plans may differ in their tree; how pay is prorated and where target incentives come from is that of `plan`.
    `frame` is in float64 and holds people who can be paid.
    """

    def __init__(
        self, *, plan: Plan, frame: Inputs, draws: Draws, pools: Sequence[PoolDrawn] = (), block_rows: int = BLOCK_ROWS
    ) -> None:  # fmt: skip
        self.frame, self.pools, self.context = frame, pools, _context(plan)
        self.draws, self.size = draws, max(frame.size, 1)
        self.once = Computation(plan=FAST.of(plan), inputs=frame, numbers=FAST)
        each = max(block_rows // self.size, 1)
        self.blocks = [
            self._block(since, min(since + each, draws.count)) for since in range(0, draws.count, each)
        ]

    def _block(self, since: int, until: int) -> Block:
        times = until - since
        inputs = replace(
            self.frame,
            stints=self.frame.stints * times,
            payees=self.frame.payees * times,
            payee=np.zeros(0, dtype=np.int64),
            results=DrawnResults(frame=self.frame, draws=self.draws, since=since, until=until),
            parameters={name: _tiled(each, times) for name, each in self.frame.parameters.items()},
            ratings={name: _tiled(each, times) for name, each in self.frame.ratings.items()},
            milestones={name: _tiled(each, times) for name, each in self.frame.milestones.items()},
        )
        return Block(inputs=inputs, draws=times, incentives={})

    def fits(self, *, plan: Plan) -> bool:
        """Tell whether a plan can be laid over these draws: it differs in its tree only."""
        return _context(plan) == self.context

    def drawn(self, *, plan: Plan, workers: int = 1) -> Drawn:
        """
        Return what a plan comes to in the draws; what is as in the plan before is not computed again.

        `workers` are threads: NumPy computes columns of different blocks at the same time.
        Source: docs/reference/formulas.md, "Simulation".
        """
        if not self.fits(plan=plan):
            raise ValueError("another proration or target incentive needs draws of its own")
        fast = FAST.of(plan)
        money, caps = self._money(fast), self._caps(fast)
        incentives = self._incentives(fast)

        def run(block: Block) -> _Part:
            for span in incentives:
                if span not in block.incentives:
                    block.incentives[span] = _incentive_tiled(self.once.incentives[span], block.draws)
            return self._part(block, fast, money, caps)

        if workers > 1 and len(self.blocks) > 1:
            with ThreadPoolExecutor(max_workers=workers) as pool:
                parts = list(pool.map(run, self.blocks))
        else:
            parts = [run(block) for block in self.blocks]
        return self._joined(fast, parts)

    def _incentives(self, plan: Plan) -> set[tuple[Window, int]]:
        """Compute the target incentives of one draw that a plan needs, and return over which windows."""
        spans = {leaf_window(node) for node in (plan.incentive, *nodes_of(plan.incentive))}
        for window, years in spans:
            self.once.incentive(window, years=years)
        return spans

    def _money(self, plan: Plan) -> Floats:
        """Return what commissions, unit bonuses and fixed amounts pay in one draw, which are not drawn."""
        computation = Computation(plan=plan, inputs=self.frame, numbers=FAST)
        amount = np.zeros(self.frame.size)
        for leaf in plan.commissions:
            amount = amount + money_line(leaf=leaf, computation=computation).amount
        return amount

    def _caps(self, plan: Plan) -> Floats | None:
        """Return the most each payee may be paid in the year, where the plan caps money; the literal for all."""
        if plan.payout_cap is None or isinstance(plan.payout_cap.amount, Parameter):
            return None
        periods = {"month": 12, "quarter": 4, "half_year": 2}.get(str(plan.period), 1)
        return np.full(len(self.frame.payees), float(plan.payout_cap.amount) * periods)

    def _part(self, block: Block, plan: Plan, money: Floats, caps: Floats | None) -> _Part:
        before = block.known
        computation = Computation(
            plan=plan, inputs=block.inputs, numbers=FAST, incentives=block.incentives, reads=block.reads,
            known=before,
        )  # fmt: skip
        tree = tree_result(root=plan.incentive, computation=computation)
        nodes = list(nodes_of(plan.incentive))
        block.known = {node: before[node] for node in nodes if node in before}
        pay = self._pay(block, tree, money)
        unread = len({problem.row for problem in computation.problems})
        if unread:
            pay[[problem.row for problem in computation.problems]] = 0.0
        pay = self._of_payees(pay, caps)
        counts, paid = self._performance(block, plan, computation, tree)
        leaves = {node.code: _counted(block, node) for node in nodes if not hasattr(node, "children")}
        return _Part(
            people=pay.sum(axis=1), pools=self._pools(block, plan, tree), leaves=leaves, counts=counts, paid=paid,
            unread=unread,
        )  # fmt: skip

    def _pay(self, block: Block, tree: NodeResult, money: Floats) -> Floats:
        """Return what each row earns in each draw: draws x rows."""
        pay: Floats | None = None
        for (window, years), weighted in tree.parts.items():
            earned = weighted * block.incentives[window, years].target
            pay = earned if pay is None else pay + earned
        assert pay is not None
        if money.any():
            pay = pay + np.tile(money, block.draws)
        return pay

    def _of_payees(self, pay: Floats, caps: Floats | None) -> Floats:
        """Return what each payee is paid in each draw: never below zero, at most the cap."""
        rows, payees = self.frame.size, len(self.frame.payees)
        by_row = pay.reshape(-1, rows)
        if rows != payees or not (self.frame.payee == np.arange(rows)).all():
            whole = np.zeros((payees, len(by_row)))
            np.add.at(whole, self.frame.payee, by_row.T)
            by_row = whole.T
        if (by_row < 0).any():
            by_row = np.maximum(by_row, 0.0)
        return by_row if caps is None else np.minimum(by_row, caps)

    def _pools(self, block: Block, plan: Plan, tree: NodeResult) -> Floats:
        funded = np.zeros(block.draws)
        named = {node.code: node for node in nodes_of(plan.incentive)}
        for pool in self.pools:
            funded += pool.fixed
            for code, share in pool.shares.items():
                result = _result(block, plan.incentive, named.get(code), tree)
                funded += pool.target * share * np.maximum(result.reshape(block.draws, -1)[:, pool.row], 0.0)
        return funded

    def _performance(
        self, block: Block, plan: Plan, computation: Computation, tree: NodeResult
    ) -> tuple[Places, Floats]:
        """Return for each tenth of performance how many rows stand in it, and the sum of their pay ratios."""
        goals = [node for node in nodes_of(plan.incentive) if isinstance(node, Goal) and _attains(node)]
        key = tuple((goal.code, goal.metric, goal.weight, goal.level, goal.segment) for goal in goals)
        if key not in block.performance:
            block.performance = {key: _places(goals, computation)}
        places, counts = block.performance[key]
        weight = float(plan.incentive.weight) or 1.0
        return counts, np.bincount(places, weights=tree.total, minlength=BARS + 2) / weight

    def _joined(self, plan: Plan, parts: Sequence[_Part]) -> Drawn:
        counts: Any = sum(part.counts for part in parts)
        paid: Any = sum(part.paid for part in parts)
        rows = self.draws.count * self.size
        leaves = {}
        for node in nodes_of(plan.incentive):
            if hasattr(node, "children"):
                continue
            sums = [sum(part.leaves[node.code][place] for part in parts) for place in range(4)]
            leaves[node.code] = LeafDrawn(
                pays=sums[0] / rows, target=sums[1] / rows, mean=sums[3] / rows,
                most=None if most_paid(node=node) is None else sums[2] / rows,
            )  # fmt: skip
        return Drawn(
            people=np.concatenate([part.people for part in parts]),
            pools=np.concatenate([part.pools for part in parts]),
            leaves=leaves,
            counts=counts,
            pay_ratio=np.divide(paid, counts, out=np.zeros(BARS + 2), where=counts > 0),
            unread=sum(part.unread for part in parts),
        )


def _context(plan: Plan) -> Any:
    return plan.proration, plan.target_incentive.source, plan.target_incentive.share, plan.currency


def _tiled(stated: Stated, times: int) -> Stated:
    return Stated(value=np.tile(stated.value, times), state=np.tile(stated.state, times))


def _incentive_tiled(incentive: WindowIncentive, times: int) -> WindowIncentive:
    return WindowIncentive(
        target=np.tile(incentive.target, times), leave=np.tile(incentive.leave, times),
        present=np.tile(incentive.present, times), whole=incentive.whole,
    )  # fmt: skip


def _result(block: Block, root: Incentive, node: Node | None, tree: NodeResult) -> Floats:
    """Return a node's own result by row: its weighted value over its weight; the whole plan's without a node."""
    found = tree if node is None else block.known[node].result
    weight = float(root.weight if node is None else node.weight)
    total: Floats = found.total / weight if weight else found.total
    return total


def _attains(goal: Goal) -> bool:
    return str(goal.reads) == "attainment"


def _places(goals: Iterable[Goal], computation: Computation) -> tuple[Places, Places]:
    """Return in which tenth of performance each row stands (ends included), and how many stand in each."""
    total, weight = np.zeros(computation.inputs.size), 0.0
    for goal in goals:
        read = leaf_read(goal=goal, computation=computation)
        total += read.by_row(read.value) * goal.weight
        weight += float(goal.weight)
    performance = total / weight if weight else total + 1.0
    places = np.clip(np.floor((performance - LOW) / WIDTH + NEARLY).astype(np.int64) + 1, 0, BARS + 1)
    return places, np.bincount(places, minlength=BARS + 2)


def _counted(block: Block, node: Node) -> tuple[int, int, int, float]:
    """Return of a leaf in how many rows it pays something, at least its target, its most; and the sum."""
    if node not in block.counted:
        ratio = block.known[node].result.lines[0].ratio
        most = most_paid(node=node)
        block.counted[node] = (
            int(np.count_nonzero(ratio > NEARLY)),
            int(np.count_nonzero(ratio >= 1.0 - NEARLY)),
            0 if most is None else int(np.count_nonzero(ratio >= most - NEARLY)),
            float(ratio.sum()),
        )
        for gone in [each for each in block.counted if each not in block.known]:
            del block.counted[gone]
    return block.counted[node]


def most_paid(*, node: Node) -> float | None:
    """Return the most a leaf pays by its own rules, as a ratio; None where nothing ends it."""
    ends: list[float] = [] if node.cap is None else [float(node.cap)]
    if isinstance(node, Goal):
        ends += _curve_ends(node.curve)
    elif isinstance(node, Matrix):
        ends.append(float(max(max(row) for row in node.grid)))
    elif isinstance(node, Objectives):
        ends.append(float(max(node.scale)))
    elif isinstance(node, Milestone):
        ends.append(float(sum(stage.share for stage in node.stages)))
    return min(ends) if ends else None


def _curve_ends(curve: Curve | SlopeCurve) -> Iterator[float]:
    if curve.above is not Above.EXTEND and isinstance(curve, Curve):
        yield float(max(max(point.arriving, point.payout) for point in curve.points))
