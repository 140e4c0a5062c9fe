"""Files out, and what payroll answered."""

from django.db import models
from django.db.models import Q

from kamcomp.records import Fact, Record, currency_field, money_field
from payouts.choices import ExportFormat, ExportProfile
from payouts.models.runs import Run
from teams.models import Person


class Export(Record):
    """A file produced from a locked run: where it lies, what it sums to, and its digest."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="exports")
    profile = models.CharField(max_length=10, choices=ExportProfile)
    format = models.CharField(max_length=6, choices=ExportFormat)
    filename = models.CharField(max_length=255)
    rows = models.PositiveIntegerField()
    totals = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)
    exported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="exports_one_a_profile", fields=["run", "profile", "format"]),
        ]

    def __str__(self) -> str:
        return self.filename


class PayrollReturn(Fact):
    """What payroll says it paid a person for a run."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="payroll_returns")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    amount = money_field()
    currency = currency_field()
    paid_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="payroll_returns_one_believed",
                fields=["run", "person", "currency", "paid_on"],
                condition=Q(superseded_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.amount} {self.currency}"
