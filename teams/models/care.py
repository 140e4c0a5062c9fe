"""
What HR keeps of people besides pay: capabilities, training, candidates, mentors, rewards, agreements, leavers.

All of it is for HR and legal alone, but for what somebody is due to be trained in, which is their own. Every row has a
day until which it is kept and is deleted after it, wherever it stands. There is no place for data about health.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from kamcomp.records import Dated, Record, currency_field, money_field
from teams.choices import (
    CameFrom,
    CandidateSource,
    CandidateStatus,
    Destination,
    LeavingReason,
    NonCompete,
    RewardKind,
    WorkLifeKind,
)
from teams.models.accounts import StrategicAccount
from teams.models.people import JobRole, Person
from teams.models.profiles import Capability


class Kept(models.Model):
    """What is kept of somebody until a day."""

    retain_until = models.DateField(null=True, help_text="Last day on which the row is kept.")

    class Meta:
        abstract = True


class Candidate(Record, Kept):
    """Somebody considered for a role: from here, or from outside and then from where."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    role = models.ForeignKey(JobRole, models.PROTECT, related_name="candidates")
    source = models.CharField(max_length=8, choices=CandidateSource)
    came_from = models.CharField(max_length=14, choices=CameFrom, default=CameFrom.HERE, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="candidacies")
    status = models.CharField(max_length=9, choices=CandidateStatus, default=CandidateStatus.NEW)
    since = models.DateField(help_text="First day of the candidacy.")
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="candidates_from_here_are_people",
                condition=Q(source=CandidateSource.INTERNAL, person__isnull=False, came_from=CameFrom.HERE)
                | (Q(source=CandidateSource.EXTERNAL, person__isnull=True) & ~Q(came_from=CameFrom.HERE)),
            )
        ]

    def __str__(self) -> str:
        return self.name


class CapabilityScore(Record, Kept):
    """How far somebody has a capability, 0 (not at all) to 5, as judged on a day; the newest counts."""

    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="capability_scores")
    candidate = models.ForeignKey(Candidate, models.CASCADE, null=True, related_name="scores")
    capability = models.ForeignKey(Capability, models.PROTECT, related_name="+")
    level = models.PositiveSmallIntegerField()
    judged_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="capability_scores_have_one_subject",
                condition=Q(person=None, candidate__isnull=False) | Q(person__isnull=False, candidate=None),
            ),
            models.CheckConstraint(name="capability_scores_level_is_known", condition=Q(level__range=(0, 5))),
            models.UniqueConstraint(
                name="capability_scores_once_a_day",
                fields=["person", "candidate", "capability", "judged_on"],
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.capability}: {self.level}"


class Course(Record):
    """Something to be trained in; one that recurs is due again so many months after it was done."""

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    capability = models.ForeignKey(Capability, models.PROTECT, null=True, related_name="courses")
    recurs_months = models.PositiveSmallIntegerField(null=True)

    def __str__(self) -> str:
        return self.name


class Training(Record, Kept):
    """A course that somebody is due to take by a day, and when they did."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="trainings")
    course = models.ForeignKey(Course, models.PROTECT, related_name="trainings")
    due_on = models.DateField()
    done_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="trainings_once_a_due_day", fields=["person", "course", "due_on"]),
            models.UniqueConstraint(
                name="trainings_one_is_open", fields=["person", "course"], condition=Q(done_on=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.course}"


class Mentorship(Dated, Kept):
    """Who is somebody's mentor, from when to when."""

    mentor = models.ForeignKey(Person, models.PROTECT, related_name="mentored")
    person = models.ForeignKey(Person, models.PROTECT, related_name="mentorships")

    class Meta:
        constraints = [
            models.CheckConstraint(name="mentorships_join_two_people", condition=~Q(mentor=F("person"))),
            ExclusionConstraint(
                name="mentorships_one_mentor_a_day",
                expressions=[("person", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mentor} for {self.person}"


class Reward(Record, Kept):
    """Something given to somebody besides pay; `value` is what it is worth, where that is known."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="rewards")
    kind = models.CharField(max_length=11, choices=RewardKind)
    given_on = models.DateField()
    what = models.CharField(max_length=200)
    value = money_field(null=True)
    currency = currency_field(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="rewards_value_has_a_currency",
                condition=Q(value=None, currency="") | (Q(value__gte=0) & ~Q(currency="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.what}"


class DevelopmentGoal(Record, Kept):
    """What somebody wants to become able to do, and what stands against it."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="development_goals")
    goal = models.CharField(max_length=300)
    due_on = models.DateField(null=True)
    conflict = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.person}: {self.goal}"


class WorkLifeAction(Record, Kept):
    """What was agreed with somebody so that work leaves room for a life; never why, and nothing about health."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="work_life_actions")
    kind = models.CharField(max_length=9, choices=WorkLifeKind)
    agreed_on = models.DateField()
    last_day = models.DateField(null=True)
    what = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.person}: {self.what}"


class MarketBenchmark(Record):
    """What the market pays a role in a country at a percentile: target total cash a year, by source and day."""

    role = models.ForeignKey(JobRole, models.PROTECT, related_name="benchmarks")
    country = models.CharField(max_length=2)
    percentile = models.PositiveSmallIntegerField()
    target_cash = money_field()
    base_salary = money_field(null=True)
    currency = currency_field()
    as_of = models.DateField()
    source = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="market_benchmarks_once", fields=["role", "country", "percentile", "as_of", "source"]
            ),
            models.CheckConstraint(
                name="market_benchmarks_are_positive",
                condition=Q(target_cash__gt=0, percentile__range=(1, 99))
                & (Q(base_salary=None) | Q(base_salary__gt=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.country}, P{self.percentile}"


class Leaver(Record, Kept):
    """
    Where somebody went and what they were paid against the market when they left.

    Role, country, pay and market are as on the last day, so that the register stands by itself.
    """

    person = models.OneToOneField(Person, models.PROTECT, related_name="leaver")
    last_day = models.DateField()
    reason = models.CharField(max_length=10, choices=LeavingReason)
    destination = models.CharField(max_length=12, choices=Destination, default=Destination.UNKNOWN)
    destination_name = models.CharField(max_length=120, blank=True)
    non_compete = models.CharField(max_length=8, choices=NonCompete, default=NonCompete.NONE)
    role = models.ForeignKey(JobRole, models.PROTECT, null=True, related_name="+")
    country = models.CharField(max_length=2, blank=True)
    target_cash = money_field(null=True)
    market_cash = money_field(null=True)
    currency = currency_field(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="leavers_pay_has_a_currency",
                condition=Q(target_cash=None, market_cash=None)
                | (Q(target_cash__gte=0) & (Q(market_cash=None) | Q(market_cash__gt=0)) & ~Q(currency="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} left on {self.last_day}"


class AccountRelationship(Record):
    """On whom the relationship with an account rests: one contact or several, and who would succeed the KAM."""

    account = models.OneToOneField(StrategicAccount, models.PROTECT, related_name="relationship")
    sole_contact = models.BooleanField()
    successor = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    looked_on = models.DateField()
    note = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"Relationship with {self.account}"
