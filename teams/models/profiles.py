"""
What a role asks for and answers for: its job profile, the capabilities it needs, its part in each activity.

A profile is of the role, not of a person; who holds the role may read it. Scores of people stand in `care`.
"""

from django.db import models
from django.db.models import Q

from kamcomp.records import Record
from teams.choices import DutyPart
from teams.models.memberships import AccountObjective
from teams.models.people import JobRole


class Capability(Record):
    """Something a person can do well or less well: planning, negotiation."""

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class JobProfile(Record):
    """
    What a role is for and what it asks of who holds it.

    `level` is the rung of the company's ladder, 1 the lowest. `market_percentile` is the company's policy line: which
    percentile of the market the role is paid at. `selection_steps` is the checklist of a selection, one step a line.
    """

    role = models.OneToOneField(JobRole, models.PROTECT, related_name="profile")
    purpose = models.TextField()
    requirements = models.TextField(blank=True)
    selection_steps = models.TextField(blank=True)
    level = models.PositiveSmallIntegerField(default=1)
    market_percentile = models.PositiveSmallIntegerField(default=50)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="job_profiles_percentile_is_one", condition=Q(market_percentile__range=(1, 99))
            )
        ]

    def __str__(self) -> str:
        return f"Profile of {self.role}"


class ProfileCapability(Record):
    """The level of a capability that a profile asks for, 1 (knows of it) to 5 (teaches it)."""

    profile = models.ForeignKey(JobProfile, models.CASCADE, related_name="needs")
    capability = models.ForeignKey(Capability, models.PROTECT, related_name="+")
    level = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="profile_capabilities_once", fields=["profile", "capability"]),
            models.CheckConstraint(
                name="profile_capabilities_level_is_one_to_five", condition=Q(level__range=(1, 5))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.capability} at {self.level}"


class RoleDuty(Record):
    """A role's part in an activity of account work, or towards one objective of an account plan."""

    role = models.ForeignKey(JobRole, models.PROTECT, related_name="duties")
    activity = models.CharField(max_length=200)
    objective = models.ForeignKey(AccountObjective, models.PROTECT, null=True, related_name="duties")
    part = models.CharField(max_length=11, choices=DutyPart)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="role_duties_once", fields=["role", "activity", "objective"], nulls_distinct=False
            ),
            models.UniqueConstraint(
                name="role_duties_one_answers",
                fields=["activity", "objective"],
                condition=Q(part=DutyPart.ACCOUNTABLE),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.activity}"
