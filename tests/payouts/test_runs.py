"""A run from its request to its end, on real rows."""

from decimal import Decimal

import pytest

from payouts.choices import RunStatus
from payouts.models import Payout, Run
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from tests.payouts.crowd import AT, crowd

D = Decimal


def run_of(made, settings=None, **changes) -> Run:
    if settings is not None:
        for name, value in changes.items():
            setattr(settings, name, value)
    run = run_request(period=made.period, by=made.users["maren"], at=AT)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    return run


@pytest.mark.django_db(transaction=True)
class TestRun:
    def test_pays_what_the_plan_says(self):
        made = crowd(3)

        run = run_of(made)

        assert (run.status, run.error) == (RunStatus.CALCULATED, "")
        # E00001: target 20,000.02 a year, 5,000.005 a quarter.
        # SALES 1.037123 -> 1.074246; OWN 30/40 = 0.75 -> 0; SAT 83/97/0.85 = 1.006670... -> 1.013341...
        first = Payout.objects.get(run=run, person__employee_id="E00001")
        expected = D("5000.005") * (
            D("0.60") * D("1.074246") + D("0.15") * (1 + 2 * (D(83) / D(97) / D("0.85") - 1))
        )
        assert first.amount == expected.quantize(D("0.01"))
        assert first.amount == sum(line.amount for line in first.lines.all())
        assert {line.leaf for line in first.lines.all()} == {"SALES", "OWN", "SAT"}
        assert run.people == 3
        assert run.totals == {"EUR": f"{sum(p.amount for p in Payout.objects.filter(run=run)):f}"}
