"""What a replay comes to for each person; its sums, and what it was made of, are the plan's evidence."""

from django.db import models

from kamcomp.records import currency_field, money_field
from kamcomp.visibility import SeenQuerySet
from plans.models import Replay
from teams.models import Person


class ReplayPerson(models.Model):
    """
    One person of a replay over all its periods: what was paid, and what the plan would have paid.

    `figures` holds both by period and by leaf, as strings. Written once.
    """

    id = models.BigAutoField(primary_key=True)
    replay = models.ForeignKey(Replay, models.PROTECT, related_name="payees")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    account = models.CharField(
        max_length=160, blank=True, help_text="Name of the account they were paid on last."
    )
    currency = currency_field()
    target = money_field()
    paid = money_field()
    replayed = money_field()
    difference = money_field()
    figures = models.JSONField()

    objects = SeenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="replay_people_once", fields=["replay", "person"]),
            models.CheckConstraint(
                name="replay_people_differ_by_the_difference",
                condition=models.Q(difference=models.F("replayed") - models.F("paid")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.difference}"
