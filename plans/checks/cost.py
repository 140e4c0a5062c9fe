"""
Cost: what the plan costs against budget, revenue and profit.

Rules L58 to L61 and L83. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Listing, Sentence, Word
from plans.checks.facts import CostFacts, YearFacts
from plans.checks.picture import Look
from plans.checks.rule import Finding, Limit, Severity, Unit, Waiver, known, rule, shown

MONEY_OWNER = (Waiver.FINANCE,)
LEVELS = (Decimal("0.5"), Decimal(1), Decimal("1.5"))


def _cost(look: Look) -> CostFacts:
    return known(look.facts.cost, "the cost of the plan")


def _share_of_revenue(look: Look) -> Decimal | None:
    after = known(_cost(look).after, "cost and revenue with the plan")
    return after.cost / after.revenue if after.revenue else None


def _growth(before: Decimal, after: Decimal, what: str) -> Decimal:
    known(before or None, Sentence("%(what)s before", what=what))
    return (after - before) / before


@rule(
    "L58",
    Severity.BLOCKS,
    unit=Unit.RATIO,
    source="Articles: avoid raising the cost of sales without driving more sales (area 10).",
    advice="Lower target pay or the curves; finance may let it stand.",
    limits={
        "most": Limit(Decimal(0), Unit.RATIO, "how far cost may outgrow the better of revenue and profit")
    },
    waived_by=MONEY_OWNER,
)
def cost_grows_without_return(look: Look) -> Iterator[Finding]:
    """Cost of pay changes by {value}, revenue by {revenue} and profit by {profit}."""
    before: YearFacts = known(_cost(look).before, "cost, revenue and profit before")
    after: YearFacts = known(_cost(look).after, "cost, revenue and profit with the plan")
    cost = _growth(before.cost, after.cost, Word("cost"))
    revenue = _growth(before.revenue, after.revenue, Word("revenue"))
    profit = _growth(before.profit, after.profit, Word("profit"))
    if cost > 0 and cost - max(revenue, profit) > look.limit("most"):
        yield look.found(
            value=cost,
            limit=max(revenue, profit),
            revenue=shown(revenue, Unit.RATIO),
            profit=shown(profit, Unit.RATIO),
        )


@rule(
    "L59",
    Severity.BLOCKS,
    unit=Unit.MONEY,
    source="A judgement: what is promised at target is in the budget.",
    advice="Resize the plan, or have the budget raised.",
    waived_by=MONEY_OWNER,
)
def over_budget_at_target(look: Look) -> Iterator[Finding]:
    """At target the plan costs {value}, the budget is {limit}."""
    at_target, budget = (
        known(_cost(look).at_target, "cost at target"),
        known(_cost(look).budget, "the budget"),
    )
    if at_target > budget:
        yield look.found(value=at_target, limit=budget)


@rule(
    "L60",
    Severity.TO_LOOK_AT,
    unit=Unit.TEXT,
    source="A rollout schedule of sixty days that runs low, target and high results.",
    advice="Simulate the missing levels.",
)
def scenarios_missing(look: Look) -> Iterator[Finding]:
    """Nobody has simulated a result of {value}: cost at low and high results is unknown."""
    known(look.picture.leaves or None, "goals whose results could be drawn")
    levels = known(known(look.facts.evidence, "stored simulations").scenarios, "stored simulations")
    missing = [level for level in LEVELS if level not in levels]
    if missing:
        yield look.found(value=Listing(shown(level, Unit.RATIO) for level in missing))


@rule(
    "L61",
    Severity.INFORMATION,
    unit=Unit.RATIO,
    source="A consultancy: 3 to 9 % in general, with its own warnings about comparing.",
    advice="Compare only like with like, and say what is included.",
    limits={
        "least": Limit(Decimal("0.03"), Unit.RATIO, "the least share of account revenue"),
        "most": Limit(Decimal("0.09"), Unit.RATIO, "the largest share"),
    },
)
def cost_of_sales_outside_reference(look: Look) -> Iterator[Finding]:
    """Pay costs {value} of account revenue; {least} to {most} is often seen."""
    share, least, most = _share_of_revenue(look), look.limit("least"), look.limit("most")
    if share is not None and not least <= share <= most:
        yield look.found(
            value=share, limit=least if share < least else most, least=shown(least, Unit.RATIO),
            most=shown(most, Unit.RATIO),
        )  # fmt: skip


@rule(
    "L83",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Articles on the cost of sales (area 10); the limit is the company's own.",
    advice="Lower target pay or the curves.",
    limits={"most": Limit(Decimal("0.09"), Unit.RATIO, "the company's limit of cost over account revenue")},
    waived_by=MONEY_OWNER,
)
def cost_above_policy(look: Look) -> Iterator[Finding]:
    """The plan costs {value} of account revenue, the limit is {limit}."""
    share = _share_of_revenue(look)
    if share is not None and share > look.limit("most"):
        yield look.found(value=share, limit=look.limit("most"))
