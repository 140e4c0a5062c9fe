"""
Facts from the company's systems: what results are computed from.

Each is written once; a restatement is a new row with the same source key, and
the old row keeps the moment until which it was believed.
"""

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import F, Q

from kamcomp.calendar.models import Period
from kamcomp.records import Fact, Record, currency_field, money_field, share_field
from scorecards.choices import CreditType, RespondentGroup
from teams.models import AccountNode, AccountObjective, Person, Segment


def one_believed(name: str, *fields: str) -> models.UniqueConstraint:
    """Return the rule that a source key has one row that is believed now."""
    return models.UniqueConstraint(
        name=name, fields=fields, condition=Q(superseded_at=None), nulls_distinct=False
    )


class Product(Record):
    """A product of the price list; its family is what cross-selling counts."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    family = models.CharField(max_length=80, blank=True)
    segment = models.ForeignKey(Segment, models.PROTECT, null=True, related_name="products")

    def __str__(self) -> str:
        return self.name


class Transaction(Fact):
    """
    An invoice line: revenue and cost as given, up to six decimals; a credit note is negative.

    `date` is the day it is invoiced, empty while it is only booked; `booked_on` the day it
    was booked, if another. `contract_id` names the contract it bills, `deal_kind` the kind
    of deal that rates and minimums tell apart.
    """

    source = models.CharField(max_length=60, default="erp")
    source_id = models.CharField(max_length=80)
    line = models.PositiveIntegerField(default=1)
    date = models.DateField(null=True)
    booked_on = models.DateField(null=True)
    node = models.ForeignKey(AccountNode, models.PROTECT, related_name="transactions")
    segment = models.ForeignKey(Segment, models.PROTECT, null=True, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="+")
    quantity = money_field(null=True)
    revenue = money_field()
    cost = money_field(null=True)
    currency = currency_field()
    deal_kind = models.CharField(max_length=60, blank=True, default="", db_default="")
    contract_id = models.CharField(max_length=80, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            one_believed("transactions_one_believed", "source", "source_id", "line"),
            models.CheckConstraint(
                name="transactions_are_booked_or_invoiced",
                condition=Q(date__isnull=False) | Q(booked_on__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="transactions_by_node_and_day", fields=["node", "date"]),
            models.Index(name="transactions_by_day", fields=["date"]),
            models.Index(
                name="transactions_by_booking_day",
                fields=["booked_on"],
                condition=Q(booked_on__isnull=False),
            ),
            models.Index(
                name="transactions_by_contract", fields=["contract_id"], condition=~Q(contract_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}/{self.line}"


class Collection(Fact):
    """
    Money collected for an invoice, whole or in part; a reversal or refund is negative.

    The parts of an invoice stay between nothing and the sum of its lines, in its currency.
    A row of 0 says that nothing was collected.
    """

    source = models.CharField(max_length=60, default="erp")
    source_id = models.CharField(max_length=80)
    collection_id = models.CharField(max_length=80)
    collected_on = models.DateField()
    amount = money_field()
    currency = currency_field()

    class Meta:
        constraints = [one_believed("collections_one_believed", "source", "source_id", "collection_id")]
        indexes = [models.Index(name="collections_by_day", fields=["collected_on"])]

    def __str__(self) -> str:
        return f"{self.collection_id} for {self.source_id}"


class Credit(Fact):
    """
    Who is credited for an invoice line, and with which share.

    Direct and split credits of a line sum to exactly 1; overlay and crossover
    credits stand outside that sum and are budgeted.
    """

    source = models.CharField(max_length=60, default="erp")
    source_id = models.CharField(max_length=80)
    line = models.PositiveIntegerField(default=1)
    person = models.ForeignKey(Person, models.PROTECT, related_name="credits")
    credit_type = models.CharField(max_length=9, choices=CreditType, default=CreditType.DIRECT)
    share = share_field(default=1)

    class Meta:
        constraints = [
            one_believed("credits_one_believed", "source", "source_id", "line", "person", "credit_type"),
            models.CheckConstraint(name="credits_share_is_a_share", condition=Q(share__gt=0, share__lte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}/{self.line} to {self.person_id}"


class Contract(Fact):
    """
    A contract of a node: `[start_on, end_on]` as agreed, value of the whole term.

    One that renews another does so on the day it is signed; without one, on its first day.
    """

    contract_id = models.CharField(max_length=80)
    node = models.ForeignKey(AccountNode, models.PROTECT, related_name="contracts")
    start_on = models.DateField()
    end_on = models.DateField(null=True, help_text="Last day, included.")
    value = money_field()
    currency = currency_field()
    renewed_from = models.CharField(max_length=80, blank=True)
    notice_on = models.DateField(null=True)
    signed_on = models.DateField(null=True)

    class Meta:
        constraints = [
            one_believed("contracts_one_believed", "contract_id"),
            models.CheckConstraint(
                name="contracts_end_after_start", condition=Q(end_on=None) | Q(end_on__gte=F("start_on"))
            ),
        ]

    def __str__(self) -> str:
        return self.contract_id


class Opportunity(Fact):
    """A named opportunity and the stage it reached."""

    opportunity_id = models.CharField(max_length=80)
    node = models.ForeignKey(AccountNode, models.PROTECT, related_name="opportunities")
    owner = models.ForeignKey(Person, models.PROTECT, null=True, related_name="opportunities")
    name = models.CharField(max_length=200, blank=True)
    stage = models.PositiveSmallIntegerField()
    stages = models.PositiveSmallIntegerField()
    value = money_field(null=True)
    currency = currency_field(blank=True)
    won_on = models.DateField(null=True)
    new_application = models.BooleanField(default=False)
    as_of = models.DateField(null=True)

    class Meta:
        constraints = [
            one_believed("opportunities_one_believed", "opportunity_id"),
            models.CheckConstraint(
                name="opportunities_stage_within_stages", condition=Q(stage__lte=F("stages"), stages__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return self.opportunity_id


class AccountPnl(Fact):
    """The P&L of an account node, and segment, in a span of days; contribution is computed."""

    node = models.ForeignKey(AccountNode, models.PROTECT, related_name="pnl")
    segment = models.ForeignKey(Segment, models.PROTECT, null=True, related_name="+")
    days = DateRangeField()
    revenue = money_field()
    cogs = money_field()
    direct_cost = money_field(default=0)
    contribution = models.GeneratedField(
        expression=F("revenue") - F("cogs") - F("direct_cost"),
        output_field=models.DecimalField(max_digits=22, decimal_places=6),
        db_persist=True,
    )
    currency = currency_field()

    class Meta:
        constraints = [one_believed("account_pnl_one_believed", "node", "segment", "days")]

    def __str__(self) -> str:
        return f"P&L of {self.node_id}"


class WalletEstimate(Fact):
    """What a customer spends in a category, by source and day of the estimate."""

    node = models.ForeignKey(AccountNode, models.PROTECT, related_name="wallet")
    category = models.CharField(max_length=80, blank=True)
    segment = models.ForeignKey(Segment, models.PROTECT, null=True, related_name="+")
    spend = money_field()
    currency = currency_field()
    source = models.CharField(max_length=120)
    as_of = models.DateField()

    class Meta:
        constraints = [one_believed("wallet_estimates_one_believed", "node", "category", "as_of")]

    def __str__(self) -> str:
        return f"wallet of {self.node_id} {self.as_of}"


class InventoryLevel(Fact):
    """Average inventory held for a node in a span of days, and the cost of goods sold from it."""

    node = models.ForeignKey(AccountNode, models.PROTECT, related_name="inventory")
    days = DateRangeField()
    average_inventory = money_field()
    cogs = money_field()
    currency = currency_field()

    class Meta:
        constraints = [one_believed("inventory_levels_one_believed", "node", "days")]

    def __str__(self) -> str:
        return f"inventory of {self.node_id}"


class SurveyResponse(Fact):
    """One answer to a survey, about an account and, for leadership, about a person."""

    response_id = models.CharField(max_length=80)
    survey = models.CharField(max_length=60)
    node = models.ForeignKey(AccountNode, models.PROTECT, related_name="survey_responses")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    date = models.DateField()
    score = models.DecimalField(max_digits=6, decimal_places=2)
    respondent_group = models.CharField(
        max_length=9, choices=RespondentGroup, default=RespondentGroup.CUSTOMER
    )

    class Meta:
        constraints = [one_believed("survey_responses_one_believed", "survey", "response_id")]

    def __str__(self) -> str:
        return self.response_id


class SatisfactionWave(Fact):
    """How many were asked in a wave of a survey, and how many answered."""

    survey = models.CharField(max_length=60)
    node = models.ForeignKey(AccountNode, models.PROTECT, related_name="satisfaction_waves")
    days = DateRangeField()
    invited = models.PositiveIntegerField()
    responded = models.PositiveIntegerField()

    class Meta:
        constraints = [one_believed("satisfaction_waves_one_believed", "survey", "node", "days")]

    def __str__(self) -> str:
        return self.survey


class ObjectiveRating(Fact):
    """The judged result of an objective in a period, on the fixed scale."""

    objective = models.ForeignKey(AccountObjective, models.PROTECT, related_name="ratings")
    period = models.ForeignKey(Period, models.PROTECT, related_name="ratings")
    rating = share_field(help_text="0, 0.5, 1, 1.25 or 1.5")
    evidence = models.TextField(blank=True)

    class Meta:
        constraints = [
            one_believed("objective_ratings_one_believed", "objective", "period"),
            models.CheckConstraint(
                name="objective_ratings_on_the_scale",
                condition=Q(rating__in=["0", "0.5", "1", "1.25", "1.5"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.objective_id}: {self.rating}"
