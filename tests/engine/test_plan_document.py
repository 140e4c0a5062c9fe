"""The plan document: written out in full, read back the same, refused with a place and a reason."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from payouts.engine.case import case_schema
from plans.engine.codec import DocumentInvalid
from plans.engine.conventions import PlanType
from plans.engine.document import plan_digest, plan_document, plan_from_document, plan_schema
from plans.engine.horizon import horizon_months, is_long_term
from plans.engine.needs import parameters_needed, plan_nodes, ratings_needed, results_needed
from plans.templates_library import plan_template
from scorecards.engine.library import LIBRARY

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT: dict[str, Any] = {
    "format": "kamcomp.plan/1",
    "code": "GROWTH", "name": "Growth", "type": "team_performance", "strategy": "grow", "currency": "EUR",
    "effective": {"from": "2027-01-01", "to": "2027-12-31"}, "period": "quarter",
    "pay": {"base_share": "0.80", "elements": ["base", "bonus"]},
    "proration": {"basis": "calendar_days", "of": ["incentive", "target"], "leave": "prorate"},
    "rounding": {"mode": "half_up"},
    "incentive": {
        "weight": "1.00",
        "cap": "2.00",
        "children": [
            {"code": "TEAM", "weight": "0.85", "level": "team", "accumulation": "year_to_date", "children": [
                {"code": "REV", "weight": "0.40", "kind": "goal", "metric": "M01", "legal_type": "goal_bonus",
                 "curve": {"shape": "linear", "points": [["0.80", "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.60"]]},
                 "gate": {"metric": "M03", "at_least": "0.28", "otherwise": {"limit": "1.00"}}},
                {"code": "MAR", "weight": "0.45", "kind": "goal", "metric": "M04", "curve": {"points": [["1", "1"]]}},
            ]},
            {"code": "OBJ", "weight": "0.15", "level": "individual", "kind": "objectives",
             "items": [{"code": "A", "weight": "0.6"}, {"code": "B", "weight": "0.4"}]},
        ],
    },
    "commissions": [
        {"kind": "commission", "code": "COM", "tiers": [{"from": "0", "to": "100", "rate": {"parameter": "rate"}},
                                                        {"from": "100", "rate": "0.02"}]},
    ],
    "pool": {"funding": {"rule": "targets_times_result", "node": "TEAM"}, "bounds": ["0.50", "1.50"]},
    "payment": {"clawback": {"months": 12, "per_payout_at_most": "0.25"}},
}  # fmt: skip
REV = ("incentive", "children", 0, "children", 0)


def changed(*path: str | int, to: Any = None, gone: bool = False) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    if gone:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return document


class TestPlanDocument:
    def test_shows_every_default_and_reads_back_the_same(self):
        plan = plan_from_document(DOCUMENT)
        full = plan_document(plan)

        assert full["proration"]["partial_month"] == "counts_from_half"
        assert full["commissions"][0]["reading"] == "marginal"
        assert plan_from_document(full) == plan
        assert plan_document(plan_from_document(json.loads(json.dumps(full)))) == full

    def test_keeps_the_digits_as_written(self):
        full = plan_document(plan_from_document(DOCUMENT))

        assert full["incentive"]["cap"] == "2.00"
        assert full["incentive"]["children"][0]["children"][0]["curve"]["points"][0] == ["0.80", "0", "0.50"]

    def test_hands_down_what_a_branch_says(self):
        nodes = dict(plan_nodes(plan_from_document(DOCUMENT)))

        assert (nodes["REV"].level, nodes["REV"].accumulation, nodes["REV"].gate.level) == (
            "team",
            "year_to_date",
            "team",
        )
        assert (nodes["OBJ"].level, nodes["OBJ"].accumulation) == ("individual", "period")

    def test_has_one_digest_however_the_defaults_were_written(self):
        full = plan_document(plan_from_document(DOCUMENT))

        assert plan_digest(plan_from_document(full)) == plan_digest(plan_from_document(DOCUMENT))
        assert plan_digest(plan_from_document(changed("name", to="Other"))) != plan_digest(
            plan_from_document(DOCUMENT)
        )

    @pytest.mark.parametrize(
        ("document", "pointer", "code"),
        [
            (changed("code", gone=True), "/code", "missing"),
            (changed("colour", to="red"), "/colour", "unknown_field"),
            (changed("currency", to="EUO"), "/currency", "currency_unknown"),
            (changed("effective", "to", to="2026-12-31"), "/effective/to", "ends_before_start"),
            (changed("effective", "to", to="2027-02-30"), "/effective/to", "invalid"),
            (changed(*REV, "metric", gone=True), "/incentive/children/0/children/0/metric", "missing"),
            (changed(*REV, "weight", to=0.4), "/incentive/children/0/children/0/weight", "wrong_type"),
            (changed(*REV, "weight", to="0.4O"), "/incentive/children/0/children/0/weight", "not_a_number"),
            (changed(*REV, "weight", to="0.41"), "/incentive/children/0/children", "weights_sum"),
            (changed(*REV, "weight", to="-0.4"), "/incentive/children/0/children", "weights_sum"),
            (changed(*REV, "code", to="MAR"), "/incentive/children/0/children/1/code", "code_not_unique"),
            (changed(*REV, "curve", "points", to=[["1", "1"], ["1", "2"]]),
             "/incentive/children/0/children/0/curve/points/1", "curve_not_increasing"),
            (changed(*REV, "curve", "points", to=[]), "/incentive/children/0/children/0/curve/points", "curve_empty"),
            (changed(*REV, "gate", "more_than", to="1"), "/incentive/children/0/children/0/gate", "gate_condition"),
            (changed("incentive", "children", 1, "items", 0, "weight", to="0.5"),
             "/incentive/children/1/items", "weights_sum"),
            (changed("incentive", "children", 1, "interim_cap", to="1"), "/incentive/children/1/interim_cap",
             "interim_cap_unused"),
            (changed("commissions", 0, "tiers", 0, "to", to="90"), "/commissions/0/tiers/1/from", "tiers_gap"),
            (changed("commissions", 0, "tiers", 0, "to", to="110"), "/commissions/0/tiers/1/from", "tiers_overlap"),
            (changed("commissions", 0, "tiers", 1, "to", to="200"), "/commissions/0/tiers/1/to", "tiers_gap"),
            (changed("commissions", 0, "reading", to="sliding"), "/commissions/0/reading", "not_a_choice"),
            (changed("commissions", 0, "rates", to=[{"product": "P", "tiers": []}, {"product": "P", "tiers": []}]),
             "/commissions/0/rates/1", "rates_tie"),
            (changed("commissions", 0, "earned_on", to=[{"event": "booking", "share": "0.9"}]),
             "/commissions/0/earned_on", "weights_sum"),
            (changed("commissions", 0, "axis", to="attainment"), "/commissions/0/axis_reading", "axis_reading"),
            (changed("target_incentive", to={"spread": "weights", "weights": ["0.2", "0.2", "0.2", "0.3"]}),
             "/target_incentive/weights", "weights_sum"),
            (changed("pool", "funding", "node", to="NOWHERE"), "/pool/funding/node", "node_unknown"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )  # fmt: skip
    def test_is_refused_with_the_place_and_the_reason(self, document, pointer, code):
        with pytest.raises(DocumentInvalid) as refused:
            plan_from_document(document)

        assert (pointer, code) in [(error.pointer, error.code) for error in refused.value.errors]

    def test_gathers_every_error(self):
        document = changed(*REV, "weight", to="0.41")
        document["commissions"][0]["tiers"][1]["to"] = "200"

        with pytest.raises(DocumentInvalid) as refused:
            plan_from_document(document)
        assert len(refused.value.errors) == 2

    @pytest.mark.parametrize("nothing", [None, [], "plan", 3, {}])
    def test_refuses_what_is_no_document(self, nothing):
        with pytest.raises(DocumentInvalid):
            plan_from_document(nothing)


class TestSchemas:
    @pytest.mark.parametrize(("name", "schema"), [("plan", plan_schema), ("case", case_schema)])
    def test_published_files_are_those_of_the_records(self, name, schema):
        published = json.loads((ROOT / "plans" / "schema" / f"{name}.json").read_text())

        assert published == schema(), "run manage.py schemas and commit the files"


class TestNeeds:
    def test_names_what_the_plan_reads(self):
        plan = plan_from_document(DOCUMENT)

        assert [
            (need.key.metric, need.key.window, need.key.level, need.node) for need in results_needed(plan)
        ] == [
            ("M01", "year_to_date", "team", "REV"),
            ("M03", "year_to_date", "team", "REV"),
            ("M04", "year_to_date", "team", "MAR"),
        ]
        assert parameters_needed(plan) == ("rate",)
        assert ratings_needed(plan) == (("OBJ", "A"), ("OBJ", "B"))


class TestHorizon:
    def test_follows_from_measurement_and_payment(self):
        plan = plan_from_document(DOCUMENT)
        nodes = dict(plan_nodes(plan))
        held = plan_from_document(changed("payment", to={"holdback": {"share": "0.2", "periods": 4}}))

        assert horizon_months(plan=plan, node=nodes["REV"]) == 12
        assert horizon_months(plan=plan, node=nodes["OBJ"]) == 3
        assert not is_long_term(plan=plan, node=nodes["REV"])
        assert is_long_term(plan=held, node=nodes["REV"])


class TestPlanTemplate:
    @pytest.mark.parametrize("plan_type", list(PlanType))
    def test_is_a_sound_plan_of_its_type(self, plan_type):
        plan = plan_from_document(plan_template(plan_type=plan_type))

        assert plan.type is plan_type
        assert {need.key.metric for need in results_needed(plan)} <= set(LIBRARY)
