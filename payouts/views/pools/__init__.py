"""
The KAM's pool in the browser: the list, the sheet, its review before it is handed in, and the decision about it.

Every change is kept at once as a draft; each change can be undone, also without a script.
Rules stand in payouts.services.allocations and payouts.services.pools.
"""

from payouts.views.pools.deciding import AllocationSubmit, PoolDecide
from payouts.views.pools.listing import PoolList
from payouts.views.pools.sheet import AllocationSave

__all__ = ["AllocationSave", "AllocationSubmit", "PoolDecide", "PoolList"]
