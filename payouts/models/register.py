"""
The payout register as rows: what each current run pays a person in a currency, and where that stands.

A view of the database, so that a page filters, sorts and sums it there. It keeps nothing of
its own: payouts, approved pool shares and decided adjustments are earned and corrected; what
moved between plan and payroll currency and what is owed on balance comes from the ledger (what
is owed, before the lock, from the adjustments); what was paid, from the payroll returns. Its text
stands in its migrations.
"""

from django.db import models

from kamcomp.records import currency_field, money_field
from kamcomp.visibility import SeenQuerySet
from payouts.choices import RegisterState
from payouts.models.runs import Run
from teams.models import Person


class RegisterRow(models.Model):
    """What a current run pays a person in a currency; money in `currency`, `payable` the sum of the four before it."""

    id = models.CharField(primary_key=True, max_length=80)
    run = models.ForeignKey(Run, models.DO_NOTHING, related_name="+")
    person = models.ForeignKey(Person, models.DO_NOTHING, related_name="+")
    currency = currency_field()
    incentive = money_field()
    share = money_field()
    corrections = money_field()
    converted = money_field()
    payable = money_field()
    paid = money_field()
    state = models.CharField(max_length=8, choices=RegisterState)

    objects = SeenQuerySet.as_manager()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"{self.payable} {self.currency}"
