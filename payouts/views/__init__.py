"""The pages of the money, and those that cross all apps."""

from payouts.views.home import Home
from payouts.views.pools import AllocationSave, AllocationSubmit, PoolDecide, PoolList

__all__ = ["AllocationSave", "AllocationSubmit", "Home", "PoolDecide", "PoolList"]
