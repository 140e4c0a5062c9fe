"""
Ingredients from invoiced sales: revenue, growth, cross-sell, up-sell, churn of lines,
repeat orders, price hold, new applications and divisions.

A window nobody has any sale in is unknown, not zero; a subject without sales in a
window that others have sales in has sold nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from scorecards.engine.cuts import Cuts
from scorecards.engine.facts import ZERO, AccountNode, Sale
from scorecards.engine.ingredients.values import (
    Ingredients,
    Reading,
    absent,
    known,
    money,
    money_by_key,
    total,
)
from scorecards.engine.windows import Window, months_moved

OrderKey = tuple[date, str]
"""The day and the number of an order."""

Line = tuple[str, str]
"""A product line at a customer: its family and its segment."""

NO_QUANTITY = "a transaction of a product has no quantity, so it has no price"


def unsold(reading: Reading, window: Window, *names: str) -> Ingredients | None:
    """Return the ingredients as absent when nobody has a sale in the window."""
    if reading.cuts.covers("sales", window=window, day="on"):
        return None
    return absent(f"no transactions from {window}", *names)


def revenue(reading: Reading) -> Ingredients:
    """Measure what was invoiced in the window, credit notes deducted; for a person what is credited."""
    missing = unsold(reading, reading.window, "revenue", "sales_cost")
    if missing:
        return missing
    sales = list(reading.cuts.sales(reading.subject, window=reading.window))
    found = known(revenue=_revenue(reading, sales))
    if any(sale.cost is None for sale, _ in sales):
        return found | absent(f"a transaction from {reading.window} has no cost", "sales_cost")
    costs = ((sale.cost * share, sale.currency) for sale, share in sales if sale.cost is not None)
    return found | known(sales_cost=money(reading, costs))


def overlay_revenue(reading: Reading) -> Ingredients:
    """Measure what a person is credited with outside the hundred percent."""
    missing = unsold(reading, reading.window, "revenue_overlay")
    if missing:
        return missing
    sales = reading.cuts.overlay_sales(reading.subject, window=reading.window)
    return known(revenue_overlay=_revenue(reading, sales))


def like_for_like(reading: Reading) -> Ingredients:
    """Measure revenue now and a year before over the places held at the window's end."""
    names = ("revenue_same_perimeter", "revenue_prior_same_perimeter")
    prior = reading.window.year_before()
    missing = unsold(reading, reading.window, *names) or unsold(reading, prior, *names)
    if missing:
        return missing
    return known(
        revenue_same_perimeter=_revenue(reading, _held(reading, reading.window)),
        revenue_prior_same_perimeter=_revenue(reading, _held(reading, prior)),
    )


def families(reading: Reading) -> Ingredients:
    """Measure product families: bought in the window, offered, and revenue of those new to the subject."""
    names = ("families_bought", "families_offered", "new_family_revenue")
    missing = unsold(reading, reading.window, *names)
    if missing:
        return missing
    offered = _offered(reading)
    if not offered:
        return absent("no products with a family are known; import products", *names)
    now = _by_family(reading, _held(reading, reading.window))
    found = known(
        families_bought=len([family for family, amount in now.items() if amount > 0 and family in offered]),
        families_offered=len(offered),
    )
    earlier = reading.window.months_before(months=reading.conventions.repeat_months)
    unknown = unsold(reading, earlier, "new_family_revenue")
    if unknown:
        return found | unknown
    before = {family for family, amount in _by_family(reading, _held(reading, earlier)).items() if amount > 0}
    return found | known(new_family_revenue=total(now[family] for family in now if family not in before))


def up_sell(reading: Reading) -> Ingredients:
    """Measure the families bought a year before: revenue now and then, and what prices alone changed."""
    names = ("kept_family_revenue", "kept_family_revenue_prior", "kept_family_price_effect")
    prior = reading.window.year_before()
    missing = unsold(reading, reading.window, *names) or unsold(reading, prior, *names)
    if missing:
        return missing
    sales, sales_prior = _held(reading, reading.window), _held(reading, prior)
    if _without_quantity(sales) or _without_quantity(sales_prior):
        return absent(NO_QUANTITY, *names)
    kept = {family: amount for family, amount in _by_family(reading, sales_prior).items() if amount > 0}
    now = _by_family(reading, sales)
    at_own, at_prior = _held_prices(reading, sales, sales_prior, families=frozenset(kept))
    return known(
        kept_family_revenue=total(now.get(family, ZERO) for family in kept),
        kept_family_revenue_prior=total(kept.values()),
        kept_family_price_effect=at_own - at_prior,
    )


