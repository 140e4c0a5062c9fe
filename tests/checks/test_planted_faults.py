"""Plans each broken in one way that its name says: every break is found; six sound plans are not blocked."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from payouts.demo.deals import DEALS
from plans.checks.changes import Change, Fix, fix_applied
from plans.checks.facts import Facts
from plans.checks.picture import picture_of
from plans.checks.registry import Report, checked
from plans.engine.codec import read
from tests.checks.sound import ABSENT, COMMISSION, facts

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
SOUND = {
    "growth": DEALS["GAG"](year=2026),
    "portfolio": DEALS["SEG"](year=2026),
    "renewal": DEALS["REN"](year=2026),
    "first quarter": json.loads((EXAMPLES / "first-quarter/plan.json").read_text(encoding="utf-8")),
    "commission": json.loads((EXAMPLES / "adventureworks/plans/commission.json").read_text(encoding="utf-8")),
    "quota": json.loads((EXAMPLES / "adventureworks/plans/team.json").read_text(encoding="utf-8")),
}
ROOT = "/plan/incentive"
REV, SAT = f"{ROOT}/children/0/children/0", f"{ROOT}/children/0/children/2"
OWN = f"{ROOT}/children/1"
GATE = {"metric": "M04", "reads": "attainment", "at_least": "0.90", "otherwise": "zero"}
KAM = "/facts/people/0"

Fault = tuple[str, str, str, dict[str, Any]]
FAULTS: list[Fault] = [
    ("base pay is 60 % of target pay", "growth", "L01", {"/plan/pay/base_share": "0.60"}),
    ("five in a hundred are at risk", "growth", "L02", {"/plan/pay/base_share": "0.95"}),
    ("the best would earn less than target", "growth", "L08", {f"{ROOT}/cap": "0.90"}),
    ("seven measures", "quota", "L09", {
        "/plan/commissions": [{**COMMISSION, "code": f"C{i}"} for i in range(5)]}),
    ("a measure of five in a hundred", "renewal", "L10", {
        f"{ROOT}/children/0/weight": "0.60", f"{ROOT}/children/3/weight": "0.05"}),
    ("weights that sum to 95 %", "growth", "L11", {f"{SAT}/weight": "0.15"}),
    ("one measure of 80 %", "first quarter", "L12", {
        f"{REV}/weight": "0.80", f"{ROOT}/children/0/children/1/weight": "0.20"}),
    ("nothing for the customer", "renewal", "L13", {
        **{f"{ROOT}/children/{i}/metric": "M04" for i in range(4)},
        **{f"/facts/accounts/0/members/{i}/measures": {"M04": "1"} for i in range(4)}}),
    ("revenue of the whole region", "growth", "L15", {f"{REV}/level": "region"}),
    ("a metric nobody computes", "first quarter", "L16", {f"{REV}/metric": "X99"}),
    ("an objective nobody is paid for", "portfolio", "L17", {
        "/facts/accounts/0/objectives/0/statement": "Win the second plant"}),
    ("individual targets of 80 %", "growth", "L18", {"/facts/accounts/0/cascade/0/individuals": "800000"}),
    ("revenue whatever it costs", "first quarter", "L19", {
        f"{ROOT}/children/0/children/1/metric": "M06",
        **{f"/facts/accounts/0/members/{i}/measures": {"M06": "1"} for i in range(4)}}),
    ("growth beside the same revenue", "first quarter", "L22", {f"{ROOT}/children/0/children/1/metric": "M02"}),
    ("pay that rises with churn", "renewal", "L23", {f"{ROOT}/children/2/metric": "M12"}),
    ("a third on judgement", "growth", "L26", {f"{REV}/weight": "0.20", f"{ROOT}/children/0/weight": "0.65",
                                              f"{OWN}/weight": "0.35"}),
    ("half pay below the threshold too", "growth", "L34", {f"{REV}/curve/below": "first"}),
    ("nine tenths at the threshold", "growth", "L35", {f"{REV}/curve/points/0": ["0.85", "0", "0.90"]}),
    ("a target that pays 90 %", "growth", "L36", {f"{REV}/curve/points/1": ["1.00", "0.90"]}),
    ("more result, less pay", "growth", "L36", {f"{REV}/curve/points/2": ["1.20", "0.80"]}),
    ("a tier for the whole amount", "commission", "L37", {
        "/plan/commissions/0/reading": "whole_amount",
        "/plan/commissions/0/tiers": [{"from": "0", "rate": "0.01"}, {"from": "1500000", "rate": "0.015"}]}),
    ("four gates", "growth", "L39", {f"{ROOT}/gate": GATE, f"{SAT}/gate": GATE, f"{OWN}/gate": GATE}),
    ("pay that the company's margin can close", "growth", "L40", {f"{ROOT}/gate": {**GATE, "level": "company"}}),
    ("supporters without a pool", "growth", "L46", {"/plan/pool": None}),
    ("a manager in the own pool", "growth", "L48", {"/facts/accounts/0/members/0/pool_eligible": True}),
    ("a representative who loses", "growth", "L51", {"/facts/evidence/rep_changes/rep-1": "-310.00"}),
    ("cost up, profit down", "growth", "L58", {
        "/facts/cost/after": {"cost": "690000", "revenue": "12200000", "profit": "2975000"}}),
    ("a plan over its budget", "growth", "L59", {"/facts/cost/budget": "600000"}),
    ("published in February", "growth", "L65", {"/facts/version/published_on": "2026-02-10"}),
    ("never replayed", "growth", "L68", {"/facts/evidence/replayed_periods": 0}),
    ("approved by who made it", "growth", "L70", {"/facts/version/approved_by": "maren"}),
    ("no strategy", "portfolio", "L72", {"/plan/strategy": ""}),
    ("renewal to grow", "renewal", "L56", {"/plan/strategy": "grow"}),
    ("a portfolio of nothing", "portfolio", "L56", {f"{ROOT}/children/{i}/segment": ABSENT for i in range(3)}),
    ("thrice the points above target", "growth", "L80", {f"{REV}/curve/points/2": ["1.20", "1.90"]}),
    ("no French in France", "growth", "E11", {f"{KAM}/place": "FR", "/facts/version/languages": ["en"]}),
]  # fmt: skip


def report_of(plan: dict[str, Any], changes: dict[str, Any]) -> Report:
    beside = {**facts(), "metrics_known": False}
    beside["version"] = {
        **beside["version"],
        "published_on": "2025-12-09",
        "frozen_on": "2025-10-01",
        "paid_until": None,
    }
    made = tuple(
        Change(at=at, taken=True) if value is ABSENT else Change(at=at, value=copy.deepcopy(value))
        for at, value in changes.items()
    )
    whole = fix_applied(document={"plan": plan, "facts": beside}, fix=Fix(words="", changes=made))
    return checked(picture=picture_of(document=whole["plan"], facts=read(Facts, whole["facts"])))


class TestPlantedFaults:
    @pytest.mark.parametrize(("name", "plan", "rule", "changes"), FAULTS, ids=[fault[0] for fault in FAULTS])
    def test_is_found(self, name, plan, rule, changes):
        before, after = report_of(SOUND[plan], {}), report_of(SOUND[plan], changes)

        new = {found.message for found in after.of(rule)} - {found.message for found in before.of(rule)}

        assert new, f"{name}: {rule} says nothing new"

    def test_are_at_least_thirty(self):
        assert len(FAULTS) >= 30
        assert len({rule for _, _, rule, _ in FAULTS}) >= 30


class TestSoundPlans:
    @pytest.mark.parametrize("name", SOUND)
    def test_are_not_blocked(self, name):
        alone = checked(picture=picture_of(document=SOUND[name]))
        with_facts = report_of(SOUND[name], {})

        assert [found.rule for found in alone.blocks] == []
        assert [found.rule for found in with_facts.blocks] == []
