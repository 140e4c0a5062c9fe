"""
The laws of evaluation: columns equal single rows, order changes nothing, nobody disturbs anybody.

Plans and results are drawn by hypothesis; figures worked by hand are in tests/golden.
"""

from __future__ import annotations

import json
import zlib
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamcomp.columns import EXACT, FAST
from kamcomp.trace import RecordingTrace
from payouts.engine.evaluation import Outcome, evaluate
from payouts.engine.kept import InputsNotSorted, in_order, inputs_from_bytes, inputs_to_bytes
from payouts.engine.payout_rows import payout_rows
from plans.engine.document import canonical_bytes, plan_from_document
from plans.engine.inputs import (
    Balances,
    Calendar,
    Inputs,
    Period,
    ResultKey,
    Results,
    Spans,
    Stated,
    Year,
    by_payee,
    payee_inputs,
    rows_of,
)
from plans.engine.plan import Plan
from tests.oracle import engine
from tests.oracle.drawing import drawn_sheet
from tests.oracle.plans import plan_document

D = Decimal
QUARTERS = Year(
    "2027",
    tuple(
        Period(f"Q{q}", date(2027, 3 * q - 2, 1), date(2027 + (q == 4), 3 * q % 12 + 1, 1))
        for q in (1, 2, 3, 4)
    ),
)
CURVE = {"points": [["0.85", "0.50"], ["1.00", "1.00"], ["1.10", "1.50"], ["1.20", "2.00"]]}


def plan_of(*weights: str, **extra: Any) -> Plan:
    goals = [
        {
            "kind": "goal",
            "code": f"G{i}",
            "weight": w,
            "level": "individual",
            "metric": f"M{i}",
            "curve": CURVE,
        }
        for i, w in enumerate(weights)
    ]
    goals = [goal | extra.pop(goal["code"], {}) for goal in goals]
    return plan_from_document(
        {
            "code": "T",
            "name": "Test",
            "type": "team_performance",
            "currency": "EUR",
            "effective": {"from": "2027-01-01", "to": "2027-12-31"},
            "period": "quarter",
            "incentive": {"children": goals} | extra,
        }
    )


def inputs_of(
    actuals: list[list[str | None]], *, targets: str = "100", payees: list[str] | None = None
) -> Inputs:
    """Return inputs of one quarter: `actuals[row][goal]`, everybody at 30,000 a year, present all year."""
    size = len(actuals)
    ids = tuple(f"S{i:03d}" for i in range(size))
    who = payees or [f"P{i:03d}" for i in range(size)]
    names = tuple(sorted(set(who)))

    def full(value: str) -> Any:
        return EXACT.full(size, value)

    def results(goal: int) -> Results:
        given = [row[goal] for row in actuals]
        return Results(
            subjects=ids,
            index=np.arange(size),
            numerator=EXACT.column([value or "0" for value in given]),
            state=np.array([0 if value is not None else 1 for value in given], dtype=np.int8),
            target=Stated(value=full(targets), state=np.zeros(size, dtype=np.int8)),
        )

    return Inputs(
        calendar=Calendar(years=(QUARTERS,), year=0, period=0),
        stints=ids,
        payees=names,
        payee=np.array([names.index(name) for name in who]),
        spans=Spans(
            row=np.arange(size),
            since=np.full(size, date(2027, 1, 1).toordinal()),
            until=np.full(size, date(2028, 1, 1).toordinal()),
            target_incentive=full("30000"),
            base_salary=full("0"),
            fte=full("1"),
            dedication=full("1"),
            on_leave=np.zeros(size, dtype=bool),
        ),
        results={
            ResultKey(f"M{g}", "period", "individual", ""): results(g)
            for g in range(len(actuals[0]) if actuals else 1)
        },
        balances=Balances(
            **{
                name: EXACT.zeros(len(names))
                for name in ("posted", "carried", "excess", "bank", "draw", "recoverable")
            }
        ),
    )


