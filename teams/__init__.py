"""Key accounts, the people on them, and how credit is shared."""
