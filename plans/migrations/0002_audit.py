"""Leave an audit entry for every change of these tables."""

from django.db import migrations

from kamcomp.laws import audited, days_hold, operations


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0001_initial"),
        ("audit", "0005_seals"),
    ]

    operations = operations(
        audited("plans_plan"),
        audited("plans_planversion"),
        audited("plans_assignment"),
        days_hold("plans_planversion", "valid"),
        days_hold("plans_assignment", "valid"),
    )
