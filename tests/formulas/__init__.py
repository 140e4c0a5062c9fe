"""docs/reference/formulas.md worked out again by the product: the page's tables, and how each is computed."""
