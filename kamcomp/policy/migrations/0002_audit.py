"""Leave an audit entry for every change of these tables."""

from django.db import migrations

from kamcomp.laws import audited, days_hold, operations


class Migration(migrations.Migration):
    dependencies = [
        ("policy", "0001_initial"),
        ("audit", "0005_seals"),
    ]

    operations = operations(
        audited("policy_policysetting"),
        days_hold("policy_policysetting", "valid"),
    )
