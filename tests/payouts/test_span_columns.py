"""Spans of a chunk's stints made a column at a time: what cutting each stint by itself gives."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from payouts.selectors.inputs.people import (
    Job,
    PeopleFacts,
    Promise,
    Stretch,
    _cut_columns,
    _plain_columns,
)
from payouts.selectors.inputs.reads import plan_of, plan_reads
from payouts.selectors.inputs.rows import Conversion, Problems, StintRow
from scorecards.engine.rates import Rates
from tests.payouts.crowd import CURVE, document

D = Decimal
Q3 = (date(2026, 7, 1), date(2026, 10, 1))
GOAL = {"code": "REV", "weight": "1", "kind": "goal", "metric": "M01", "curve": CURVE}
READS = plan_reads(plan_of(document(incentive={"weight": "1", "children": [GOAL]})))


def stint(employee: str, share: str) -> StintRow:
    return StintRow(
        f"A/{employee}",
        employee,
        f"person {employee}",
        employee,
        None,
        "A",
        None,
        "",
        Q3[0],
        Q3[1],
        D(share),
        {},
    )


def facts_of(stints: list[StintRow]) -> PeopleFacts:
    job, always = Job(D("0.8000"), on_leave=False, working=True), (date.min, date.max)
    return PeopleFacts(
        jobs={each.person_id: [Stretch(*always, job)] for each in stints},
        promises={
            each.person_id: [Stretch(*always, Promise(D("20000.10") + number, D("60000"), "EUR"))]
            for number, each in enumerate(stints)
        },
        dedications={},
    )


def conversion_of(stints: list[StintRow]) -> Conversion:
    return Conversion(currency="EUR", rates=Rates(), stints=stints, problems=Problems())


def spans_of(stints: list[StintRow], facts: PeopleFacts, *, by_column: bool = True) -> list[Any]:
    made = _plain_columns(stints, facts, READS, conversion_of(stints)) if by_column else None
    return made or _cut_columns(stints, facts, READS, conversion_of(stints))


class TestSpans:
    """Where nothing changes for anybody the spans of a chunk are made a column at a time."""

    def test_are_what_cutting_each_stint_gives(self):
        stints = [stint("E1", "0.4"), stint("E2", "1"), stint("E3", "0.333")]
        whole, cut = spans_of(stints, facts_of(stints)), spans_of(stints, facts_of(stints), by_column=False)

        assert [len(column) for column in whole] == [3] * 8
        assert [list(map(str, column)) for column in whole] == [list(map(str, column)) for column in cut]

    @pytest.mark.parametrize("begins", [date(2026, 7, 2), date(2026, 9, 30)])
    def test_are_cut_where_a_job_begins_inside(self, begins):
        stints = [stint("E1", "1"), stint("E2", "1")]
        facts = facts_of(stints)
        ((_begins, ends, job),) = facts.jobs["person E2"]
        facts.jobs["person E2"] = [Stretch(begins, ends, job)]

        assert _plain_columns(stints, facts, READS, conversion_of(stints)) is None
        assert spans_of(stints, facts)[1] == (stints[0].since.toordinal(), begins.toordinal())
