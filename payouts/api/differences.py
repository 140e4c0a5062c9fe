"""The difference between two runs, by person and line, each with its reason: what the console of a run shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from kamcomp.api.fields import MoneySerializer, money_shown
from kamcomp.api.filters import flag_said, id_in_address
from kamcomp.api.problems import Problem, parameter_problem
from kamcomp.api.resources import resource_named
from kamcomp.api.views import NOTHING, ApiView
from payouts.models import Run
from payouts.services.diff import AT_ONCE, LineChange, PayoutChange, runs_diff, totals_of
from payouts.visibility import BOOKS


class LineChangeSerializer(serializers.Serializer):
    """A line that differs; an amount is null in the run that has no such line."""

    leaf = serializers.CharField()
    account = serializers.CharField(allow_blank=True)
    old = MoneySerializer(allow_null=True)
    new = MoneySerializer(allow_null=True)


class PayoutChangeSerializer(serializers.Serializer):
    """A person's payout that differs, and why."""

    employee_id = serializers.CharField()
    plan = serializers.CharField()
    old = MoneySerializer(allow_null=True)
    new = MoneySerializer(allow_null=True)
    difference = MoneySerializer()
    lines = LineChangeSerializer(many=True)
    reasons = serializers.ListField(child=serializers.CharField())


class RunDiffSerializer(serializers.Serializer):
    """Everything that differs between two runs of a period."""

    old_run_id = serializers.CharField()
    new_run_id = serializers.CharField()
    totals = MoneySerializer(many=True)
    changes = PayoutChangeSerializer(many=True)


class RunDiffShow(ApiView):
    """What differs between two runs."""

    tag = "run-diffs"
    scopes = {"GET": "runs:read"}

    def parameters(self) -> list[str]:
        """Return the one it knows."""
        return ["large"]

    @extend_schema(
        operation_id="run_diff_show",
        responses={200: RunDiffSerializer},
        parameters=[
            *(id_in_address(name, "run") for name in ("old", "new")),
            OpenApiParameter(
                "large", bool, description=f"true: compare runs of more than {AT_ONCE:,} people too."
            ),
        ],
    )
    def get(self, request: Request, old: str, new: str) -> Response:
        """Show every payout that differs between two runs of a period, its lines, and why; for who sees the books."""
        if not self.viewer.holds(*BOOKS):
            raise NotFound(NOTHING)
        runs = [self._run(name) for name in (old, new)]
        if runs[0].period_id != runs[1].period_id:
            raise NotFound(NOTHING)
        self._size_check(max(run.people for run in runs))
        changes = list(runs_diff(old=runs[0], new=runs[1]))
        return self.shown(
            {
                "old_run_id": old,
                "new_run_id": new,
                "totals": [money_shown(each, code) for code, each in sorted(totals_of(changes).items())],
                "changes": [_change(each) for each in changes],
            }
        )

    def _size_check(self, people: int) -> None:
        """
        Refuse runs of many people unless they are asked for: each person that differs is explained from their inputs.

        :raises Problem: 422 if `large` does not say true.
        """
        try:
            large = flag_said(self.said.get("large", "false"))
        except ValueError as error:
            raise parameter_problem(name="large", detail=f"large: {error}") from error
        if people > AT_ONCE and not large:
            raise Problem(
                422,
                code="run_diff_large",
                detail=f"The runs have {people:,} people: say large=true, and wait for the answer.",
            )

    def _run(self, name: str) -> Run:
        runs = resource_named("runs")
        pk = runs.pk_of(name)
        run: Run | None = None if pk is None else runs.rows(viewer=self.viewer).filter(pk=pk).first()
        if run is None or not run.result_digest:
            raise NotFound(NOTHING)
        return run


def _change(change: PayoutChange) -> dict[str, Any]:
    currency = change.currency
    return {
        "employee_id": change.employee_id,
        "plan": change.plan,
        "old": money_shown(change.old, currency),
        "new": money_shown(change.new, currency),
        "difference": money_shown(change.difference, currency),
        "lines": _lines(change.lines, currency=currency),
        "reasons": [str(reason) for reason in change.reasons],
    }


def _lines(lines: Iterable[LineChange], *, currency: str) -> list[dict[str, Any]]:
    return [
        {
            "leaf": each.leaf,
            "account": each.account,
            "old": money_shown(each.old, currency),
            "new": money_shown(each.new, currency),
        }
        for each in lines
    ]
