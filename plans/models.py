"""
Plans, their versions and who is on them.

A version is one document (the plan language); nothing of it is taken apart into
tables, so that what is designed, signed, compared and computed is one text. A
published version is never edited: the next version is published.
"""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from kamcomp.calendar.models import FiscalCalendar
from kamcomp.records import Dated, Record, currency_field, money_field, share_field
from kamcomp.said import spoken
from kamcomp.spans import Span
from plans.choices import (
    AcceptanceStatus,
    DraftStatus,
    Loading,
    PlanType,
    ReplayKind,
    StepKind,
    VersionStatus,
)
from teams.choices import Scope
from teams.models import Person, StrategicAccount

NO_ACCOUNT = "00000000-0000-0000-0000-000000000000"


class Plan(Record):
    """A deal with a name, for an account or for a group of people; its versions say what it is."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=160)
    plan_type = models.CharField(max_length=16, choices=PlanType)
    account = models.ForeignKey(StrategicAccount, models.PROTECT, null=True, related_name="plans")
    calendar = models.ForeignKey(FiscalCalendar, models.PROTECT, related_name="plans")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class PlanVersion(Record):
    """One version of a plan: its document, its days in force, who prepared and who approved it."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    valid = DateRangeField()
    document = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the canonical document.")
    currency = currency_field()
    status = models.CharField(max_length=9, choices=VersionStatus, default=VersionStatus.DRAFT)
    loading = models.CharField(max_length=7, choices=Loading, default=Loading.LIVE)
    loading_reason = models.TextField(blank=True)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="plan_versions_one_number", fields=["plan", "number"]),
            ExclusionConstraint(
                name="plans_one_published_version_a_day",
                expressions=[("plan", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(status=VersionStatus.PUBLISHED),
            ),
            models.CheckConstraint(
                name="plan_versions_preparer_is_not_approver",
                condition=Q(approved_by=None) | ~Q(approved_by=F("prepared_by")),
            ),
            models.CheckConstraint(
                name="plan_versions_published_is_approved",
                condition=Q(status__in=[VersionStatus.DRAFT, VersionStatus.WITHDRAWN])
                | Q(approved_by__isnull=False, approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="plan_versions_history_has_a_reason",
                condition=Q(loading=Loading.LIVE) | ~Q(loading_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"

    @property
    def span(self) -> Span:
        """Return the days the version is in force."""
        return Span(self.valid.lower, self.valid.upper)


class Draft(Record):
    """
    A working draft: a document that somebody designs, step by step, before it is a version of a plan.

    `plan` is whose next version it will be, none where the plan is new too; `calendar` and `account` are a new
    plan's. `step` counts every change and is what an optimistic lock compares. A draft pays nobody: people are
    assigned to versions. The version it becomes has its id.
    """

    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="drafts")
    based_on = models.ForeignKey(PlanVersion, models.PROTECT, null=True, related_name="+")
    calendar = models.ForeignKey(FiscalCalendar, models.PROTECT, related_name="+")
    account = models.ForeignKey(StrategicAccount, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=160)
    document = models.JSONField()
    status = models.CharField(max_length=9, choices=DraftStatus, default=DraftStatus.EDITING)
    step = models.PositiveIntegerField(default=0)
    undoable = ArrayField(models.PositiveIntegerField(), default=list)
    redoable = ArrayField(models.PositiveIntegerField(), default=list)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    version = models.OneToOneField(PlanVersion, models.PROTECT, null=True, related_name="draft")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="plan_drafts_submitted_are_versions",
                condition=Q(status=DraftStatus.SUBMITTED, version__isnull=False)
                | (~Q(status=DraftStatus.SUBMITTED) & Q(version=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DraftStep(Record):
    """One step of a working draft: the edits it made, and those that take them back."""

    draft = models.ForeignKey(Draft, models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=6, choices=StepKind, default=StepKind.CHANGE)
    edits = models.JSONField()
    back = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="plan_draft_steps_one_number", fields=["draft", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.draft}, step {self.number}"


class DraftBrief(Record):
    """
    Where a working draft came from: what was answered, which type was proposed and why, and the measures weighed.

    `measures` are the candidates with their scores, as they were ranked; `targets` what was reached in the last year
    and what the draft was begun with; `ticked` are the elements that somebody went through against the account
    managers' default.
    """

    draft = models.OneToOneField(Draft, models.PROTECT, related_name="brief")
    proposed = models.CharField(max_length=16, choices=PlanType)
    answers = models.JSONField()
    reasons = ArrayField(
        models.CharField(max_length=30), help_text="What spoke for the type, heaviest first."
    )
    measures = models.JSONField()
    targets = models.JSONField(default=list)
    ticked = ArrayField(models.CharField(max_length=30), default=list)

    def __str__(self) -> str:
        return f"Brief of {self.draft}"


class Assignment(Dated):
    """
    A person on a plan version over a span of days.

    `account` is whose team results the person is paid on; `share` is the part of
    the person's variable target that this assignment carries; `parameters` are the
    named personal values (rate, target, guarantee) that a node may read.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="assignments")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="assignments")
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="assignments")
    account = models.ForeignKey(StrategicAccount, models.PROTECT, null=True, related_name="assignments")
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.ACCOUNT)
    share = share_field(default=1)
    parameters = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="assignments_do_not_overlap",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("plan", RangeOperators.EQUAL),
                    (Coalesce("account", models.Value(NO_ACCOUNT, models.UUIDField())), RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="assignments_share_is_a_share", condition=Q(share__gte=0, share__lte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.plan_version}"


class Replay(Record):
    """
    What a version or a working draft would have paid in locked periods: the evidence that somebody looked before.

    It is of the document with `version_digest`: a draft that changed since has not been replayed, and the version
    that a draft becomes has been where it says the same. `people_of` are the codes of the plans whose people it was
    tried on. Written once. One of representatives says what they were paid beside the plan, and in `replayed` what
    they would have been paid without it.
    """

    version = models.ForeignKey(PlanVersion, models.PROTECT, null=True, related_name="replays")
    draft = models.ForeignKey(Draft, models.PROTECT, null=True, related_name="replays")
    kind = models.CharField(max_length=4, choices=ReplayKind, default=ReplayKind.PLAN)
    version_digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    periods = ArrayField(models.CharField(max_length=20), help_text="Codes of the locked periods, in order.")
    people_of = ArrayField(models.CharField(max_length=60))
    currency = currency_field()
    people = models.PositiveIntegerField()
    paid = money_field(help_text="To people, in these periods.")
    replayed = money_field()
    pools_paid = money_field()
    pools_replayed = money_field()
    figures = models.JSONField(help_text="Sums by period, by leaf and by pool; what was read anew.")
    problems = ArrayField(models.TextField(), help_text="Who could not be replayed, and why.")
    input_digest = models.CharField(max_length=64)
    result_digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="replays_are_of_periods", condition=~Q(periods=[]) & ~Q(people_of=[])
            ),
            models.CheckConstraint(
                name="replays_are_of_one_document",
                condition=Q(version__isnull=False, draft=None) | Q(version=None, draft__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version or self.draft}: {', '.join(self.periods)}"

    @property
    def troubles(self) -> list[str]:
        """Return who could not be replayed and why, with their pieces, for pages to word."""
        said = self.figures.get("said") or [None] * len(self.problems)
        return [spoken(text, pieces) for text, pieces in zip(self.problems, said, strict=True)]


class Scenario(Record):
    """
    A simulation that was kept: of a working draft or a version, what was drawn how, and what came of it.

    `asked` holds what the page was asked, by field, as text; with the seed among it the same figures come again for
    the same people. `document_digest` is of the document that was simulated, moved points included. Written once.
    """

    draft = models.ForeignKey(Draft, models.PROTECT, null=True, related_name="scenarios")
    version = models.ForeignKey(PlanVersion, models.PROTECT, null=True, related_name="scenarios")
    document_digest = models.CharField(max_length=64)
    name = models.CharField(max_length=80)
    at = models.DateTimeField()
    asked = models.JSONField(default=dict, blank=True)
    currency = currency_field()
    people = models.PositiveIntegerField()
    draws = models.PositiveIntegerField()
    figures = models.JSONField(
        help_text="Quantiles of cost, cost at stated results, chances by measure; as text."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="scenarios_are_of_a_draft_or_a_version",
                condition=Q(draft__isnull=True, version__isnull=False)
                | Q(draft__isnull=False, version__isnull=True),
            ),
            models.CheckConstraint(name="scenarios_have_a_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class Acceptance(Record):
    """
    A version as it was put before one person whom it pays: the text in their language, and what they said to it.

    `text` is the copy: what they read and signed, word for word; `digest` is its SHA-256. It names nobody, so
    that it stays when names are erased.
    """

    version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="acceptances")
    person = models.ForeignKey(Person, models.PROTECT, related_name="acceptances")
    language = models.CharField(max_length=8)
    text = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the text.")
    status = models.CharField(max_length=7, choices=AcceptanceStatus, default=AcceptanceStatus.SENT)
    sent_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True, help_text="Why it was refused.")
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="acceptances_one_a_person", fields=["version", "person"]),
            models.CheckConstraint(
                name="acceptances_answers_are_whole",
                condition=Q(
                    status__in=[AcceptanceStatus.SIGNED, AcceptanceStatus.REFUSED],
                    opened_at__isnull=False,
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                )
                | (
                    Q(answered_at=None, answered_by=None)
                    & ~Q(status__in=[AcceptanceStatus.SIGNED, AcceptanceStatus.REFUSED])
                ),
            ),
            models.CheckConstraint(
                name="acceptances_refused_say_why",
                condition=~Q(status=AcceptanceStatus.REFUSED) | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}, {self.person}"