def paid(plan: Plan, inputs: Inputs, **extra: Any) -> Outcome:
    return evaluate(plan=plan, inputs=inputs, numbers=EXACT, **extra)


ACTUAL = st.integers(0, 1500).map(lambda n: str(D(n) / 10))
ROWS = st.lists(st.lists(ACTUAL, min_size=2, max_size=2), min_size=1, max_size=8)
PLAN = plan_of("0.6", "0.4", cap="1.40")


class TestEvaluate:
    @given(rows=ROWS)
    def test_gives_a_row_the_same_alone_with_a_trace(self, rows):
        inputs = inputs_of(rows)
        together = paid(PLAN, inputs)

        for i in range(len(rows)):
            alone = paid(PLAN, rows_of(inputs, np.array([i])), trace=RecordingTrace())
            assert alone.payout[0] == together.payout[i]
            for mine, theirs in zip(alone.earned, together.earned, strict=True):
                assert mine.amount[0] == theirs.amount[i]
                assert mine.weighted[0].as_tuple() == theirs.weighted[i].as_tuple()

    @given(rows=ROWS, data=st.data())
    def test_does_not_depend_on_the_order_of_rows(self, rows, data):
        inputs = inputs_of(rows)
        order = data.draw(st.permutations(range(len(rows))))
        shuffled = paid(PLAN, rows_of(inputs, np.array(order)))
        straight = paid(PLAN, inputs)

        assert dict(zip(shuffled.payees, shuffled.payout, strict=True)) == dict(
            zip(straight.payees, straight.payout, strict=True)
        )

    @given(rows=ROWS)
    def test_floats_agree_to_a_billionth_before_settling(self, rows):
        exact = paid(PLAN, inputs_of(rows))
        fast = evaluate(plan=PLAN, inputs=inputs_of(rows), numbers=FAST)

        for line, other in zip(exact.earned, fast.earned, strict=True):
            assert np.allclose(line.weighted.astype(float), other.weighted, rtol=1e-9, atol=1e-12)

    @given(rows=ROWS)
    def test_lines_sum_to_the_payout(self, rows):
        outcome = paid(PLAN, inputs_of(rows, payees=[f"P{i // 2}" for i in range(len(rows))]))

        for i in range(len(outcome.payees)):
            lines = sum(
                line.amount[row] for line in outcome.earned for row in np.flatnonzero(outcome.payee == i)
            )
            assert lines + sum(line.amount[i] for line in outcome.settlement) == outcome.payout[i]

    @settings(max_examples=30)
    @given(seed=st.integers(0, 10**6), data=st.data())
    def test_side_by_side_pays_each_payee_as_alone_and_keeps_the_same_bytes(self, seed, data):
        """Drawn companies whose rows and spans are mixed: what is gathered by payee is what each of them is alone."""
        rng = Random(seed)
        document = plan_document(rng)
        plan, sheet = plan_from_document(document), drawn_sheet(rng, document, payees=5)
        straight = engine.inputs(sheet)
        order = data.draw(st.permutations(range(straight.size)))
        mixed = rows_of(straight, np.array(order), payees_too=range(len(straight.payees)))

        gathered = by_payee(mixed)

        assert list(gathered.payee) == sorted(mixed.payee)
        assert inputs_to_bytes(plan=plan, inputs=in_order(gathered)) == inputs_to_bytes(
            plan=plan, inputs=in_order(mixed)
        )
        for payee in mixed.payees:
            mine, theirs = payee_inputs(gathered, payee), payee_inputs(mixed, payee)
            assert mine.stints == theirs.stints, "a payee's own rows keep their order"
        given_out = payout_rows(plan=plan, inputs=mixed, accounts={}, account_of=str)
        alone = [
            payout_rows(plan=plan, inputs=payee_inputs(mixed, payee), accounts={}, account_of=str)
            for payee in mixed.payees
        ]
        assert list(given_out.payees) == [row for each in alone for row in each.payees]
        assert set(given_out.problems) == {problem for each in alone for problem in each.problems}

    def test_pays_target_pay_when_all_is_at_target(self):
        outcome = paid(plan_of("0.3", "0.7"), inputs_of([["100", "100"]]))

        assert outcome.payout[0] == D("7500.00")

    def test_settles_a_person_with_two_stints_once(self):
        # Two stints each earn 3,750.0025: 7,500.005 together is 7,500.01, apart it would be 7,500.00.
        plan = plan_of("1", G0={"curve": {"points": [["0", "0"], ["2", "2"]]}})
        outcome = paid(plan, inputs_of([["50.0000333333333333"]] * 2, payees=["P", "P"]))

        assert outcome.payout[0] == D("7500.00")
        outcome = paid(plan, inputs_of([["50.00003334"]] * 2, payees=["P", "P"]))
        assert outcome.payout[0] == D("7500.01")
        assert sorted(line.amount[row] for line in outcome.earned for row in (0, 1)) == [
            D("3750.00"),
            D("3750.01"),
        ]


