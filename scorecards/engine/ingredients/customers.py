"""
Ingredients from customers and colleagues: answers to surveys, and the wallet.

Scores are summed, never averaged: a mean is made by the metric, over all answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from scorecards.engine.facts import SurveyAnswer, WalletEstimate
from scorecards.engine.ingredients.values import Ingredients, Reading, absent, known, money, total
from scorecards.engine.windows import Window


def satisfaction(reading: Reading) -> Ingredients:
    """Measure answers to the satisfaction survey: how many, their scores, how many in the top two boxes."""
    rules = reading.conventions
    answers = list(_answers(reading, rules.satisfaction_survey))
    top = [answer for answer in answers if answer.score >= rules.satisfaction_top_from]
    return known(
        satisfaction_answers=_count(answers),
        satisfaction_top_two=_count(top),
        satisfaction_points=_points(answers),
        satisfaction_points_possible=_count(answers) * rules.satisfaction_best,
    )


def promoters(reading: Reading) -> Ingredients:
    """Measure answers to the recommendation question: promoters, detractors, and all."""
    rules = reading.conventions
    answers = list(_answers(reading, rules.promoter_survey))
    return known(
        recommendation_answers=_count(answers),
        promoters=_count(answer for answer in answers if answer.score >= rules.promoter_from),
        detractors=_count(answer for answer in answers if answer.score <= rules.detractor_to),
    )


def relationship(reading: Reading) -> Ingredients:
    """Measure how matrix colleagues rated working with the account team, 1 to 5."""
    rules = reading.conventions
    answers = list(_answers(reading, rules.relationship_survey, groups=rules.relationship_groups))
    return known(relationship_raters=_count(answers), relationship_points=_points(answers))


def leadership(reading: Reading) -> Ingredients:
    """Measure how the members of the account team rated its leadership, 1 to 5."""
    rules = reading.conventions
    answers = list(_answers(reading, rules.leadership_survey, groups=rules.leadership_groups))
    return known(leadership_raters=_count(answers), leadership_points=_points(answers))


def wallet(reading: Reading) -> Ingredients:
    """Measure own sales in the categories estimated, and the customer's spend in them, over twelve months."""
    months = reading.conventions.wallet_months
    return _wallet(reading, reading.window.trailing(months=months), suffix="")


def wallet_prior(reading: Reading) -> Ingredients:
    """Measure the same over the twelve months before, with the estimates of that time."""
    months = reading.conventions.wallet_months
    trailing = reading.window.trailing(months=months)
    return _wallet(reading, trailing.months_before(months=months), suffix="_prior")


def _answers(
    reading: Reading, survey: str, *, groups: frozenset[str] = frozenset()
) -> Iterator[SurveyAnswer]:
    """Yield the answers to a survey; of colleagues, about a person where the subject is one."""
    for answer in reading.cuts.rows("answers", reading.subject, window=reading.window, day="on"):
        wanted = answer.survey == survey and (not groups or answer.group in groups)
        person = reading.subject.person if groups else None
        if wanted and person in (None, answer.about):
            yield answer


def _count(answers: Iterable[SurveyAnswer]) -> Decimal:
    return Decimal(sum(answer.count for answer in answers))


def _points(answers: Iterable[SurveyAnswer]) -> Decimal:
    return total(answer.score * answer.count for answer in answers)


def _wallet(reading: Reading, window: Window, *, suffix: str) -> Ingredients:
    names = (f"wallet_sales{suffix}", f"wallet_spend{suffix}")
    estimates = _estimates(reading, window)
    if not estimates:
        reason = f"no wallet estimate of {reading.subject} as of {window}"
        return absent(reason, *names)
    strange = sorted({row.category for row in estimates if _products(reading, row.category) is None})
    if strange:
        reason = f"wallet category {', '.join(strange)} is neither a product family nor a segment"
        return absent(reason, *names)
    if not reading.cuts.covers("sales", window=window, day="on"):
        return absent(f"no transactions from {window}", *names)
    spend = money(reading, ((row.spend, row.currency) for row in estimates))
    sales = _sales_in(reading, window, estimates)
    return known(**dict(zip(names, (sales, spend), strict=True)))


def _estimates(reading: Reading, window: Window) -> list[WalletEstimate]:
    """
    Return for each account and category the newest estimate as of a day in the window.

    A subject cut by segment takes only the categories that lie in its segments.
    """
    newest: dict[tuple[str, str], WalletEstimate] = {}
    uncut = replace(reading.subject, segments=frozenset())
    places = reading.cuts.perimeter(uncut, on=reading.window.last)
    for row in reading.cuts.rows("wallet", uncut, window=window, day="as_of", places=places):
        key = (row.account, row.category)
        later = key not in newest or (newest[key].as_of, newest[key].source) < (row.as_of, row.source)
        if later and _in_segments(reading, row):
            newest[key] = row
    return list(newest.values())


def _in_segments(reading: Reading, row: WalletEstimate) -> bool:
    """Tell whether an estimate is of the subject's segments, by its category or else by its account."""
    segments = reading.subject.segments
    if not segments or row.category in segments:
        return True
    if row.category in reading.conventions.all_categories:
        return not segments.isdisjoint(reading.cuts.segments(row, code=row.account, on=row.as_of))
    products = reading.cuts.facts.products
    of_family = [product.segment in segments for product in products if product.family == row.category]
    return bool(of_family) and all(of_family)


def _products(reading: Reading, category: str) -> frozenset[str] | None:
    """Return the products of a category (a family, or a segment), empty for all, None if it is neither."""
    if category in reading.conventions.all_categories:
        return frozenset()
    products = reading.cuts.facts.products
    found = frozenset(product.code for product in products if category in (product.family, product.segment))
    return found or None


def _sales_in(reading: Reading, window: Window, estimates: Iterable[WalletEstimate]) -> Decimal:
    """
    Return what was sold to the accounts estimated, in the categories estimated.

    A person's slice is what is sold in it, not what is credited to the person.
    """
    by_account: dict[str, list[frozenset[str]]] = {}
    for row in estimates:
        by_account.setdefault(row.account, []).append(_products(reading, row.category) or frozenset())
    found: list[tuple[Decimal, str]] = []
    for account, categories in by_account.items():
        below = replace(reading.subject, accounts=frozenset({account}), person=None)
        places = reading.cuts.perimeter(below, on=reading.window.last)
        for sale, share in reading.cuts.sales(below, window=window, places=places):
            if any(not products or sale.product in products for products in categories):
                found.append((sale.revenue * share, sale.currency))
    return money(reading, found)
