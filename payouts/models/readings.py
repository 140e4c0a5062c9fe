"""That somebody has read their statement."""

from django.db import models

from kamcomp.calendar.models import Period
from kamcomp.records import Record
from teams.models import Person


class StatementReading(Record):
    """A person opened their statement of a period, and when they first did."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="statement_readings")
    period = models.ForeignKey(Period, models.PROTECT, related_name="statement_readings")
    first_read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="statement_readings_one_a_statement", fields=["person", "period"])
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.period}"
