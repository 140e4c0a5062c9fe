"""A result's window may be a rolling one, named by its word."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0011_collections_stay_within_invoices")]

    operations = [
        migrations.AlterField(
            "result",
            "window",
            models.CharField(
                default="period",
                help_text="A Window, or the word of a rolling one: rolling_4.",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            "result",
            models.CheckConstraint(
                name="results_window_is_known",
                condition=Q(
                    window__regex="^(period|year_to_date|year|multi_year|rolling_[1-9][0-9]?(_or_fewer)?)$"
                ),
            ),
        ),
    ]
