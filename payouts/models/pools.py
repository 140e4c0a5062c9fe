"""The KAM's pool: funded by the team's result, handed out to the support staff to the cent."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kamcomp.calendar.models import Period
from kamcomp.records import Record, currency_field, money_field, share_field
from kamcomp.said import SaidField, spoken
from payouts.choices import PoolStatus
from payouts.models.runs import Run
from plans.models import PlanVersion
from teams.choices import Link
from teams.models import JobRole, Membership, Person, StrategicAccount


class Pool(Record):
    """
    The team's money of an account and a period.

    `target_amount` x `result_ratio` (or another funding rule) gives `funded`; the
    allocations of the eligible and `reserve` sum to it exactly once submitted.
    `version` guards against a stale form.
    """

    account = models.ForeignKey(StrategicAccount, models.PROTECT, related_name="pools")
    period = models.ForeignKey(Period, models.PROTECT, related_name="pools")
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="pools")
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="pools")
    currency = currency_field()
    target_amount = money_field(default=0)
    result_ratio = models.DecimalField(max_digits=31, decimal_places=20, null=True)
    funded = money_field(null=True)
    correction = money_field(default=0, help_text="Added by late facts of locked periods; in `funded`.")
    reserve = money_field(default=0)
    terms = models.JSONField(default=dict, help_text="Funding rule, bounds and guardrails, from the plan.")
    inputs = models.JSONField(default=dict, help_text="What funding and guideline were computed from.")
    input_digest = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=10, choices=PoolStatus, default=PoolStatus.PLANNED)
    allocator = models.ForeignKey(Person, models.PROTECT, null=True, related_name="pools_to_allocate")
    closes_on = models.DateField(null=True, help_text="Last day of the allocation window.")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    returned_reason = models.TextField(blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    by_guideline = models.BooleanField(default=False, help_text="The late rule applied the guideline.")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="pools_one_an_account_and_period", fields=["account", "period"]),
            models.CheckConstraint(
                name="pools_are_not_negative",
                condition=(Q(funded=None) | Q(funded__gte=0)) & Q(reserve__gte=0),
            ),
            models.CheckConstraint(
                name="pools_allocator_is_not_approver",
                condition=Q(approved_by=None) | Q(submitted_by=None) | ~Q(approved_by=F("submitted_by")),
            ),
            models.CheckConstraint(
                name="pools_funded_from_planned_on",
                condition=Q(status=PoolStatus.PLANNED) | Q(funded__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}, {self.period}"


class PoolBudget(Record):
    """
    What a budget that plans name holds in a period, for the pools that share it.

    Stated anew it is a new row with the next number; the last one counts.
    """

    code = models.CharField(max_length=80, help_text="As plans name it in pool.funding.budget.")
    period = models.ForeignKey(Period, models.PROTECT, related_name="pool_budgets")
    number = models.PositiveSmallIntegerField()
    amount = money_field()
    currency = currency_field()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="pool_budgets_one_number", fields=["period", "code", "number"]),
            models.CheckConstraint(name="pool_budgets_are_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(name="pool_budgets_have_a_reason", condition=~Q(reason="") & ~Q(code="")),
        ]

    def __str__(self) -> str:
        return f"{self.code}, {self.period}"


class Allocation(Record):
    """One person's share of a pool: the guideline, the amount decided, the reason."""

    pool = models.ForeignKey(Pool, models.PROTECT, related_name="allocations")
    person = models.ForeignKey(Person, models.PROTECT, related_name="allocations")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="allocations")
    role = models.ForeignKey(JobRole, models.PROTECT, related_name="+")
    link = models.CharField(max_length=8, choices=Link)
    dedication = share_field()
    days_eligible = models.PositiveSmallIntegerField()
    role_weight = share_field()
    eligible = models.BooleanField(default=True)
    ineligible_reason = models.CharField(max_length=200, blank=True)
    said = SaidField(of="ineligible_reason")
    guideline = money_field(default=0)
    amount = money_field(null=True, help_text="Null until the KAM has set it.")
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="allocations_one_a_person", fields=["pool", "person"]),
            models.CheckConstraint(
                name="allocations_are_not_negative", condition=Q(amount=None) | Q(amount__gte=0)
            ),
            models.CheckConstraint(
                name="allocations_ineligible_gets_nothing",
                condition=Q(eligible=True) | Q(amount=None) | Q(amount=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.amount}"

    @property
    def why_not(self) -> str:
        """Return why somebody takes no part, with its pieces, for pages to word."""
        return spoken(self.ineligible_reason, self.said) if self.ineligible_reason else ""
