"""A person's statement of a period, as one document: what the page and the PDF say, from the same selector."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from kamcomp.api import filters as by
from kamcomp.api.fields import (
    MoneySerializer,
    choice,
    decimal_text,
    moment_text,
    money,
    money_shown,
    ref,
    text,
)
from kamcomp.api.problems import Problem
from kamcomp.api.public_ids import public_id
from kamcomp.api.resources import Resource, register, resource_named
from kamcomp.api.views import NOTHING, ApiView
from payouts.api.runs import period_said
from payouts.choices import LineKind, PayElement, RegisterState, RunStatus
from payouts.models import Adjustment, Allocation, RegisterRow
from payouts.selectors.statements import Statement, StatementLine, StatementPlan, statement

STATEMENTS = Resource(
    name="statements",
    noun="statement_row",
    model=RegisterRow,
    about="What each current run pays each person in a currency, and where that stands; for who sees the books. "
    "The whole statement of one is at /statements/{person_id}/{period_id}.",
    fields=(
        ref("person_id", "per"),
        text("employee_id", "person__employee_id"),
        ref("period_id", "prd", "run__period_id"),
        text("period_code", "run__period__code"),
        ref("run_id", "run"),
        choice("run_status", RunStatus, "run__status"),
        money("incentive"),
        money("share", about="Of team pools."),
        money("corrections"),
        money("converted", about="What moved between the currency of the plan and that of payroll."),
        money("payable"),
        money("paid", about="What payroll returns say."),
        choice("state", RegisterState),
    ),
    filters=(
        by.by_id("person", "per", "person_id", code="person__employee_id"),
        by.by_id("period", "prd", "run__period_id", code="run__period__code"),
        by.by_id("run", "run", "run_id"),
        by.by_choice("state", RegisterState),
    ),
    orders={"payable": "payable", "employee_id": "person__employee_id"},
    total="payable",
)
READS = STATEMENTS.reads
register(STATEMENTS)


class StatementLineSerializer(serializers.Serializer):
    """One line: result against target, on its curve, and what it earns."""

    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=LineKind.choices)
    name = serializers.CharField()
    leaf = serializers.CharField()
    pay_element = serializers.ChoiceField(choices=PayElement.choices)
    metric = serializers.CharField(allow_blank=True)
    unit = serializers.CharField(allow_blank=True)
    target = serializers.CharField(allow_null=True)
    actual = serializers.CharField(allow_null=True)
    attainment = serializers.CharField(allow_null=True)
    payout_ratio = serializers.CharField(allow_null=True)
    weight = serializers.CharField(allow_null=True)
    amount = MoneySerializer()


class StatementPlanSerializer(serializers.Serializer):
    """What one plan pays."""

    payout_id = serializers.CharField()
    plan = serializers.CharField()
    account = serializers.CharField(allow_blank=True)
    amount = MoneySerializer()
    lines = StatementLineSerializer(many=True)


class StatementShareSerializer(serializers.Serializer):
    """A share of an account's pool."""

    allocation_id = serializers.CharField()
    account = serializers.CharField()
    amount = MoneySerializer()
    reason = serializers.CharField(allow_blank=True)


class StatementAdjustmentSerializer(serializers.Serializer):
    """A correction of an earlier period."""

    adjustment_id = serializers.CharField()
    kind = serializers.CharField()
    amount = MoneySerializer()
    reason = serializers.CharField()


class StatementSerializer(serializers.Serializer):
    """A statement: what is paid, from what, and where it stands."""

    person_id = serializers.CharField()
    employee_id = serializers.CharField()
    name = serializers.CharField()
    period_id = serializers.CharField()
    period_code = serializers.CharField()
    run_id = serializers.CharField()
    final = serializers.BooleanField(help_text="Nothing of it changes any more.")
    plans = StatementPlanSerializer(many=True)
    shares = StatementShareSerializer(many=True)
    adjustments = StatementAdjustmentSerializer(many=True)
    earned = MoneySerializer()
    corrections = MoneySerializer()
    owed = MoneySerializer(
        help_text="What corrections take away beyond what they add: recovered from later payments, not from this one."
    )
    other_owed = MoneySerializer(many=True, help_text="The same in further currencies.")
    total = MoneySerializer()
    target = MoneySerializer()
    other_currencies = MoneySerializer(many=True, help_text="Totals in further currencies.")
    paid_out = MoneySerializer(
        many=True,
        help_text="What payroll pays in a currency of its own in the place of the plan's; once locked.",
    )
    held = serializers.BooleanField()
    paid_at = serializers.DateTimeField(allow_null=True)


