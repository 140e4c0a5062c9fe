"""
Judged objectives: whether the account plan's are paid, how much rests on judgement, how they are rated.

Rules L17, L25 to L29 and L72. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Listing, Numeral, Sentence, Word
from plans.checks.changes import put
from plans.checks.picture import Gathered, Look, Placed
from plans.checks.rule import DESIGNERS, RUN, Finding, Limit, Severity, Unit, Waiver, known, rule, shown
from plans.engine.conventions import PlanPeriod, TargetSource
from plans.engine.plan import MBO_SCALE, Objectives

PERIODS_A_YEAR = {PlanPeriod.MONTH: 12, PlanPeriod.QUARTER: 4, PlanPeriod.HALF_YEAR: 2, PlanPeriod.YEAR: 1}
JUDGED = ("M14", "M21")
OWNED = ("M14", "M20", "M21")
LONG_CYCLE_MONTHS = 12


def _objective_leaves(look: Look) -> Iterator[tuple[Placed, Objectives]]:
    for placed in look.picture.leaves:
        if isinstance(placed.leaf, Objectives):
            yield placed, placed.leaf


def _judged_leaves(look: Look) -> list[Placed]:
    return [
        placed
        for placed in look.picture.leaves
        if isinstance(placed.leaf, Objectives) or any(_is(metric, JUDGED) for metric in placed.metrics)
    ]


def _is(metric: str, codes: tuple[str, ...]) -> bool:
    return metric.partition(".")[0] in codes


@rule(
    "L17",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="Articles on individual objectives that together make the account's success (area 3).",
    advice="Add it to a member's objectives.",
)
def strategic_objective_unpaid(look: Look) -> Iterator[Finding]:
    """Nobody is rewarded for objective {value} of {about}: {statement}."""
    linked = {placed.leaf.objective for placed in look.picture.leaves}
    linked |= {item.code for _, leaf in _objective_leaves(look) for item in leaf.items}
    metrics = {metric for placed in look.picture.leaves for metric in placed.metrics}
    all_owned = any(_is(metric, OWNED) for metric in metrics)
    asked = Gathered()
    for account in look.accounts():
        for objective in (
            asked.ask(account.objectives, "the objectives of %(account)s", account=account.code) or ()
        ):
            if not all_owned and objective.code not in linked and objective.metric not in metrics:
                yield look.found(
                    value=objective.code,
                    about=account.code,
                    statement=objective.statement or Word("no statement"),
                )
    asked.say()


@rule(
    "L25",
    Severity.TO_LOOK_AT,
    unit=Unit.COUNT,
    source="A software vendor's warning: objectives that are only activities become salary in disguise.",
    advice="Add an objective whose outcome can be seen.",
)
def only_activity_objectives(look: Look) -> Iterator[Finding]:
    """All {value} objectives of {about} are activities, none is an outcome."""
    stated = {one.code: one for account in look.facts.accounts or () for one in account.objectives or ()}
    for placed, leaf in _objective_leaves(look):
        kinds = [
            known(
                one.outcome if (one := stated.get(item.code)) else None,
                Sentence("whether %(item)s is an outcome", item=item.code),
            )
            for item in leaf.items
        ]
        if kinds and not any(kinds):
            yield look.found(value=len(kinds), about=placed.name, at=placed.at)


@rule(
    "L26",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Sales pay writers: objectives suit start-ups and cycles over a year; a 2014 survey found most "
    "plans "
    "without any; the figure is a judgement.",
    advice="Move weight to measured results.",
    limits={"most": Limit(Decimal("0.30"), Unit.RATIO, "the largest weight of judged objectives")},
)
def judged_share_high(look: Look) -> Iterator[Finding]:
    """{value} of pay rests on judged objectives, more than {limit}."""
    leaves = _judged_leaves(look)
    weight = sum((placed.leaf.weight for placed in leaves), Decimal(0))
    accounts = look.facts.accounts or ()
    suited = bool(accounts) and all(
        account.start_up or (account.cycle_months or 0) > LONG_CYCLE_MONTHS for account in accounts
    )
    if weight > look.limit("most") and not suited:
        yield look.found(value=weight, limit=look.limit("most"), at=leaves[0].at)


@rule(
    "L27",
    Severity.TO_LOOK_AT,
    unit=Unit.MONEY,
    source="A consultancy: about 1,000 US dollars an objective and payout period at least.",
    advice="Fewer objectives.",
    limits={
        "least": Limit(Decimal(1000), Unit.MONEY, "the least an objective pays a period, in plan currency")
    },
)
def objective_worth_too_little(look: Look) -> Iterator[Finding]:
    """{about} is worth only {value} a period, less than {limit}."""
    leaves = list(_objective_leaves(look))
    if not leaves:
        return
    smallest = _smallest_target(look)
    for placed, leaf in leaves:
        for i, item in enumerate(leaf.items):
            worth = smallest * leaf.weight * item.weight / PERIODS_A_YEAR[look.plan.period]
            if worth < look.limit("least"):
                name = item.statement or item.code
                yield look.found(
                    value=worth, limit=look.limit("least"), about=name, at=f"{placed.at}/items/{i}"
                )


def _smallest_target(look: Look) -> Decimal:
    """Return the smallest yearly target incentive of those on the plan."""
    targets = [
        known(one.variable, Sentence("the target of %(person)s", person=one.person))
        for one in look.people()
        if one.on_plan
    ]
    share = look.plan.target_incentive.share
    if look.plan.target_incentive.source is TargetSource.SHARE_OF_BASE and isinstance(share, Decimal):
        targets = [
            known(one.base, Sentence("the base of %(person)s", person=one.person)) * share
            for one in look.people()
            if one.on_plan
        ]
    return known(min(targets, default=None), "people on the plan")


@rule(
    "L28",
    Severity.INFORMATION,
    unit=Unit.TEXT,
    source="A sales pay writer on rating objectives in few fixed steps.",
    advice="Use the five levels.",
)
def objective_scale_too_fine(look: Look) -> Iterator[Finding]:
    """{about} is rated on {value}: few fixed levels (0, 50, 100, 125, 150 %) are more honest."""
    for placed, leaf in _objective_leaves(look):
        if not set(leaf.scale) <= set(MBO_SCALE):
            steps = Listing(Numeral.plain((step * 100).normalize()) for step in leaf.scale)
            fix = put(
                "Use the five levels", at=f"{placed.at}/scale", value=["0", "0.50", "1.00", "1.25", "1.50"]
            )
            yield look.found(
                value=Sentence("%(steps)s %%", steps=steps),
                about=placed.name,
                at=f"{placed.at}/scale",
                fix=fix,
            )


@rule(
    "L29",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Complaints that everybody is paid the same; the figures are judgements.",
    advice="Calibrate the ratings between managers.",
    limits={
        "mean": Limit(Decimal("0.98"), Unit.RATIO, "the mean rating from which it is asked"),
        "spread": Limit(Decimal("0.05"), Unit.RATIO, "the least distance of best and worst rating"),
        "people": Limit(Decimal(8), Unit.COUNT, "the fewest ratings it is asked of"),
    },
    moments=RUN,
)
def ratings_do_not_differ(look: Look) -> Iterator[Finding]:
    """The ratings differ by {value} around a mean of {mean}: objectives act as salary."""
    ratings = known(known(look.facts.run, "a run").ratings, "the ratings of the period")
    if len(ratings) < look.limit("people"):
        return
    mean, spread = sum(ratings, Decimal(0)) / len(ratings), max(ratings) - min(ratings)
    if mean >= look.limit("mean") and spread < look.limit("spread"):
        yield look.found(value=spread, limit=look.limit("spread"), mean=shown(mean, Unit.RATIO))


@rule(
    "L72",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="Article on strategic account programmes: what is the goal, and how long will it take.",
    advice="Say the strategy, and the months of every objective.",
    waived_by=(*DESIGNERS, Waiver.HR_LEGAL),
)
def objective_without_horizon(look: Look) -> Iterator[Finding]:
    """{about} says no {value}: what should the programme reach, by when?"""
    if not look.plan.strategy:
        yield look.found(value=Word("strategy"), about=Word("The plan"), at="/strategy")
    for account in look.facts.accounts or ():
        if not account.strategy:
            yield look.found(value=Word("strategy"), about=account.code)
        for objective in account.objectives or ():
            if not objective.horizon_months:
                yield look.found(value=Word("horizon in months"), about=objective.code)
