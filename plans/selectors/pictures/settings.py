"""The names of the policy settings that facts beside a plan are read from, and how far back results are."""

from decimal import Decimal

VERSION_TABLE = "plans_planversion"
EXPECTED_ROLES = "teams.expected_roles"
"""A policy setting: the roles a team is expected to have, by tier."""
ACCOUNT_MANAGER_PLAN = "plans.account_manager_plan"
"""A policy setting: the code of the plan account managers are paid by."""
BUDGETS = "plans.budgets"
"""A policy setting: the approved cost at target, by plan code, in plan currency."""

PAST_PERIODS = 12
DAYS_OF_A_YEAR = 366
ZERO = Decimal(0)
