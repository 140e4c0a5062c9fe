"""Leave an audit entry for every change of these tables."""

from django.db import migrations

from kamcomp.laws import audited, days_hold, operations


class Migration(migrations.Migration):
    dependencies = [
        ("calendar", "0002_initial"),
        ("audit", "0005_seals"),
    ]

    operations = operations(
        audited("calendar_fiscalcalendar"),
        audited("calendar_period"),
        days_hold("calendar_period", "days"),
    )
