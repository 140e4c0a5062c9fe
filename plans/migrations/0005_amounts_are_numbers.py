"""No amount, rate, share or measured value is NaN."""

from django.db import migrations

from kamcomp.laws import numbers_only


class Migration(migrations.Migration):
    dependencies = [("plans", "0004_assignments_in_force")]

    operations = [
        numbers_only("plans_assignment", "share"),
    ]
