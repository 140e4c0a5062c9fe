"""Payouts, the lines that explain them, the trace behind, and what happened to them after the lock."""

from rest_framework import serializers

from kamcomp.api import filters as by
from kamcomp.api.acts import Asked, Part
from kamcomp.api.fields import choice, moment, money, ratio, ref, text, whole
from kamcomp.api.resources import Expand, Resource, Rows, register
from kamcomp.visibility import visible
from payouts.api.case_acts import PAYOUT_ACTS
from payouts.choices import LineKind, PayElement, PayoutEventKind, RunStatus
from payouts.models import Payout, PayoutEvent, PayoutLine
from payouts.selectors.rederived import payout_explain


class TraceSerializer(serializers.Serializer):
    """Every step from the inputs to the amount, derived again from what the run kept."""

    equal = serializers.BooleanField(help_text="What was derived is exactly what is stored.")
    steps = serializers.ListField(child=serializers.DictField())


def _trace(asked: Asked) -> dict[str, object]:
    payout: Payout = asked.row
    whole_payout = payout.lines.count()
    if visible(PayoutLine.objects.filter(payout=payout), to=asked.viewer).count() != whole_payout:
        raise LookupError("A trace shows every line.")
    explanation = payout_explain(payout=payout)
    return {"equal": explanation.equal, "steps": explanation.steps}


def current(rows: Rows) -> Rows:
    """Return the rows of current runs: what an earlier run of the same period said is superseded."""
    return rows.filter(run__is_current=True)


PAYOUTS = Resource(
    name="payouts",
    noun="payout",
    prefix="pay",
    model=Payout,
    about="One person, plan and period of a run, settled once. Those of runs that were superseded are left out.",
    fields=(
        ref("id", "pay", "pk"),
        ref("run_id", "run"),
        ref("period_id", "prd"),
        text("period_code", "period__code"),
        ref("person_id", "per"),
        text("employee_id", "person__employee_id"),
        ref("version_id", "ver", "plan_version_id"),
        money("amount", about="What this period pays."),
        money("due", about="The settled amount to date."),
        money("posted_before", about="What had been posted before."),
        money("carried", about="A negative rest that a later period takes up."),
        money("target_incentive"),
        choice("run_status", RunStatus, "run__status"),
        text("input_digest"),
    ),
    filters=(
        by.by_id("period", "prd", "period_id", code="period__code"),
        by.by_id("run", "run", "run_id"),
        by.by_id("person", "per", "person_id", code="person__employee_id"),
        by.by_id("plan", "pln", "plan_version__plan_id", code="plan_version__plan__code"),
        by.by_choice("run_status", RunStatus, "run__status"),
        by.by_text("currency"),
    ),
    orders={"amount": "amount", "employee_id": "person__employee_id"},
    narrowed=current,
    changed="run__finished_at",
    total="amount",
    expands=(
        Expand(name="person", resource="people", source="person_id"),
        Expand(name="lines", resource="payout-lines", many="payout_id"),
        Expand(name="period", resource="periods", source="period_id"),
    ),
    acts=PAYOUT_ACTS,
    parts=(
        Part(
            name="trace",
            noun="payout_trace",
            about="The trace of a payout. Every step with value, unit and reason, computed again from what was kept.",
            shown=_trace,
            body=TraceSerializer,
            scope="traces:read",
        ),
    ),
)
LINES = Resource(
    name="payout-lines",
    noun="payout_line",
    scope="payouts",
    model=PayoutLine,
    about="The lines that explain payouts; those of a payout sum to its amount.",
    fields=(
        ref("payout_id", "pay"),
        whole("number"),
        ref("period_id", "prd"),
        choice("kind", LineKind),
        text("leaf", about="The plan's leaf, or the rule."),
        choice("pay_element", PayElement),
        ref("account_id", "acc"),
        text("metric"),
        ratio("target", about="In the metric's unit."),
        ratio("actual", about="In the metric's unit."),
        ratio("attainment"),
        ratio("payout_ratio"),
        ratio("weight"),
        money("amount", currency="payout__currency"),
    ),
    filters=(
        by.by_id("payout", "pay", "payout_id"),
        by.by_id("period", "prd", "period_id"),
        by.by_id("run", "run", "payout__run_id"),
        by.by_id("account", "acc", "account_id"),
        by.by_text("metric"),
    ),
    order=("payout_id", "number"),
    part_of="payout_id",
    total="amount",
)
EVENTS = Resource(
    name="payout-events",
    noun="payout_event",
    prefix="evt",
    scope="payouts",
    model=PayoutEvent,
    about="What happened to a payout after the lock: held, released, exported, paid, disputed.",
    fields=(
        ref("id", "evt", "pk"),
        choice("kind", PayoutEventKind),
        ref("payout_id", "pay"),
        ref("allocation_id", "alc"),
        ref("adjustment_id", "adj"),
        moment("at"),
        text("reason"),
        text("reference"),
    ),
    filters=(by.by_choice("kind", PayoutEventKind), by.by_id("payout", "pay", "payout_id")),
    orders={"at": "at"},
    changed="at",
)

register(PAYOUTS, LINES, EVENTS)
