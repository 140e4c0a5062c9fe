"""No amount, rate, share or measured value is NaN."""

from django.db import migrations

from kamcomp.laws import numbers_only


class Migration(migrations.Migration):
    dependencies = [("currency", "0003_audit")]

    operations = [
        numbers_only("currency_fxrate", "rate"),
    ]
