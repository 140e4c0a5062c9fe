"""Leave an audit entry for every change of these tables; a chunk's entry stands for its payouts and lines."""

from django.db import migrations

from kamcomp.laws import audited, audited_in_bulk, operations


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0002_run_preparation_and_payee_digests"),
        ("audit", "0005_seals"),
    ]

    operations = operations(
        audited("payouts_run"),
        audited("payouts_runchunk", masked=["inputs", "assignments", "input_digests", "result_digests"]),
        audited("payouts_runproblem"),
        audited("payouts_accountreview"),
        audited("payouts_pool"),
        audited("payouts_allocation"),
        audited("payouts_clawbackcase"),
        audited("payouts_adjustment", masked=["inputs"]),
        audited("payouts_posting", ignored=["closed"]),
        audited_in_bulk("payouts_ledgerentry"),
        audited_in_bulk("payouts_payoutevent"),
        audited("payouts_export"),
        audited_in_bulk("payouts_payrollreturn"),
    )
