"""
The catalogue of ingredients: name, unit, meaning, and the measure that makes it.

One measure makes several ingredients in one pass; it runs once for a subject and
window however many of them are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from kamcomp.money import CONTEXT
from kamcomp.refusal import Refusal
from scorecards.engine.cuts import Cuts
from scorecards.engine.facts import Conventions, Facts, Subject
from scorecards.engine.ingredients import contracts, customers, profit, sales, work
from scorecards.engine.ingredients.values import Ingredients, Measure, Reading
from scorecards.engine.rates import Rates
from scorecards.engine.windows import Window


class IngredientUnknown(Refusal):
    """An ingredient is named that no metric is made from."""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """
    A named sum: unit, meaning, and the kind of facts it reads.

    `reach` is how many months before the window it looks at; `apart` is by what sales have
    to be told apart for it (product, order), besides day, place and segment.
    """

    name: str
    unit: str
    meaning: str
    kind: str
    measure: Measure
    reach: Callable[[Conventions], int]
    apart: frozenset[str]


_ROWS: tuple[tuple[str, Measure, tuple[tuple[str, str, str], ...]], ...] = (
    ("sales", sales.revenue, (
        ("revenue", "money", "invoiced in the window, credit notes deducted; for a person what is credited"),
        ("sales_cost", "money", "cost of what was invoiced in the window"),
    )),
    ("sales", sales.overlay_revenue, (
        ("revenue_overlay", "money", "credited to a person outside the hundred percent"),
    )),
    ("sales", sales.like_for_like, (
        ("revenue_same_perimeter", "money", "revenue of the places held on the window's last day"),
        ("revenue_prior_same_perimeter", "money", "revenue of the same places a year before, at the same rates"),
    )),
    ("sales", sales.families, (
        ("families_bought", "count", "product families bought in the window"),
        ("families_offered", "count", "product families of the catalogue (of the segment, where cut)"),
        ("new_family_revenue", "money", "revenue of families not bought in the months before"),
    )),
    ("sales", sales.up_sell, (
        ("kept_family_revenue", "money", "revenue of the families bought a year before"),
        ("kept_family_revenue_prior", "money", "revenue of those families a year before"),
        ("kept_family_price_effect", "money", "what changed prices alone added to it"),
    )),
    ("sales", sales.lines, (
        ("lines_active", "count", "lines (family and segment) bought a year before"),
        ("lines_lost", "count", "those of them not bought in the window"),
        ("lines_opening_value", "money", "revenue of the lines a year before"),
        ("lines_lost_value", "money", "revenue a year before of the lines lost"),
    )),
    ("sales", sales.price_hold, (
        ("held_revenue", "money", "revenue of items sold in both years"),
        ("held_revenue_at_prior_prices", "money", "the same quantities at last year's average prices"),
    )),
    ("sales", sales.orders, (
        ("orders", "count", "orders of the window, by site"),
        ("repeat_orders", "count", "those of sites that had ordered in the months before the order"),
    )),
    ("sales", sales.families_taken_up, (
        ("families_taken_up", "count", "places that took up a product family with a first order of the minimum"),
    )),
    ("sales", sales.new_divisions, (
        ("divisions_new", "count", "divisions with a first invoice of the minimum and none in the months before"),
    )),
    ("pnl", profit.profit, (
        ("pnl_revenue", "money", "revenue of the account's profit and loss"),
        ("pnl_cogs", "money", "cost of goods sold"),
        ("pnl_direct_cost", "money", "direct cost-to-serve"),
    )),
    ("pnl", profit.profit_prior, (
        ("pnl_revenue_prior", "money", "revenue a year before, of the places held now"),
        ("pnl_cogs_prior", "money", "cost of goods sold a year before"),
        ("pnl_direct_cost_prior", "money", "direct cost-to-serve a year before"),
    )),
    ("inventory", profit.inventory, (
        ("inventory_cogs", "money", "cost of goods sold over the window"),
        ("inventory_average", "money", "average inventory, weighted by days"),
        ("inventory_average_days", "money x days", "average inventory times its days"),
    )),
    ("team_pay", profit.team_pay, (
        ("team_base", "money", "base pay of the account's team"),
        ("team_variable", "money", "variable pay of the account's team"),
    )),
    ("contracts", contracts.renewals, (
        ("contract_value_due", "money", "value of contracts whose last day lies in the window"),
        ("contract_value_renewed", "money", "renewed of it, each at most at its own value, not under notice"),
    )),
    ("contracts", contracts.retention, (
        ("contract_opening", "money", "value in force the day before the window"),
        ("contract_expansion", "money", "value added by its last day"),
        ("contract_contraction", "money", "value reduced, of contracts kept"),
        ("contract_churned", "money", "value of contracts gone"),
    )),
    ("contracts", contracts.programme_churn, (
        ("programme_opening", "money", "value in force at the start of the programme's other accounts"),
        ("programme_churned", "money", "value of it gone by the window's end"),
    )),
    ("benchmarks", contracts.named_churn, (
        ("benchmark_churn", "ratio", "churn of a named outside source"),
    )),
    ("answers", customers.satisfaction, (
        ("satisfaction_answers", "count", "answers to the satisfaction survey"),
        ("satisfaction_top_two", "count", "answers in its two best boxes"),
        ("satisfaction_points", "score", "sum of its scores"),
        ("satisfaction_points_possible", "score", "sum if every answer were the best"),
    )),
    ("answers", customers.promoters, (
        ("recommendation_answers", "count", "answers to the recommendation question"),
        ("promoters", "count", "answers of 9 and 10"),
        ("detractors", "count", "answers of 0 to 6"),
    )),
    ("answers", customers.relationship, (
        ("relationship_raters", "count", "matrix colleagues who rated the account team"),
        ("relationship_points", "score", "sum of their ratings, 1 to 5"),
    )),
    ("answers", customers.leadership, (
        ("leadership_raters", "count", "team members who rated its leadership"),
        ("leadership_points", "score", "sum of their ratings, 1 to 5"),
    )),
    ("wallet", customers.wallet, (
        ("wallet_sales", "money", "own sales of twelve months in the categories estimated"),
        ("wallet_spend", "money", "the customer's spend in them in twelve months"),
    )),
    ("wallet", customers.wallet_prior, (
        ("wallet_sales_prior", "money", "own sales of the twelve months before"),
        ("wallet_spend_prior", "money", "the customer's spend then, by an estimate of that time"),
    )),
    ("objectives", work.objectives, (
        ("objective_weight", "ratio", "sum of the weights of the objectives, 1 when whole"),
        ("objective_weighted_rating", "ratio", "sum of weight times rating"),
    )),
    ("objectives", work.milestones, (
        ("milestones_planned", "count", "objectives due in the window"),
        ("milestones_done", "count", "those of them met by its end"),
    )),
    ("opportunities", work.opportunities, (
        ("opportunities_named", "count", "named opportunities in play"),
        ("opportunities_won", "count", "those of them won in the window"),
        ("stages_named", "count", "stages of all of them"),
        ("stages_reached", "count", "stages reached, all of them where won"),
    )),
    ("opportunities", work.applications, (
        ("applications_approved", "count", "new applications won in the window with a first order of the minimum"),
    )),
)  # fmt: skip

_REACH: Mapping[Measure, Callable[[Conventions], int]] = {
    sales.like_for_like: lambda _: 12,
    sales.families: lambda rules: rules.repeat_months,
    sales.up_sell: lambda _: 12,
    sales.lines: lambda _: 12,
    sales.price_hold: lambda _: 12,
    sales.orders: lambda rules: rules.repeat_months,
    sales.families_taken_up: lambda rules: rules.unsold_months,
    sales.new_divisions: lambda rules: rules.unsold_months,
    profit.profit_prior: lambda _: 12,
    customers.wallet: lambda rules: rules.wallet_months,
    customers.wallet_prior: lambda rules: 2 * rules.wallet_months,
}

_APART: Mapping[Measure, frozenset[str]] = {
    sales.families: frozenset({"product"}),
    sales.up_sell: frozenset({"product"}),
    sales.lines: frozenset({"product"}),
    sales.price_hold: frozenset({"product"}),
    sales.orders: frozenset({"order"}),
    sales.families_taken_up: frozenset({"product", "order"}),
    sales.new_divisions: frozenset({"order"}),
    customers.wallet: frozenset({"product"}),
    customers.wallet_prior: frozenset({"product"}),
}

INGREDIENTS: Mapping[str, Ingredient] = {
    name: Ingredient(
        name=name,
        unit=unit,
        meaning=meaning,
        kind=kind,
        measure=measure,
        reach=_REACH.get(measure, lambda _: 0),
        apart=_APART.get(measure, frozenset()),
    )
    for kind, measure, rows in _ROWS
    for name, unit, meaning in rows
}


def ingredients_from_facts(
    *,
    facts: Facts,
    subject: Subject,
    window: Window,
    wanted: Iterable[str],
    currency: str,
    rates: Rates | None = None,
    conventions: Conventions | None = None,
) -> Ingredients:
    """
    Return the wanted ingredients of a subject over a window.

    Amounts come out in `currency`, converted at `rates`, unrounded. What cannot be
    known is absent with its reason.

    :raises IngredientUnknown: if a name is not in the catalogue.
    :raises RateMissing: if an amount is in a currency without a rate.
    """
    cuts = Cuts(facts=facts, currency=currency, rates=rates or Rates())
    return ingredients_of_cuts(
        cuts=cuts, subject=subject, window=window, wanted=wanted, conventions=conventions or Conventions()
    )


def ingredients_of_cuts(
    *, cuts: Cuts, subject: Subject, window: Window, wanted: Iterable[str], conventions: Conventions
) -> Ingredients:
    """Return the wanted ingredients from facts that are already indexed (many subjects, one index)."""
    names = list(dict.fromkeys(wanted))
    measures = dict.fromkeys(_ingredient(name).measure for name in names)
    reading = Reading(cuts=cuts, subject=subject, window=window, conventions=conventions)
    found = Ingredients()
    with localcontext(CONTEXT):
        for measure in measures:
            found |= measure(reading)
    assert all((name in found.values) != (name in found.absent) for name in names), (
        "an ingredient is known or absent"
    )
    return Ingredients(
        values={name: found.values[name] for name in names if name in found.values},
        absent={name: found.absent[name] for name in names if name in found.absent},
    )


def ingredients_given(*, values: Mapping[str, Decimal]) -> Ingredients:
    """
    Return ingredients stated by a case instead of measured from facts.

    :raises IngredientUnknown: if a name is not in the catalogue.
    """
    return Ingredients(values={_ingredient(name).name: value for name, value in values.items()})


def _ingredient(name: str) -> Ingredient:
    if name not in INGREDIENTS:
        raise IngredientUnknown(
            "%(name)s is no ingredient of a metric; there are: %(ingredients)s.",
            name=name,
            ingredients=", ".join(sorted(INGREDIENTS)),
        )
    return INGREDIENTS[name]
