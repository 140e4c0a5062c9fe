"""No amount, rate, share or measured value is NaN."""

from django.db import migrations

from kamcomp.laws import numbers_only


class Migration(migrations.Migration):
    dependencies = [("payouts", "0010_clawback_periods_and_ceilings")]

    operations = [
        numbers_only("payouts_payout", "due", "posted_before", "amount", "carried", "target_incentive"),
        numbers_only(
            "payouts_payoutline", "target", "actual", "attainment", "payout_ratio", "weight", "amount"
        ),
        numbers_only("payouts_pool", "target_amount", "result_ratio", "funded", "correction", "reserve"),
        numbers_only("payouts_allocation", "dedication", "role_weight", "guideline", "amount"),
        numbers_only("payouts_clawbackcase", "recoverable", "per_payout_at_most"),
        numbers_only("payouts_adjustment", "amount", "due", "posted_before"),
        numbers_only("payouts_ledgerentry", "amount"),
        numbers_only("payouts_payrollreturn", "amount"),
    ]
