"""The result of a node that a pool reads: a branch over its weight, its own rules counted; and refusals."""

from decimal import Decimal

import pytest

from kamcomp.money import CONTEXT
from payouts.engine.team_result import TeamResultUnknown, node_ratios
from plans.engine.document import plan_from_document
from tests.engine.test_evaluation import inputs_of

D = Decimal
STRAIGHT = {"points": [["0.10", "0.10"], ["1.24", "1.24"]]}


def plan(**team):
    def goal(number, weight):
        return {
            "kind": "goal",
            "code": f"G{number}",
            "weight": weight,
            "metric": f"M{number}",
            "curve": STRAIGHT,
        }

    children = [goal(0, "0.40"), goal(1, "0.25"), goal(2, "0.20")]
    branch = {"code": "TEAM", "weight": "0.85", "level": "individual", "children": children, **team}
    alone = {**goal(3, "0.15"), "level": "individual"}
    return plan_from_document(
        {
            "format": "kamcomp.plan/1",
            "code": "T",
            "name": "Test",
            "type": "team_performance",
            "currency": "EUR",
            "effective": {"from": "2027-01-01", "to": "2027-12-31"},
            "period": "quarter",
            "incentive": {"children": [branch, alone]},
        }
    )


class TestNodeRatios:
    def test_are_the_weighted_children_over_the_branchs_weight(self):
        inputs = inputs_of([["124.0", "85.0", "112.0", "50"]])

        ratios = node_ratios(plan=plan(), inputs=inputs, nodes=["TEAM", ""])

        assert ratios["TEAM"] == CONTEXT.divide(D("0.9325"), D("0.85"))
        assert ratios[""] == D("0.9325") + D("0.15") * D("0.5")

    def test_count_what_the_branchs_own_rules_changed(self):
        inputs = inputs_of([["124.0", "85.0", "112.0", "50"]])

        assert node_ratios(plan=plan(cap="1.05"), inputs=inputs, nodes=["TEAM"])["TEAM"] == D("1.05")

    def test_do_not_need_what_other_nodes_lack(self):
        inputs = inputs_of([["100", "100", "100", None]])

        assert node_ratios(plan=plan(), inputs=inputs, nodes=["TEAM"])["TEAM"] == 1

    def test_refuse_a_team_whose_result_is_missing(self):
        inputs = inputs_of([["100", None, "100", "100"]])

        with pytest.raises(TeamResultUnknown, match="The team result of TEAM is not known"):
            node_ratios(plan=plan(), inputs=inputs, nodes=["TEAM"])
