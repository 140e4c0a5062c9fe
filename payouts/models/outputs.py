"""Files out, what payroll answered, and the daily check of books and files against each other."""

from django.db import models
from django.db.models import Q

from kamcomp.calendar.models import Period
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


class LedgerCheck(Record):
    """What one check of the books found: the control's proof, and where the figures for operators come from."""

    checked_at = models.DateTimeField()
    period = models.ForeignKey(
        Period, models.PROTECT, null=True, related_name="+", help_text="Empty: the books of all periods."
    )
    runs = models.PositiveIntegerField()
    postings = models.PositiveIntegerField()
    files = models.PositiveIntegerField()
    found = models.PositiveIntegerField(default=0, help_text="How many findings there were.")
    findings = models.JSONField(default=list, help_text="The first of them: code and sentence.")
    unexplained = models.JSONField(default=dict, help_text="Amounts that do not follow, by currency.")

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d %H:%M}: {self.found} finding(s)"
