"""Whatever belongs to a locked period refuses to be added, changed or taken away; payouts and lines never change."""

from django.db import migrations

from kamcomp.grants import narrowed
from kamcomp.laws import append_only, operations, period_open

ADDED_ONLY = ["SELECT", "INSERT"]
# Tables whose rows never change or leave need the period looked at only when a row is added.


class Migration(migrations.Migration):
    dependencies = [("payouts", "0003_audit"), ("calendar", "0004_periods_move_on_and_lock")]

    operations = operations(
        period_open("payouts_run", law="runs_of_a_locked_period_stay"),
        period_open(
            "payouts_runchunk", law="chunks_of_a_locked_period_stay", path="run_id", through="payouts_run"
        ),
        period_open(
            "payouts_runproblem", law="problems_of_a_locked_period_stay", path="run_id", through="payouts_run"
        ),
        period_open(
            "payouts_accountreview",
            law="account_reviews_of_a_locked_period_stay",
            path="run_id",
            through="payouts_run",
        ),
        period_open("payouts_payout", law="payouts_of_a_locked_period_stay", events=["INSERT"]),
        period_open("payouts_payoutline", law="payout_lines_of_a_locked_period_stay", events=["INSERT"]),
        period_open("payouts_pool", law="pools_of_a_locked_period_stay"),
        period_open(
            "payouts_allocation",
            law="allocations_of_a_locked_period_stay",
            path="pool_id",
            through="payouts_pool",
        ),
        period_open("payouts_adjustment", law="adjustments_of_a_locked_period_stay", new_only=True),
        period_open("payouts_posting", law="postings_of_a_locked_period_stay", events=["INSERT"]),
        period_open("payouts_ledgerentry", law="ledger_of_a_locked_period_stays", events=["INSERT"]),
        append_only("payouts_payout", law="payouts_are_only_added"),
        append_only("payouts_payoutline", law="payout_lines_are_only_added"),
        append_only("payouts_payoutevent", law="payout_events_are_only_added"),
        append_only("payouts_ledgerentry", law="ledger_entries_are_only_added"),
        append_only("payouts_posting", law="postings_stay", may_update=True),
        append_only("payouts_run", law="runs_stay", may_update=True),
        append_only("payouts_pool", law="pools_stay", may_update=True),
        append_only("payouts_adjustment", law="adjustments_stay", may_update=True),
        narrowed("payouts_payout", to=ADDED_ONLY),
        narrowed("payouts_payoutline", to=ADDED_ONLY),
        narrowed("payouts_payoutevent", to=ADDED_ONLY),
        narrowed("payouts_ledgerentry", to=ADDED_ONLY),
        narrowed("payouts_posting", to=ADDED_ONLY),
    )