class StatementShow(ApiView):
    """A person's statement of a period."""

    tag = "statements"
    scopes = {"GET": READS}

    def parameters(self) -> list[str]:
        """Return the one it knows."""
        return ["calendar"]

    @extend_schema(
        operation_id="statement_show",
        responses={200: StatementSerializer},
        parameters=[
            by.id_in_address("key", "per"),
            OpenApiParameter(
                "calendar", str, description="The code of the period's calendar, where several have its code."
            ),
        ],
    )
    def get(self, request: Request, key: str, period: str) -> Response:
        """Show what is paid to a person in a period, as far as you may see it: `period` is an id or a code."""
        people = resource_named("people")
        pk = people.pk_of(key)
        person = None if pk is None else people.rows(viewer=self.viewer).filter(pk=pk).first()
        if person is None:
            raise NotFound(NOTHING)
        try:
            calendar = by.plain_text(self.said.get("calendar", ""))
            of = period_said(said=by.plain_text(period), calendar=calendar)
        except (Problem, ValueError) as error:
            raise NotFound(NOTHING) from error
        found = statement(person=person, period=of, viewer=self.viewer)
        if found is None:
            raise NotFound(NOTHING)
        return self.shown(_document(found))


def _document(said: Statement) -> dict[str, Any]:
    currency = said.currency
    return {
        "person_id": public_id("per", said.person.pk),
        "employee_id": said.person.employee_id,
        "name": said.name,
        "period_id": public_id("prd", said.period.pk),
        "period_code": said.period.code,
        "run_id": public_id("run", said.run.pk),
        "final": said.is_final,
        "plans": [_plan(each) for each in said.plans],
        "shares": _shares(said.shares),
        "adjustments": _adjustments(said.adjustments),
        **{
            name: money_shown(getattr(said, name), currency)
            for name in ("earned", "corrections", "owed", "total", "target")
        },
        "other_owed": [
            money_shown(amount, code) for code, amount in sorted(said.owes.items()) if code != currency
        ],
        "other_currencies": [money_shown(amount, code) for code, amount in sorted(said.others.items())],
        "paid_out": [money_shown(amount, code) for code, amount in sorted(said.paid_out.items())],
        "held": said.held is not None,
        "paid_at": moment_text(said.paid_at.at) if said.paid_at else None,
    }


def _plan(plan: StatementPlan) -> dict[str, Any]:
    payout = plan.payout
    return {
        "payout_id": public_id("pay", payout.pk),
        "plan": plan.name,
        "account": plan.account,
        "amount": money_shown(payout.amount, payout.currency),
        "lines": [_line(each, currency=payout.currency) for each in plan.lines],
    }


def _line(said: StatementLine, *, currency: str) -> dict[str, Any]:
    line = said.line
    figures: dict[str, Decimal | None] = {
        name: getattr(line, name) for name in ("target", "actual", "attainment", "payout_ratio", "weight")
    }
    return {
        "number": line.number,
        "kind": line.kind,
        "name": said.name,
        "leaf": line.leaf,
        "pay_element": line.pay_element,
        "metric": line.metric,
        "unit": said.unit,
        **{name: decimal_text(value) for name, value in figures.items()},
        "amount": money_shown(line.amount, currency),
    }


def _shares(shares: Iterable[Allocation]) -> list[dict[str, Any]]:
    return [
        {
            "allocation_id": public_id("alc", each.pk),
            "account": str(each.pool.account),
            "amount": money_shown(each.amount, each.pool.currency),
            "reason": each.reason,
        }
        for each in shares
    ]


def _adjustments(adjustments: Iterable[Adjustment]) -> list[dict[str, Any]]:
    return [
        {
            "adjustment_id": public_id("adj", each.pk),
            "kind": each.kind,
            "amount": money_shown(each.amount, each.currency),
            "reason": each.reason,
        }
        for each in adjustments
    ]
