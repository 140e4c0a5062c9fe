"""
Targets: whether they add up, can be reached, and leave something above them.

Rules L18, L78, L81 and L82. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Numeral
from plans.checks.picture import Gathered, Look, Placed, points_of
from plans.checks.rule import Finding, Limit, Severity, Unit, rule, shown
from plans.engine.conventions import Reads
from plans.engine.plan import Goal

ONE = Decimal(1)
RESULTS = Limit(Decimal(8), Unit.COUNT, "the fewest past results it is asked of")


def _ratio(figure: str, bounds: str) -> Limit:
    return Limit(Decimal(figure), Unit.RATIO, bounds)


def _past(look: Look) -> Iterator[tuple[Placed, Goal, tuple[Decimal, ...]]]:
    """Yield goals on attainment with what was achieved before, where enough of it is known."""
    asked = Gathered()
    for placed in look.picture.leaves:
        goal = placed.leaf
        if not isinstance(goal, Goal) or goal.reads is not Reads.ATTAINMENT:
            continue
        past = asked.ask(look.metric(goal.metric).past, "past results of %(metric)s", metric=goal.metric)
        if past and len(past) >= look.limit("results"):
            yield placed, goal, past
        elif past is not None:
            asked.ask(
                None,
                "%(limit)s past results of %(metric)s (there are %(past)s)",
                limit=Numeral.plain(look.limit("results")),
                metric=goal.metric,
                past=len(past),
            )
    asked.say()


def _share(past: tuple[Decimal, ...], reached: Decimal) -> Decimal:
    return Decimal(sum(1 for result in past if result >= reached)) / len(past)


@rule(
    "L18",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Articles on individual objectives that together make the account's success (area 3); the upper "
    "figure is "
    "a judgement.",
    advice="Balance the cascade anew.",
    limits={
        "least": _ratio("1.00", "the least the individual targets sum to, of the account's"),
        "most": _ratio("1.10", "the most they sum to"),
    },
)
def individual_targets_do_not_add_up(look: Look) -> Iterator[Finding]:
    """
    The individual targets of {metric} sum to {value} of the target of {about}; {least} to {most} is
    sound.
    """
    asked, least, most = Gathered(), look.limit("least"), look.limit("most")
    for account in look.accounts():
        for cascade in (
            asked.ask(account.cascade, "the individual targets of %(account)s", account=account.code) or ()
        ):
            if not cascade.account:
                continue
            share = cascade.individuals / cascade.account
            if not least <= share <= most:
                yield look.found(
                    value=share, limit=least if share < least else most, about=account.code,
                    metric=cascade.metric, least=shown(least, Unit.RATIO), most=shown(most, Unit.RATIO),
                )  # fmt: skip
    asked.say()


@rule(
    "L78",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="A consultancy's paper on quotas: six or seven in ten reach theirs; the bounds are judgements.",
    advice="Reset the targets.",
    limits={
        "least": _ratio("0.50", "the least share of past results that reach target"),
        "most": _ratio("0.85", "the largest share"),
        "results": RESULTS,
    },
)
def target_stretch_out_of_range(look: Look) -> Iterator[Finding]:
    """{value} of past results would reach the target of {about}; {least} to {most} is sound."""
    least, most = look.limit("least"), look.limit("most")
    for placed, _goal, past in _past(look):
        share = _share(past, ONE)
        if not least <= share <= most:
            yield look.found(
                value=share, limit=least if share < least else most, about=placed.name, at=placed.at,
                least=shown(least, Unit.RATIO), most=shown(most, Unit.RATIO),
            )  # fmt: skip


@rule(
    "L81",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Sales writers: about nine in ten people reach the threshold.",
    advice="Lower the threshold, or reset the targets.",
    limits={
        "least": _ratio("0.90", "the least share of past results that reach the threshold"),
        "results": RESULTS,
    },
)
def threshold_out_of_reach(look: Look) -> Iterator[Finding]:
    """Only {value} of past results would have reached the threshold of {about} ({limit} is usual)."""
    for placed, goal, past in _past(look):
        share = _share(past, points_of(goal.curve)[0].x)
        if share < look.limit("least"):
            yield look.found(
                value=share, limit=look.limit("least"), about=placed.name, at=f"{placed.at}/curve"
            )


@rule(
    "L82",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Sales writers: about one in ten people reaches excellence.",
    advice="Raise the top, or reset the targets.",
    limits={"most": _ratio("0.10", "the largest share of past results that hit the top"), "results": RESULTS},
)
def top_too_easy(look: Look) -> Iterator[Finding]:
    """{value} of past results would have hit the top of {about} ({limit} is usual)."""
    for placed, goal, past in _past(look):
        top = points_of(goal.curve)[-1].x
        share = _share(past, top)
        if top > ONE and share > look.limit("most"):
            yield look.found(
                value=share, limit=look.limit("most"), about=placed.name, at=f"{placed.at}/curve"
            )
