"""
Pools of a period that share a budget: each is told what the budget holds and what the others ask.

A plan may name a budget. Finance states what it holds in a period; the pools that name it
share that money, and are scaled down together where they ask for more. From here on every
pool's case stands alone, so that one pool can be shown again without the others. Pure.
Rule: docs/reference/formulas.md, "Pool funding", under "Under-funded".
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from kamcomp.sentences import Listing, Word
from payouts.engine.pool_case import BudgetMoneyMissing, PoolCase, SharedBudget, funded_by_rule


def budgets_shared(*, cases: Mapping[str, PoolCase], available: Mapping[str, Decimal]) -> dict[str, PoolCase]:
    """
    Return the cases of a period's pools, each with the budget its plan names and what the others of it ask.

    Shape: `cases` by the pool's key, the account's code; `available` by budget.

    :raises FundingResultMissing: if a rule reads something that is not known.
    :raises BudgetMoneyMissing: naming the budget that holds nothing known, and those that do.
    """
    asked: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for key, case in cases.items():
        named = case.terms.funding.budget
        if named is not None:
            asked[named][key] = funded_by_rule(case=case)
    for named in sorted(asked):
        if named not in available:
            raise BudgetMoneyMissing(
                "The pools of %(asked)s share the budget %(named)s, and what it holds in this period is "
                "not stated; stated are: %(stated)s.",
                asked=", ".join(sorted(asked[named])),
                named=named,
                stated=Listing(sorted(available)) or Word("none"),
            )
    return {key: _shared(key, case, asked=asked, available=available) for key, case in cases.items()}


def _shared(
    key: str, case: PoolCase, *, asked: Mapping[str, Mapping[str, Decimal]], available: Mapping[str, Decimal]
) -> PoolCase:
    named = case.terms.funding.budget
    if named is None:
        return case
    others = {other: amount for other, amount in asked[named].items() if other != key}
    return dataclasses.replace(case, budget=SharedBudget(available=available[named], pool=key, others=others))
