"""No amount, rate, share or measured value is NaN."""

from django.db import migrations

from kamcomp.laws import numbers_only


class Migration(migrations.Migration):
    dependencies = [("teams", "0006_dedication")]

    operations = [
        numbers_only("teams_strategicaccount", "defend_weight", "grow_weight", "profit_weight"),
        numbers_only("teams_jobrole", "role_weight"),
        numbers_only("teams_employment", "fte"),
        numbers_only(
            "teams_paypackage", "base_salary", "variable_target", "pool_target", "long_term_target", "ceiling"
        ),
        numbers_only("teams_membership", "dedication"),
        numbers_only("teams_accountobjective", "baseline", "target", "weight"),
    ]
