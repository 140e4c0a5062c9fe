"""
Time: whether the plan's periods fit how customers buy, and what of it reaches beyond a year.

Rules L30 to L34. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Sentence
from plans.checks.changes import put
from plans.checks.judged import PERIODS_A_YEAR
from plans.checks.picture import Gathered, Look, Placed, points_of
from plans.checks.rule import Finding, Limit, Severity, Unit, rule
from plans.engine.conventions import Accumulation, Below, CommissionPer, Reads, Window
from plans.engine.horizon import LONG_OVER_MONTHS, MONTHS
from plans.engine.plan import Commission, Goal, Milestone

ZERO, ONE = Decimal(0), Decimal(1)


def _measured_months(look: Look, placed: Placed) -> int:
    """Return over how many months a leaf measures."""
    leaf, period = placed.leaf, MONTHS[look.plan.period]
    owed = {
        Accumulation.PERIOD: period,
        Accumulation.YEAR_TO_DATE: 12,
        Accumulation.MULTI_YEAR: 12 * leaf.years,
    }[leaf.accumulation]
    window = getattr(leaf, "window", None)
    rolling = getattr(leaf, "rolling", None)
    read = {Window.YEAR: 12, Window.YEAR_TO_DATE: 12}.get(window, 0) if window else 0
    return max(owed, read, rolling.periods * period if rolling else 0)


@rule(
    "L30",
    Severity.TO_LOOK_AT,
    unit=Unit.MONTHS,
    source="Articles on pay periods and buying cycles: a month's cycle by month, three months' by quarter, "
    "a year's "
    "year to date, longer ones by milestones.",
    advice="Measure year to date, or pay by milestones.",
    limits={"slack": Limit(ZERO, Unit.MONTHS, "months a cycle may be longer than what is measured")},
)
def period_shorter_than_buying_cycle(look: Look) -> Iterator[Finding]:
    """{about} buys in cycles of {limit} months, but {measure} is measured over {value}."""
    main, asked = look.picture.main, Gathered()
    if main is None:
        return
    months = _measured_months(look, main)
    staged = any(isinstance(placed.leaf, Milestone) for placed in look.picture.leaves)
    for account in look.accounts():
        cycle = asked.ask(account.cycle_months, "the buying cycle of %(account)s", account=account.code)
        if cycle is None or cycle <= months + look.limit("slack") or (cycle > LONG_OVER_MONTHS and staged):
            continue
        fix = None
        if cycle <= LONG_OVER_MONTHS:
            fix = put(
                Sentence("Measure %(main)s year to date", main=main.name),
                at=f"{main.at}/accumulation",
                value="year_to_date",
            )
        yield look.found(
            value=months, limit=cycle, about=account.code, at=main.at, measure=main.name, fix=fix
        )
    asked.say()


@rule(
    "L31",
    Severity.INFORMATION,
    unit=Unit.MONTHS,
    source="A 2014 survey: about seven plans in ten of key and strategic account managers have an annual "
    "objective.",
    advice="Add one, or measure the main goal year to date.",
    limits={"months": Limit(Decimal(12), Unit.MONTHS, "the months that make a measure annual")},
)
def no_annual_objective(look: Look) -> Iterator[Finding]:
    """The longest measure looks at {value} months; most plans of key account managers have one of {limit}."""
    months = [_measured_months(look, placed) for placed in look.picture.leaves]
    if months and max(months) < look.limit("months"):
        main = look.picture.main
        fix = main and put(
            Sentence("Measure %(main)s year to date", main=main.name),
            at=f"{main.at}/accumulation",
            value="year_to_date",
        )
        yield look.found(value=max(months), limit=int(look.limit("months")), at="/incentive", fix=fix or None)


@rule(
    "L32",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Articles on balancing short and long (area 6); pay writers see the long part growing.",
    advice="Defer a part, or add a goal over several years.",
    limits={"least": Limit(Decimal("0.20"), Unit.RATIO, "the long share below which it is said")},
)
def no_long_term_part(look: Look) -> Iterator[Finding]:
    """{value} of the plan pays for more than twelve months ahead (at least {limit} is usual)."""
    if not look.picture.leaves:
        return
    share = _long_share(look)
    if share >= look.limit("least"):
        return
    fix = None
    if look.plan.payment.deferral is None:
        deferral = {"share": "0.20", "pay_one_in": 3}
        fix = put("Defer a fifth over three years", at="/payment/deferral", value=deferral)
    yield look.found(
        value=share,
        limit=look.limit("least"),
        at="/payment",
        fix=fix,
        severity=Severity.INFORMATION if share else Severity.TO_LOOK_AT,
    )


def _long_share(look: Look) -> Decimal:
    """
    Return the weight of goals over more than a year, and of the rest the share that is held longer than
    that.
    """
    measured = sum(
        (
            placed.leaf.weight
            for placed in look.picture.leaves
            if _measured_months(look, placed) > LONG_OVER_MONTHS
        ),
        ZERO,
    )
    deferral, back = look.plan.payment.deferral, look.plan.payment.holdback
    deferred = deferral.share if deferral and deferral.pay_one_in > 1 else ZERO
    if back and (back.periods + len(back.instalments) - 1) * MONTHS[look.plan.period] > LONG_OVER_MONTHS:
        deferred = max(deferred, back.share)
    return measured + (ONE - measured) * deferred


@rule(
    "L33",
    Severity.TO_LOOK_AT,
    unit=Unit.COUNT,
    source="Pay writers on lumpy pipelines: with few deals, pay by deal; the figure is a judgement.",
    advice="Pay milestones, or by the deal.",
    limits={"least": Limit(Decimal(5), Unit.COUNT, "the fewest deals a period that a quota can carry")},
)
def few_opportunities_on_a_quota(look: Look) -> Iterator[Finding]:
    """
    {about} has {value} opportunities a period, fewer than {limit}: one deal more or less makes the
    payout.
    """
    by_deal = any(isinstance(placed.leaf, Milestone) for placed in look.picture.leaves) or any(
        isinstance(leaf, Commission) and leaf.per is CommissionPer.DEAL
        for _, leaf in look.picture.money_leaves
    )
    if by_deal or look.picture.main is None:
        return
    asked = Gathered()
    for account in look.accounts():
        a_year = asked.ask(
            account.opportunities_a_year,
            "the opportunities a year of %(account)s",
            account=account.code,
        )
        if a_year is not None and a_year / PERIODS_A_YEAR[look.plan.period] < look.limit("least"):
            deals = a_year / PERIODS_A_YEAR[look.plan.period]
            yield look.found(
                value=deals, limit=look.limit("least"), about=account.code, at=look.picture.main.at
            )
    asked.say()


@rule(
    "L34",
    Severity.INFORMATION,
    unit=Unit.RATIO,
    source="A 2014 survey: most plans of strategic and key account managers start at a threshold.",
    advice="Add one, or confirm that none is meant.",
)
def no_threshold_on_main_measure(look: Look) -> Iterator[Finding]:
    """{about} pays from {value} on, without a threshold; most plans of key account managers have one."""
    main = look.picture.main
    if main is None or not isinstance(goal := main.leaf, Goal):
        return
    first = points_of(goal.curve)[0]
    from_nothing = goal.reads is Reads.ATTAINMENT and first.x <= 0 and first.payout == 0
    if goal.curve.below is Below.FIRST or from_nothing:
        fix = None
        if goal.curve.below is Below.FIRST:
            fix = put("Pay nothing below the first point", at=f"{main.at}/curve/below", value="zero")
        yield look.found(value=first.x, about=main.name, at=f"{main.at}/curve", fix=fix)
