"""
Curves, tiers, gates and caps: cliffs, steep slopes, and conditions that stack.

Rules L35 to L41 and L80. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from kamcomp.money import CONTEXT
from kamcomp.sentences import Numeral, Sentence, Word
from plans.checks.changes import Change, Fix, put
from plans.checks.picture import Gathered, Look, Placed, ends_at_last_point, is_linear, points_of
from plans.checks.rule import Finding, Limit, Severity, Unit, rule, shown
from plans.engine.conventions import Below, Level, Reads, TierReading
from plans.engine.plan import Commission, Curve, CurvePoint, Gate, Goal, Tier
from scorecards.engine.library import LIBRARY

ZERO, ONE = Decimal(0), Decimal(1)
GROWTH = ("M01", "M02", "M10", "M11", "M22", "M23")


def _goals(look: Look) -> Iterator[tuple[Placed, Goal]]:
    for placed in look.picture.leaves:
        if isinstance(placed.leaf, Goal):
            yield placed, placed.leaf


@rule(
    "L35",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="A sales writer's example of halving a threshold's payout; the figures are judgements.",
    advice="Start lower, or draw a line instead of a step.",
    limits={
        "threshold": Limit(Decimal("0.50"), Unit.RATIO, "the most that hangs on reaching the threshold"),
        "jump": Limit(Decimal("0.25"), Unit.RATIO, "the largest jump above the threshold"),
    },
)
def cliff_on_curve(look: Look) -> Iterator[Finding]:
    """{value} of the pay for {about} hangs on one unit of result at {x} (at most {limit})."""
    for placed, goal in _goals(look):
        points = points_of(goal.curve)
        jumps = [(abs(point.payout - _arriving(points, i, goal)), i) for i, point in enumerate(points)]
        beyond = [(size, i) for size, i in jumps if size > look.limit("threshold" if i == 0 else "jump")]
        if not beyond:
            continue
        size, i = max(beyond)
        limit = look.limit("threshold" if i == 0 else "jump")
        yield look.found(
            value=size, limit=limit, about=placed.name, at=f"{placed.at}/curve",
            x=Numeral.plain(points[i].x), fix=_lowered(placed, goal, limit) if i == 0 else _straight(placed, goal),
        )  # fmt: skip


def _arriving(points: tuple[CurvePoint, ...], i: int, goal: Goal) -> Decimal:
    """Return what is paid just below a point."""
    if i == 0:
        return ZERO if goal.curve.below is Below.ZERO else Decimal(points[0].payout)
    if is_linear(goal.curve):
        return Decimal(points[i].arriving)
    return Decimal(points[i - 1].payout)


def _lowered(placed: Placed, goal: Goal, limit: Decimal) -> Fix | None:
    if not isinstance(goal.curve, Curve):
        return None
    words = Sentence("Start %(placed)s at %(limit)s", placed=placed.name, limit=shown(limit, Unit.RATIO))
    return put(
        words, at=f"{placed.at}/curve/points/0", value=[f"{goal.curve.points[0].x:f}", "0", f"{limit:f}"]
    )


def _straight(placed: Placed, goal: Goal) -> Fix | None:
    if is_linear(goal.curve):
        return None
    return put("Draw straight lines between the steps", at=f"{placed.at}/curve/shape", value="linear")


@rule(
    "L36",
    Severity.BLOCKS,
    unit=Unit.TEXT,
    source="A law of curves: results rise, pay does not fall with them, and the target pays the target.",
    advice="Mend the points.",
)
def curve_invalid(look: Look) -> Iterator[Finding]:
    """The curve of {about} does not hold: {value}."""
    for placed, goal in _goals(look):
        points = points_of(goal.curve)
        wrong = _wrong(
            points, goal, LIBRARY.get(goal.metric) is None or look.direction(goal.metric) == "higher"
        )
        if wrong:
            fix = _through_target(placed, goal) if wrong.startswith("a result of 100 %") else None
            yield look.found(value=wrong, about=placed.name, at=f"{placed.at}/curve", fix=fix)


def _wrong(points: tuple[CurvePoint, ...], goal: Goal, higher: bool) -> str:
    for low, high in pairwise(points):
        if high.x <= low.x:
            return Sentence(
                "%(high)s comes after %(low)s", high=Numeral.plain(high.x), low=Numeral.plain(low.x)
            )
    if higher or goal.reads is Reads.ATTAINMENT:
        heights = [height for point in points for height in (point.arriving, point.payout)]
        for low_pay, high_pay in pairwise(heights):
            if high_pay < low_pay:
                return Sentence(
                    "pay falls from %(low_pay)s to %(high_pay)s as the result rises",
                    low_pay=shown(low_pay, Unit.RATIO),
                    high_pay=shown(high_pay, Unit.RATIO),
                )
    if goal.reads is Reads.ATTAINMENT and points:
        paid = _paid_at(points, goal, ONE)
        if paid != ONE:
            return Sentence("a result of 100 %% pays %(paid)s", paid=Numeral.percent(paid, digits=2))
    return ""


def _paid_at(points: tuple[CurvePoint, ...], goal: Goal, x: Decimal) -> Decimal:
    """Return what a curve pays at a reading, exactly."""
    if x < points[0].x:
        return ZERO if goal.curve.below is Below.ZERO else Decimal(points[0].arriving)
    for low, high in pairwise(points):
        if low.x <= x < high.x:
            if not is_linear(goal.curve):
                return Decimal(low.payout)
            rise = (high.arriving - low.payout) * (x - low.x)
            return Decimal(low.payout) + CONTEXT.divide(rise, high.x - low.x)
    last = points[-1]
    if x == last.x or ends_at_last_point(goal.curve) or len(points) == 1:
        return Decimal(last.payout)
    before = points[-2]
    rise = (last.arriving - before.payout) * (x - last.x)
    return Decimal(last.payout) + CONTEXT.divide(rise, last.x - before.x)


def _through_target(placed: Placed, goal: Goal) -> Fix | None:
    """Return a fix that lets the curve run through 100 % for 100 %, if its points leave room for it."""
    if not isinstance(goal.curve, Curve):
        return None
    points = [point.to_document() for point in goal.curve.points if point.x != ONE]
    below = [point for point in goal.curve.points if point.x < ONE]
    above = [point for point in goal.curve.points if point.x > ONE]
    if any(point.payout > ONE for point in below) or any(point.arriving < ONE for point in above):
        return None
    points.insert(len(below), ["1.00", "1.00"])
    return Fix(
        words="Pay 100 % for a result of 100 %",
        changes=(Change(at=f"{placed.at}/curve/points", value=points),),
    )


@rule(
    "L37",
    Severity.TO_LOOK_AT,
    unit=Unit.MONEY,
    source="A judgement, from worked tiers: one more unit is worth 7,500 where the whole amount takes the "
    "new rate.",
    advice="Let each slice earn its own rate.",
    limits={"most": Limit(ZERO, Unit.MONEY, "the most that one unit of result may be worth at a tier")},
)
def retroactive_tier(look: Look) -> Iterator[Finding]:
    """
    Reaching {tier} pays {value} at once on {about}: crossing it re-rates everything, which invites
    gaming.
    """
    for at, leaf in look.picture.money_leaves:
        if not isinstance(leaf, Commission) or leaf.reading is not TierReading.WHOLE_AMOUNT:
            continue
        worth, tier = max((_jump(low, high) for low, high in pairwise(leaf.tiers)), default=(ZERO, ""))
        if worth > look.limit("most"):
            fix = put("Let each slice earn its own rate", at=f"{at}/reading", value="marginal")
            yield look.found(
                value=worth, limit=look.limit("most"), at=at, about=leaf.name or leaf.code, tier=tier, fix=fix
            )


def _jump(low: Tier, high: Tier) -> tuple[Decimal, str]:
    if not isinstance(low.rate, Decimal) or not isinstance(high.rate, Decimal):
        return ZERO, ""
    return high.since * (high.rate - low.rate), Numeral(f"{high.since:,f}", number=high.since, grouped=True)


@rule(
    "L38",
    Severity.INFORMATION,
    unit=Unit.RATIO,
    source="A 2014 survey: more than seven plans in ten do not cap the primary measure.",
    advice="Leave it open, with a clause for windfalls (L41).",
    limits={"least": Limit(Decimal(2), Unit.RATIO, "the cap below which it is said")},
)
def growth_measure_capped(look: Look) -> Iterator[Finding]:
    """{about} ends at {value} (caps under {limit} stop effort above them)."""
    main = look.picture.main
    if main is None or not isinstance(main.leaf, Goal) or main.leaf.metric.partition(".")[0] not in GROWTH:
        return
    top = points_of(main.leaf.curve)[-1].payout if ends_at_last_point(main.leaf.curve) else None
    ends = [end for end in (top, main.leaf.cap) if end is not None]
    if ends and min(ends) < look.limit("least"):
        fix = put("Let the last line go on", at=f"{main.at}/curve/above", value="extend")
        yield look.found(
            value=min(ends), limit=look.limit("least"), about=main.name, at=f"{main.at}/curve",
            fix=None if main.leaf.cap is not None else fix,
        )  # fmt: skip


def _gates(look: Look) -> Iterator[tuple[str, Gate, str]]:
    """Yield every gate with its JSON pointer and the name of what it closes."""
    for at, branch in look.picture.branches:
        if branch.gate:
            yield f"{at}/gate", branch.gate, getattr(branch, "name", "") or Word("the plan")
    for placed in look.picture.leaves:
        if placed.leaf.gate:
            yield f"{placed.at}/gate", placed.leaf.gate, placed.name
    for at, leaf in look.picture.money_leaves:
        if leaf.gate:
            yield f"{at}/gate", leaf.gate, leaf.name or leaf.code


@rule(
    "L39",
    Severity.TO_LOOK_AT,
    unit=Unit.COUNT,
    source="A consultancy on linked formulas: with care.",
    advice="Keep two.",
    limits={"most": Limit(Decimal(2), Unit.COUNT, "gates, hurdles and modifiers together")},
)
def too_many_links(look: Look) -> Iterator[Finding]:
    """{value} conditions stack (at most {limit}): people cannot predict their pay."""
    nodes = [branch for _, branch in look.picture.branches]
    everything = [*nodes, *(placed.leaf for placed in look.picture.leaves), *look.plan.commissions]
    links = len(list(_gates(look))) + sum(len(node.modifiers) for node in everything)
    links += sum(1 for node in nodes if node.hurdle)
    if links > look.limit("most"):
        yield look.found(value=links, limit=int(look.limit("most")), at="/incentive")


@rule(
    "L40",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="Article on key account managers: controllable; applied to gates by judgement.",
    advice="Let it reduce pay instead of closing it.",
    limits={"least": Limit(Decimal(2), Unit.COUNT, "the least score of 0 to 3")},
)
def gate_on_uncontrollable_measure(look: Look) -> Iterator[Finding]:
    """Pay for {about} can vanish for a reason outside people's reach: {value}."""
    asked = Gathered()
    for at, gate, name in _gates(look):
        if gate.otherwise.limit is not None or gate.otherwise.factor:
            continue
        far = gate.level in (Level.REGION, Level.COMPANY)
        score = None if far else asked.ask(
            look.metric(gate.metric).controllability,
            "how far %(metric)s can be controlled", metric=gate.metric,
        )  # fmt: skip
        if far or (score is not None and score < look.limit("least")):
            said = (
                Sentence("%(metric)s is read for the %(level)s", metric=gate.metric, level=Word(gate.level))
                if far
                else Sentence("%(metric)s scored %(score)s of 3", metric=gate.metric, score=score)
            )
            fix = put("Reduce by a fifth instead", at=f"{at}/otherwise", value={"factor": "0.80"})
            yield look.found(value=said, about=name, at=at, fix=fix)
    asked.say()