class TestMissing:
    def test_blocks_the_payee_by_name_and_nobody_else(self):
        outcome = paid(plan_of("0.6", "0.4"), inputs_of([["100", "100"], [None, "100"], ["120", "100"]]))

        assert list(outcome.blocked) == [False, True, False]
        assert [(p.row, p.node, p.code) for p in outcome.problems] == [(1, "G0", "result_missing")]
        assert list(outcome.payout[[0, 2]]) == [D("7500.00"), D("12000.00")]

    def test_blocks_a_zero_target_by_name(self):
        outcome = paid(plan_of("1"), inputs_of([["100"]], targets="0"))

        assert outcome.problems[0].code == "zero_target"

    @pytest.mark.parametrize(("policy", "payout"), [("neutral", "7500.00"), ("zero", "0.00")])
    def test_follows_the_named_policy(self, policy, payout):
        outcome = paid(plan_of("1", G0={"missing": policy}), inputs_of([[None]]))

        assert outcome.payout[0] == D(payout)
        assert not outcome.problems

    def test_blocks_carry_when_there_is_nothing_to_carry(self):
        outcome = paid(plan_of("1", G0={"missing": "carry"}), inputs_of([[None]]))

        assert "no earlier reading to carry" in outcome.problems[0].detail


class TestTrace:
    def test_ends_at_the_payout(self):
        trace = RecordingTrace()
        outcome = paid(PLAN, inputs_of([["104", "94"]]), trace=trace)
        tree = trace.tree()

        assert next(s for s in tree if s["name"] == "payout")["value"] == str(outcome.payout[0]) == "7800.00"
        assert '"94"' in json.dumps(tree)


class TestKeptInputs:
    @given(rows=ROWS, data=st.data())
    def test_are_the_same_bytes_whatever_the_order(self, rows, data):
        inputs = inputs_of(rows)
        order = data.draw(st.permutations(range(len(rows))))
        kept = inputs_to_bytes(plan=PLAN, inputs=inputs)

        assert inputs_to_bytes(plan=PLAN, inputs=in_order(rows_of(inputs, np.array(order)))) == kept
        plan, again = inputs_from_bytes(kept)
        assert list(paid(plan, again).payout) == list(paid(PLAN, inputs).payout)

    @given(rows=ROWS)
    def test_are_canonical_though_columns_are_written_by_themselves(self, rows):
        said = zlib.decompress(inputs_to_bytes(plan=PLAN, inputs=inputs_of(rows)))

        assert canonical_bytes(json.loads(said)) == said

    def test_refuses_rows_out_of_order(self):
        inputs = rows_of(inputs_of([["1", "1"], ["2", "2"]]), np.array([1, 0]))

        with pytest.raises(InputsNotSorted, match="stints"):
            inputs_to_bytes(plan=PLAN, inputs=inputs)
