"""
Ingredients: the named sums a metric is made from.

A metric never reads a fact; it reads ingredients (`revenue`, `promoters`,
`contract_value_due`, ...), each a sum over a subject and a window with a unit and a
meaning. Sums add up over accounts, segments and periods, percentages do not: that is
why a ratio is always made from its ingredients and never from other ratios.

An ingredient that cannot be known is absent with a reason. Absent is not zero.
The catalogue with every meaning: docs/reference/metrics.md, "Ingredients".
"""

from scorecards.engine.ingredients.catalogue import (
    INGREDIENTS,
    Ingredient,
    IngredientUnknown,
    ingredients_from_facts,
    ingredients_given,
    ingredients_of_cuts,
)
from scorecards.engine.ingredients.values import Ingredients

__all__ = [
    "INGREDIENTS",
    "Ingredient",
    "IngredientUnknown",
    "Ingredients",
    "ingredients_from_facts",
    "ingredients_given",
    "ingredients_of_cuts",
]