def lines(reading: Reading) -> Ingredients:
    """Measure the lines (family and segment) bought a year before: how many, worth what, and which are gone."""
    names = ("lines_active", "lines_lost", "lines_opening_value", "lines_lost_value")
    prior = reading.window.year_before()
    missing = unsold(reading, reading.window, *names) or unsold(reading, prior, *names)
    if missing:
        return missing
    before = {line: amount for line, amount in _by_line(reading, _held(reading, prior)).items() if amount > 0}
    now = _by_line(reading, _held(reading, reading.window))
    lost = {line: amount for line, amount in before.items() if now.get(line, ZERO) <= 0}
    return known(
        lines_active=len(before),
        lines_lost=len(lost),
        lines_opening_value=total(before.values()),
        lines_lost_value=total(lost.values()),
    )


def price_hold(reading: Reading) -> Ingredients:
    """Measure items sold in both years: this year's quantities at this year's and at last year's prices."""
    names = ("held_revenue", "held_revenue_at_prior_prices")
    prior = reading.window.year_before()
    missing = unsold(reading, reading.window, *names) or unsold(reading, prior, *names)
    if missing:
        return missing
    sales, sales_prior = _held(reading, reading.window), _held(reading, prior)
    if _without_quantity(sales) or _without_quantity(sales_prior):
        return absent(NO_QUANTITY, *names)
    at_own, at_prior = _held_prices(reading, sales, sales_prior)
    return known(held_revenue=at_own, held_revenue_at_prior_prices=at_prior)


def orders(reading: Reading) -> Ingredients:
    """Measure the orders of the window, and those of sites that had ordered in the months before."""
    months = reading.conventions.repeat_months
    earlier = reading.window.months_before(months=months)
    names = ("orders", "repeat_orders")
    missing = unsold(reading, reading.window, *names) or unsold(reading, earlier, *names)
    if missing:
        return missing
    reach = Window(months_moved(day=reading.window.since, months=-months), reading.window.until)
    days = _order_days(sale for sale, _ in _held(reading, reach))
    counted = repeated = 0
    for by_order in days.values():
        before: date | None = None
        for day in sorted(by_order.values()):
            if day in reading.window:
                counted += 1
                repeated += before is not None and before >= months_moved(day=day, months=-months)
            before = day
    return known(orders=counted, repeat_orders=repeated)


def families_taken_up(reading: Reading) -> Ingredients:
    """Count places that took up a product family with a first order of at least the minimum."""
    missing = _unsold_before(reading, "families_taken_up")
    if missing:
        return missing
    families = reading.cuts.families
    orders = money_by_key(
        reading,
        (
            (
                ((sale.account, families[sale.product]), (sale.on, sale.order or "")),
                sale.revenue * share,
                sale.currency,
            )
            for sale, share in _held(reading, _reach_unsold(reading))
            if sale.product and sale.product in families
        ),
    )
    return known(families_taken_up=_first_orders(reading, orders))


def new_divisions(reading: Reading) -> Ingredients:
    """Count divisions with a first invoice of at least the minimum and none in the months before."""
    missing = _unsold_before(reading, "divisions_new")
    if missing:
        return missing
    held = (
        (_division(reading.cuts, sale), sale, share) for sale, share in _held(reading, _reach_unsold(reading))
    )
    orders = money_by_key(
        reading,
        (
            ((division.code, (sale.on, sale.order or "")), sale.revenue * share, sale.currency)
            for division, sale, share in held
            if division is not None and not _sold_before(division, reading)
        ),
    )
    return known(divisions_new=_first_orders(reading, orders))


def _unsold_before(reading: Reading, name: str) -> Ingredients | None:
    """Return the ingredient as absent when sales are unknown in the window or in the months before it."""
    earlier = reading.window.months_before(months=reading.conventions.unsold_months)
    return unsold(reading, reading.window, name) or unsold(reading, earlier, name)


def _without_quantity(sales: Iterable[tuple[Sale, Decimal]]) -> bool:
    return any(sale.quantity is None and sale.product for sale, _ in sales)


def _held(reading: Reading, window: Window) -> list[tuple[Sale, Decimal]]:
    places = reading.cuts.perimeter(reading.subject, on=reading.window.last)
    return list(reading.cuts.sales(reading.subject, window=window, places=places))


