"""Budgets that pools share: stated by period, only added to, fixed once the period's run is reviewed."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import kamcomp.ids
from kamcomp.grants import narrowed
from kamcomp.laws import append_only, audited, function, numbers_only, operations, period_open, trigger


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("calendar", "0004_periods_move_on_and_lock"),
        ("payouts", "0013_ledger_checks"),
    ]

    operations = operations(
        migrations.CreateModel(
            name="PoolBudget",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamcomp.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "code",
                    models.CharField(help_text="As plans name it in pool.funding.budget.", max_length=80),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("amount", models.DecimalField(decimal_places=6, max_digits=21)),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.TextField()),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pool_budgets",
                        to="calendar.period",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        name="pool_budgets_one_number", fields=["period", "code", "number"]
                    ),
                    models.CheckConstraint(name="pool_budgets_are_not_negative", condition=Q(amount__gte=0)),
                    models.CheckConstraint(
                        name="pool_budgets_have_a_reason", condition=~Q(reason="") & ~Q(code="")
                    ),
                ]
            },
        ),
        numbers_only("payouts_poolbudget", "amount"),
        append_only("payouts_poolbudget", law="pool_budgets_stay"),
        narrowed("payouts_poolbudget", to=["SELECT", "INSERT"]),
        period_open("payouts_poolbudget", law="pool_budgets_of_a_locked_period_stay", events=["INSERT"]),
        function(
            "law_pool_budget_open",
            """
DECLARE
    reached text;
BEGIN
    PERFORM law_reads_committed('pool_budgets_are_fixed_by_the_review');
    -- The run's row first, whatever its state: a review under way is waited for, then seen.
    SELECT status INTO reached FROM payouts_run WHERE period_id = NEW.period_id AND is_current FOR SHARE;
    IF reached IN ('reviewed', 'allocating', 'approved') THEN
        PERFORM law_refuse('pool_budgets_are_fixed_by_the_review', format(
            'the run of the period is %s, and its pools are funded: budget %s stays', reached, NEW.code));
    END IF;
    RETURN NEW;
END""",
        ),
        trigger(
            "pool_budgets_are_fixed_by_the_review",
            on="payouts_poolbudget",
            when="BEFORE INSERT",
            runs="law_pool_budget_open",
        ),
        audited("payouts_poolbudget"),
    )
