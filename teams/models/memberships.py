"""Account teams by date, what was edited of them, and the objectives of the account plan."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q

from kamcomp.records import Dated, Record, money_field, share_field
from teams.choices import Link, ObjectiveStatus, Perspective, Scope, Seat, TeamEditKind
from teams.models.accounts import AccountNode, Segment, StrategicAccount
from teams.models.people import JobRole, Person


class Membership(Dated):
    """
    A person on an account team over a span of days.

    `dedication` is the share of working time; over all memberships of a person it
    is at most 1 on any day. `node` narrows the membership to a part of the account.
    """

    account = models.ForeignKey(StrategicAccount, models.PROTECT, related_name="memberships")
    node = models.ForeignKey(AccountNode, models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    role = models.ForeignKey(JobRole, models.PROTECT, related_name="memberships")
    seat = models.CharField(max_length=8, choices=Seat, default=Seat.MEMBER)
    link = models.CharField(max_length=8, choices=Link)
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.ACCOUNT)
    dedication = share_field(default=1)
    leader = models.ForeignKey(Person, models.PROTECT, null=True, related_name="led")
    segments = models.ManyToManyField(Segment, related_name="memberships", blank=True)
    pool_eligible = models.BooleanField(default=True)
    opt_out_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="memberships_do_not_overlap",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="memberships_one_kam_a_day",
                expressions=[("account", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(seat=Seat.KAM),
            ),
            models.CheckConstraint(
                name="memberships_dedication_is_a_share", condition=Q(dedication__gte=0, dedication__lte=1)
            ),
            models.CheckConstraint(
                name="memberships_kam_takes_no_pool_share",
                condition=~Q(seat=Seat.KAM) | Q(pool_eligible=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.account} as {self.role}"


class TeamEdit(Record):
    """
    One edit of an account team, with what it found and what it left, so that it can be undone.

    `before` and `after` are the states of the memberships it touched, by membership id;
    null is a membership that was not there. `status_before` and `status_after` are the account's.
    """

    account = models.ForeignKey(StrategicAccount, models.PROTECT, related_name="team_edits")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=11, choices=TeamEditKind)
    from_on = models.DateField(help_text="First day on which the team is another.")
    before = models.JSONField()
    after = models.JSONField()
    status_before = models.CharField(max_length=9)
    status_after = models.CharField(max_length=9)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(name="team_edits_by_account", fields=["account", "created_at"])]

    def __str__(self) -> str:
        return f"{self.account}: {self.person} {self.get_kind_display().lower()} from {self.from_on}"


class AccountObjective(Record):
    """An objective of the account plan: statement, measure, baseline, target, date and owner."""

    account = models.ForeignKey(StrategicAccount, models.PROTECT, related_name="objectives")
    code = models.CharField(max_length=60, unique=True)
    owner = models.ForeignKey(Person, models.PROTECT, related_name="objectives")
    statement = models.TextField()
    metric_code = models.CharField(max_length=20, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    baseline = money_field(null=True)
    target = money_field(null=True)
    due_on = models.DateField()
    weight = share_field(null=True)
    horizon_months = models.PositiveSmallIntegerField(default=12)
    perspective = models.CharField(max_length=10, choices=Perspective, blank=True)
    evidence = models.TextField(blank=True)
    status = models.CharField(max_length=8, choices=ObjectiveStatus, default=ObjectiveStatus.DRAFT)

    def __str__(self) -> str:
        return f"{self.code}: {self.statement}"


class ObjectiveMilestone(Record):
    """A step on the way to an objective: by when, and on which day it was reached."""

    objective = models.ForeignKey(AccountObjective, models.PROTECT, related_name="milestones")
    name = models.CharField(max_length=120)
    due_on = models.DateField()
    reached_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="objective_milestones_one_name", fields=["objective", "name"]),
        ]

    def __str__(self) -> str:
        return f"{self.objective.code}: {self.name}"
