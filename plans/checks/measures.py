"""
Measures: how many, how heavy, how balanced, and whether they can be moved and computed.

Rules L09 to L16 and L22 to L24. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Listing, Sentence, Word
from plans.checks.changes import Change, Fix, put
from plans.checks.picture import Gathered, Look, Placed, points_of, weight_moved, without_leaf
from plans.checks.rule import DESIGNERS, NOBODY, Finding, Limit, Severity, Unit, Waiver, rule, shown
from plans.engine.conventions import AttainmentRule, Level, Reads
from plans.engine.plan import Branch, Curve, Goal
from scorecards.engine.library import LIBRARY

PERSPECTIVES = (Word("financial"), Word("growth"), Word("customer"), Word("internal"))
SAME_RESULT = {
    "revenue": ("M01", "M02", "M10.new_families", "M11"),
    "profit": ("M03", "M04", "M05", "M18"),
    "wallet": ("M07", "M08"),
    "retention": ("M12", "M13", "M16", "M19"),
    "satisfaction": ("M06",),
}
OBJECTIVES = ("objectives", "M14", "M20", "M21")


def _ratio(figure: str, bounds: str) -> Limit:
    return Limit(Decimal(figure), Unit.RATIO, bounds)


@rule(
    "L09",
    Severity.TO_LOOK_AT,
    unit=Unit.COUNT,
    source="Articles ask for two or three key metrics; a survey found four in five plans with three or fewer; "
    "the figure that blocks is a judgement.",
    advice="Merge measures, or drop the lightest.",
    limits={
        "most": Limit(Decimal(3), Unit.COUNT, "measures before it is a warning"),
        "blocks": Limit(Decimal(5), Unit.COUNT, "measures before it blocks"),
    },
)
def too_many_measures(look: Look) -> Iterator[Finding]:
    """{value} measures for one person: each gets too little attention (at most {limit})."""
    measures = len(look.picture.weights) + len(look.picture.money_leaves)
    if measures <= look.limit("most"):
        return
    blocks = measures > look.limit("blocks")
    yield look.found(
        value=measures,
        limit=int(look.limit("blocks" if blocks else "most")),
        at="/incentive",
        severity=Severity.BLOCKS if blocks else Severity.TO_LOOK_AT,
        fix=_lightest_dropped(look),
    )


def _lightest_dropped(look: Look) -> Fix | None:
    """Return a fix that drops the lightest measure, if one leaf is all of it."""
    lightest = list(look.picture.weights)[-1:]
    leaves = [placed for placed in look.picture.leaves if placed.measure in lightest]
    if len(leaves) != 1:
        return None
    return without_leaf(
        picture=look.picture,
        placed=leaves[0],
        words=Sentence("Drop %(leaf)s, the lightest", leaf=leaves[0].name),
    )


@rule(
    "L10",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Common practice without a study behind it; published sample plans do not go below 15 %.",
    advice="Raise its weight, or remove it.",
    limits={
        "least": _ratio("0.15", "the weight below which it is a warning"),
        "blocks": _ratio("0.10", "the weight below which it blocks"),
    },
)
def measure_weight_too_small(look: Look) -> Iterator[Finding]:
    """{about} carries {value} of the plan, less than {limit}: too little to be noticed."""
    for measure, weight in look.picture.weights.items():
        if weight >= look.limit("least"):
            continue
        leaves = [placed for placed in look.picture.leaves if placed.measure == measure]
        blocks = weight < look.limit("blocks")
        yield look.found(
            value=weight,
            limit=look.limit("blocks" if blocks else "least"),
            about=leaves[0].name,
            at=leaves[0].at,
            severity=Severity.BLOCKS if blocks else Severity.TO_LOOK_AT,
            fix=_raised(look, leaves[0]) if len(leaves) == 1 else None,
        )


def _raised(look: Look, placed: Placed) -> Fix | None:
    least = look.limit("least")
    words = Sentence("Raise %(placed)s to %(least)s", placed=placed.name, least=shown(least, Unit.RATIO))
    return weight_moved(picture=look.picture, placed=placed, weight=least, words=words)


@rule(
    "L11",
    Severity.BLOCKS,
    unit=Unit.RATIO,
    source="A law of the plan tree: children sum exactly to their branch.",
    advice="Spread the rest over the branch.",
    waived_by=NOBODY,
)
def weights_do_not_sum(look: Look) -> Iterator[Finding]:
    """The weights under {about} sum to {value}, not to {limit}."""
    for at, branch in look.picture.branches:
        total = sum((child.weight for child in branch.children), Decimal(0))
        if not branch.children or total == branch.weight:
            continue
        name = (branch.name or branch.code) if isinstance(branch, Branch) else Word("the plan")
        yield look.found(
            value=total, limit=branch.weight, at=f"{at}/children", about=name, fix=_spread(branch, at, total)
        )


def _spread(branch: object, at: str, total: Decimal) -> Fix | None:
    children = branch.children  # type: ignore[attr-defined]
    heaviest = max(range(len(children)), key=lambda i: children[i].weight)
    weight = children[heaviest].weight + branch.weight - total  # type: ignore[attr-defined]
    if weight <= 0 or isinstance(children[heaviest], Branch):
        return None
    words = Sentence("Give the rest to %(leaf)s", leaf=children[heaviest].name or children[heaviest].code)
    return put(words, at=f"{at}/children/{heaviest}/weight", value=f"{weight:f}")


@rule(
    "L12",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Article on balanced scorecards for key account pay; the figure is a judgement.",
    advice="Lower it, or say why.",
    limits={"most": _ratio("0.70", "the largest weight of one measure")},
)
def one_measure_dominates(look: Look) -> Iterator[Finding]:
    """{about} decides {value} of pay, more than {limit}: that is not balanced."""
    for measure, weight in look.picture.weights.items():
        if weight > look.limit("most"):
            leaf = next(placed for placed in look.picture.leaves if placed.measure == measure)
            yield look.found(value=weight, limit=look.limit("most"), about=leaf.name, at=leaf.at)


@rule(
    "L13",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="Article on key account managers: financial, growth, customer and internal measures over the team.",
    advice="Add a measure, or name the role that covers it.",
)
def scorecard_perspective_missing(look: Look) -> Iterator[Finding]:
    """No measure looks at the {value} side of the account."""
    covered = {look.perspective(metric) for placed in look.picture.leaves for metric in placed.metrics}
    covered |= (
        {"internal"} if any(placed.measure == "objectives" for placed in look.picture.leaves) else set()
    )
    for account in look.facts.accounts or ():
        for member in account.members or ():
            covered |= {look.perspective(metric) for metric in member.measures or {}}
    for perspective in PERSPECTIVES:
        if perspective not in covered:
            yield look.found(value=perspective, at="/incentive")


@rule(
    "L14",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="Articles on alignment with the account plan (area 3).",
    advice="Link it to an objective, or remove it.",
)
def measure_without_objective(look: Look) -> Iterator[Finding]:
    """{about} serves no objective of the account plan."""
    objectives = [one for account in look.facts.accounts or () for one in account.objectives or ()]
    for placed in look.picture.leaves:
        unaligned = any(look.metric(metric).alignment == 0 for metric in placed.metrics)
        if placed.leaf.objective and not unaligned:
            continue
        fits = next((one for one in objectives if one.metric in placed.metrics and one.metric), None)
        fix = None
        if fits is not None and not unaligned:
            fix = put(
                Sentence("Link %(placed)s to %(fits)s", placed=placed.name, fits=fits.code),
                at=f"{placed.at}/objective",
                value=fits.code,
            )
        yield look.found(value=placed.leaf.code, about=placed.name, at=placed.at, fix=fix)


@rule(
    "L15",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="Article on key account managers: controllable by the person paid; sales writers call it line of "
    "sight.",
    advice="Measure the account or segment, or make it a modifier.",
    limits={"least": Limit(Decimal(2), Unit.COUNT, "the least score of 0 to 3")},
)
def measure_not_controllable(look: Look) -> Iterator[Finding]:
    """People on this plan can hardly move {about}: {value}."""
    asked = Gathered()
    for placed in look.picture.leaves:
        if not placed.metrics:
            continue
        level = placed.leaf.level
        if level in (Level.REGION, Level.COMPANY):
            fix = put("Read the account's result", at=f"{placed.at}/level", value=str(Level.TEAM))
            yield look.found(
                value=Sentence("read for the %(level)s", level=Word(level)),
                about=placed.name,
                at=placed.at,
                fix=fix,
            )
            continue
        for metric in placed.metrics:
            score = asked.ask(
                look.metric(metric).controllability,
                "how far %(metric)s can be controlled",
                metric=metric,
            )
            if score is not None and score < look.limit("least"):
                yield look.found(
                    value=Sentence("scored %(score)s of 3", score=score), about=placed.name, at=placed.at
                )
    asked.say()


@rule(
    "L16",
    Severity.BLOCKS,
    unit=Unit.TEXT,
    source="Articles on measures that reporting systems can follow; sales writers' cases of margin known "
    "only by region.",
    advice="Map a source, or change the level.",
    limits={"missing": Limit(Decimal(2), Unit.COUNT, "periods without a result, of the last two")},
)
def measure_not_trackable(look: Look) -> Iterator[Finding]:
    """{about} cannot be computed from what is stored: {value}."""
    for placed in look.picture.leaves:
        for metric in placed.metrics:
            facts = look.metric(metric)
            unknown = look.facts.metrics_known and metric not in look.facts.metrics
            if facts.has_source is False or unknown or (metric not in LIBRARY and facts.has_source is None):
                yield look.found(value=Word("it has no source"), about=metric, at=f"{placed.at}/metric")
            elif (facts.missing_lately or 0) >= look.limit("missing"):
                yield look.found(
                    value=Word("no result in the last two periods"), about=metric, at=f"{placed.at}/metric"
                )
            elif _too_late(facts.latency_days, look.facts.close_days):
                yield look.found(
                    value=Sentence(
                        "known %(latency_days)s days after the period, %(close_days)s days are given",
                        latency_days=facts.latency_days,
                        close_days=look.facts.close_days,
                    ),
                    about=metric,
                    at=f"{placed.at}/metric",
                )


def _too_late(latency: int | None, close: int | None) -> bool:
    return latency is not None and close is not None and latency > close


@rule(
    "L22",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="A judgement: one result paid twice hides what the plan rewards.",
    advice="Keep one, or make one a modifier.",
    limits={"most": _ratio("0.60", "the largest weight of measures of one result together")},
)
def overlapping_measures(look: Look) -> Iterator[Finding]:
    """{about} pay twice for one result, {value} of the plan together (at most {limit})."""
    for codes in SAME_RESULT.values():
        of_it = [
            placed
            for placed in look.picture.leaves
            if any(_is_of(metric, codes) for metric in placed.metrics)
        ]
        readings = {(placed.measure, placed.leaf.level) for placed in of_it}
        weight = sum((placed.leaf.weight for placed in of_it), Decimal(0))
        if len(readings) > 1 and weight > look.limit("most"):
            names = list(dict.fromkeys(placed.name for placed in of_it))
            yield look.found(
                value=weight, limit=look.limit("most"), about=Listing(names, " and "), at=of_it[0].branch_at
            )


def _is_of(metric: str, codes: tuple[str, ...]) -> bool:
    return metric in codes or metric.partition(".")[0] in codes


@rule(
    "L23",
    Severity.BLOCKS,
    unit=Unit.TEXT,
    source="Article on renewal plans, whose wording can be read the wrong way round.",
    advice="Let the curve fall, or measure the benchmark less the account.",
    waived_by=DESIGNERS,
)
def curve_against_direction(look: Look) -> Iterator[Finding]:
    """The curve of {about} pays more for a worse result: less of {value} is better."""
    for placed in look.picture.leaves:
        if not isinstance(placed.leaf, Goal):
            continue
        goal, points = placed.leaf, points_of(placed.leaf.curve)
        turned = goal.reads is Reads.ATTAINMENT and goal.attainment.rule is AttainmentRule.LOWER_IS_BETTER
        rises = len(points) > 1 and points[-1].payout > points[0].payout
        if rises and not turned and look.direction(goal.metric) == "lower":
            yield look.found(
                value=goal.metric, about=placed.name, at=f"{placed.at}/curve", fix=_turned(placed)
            )


def _turned(placed: Placed) -> Fix | None:
    """Return a fix that reads attainment the other way, or mirrors the payouts of a curve on the value."""
    goal = placed.leaf
    assert isinstance(goal, Goal)
    if goal.reads is Reads.ATTAINMENT:
        at = f"{placed.at}/attainment"
        value = {"rule": str(AttainmentRule.LOWER_IS_BETTER)}
        return put("Read it as target over result", at=at, value=value)
    if not isinstance(goal.curve, Curve) or any(
        point.arriving != point.payout for point in goal.curve.points
    ):
        return None
    points = goal.curve.points
    mirrored = [
        [f"{point.x:f}", f"{other.payout:f}"] for point, other in zip(points, reversed(points), strict=True)
    ]
    return Fix(
        words="Let the payouts fall instead of rise",
        changes=(
            Change(at=f"{placed.at}/curve/points", value=mirrored),
            Change(at=f"{placed.at}/curve/below", value="first"),
        ),
    )


@rule(
    "L24",
    Severity.TO_LOOK_AT,
    unit=Unit.COUNT,
    source="A judgement about how many answers a score needs.",
    advice="Ask more people, or use the score as a gate only.",
    limits={
        "answers": Limit(Decimal(10), Unit.COUNT, "the fewest valid answers"),
        "rate": _ratio("0.30", "the least share of those asked who answer"),
    },
    waived_by=(Waiver.COMP_ADMIN, Waiver.FINANCE),
)
def customer_sample_too_small(look: Look) -> Iterator[Finding]:
    """{value} answers ({rate} of those asked) cannot carry pay on {about}."""
    asked = Gathered()
    for placed in look.picture.leaves:
        for metric in placed.metrics:
            library = LIBRARY.get(metric)
            if library is None or library.sample is None:
                continue
            facts = look.metric(metric)
            answers = asked.ask(facts.answers, "how many answered for %(metric)s", metric=metric)
            rate = facts.response_rate
            few = answers is not None and answers < look.limit("answers")
            if few or (answers is not None and rate is not None and rate < look.limit("rate")):
                share = Word("an unknown share") if rate is None else shown(rate, Unit.RATIO)
                yield look.found(
                    value=answers,
                    limit=int(look.limit("answers")),
                    about=placed.name,
                    at=placed.at,
                    rate=share,
                )
    asked.say()