def _revenue(reading: Reading, sales: Iterable[tuple[Sale, Decimal]]) -> Decimal:
    return money(reading, ((sale.revenue * share, sale.currency) for sale, share in sales))


def _offered(reading: Reading) -> frozenset[str]:
    segments = reading.subject.segments
    products = reading.cuts.facts.products
    return frozenset(product.family for product in products if not segments or product.segment in segments)


def _by_family(reading: Reading, sales: Iterable[tuple[Sale, Decimal]]) -> dict[str, Decimal]:
    families = reading.cuts.families
    return money_by_key(
        reading,
        (
            (families[sale.product], sale.revenue * share, sale.currency)
            for sale, share in sales
            if sale.product and sale.product in families
        ),
    )


def _by_line(reading: Reading, sales: Iterable[tuple[Sale, Decimal]]) -> dict[Line, Decimal]:
    lines = (
        (
            (reading.cuts.families.get(sale.product or "", ""), sale.segment or ""),
            sale.revenue * share,
            sale.currency,
        )
        for sale, share in sales
    )
    return money_by_key(reading, (line for line in lines if line[0] != ("", "")))


def _held_prices(
    reading: Reading,
    sales: Iterable[tuple[Sale, Decimal]],
    sales_prior: Iterable[tuple[Sale, Decimal]],
    *,
    families: frozenset[str] | None = None,
) -> tuple[Decimal, Decimal]:
    """
    Return this year's revenue of items sold in both years, and the same quantities at
    last year's average price. Items without a positive quantity in both are left out.
    """
    now, prior = _items(reading, sales), _items(reading, sales_prior)
    at_own = at_prior = ZERO
    for product, (amount, quantity) in now.items():
        amount_prior, quantity_prior = prior.get(product, (ZERO, ZERO))
        wanted = families is None or reading.cuts.families.get(product) in families
        if wanted and quantity > 0 and quantity_prior > 0:
            at_own += amount
            at_prior += amount_prior * quantity / quantity_prior
    return at_own, at_prior


def _items(reading: Reading, sales: Iterable[tuple[Sale, Decimal]]) -> dict[str, tuple[Decimal, Decimal]]:
    """Return revenue and quantity by product, of lines that have both."""
    counted = [(sale, share) for sale, share in sales if sale.product and sale.quantity is not None]
    amounts = money_by_key(
        reading, ((sale.product or "", sale.revenue * share, sale.currency) for sale, share in counted)
    )
    quantities: dict[str, Decimal] = defaultdict(Decimal)
    for sale, share in counted:
        quantities[sale.product or ""] += (sale.quantity or ZERO) * share
    return {product: (amounts[product], quantities[product]) for product in amounts}


def _order_days(sales: Iterable[Sale]) -> dict[str, dict[str, date]]:
    """Return the first day of each order by site; a line with a negative amount alone is no order."""
    worth: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    days: dict[tuple[str, str], date] = {}
    for sale in sales:
        if sale.order:
            key = (sale.account, sale.order)
            worth[key] += sale.revenue
            days[key] = min(days.get(key, sale.on), sale.on)
    by_site: dict[str, dict[str, date]] = defaultdict(dict)
    for (site, order), day in days.items():
        if worth[site, order] > 0:
            by_site[site][order] = day
    return by_site


def _reach_unsold(reading: Reading) -> Window:
    since = months_moved(day=reading.window.since, months=-reading.conventions.unsold_months)
    return Window(since, reading.window.until)


def _first_orders(reading: Reading, amounts: Mapping[tuple[Any, OrderKey], Decimal]) -> int:
    """Count those whose first order of a positive amount lies in the window and reaches the minimum."""
    first: dict[Hashable, OrderKey] = {}
    for (taken, order), amount in amounts.items():
        if amount > 0 and (taken not in first or order < first[taken]):
            first[taken] = order
    minimum = reading.conventions.order_minimum
    return sum(
        order[0] in reading.window and amounts[taken, order] >= minimum for taken, order in first.items()
    )


def _division(cuts: Cuts, sale: Sale) -> AccountNode | None:
    """Return the division a sale belongs to: its own place or the nearest above it."""
    node = cuts.node(sale.account, on=sale.on)
    while node is not None and node.kind != "division":
        node = None if node.parent is None else cuts.node(node.parent, on=sale.on)
    return node


def _sold_before(division: AccountNode, reading: Reading) -> bool:
    """Tell whether the division's recorded first invoice is older than the window and within reach."""
    first = division.first_invoice_on
    return first is not None and _reach_unsold(reading).since <= first < reading.window.since