@rule(
    "L41",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Plan governance writers' thresholds for single deals.",
    advice="Add a clause for windfalls: a cap on a deal or on a period's payout.",
    limits={"quota": Limit(Decimal("0.25"), Unit.RATIO, "the largest share of quota that one deal may be")},
)
def no_windfall_rule(look: Look) -> Iterator[Finding]:
    """One expected deal of {about} is {value} of quota (more than {limit}), and no clause bounds it."""
    capped = look.plan.payout_cap is not None or any(
        isinstance(leaf, Commission) and leaf.deal_cap is not None for _, leaf in look.picture.money_leaves
    )
    if capped:
        return
    asked = Gathered()
    for account in look.accounts():
        deal = asked.ask(
            account.largest_deal, "the largest deal expected of %(account)s", account=account.code
        )
        quota = asked.ask(account.quota, "the quota of %(account)s", account=account.code)
        if deal is not None and quota and deal / quota > look.limit("quota"):
            yield look.found(value=deal / quota, limit=look.limit("quota"), about=account.code)
    asked.say()


@rule(
    "L80",
    Severity.TO_LOOK_AT,
    unit=Unit.POINTS,
    source="Those who teach curves: steep slopes and cliffs invite timing games; the figures are judgements.",
    advice="Lower the point above target.",
    limits={
        "slope": Limit(Decimal("2.5"), Unit.POINTS, "payout points for a point of attainment above target"),
        "weight": Limit(Decimal("0.40"), Unit.RATIO, "the weight from which it is asked"),
    },
)
def curve_too_steep(look: Look) -> Iterator[Finding]:
    """{about} pays {value} points for each point above target (at most {limit})."""
    for placed, goal in _goals(look):
        if (
            goal.weight < look.limit("weight")
            or goal.reads is not Reads.ATTAINMENT
            or not is_linear(goal.curve)
        ):
            continue
        slopes = [
            (CONTEXT.divide(high.arriving - low.payout, high.x - low.x), i)
            for i, (low, high) in enumerate(pairwise(points_of(goal.curve)))
            if low.x >= ONE and high.x > low.x
        ]
        slope, i = max(slopes, default=(ZERO, 0))
        if slope > look.limit("slope"):
            yield look.found(
                value=slope, limit=look.limit("slope"), about=placed.name, at=f"{placed.at}/curve",
                fix=_flattened(placed, goal, i, look.limit("slope")),
            )  # fmt: skip


def _flattened(placed: Placed, goal: Goal, i: int, slope: Decimal) -> Fix | None:
    """
    Return a fix that lowers the upper point of the steepest line, if the point after it is not left
    below.
    """
    if not isinstance(goal.curve, Curve) or i + 2 != len(goal.curve.points):
        return None
    low, high = goal.curve.points[i], goal.curve.points[i + 1]
    payout = low.payout + slope * (high.x - low.x)
    at = f"{placed.at}/curve/points/{i + 1}"
    words = Sentence("Pay %(payout)s at %(x)s", payout=shown(payout, Unit.RATIO), x=shown(high.x, Unit.RATIO))
    return put(words, at=at, value=[f"{high.x:f}", f"{payout:f}"])
