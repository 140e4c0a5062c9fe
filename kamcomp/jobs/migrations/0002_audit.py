"""Leave an audit entry for every change of these tables."""

from django.db import migrations

from kamcomp.laws import audited, operations


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0001_initial"),
        ("audit", "0005_seals"),
    ]

    operations = operations(
        audited("jobs_job", ignored=["done", "current"]),
    )
