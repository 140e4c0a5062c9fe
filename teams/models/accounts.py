"""Accounts: the tree of companies, divisions and sites, and the strategic accounts of the programme."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from kamcomp.records import Dated, Record, currency_field, share_field
from teams.choices import AccountStatus, NodeStatus, NodeType, SegmentKind, Strategy


class Segment(Record):
    """A part of the business a plan may weigh by itself: a vertical, an end market, a product, a region."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=SegmentKind)

    def __str__(self) -> str:
        return self.name


class AccountNode(Record):
    """A company, division or site of a customer; the tree has one root and no cycle."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    node_type = models.CharField(max_length=8, choices=NodeType, default=NodeType.PARENT)
    segment = models.ForeignKey(Segment, models.PROTECT, null=True, related_name="nodes")
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=80, blank=True)
    currency = currency_field()
    first_invoice_on = models.DateField(null=True)
    previously_unsold = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=NodeStatus, default=NodeStatus.ACTIVE)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="account_nodes_are_not_their_own_parent", condition=Q(parent=None) | ~Q(parent=F("id"))
            )
        ]

    def __str__(self) -> str:
        return self.name


class AccountNumber(Dated):
    """A customer number of a source system, which means one node on any day."""

    node = models.ForeignKey(AccountNode, models.PROTECT, related_name="numbers")
    source = models.CharField(max_length=60)
    number = models.CharField(max_length=60)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="account_numbers_mean_one_node_a_day",
                expressions=[
                    ("source", RangeOperators.EQUAL),
                    ("number", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.number}"


class StrategicAccount(Record):
    """
    A root node taken into the programme, with its own P&L, team, plan and pool.

    An account that is `active` has exactly one KAM on every day of the programme;
    one that has a day without is in `review`, and only active accounts fund pools.
    """

    node = models.OneToOneField(AccountNode, models.PROTECT, related_name="programme")
    tier = models.CharField(max_length=40, blank=True)
    strategy = models.CharField(max_length=8, choices=Strategy, default=Strategy.GROW)
    defend_weight = share_field(default=0)
    grow_weight = share_field(default=1)
    profit_weight = share_field(default=0)
    horizon_months = models.PositiveSmallIntegerField(default=12)
    long_emphasis = share_field(
        null=True, help_text="How much the long run counts against the current year; none is not said."
    )
    cycle_months = models.PositiveSmallIntegerField(null=True, help_text="From first talk to order.")
    opportunities_a_year = models.PositiveSmallIntegerField(null=True)
    programme_start = models.DateField()
    programme_end = models.DateField(null=True, help_text="First day no longer in the programme.")
    pricing_agreement = models.CharField(max_length=120, blank=True)
    service_level = models.CharField(max_length=120, blank=True)
    plan_currency = currency_field()
    status = models.CharField(max_length=9, choices=AccountStatus, default=AccountStatus.CANDIDATE)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="strategic_accounts_weights_sum_to_one",
                condition=Q(defend_weight=1 - F("grow_weight") - F("profit_weight"))
                & Q(defend_weight__gte=0, grow_weight__gte=0, profit_weight__gte=0),
            ),
            models.CheckConstraint(
                name="strategic_accounts_emphasis_is_a_share",
                condition=Q(long_emphasis=None) | Q(long_emphasis__gte=0, long_emphasis__lte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.node.name
