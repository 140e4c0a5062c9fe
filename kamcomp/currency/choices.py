"""What a rate is used for."""

from django.db.models import TextChoices


class RateSet(TextChoices):
    PLAN = "plan", "Plan: results and targets, fixed for the fiscal year"
    AVERAGE = "average", "Average: profit and loss reporting"
    CLOSING = "closing", "Closing: compensation cost of sales"
    PAYROLL = "payroll", "Payroll: payment"
