"""Late facts of locked periods: every payout and pool that depends on them is corrected in the open period."""

from payouts.services.late_facts.acts import NotTheOpenPeriod, late_facts
from payouts.services.late_facts.found import LateFacts

__all__ = ["LateFacts", "NotTheOpenPeriod", "late_facts"]
