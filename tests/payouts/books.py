"""The way from a calculated run to closed books, in one call a stage; and what the books say."""

from collections import defaultdict

from django.db.models import Sum

from payouts.models import LedgerEntry, Pool
from payouts.services.allocations import allocation_guideline, allocation_submit
from payouts.services.approvals import run_approve
from payouts.services.locks import run_lock
from payouts.services.pools import pool_approve
from payouts.services.reviews import review_confirm, run_review
from tests.payouts.company import AT


def allocated(made, run, *, at=AT):
    """Review a run, and allocate and approve its pools by guideline."""
    review_confirm(run_id=run.pk, account_id=made.account.pk, by=made.user("ingrid"), at=at)
    run_review(run_id=run.pk, by=made.user("anders"), at=at)
    for pool in Pool.objects.filter(run=run):
        pool = allocation_guideline(pool_id=pool.pk, version=pool.version, by=made.user("ingrid"), at=at)
        allocation_submit(pool_id=pool.pk, version=pool.version, by=made.user("ingrid"), at=at)
        pool_approve(pool_id=pool.pk, by=made.user("anders"), at=at)
    run.refresh_from_db()
    return run


def approved(made, run, *, at=AT):
    allocated(made, run, at=at)
    return run_approve(run_id=run.pk, by=made.user("jonas"), at=at)


def locked(made, run, *, at=AT):
    approved(made, run, at=at)
    return run_lock(run_id=run.pk, by=made.user("jonas"), at=at)


def balances(run):
    """Return the sum of a run's entries by account and currency; accounts at zero are left out."""
    sums = defaultdict(int)
    rows = LedgerEntry.objects.filter(posting__run=run).values_list("account", "currency")
    for account, currency, total in rows.annotate(total=Sum("amount")):
        sums[account, currency] = total
    return {key: total for key, total in sums.items() if total}
