"""A plan and the facts beside it that no rule has anything to say of; cases change one field of it."""

import copy
from typing import Any

from plans.checks.changes import Change, Fix, fix_applied
from plans.checks.facts import Facts
from plans.checks.picture import Picture, picture_of
from plans.engine.codec import read

ABSENT = object()


def plan() -> dict[str, Any]:
    """Return a sound plan document, as somebody would write it."""
    return {
        "format": "kamcomp.plan/1",
        "code": "SOUND",
        "name": "A sound plan",
        "type": "team_performance",
        "strategy": "grow",
        "currency": "EUR",
        "effective": {"from": "2027-01-01", "to": "2027-12-31"},
        "period": "quarter",
        "pay": {"base_share": "0.80", "elements": ["base", "bonus"]},
        "proration": {"of": ["incentive", "target"]},
        "incentive": {
            "gate": {
                "metric": "M04",
                "reads": "attainment",
                "at_least": "0.90",
                "otherwise": {"limit": "1.00"},
            },
            "children": [
                {
                    "code": "TEAM",
                    "weight": "0.70",
                    "level": "team",
                    "children": [
                        {
                            "code": "REV",
                            "name": "Account revenue",
                            "kind": "goal",
                            "weight": "0.40",
                            "metric": "M01",
                            "accumulation": "year_to_date",
                            "objective": "O-GROW",
                            "behaviour": "Grow the account",
                            "curve": {
                                "points": [["0.80", "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.50"]],
                                "above": "extend",
                            },
                        },
                        {
                            "code": "SAT",
                            "name": "Satisfaction",
                            "kind": "goal",
                            "weight": "0.30",
                            "metric": "M06",
                            "objective": "O-SERVE",
                            "behaviour": "Keep promises",
                            "curve": {"points": [["0.90", "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.50"]]},
                        },
                    ],
                },
                {
                    "code": "OBJ",
                    "name": "Objectives",
                    "kind": "objectives",
                    "weight": "0.30",
                    "level": "individual",
                    "objective": "O-PLANT",
                    "items": [
                        {"code": "O-PLANT", "weight": "0.50", "statement": "Open the second plant"},
                        {"code": "O-BOARD", "weight": "0.50", "statement": "Agree the plan with the board"},
                    ],
                },
            ],
            "cap": "2.00",
        },
        "commissions": [],
        "pool": {"funding": {"rule": "targets_times_result", "node": "TEAM"}, "reason_beyond": "0.20"},
        "payment": {
            "deferral": {"share": "0.20", "pay_one_in": 3},
            "clawback": {"months": 12, "per_payout_at_most": "0.25"},
        },
    }


COMMISSION = {
    "code": "COMM",
    "kind": "commission",
    "legal_type": "commission",
    "reading": "marginal",
    "tiers": [{"from": "0", "rate": "0.01"}, {"from": "1000000", "rate": "0.015"}],
}


def _member(person: str, role: str, **more: Any) -> dict[str, Any]:
    measures = {"M01": "0.30", "M22": "0.40", "M06": "0.30"}
    base = {"person": person, "role": role, "leader": "lead", "measures": measures, "on_plan": False}
    return {**base, "pool_eligible": True, **more}


def _person(person: str, **more: Any) -> dict[str, Any]:
    return {
        "person": person, "role": "supporter", "account": "ALPHA", "on_plan": False, "place": "US-TX",
        "base": "60000", "variable": "6000", "pool_target": "4000", "overtime": "exempt", "signed": True,
        "reward_known": True, "rewarded_on": "2026-09-01", "compa_ratio": "1.00", "paid_total": "70000",
        "legal_minimum": "20000", "works_council": False, "targets_agreed": False, "targets_set": True, **more,
    }  # fmt: skip


def facts() -> dict[str, Any]:
    """Return the facts beside the sound plan."""
    past = ["0.82", "0.90", "0.95", "0.99", "1.00", "1.02", "1.05", "1.08", "1.10", "1.12"]
    metric = {
        "controllability": 3, "alignment": 3, "latency_days": 5, "missing_lately": 0, "has_source": True,
        "past": past, "answers": 40, "response_rate": "0.60",
    }  # fmt: skip
    managers = [
        ("kam", "28000", "1"),
        ("kam-b", "29000", "2"),
        ("kam-c", "30000", "3"),
        ("kam-d", "31000", "4"),
    ]
    people = [
        _person(
            name,
            seat="kam",
            role="kam",
            on_plan=True,
            base="96000",
            variable=variable,
            revenue_impact=impact,
            pool_target="0",
            sole_contact=False,
            successor=True,
        )
        for name, variable, impact in managers
    ]
    people += [_person(name) for name in ("ada", "ben", "eve")]
    team = [_member("kam", "kam", seat="kam", on_plan=True, pool_eligible=False)]
    team += [_member("ada", "sales"), _member("ben", "operations"), _member("eve", "service")]
    return {
        "on": "2026-11-01",
        "close_days": 10,
        "metrics_known": True,
        "metrics": {code: copy.deepcopy(metric) for code in ("M01", "M04", "M06")},
        "accounts": [
            {
                "code": "ALPHA", "strategy": "grow", "horizon_months": 24, "long_emphasis": "0.40", "has_pnl": True,
                "cycle_months": "6", "opportunities_a_year": "40", "largest_deal": "100000", "quota": "1000000",
                "members": team,
                "objectives": [
                    {"code": "O-GROW", "horizon_months": 12, "outcome": True},
                    {"code": "O-SERVE", "horizon_months": 12, "outcome": True},
                    {"code": "O-PLANT", "horizon_months": 24, "outcome": True},
                    {"code": "O-BOARD", "horizon_months": 12, "outcome": False},
                ],
                "expected_roles": ["kam", "service"],
                "cascade": [{"metric": "M01", "account": "1000000", "individuals": "1050000"}],
                "wallet": {"as_of": "2026-06-30", "source": "Survey of purchasing"},
                "reviews": [{"months": 12, "revenue": "0.05", "profit": "0.01", "satisfaction": "0"}],
                "bulges": [{"period": "2026-Q3", "last_over_mean": "1.20", "reversed_next": "0.05"}],
            }
        ],
        "people": people,
        "version": {
            "prepared_by": "maren", "approved_by": "anders", "frozen_on": "2026-10-15", "published_on": "2026-12-09",
            "paid_until": "2026-09-30", "first": False, "languages": ["en", "fr", "nl"],
            "topics": ["leaver", "dispute", "change"], "works_council_reference": "BV 2026-4",
            "works_council_consent": True, "deferral_schedule_fixed": True, "expired_on": "2026-12-31",
        },
        "evidence": {
            "closed_periods": 4, "replayed_periods": 4, "scenarios": ["0.5", "1", "1.5"],
            "rep_changes": {"rep-1": "0.00"},
        },
        "cost": {
            "at_target": "700000", "budget": "750000",
            "before": {"cost": "640000", "revenue": "12000000", "profit": "3000000"},
            "after": {"cost": "660000", "revenue": "13000000", "profit": "3300000"},
        },
        "run": {
            "lines": 240, "paid": "500000",
            "exceptions": [
                {
                    "code": "X-1", "kind": "timing", "reason": "Late booking", "approver": "anders", "amount": "900",
                    "expires_on": "2026-12-31",
                }
            ],
            "allocations": [
                {"person": "ada", "guideline": "1000", "amount": "1100"},
                {"person": "ben", "guideline": "1000", "amount": "900", "dedication": "0.50"},
                {"person": "eve", "guideline": "1000", "amount": "1000"},
                {"person": "joe", "guideline": "1000", "amount": "1000"},
            ],
            "ratings": ["0.5", "1", "1", "1.25", "1", "1.5", "1", "1"],
            "outcomes": [
                {"person": f"kam-{i}", "payout_ratio": f"1.{i}", "growth": f"0.0{i}"} for i in range(1, 6)
            ],
            "credits": [{"transaction": "INV-1", "person": "rep-1", "component": "COMM"}],
            "credited": "1500000", "booked": "1000000", "zero_payouts": [], "evidence_kept": True,
            "human_approval": True, "earned_on": "2026-09-20", "vested_on": "2026-09-30", "pays_on": "2026-10-05",
            "ends_on": "2026-09-30", "on_leave": [],
        },
        "clawbacks": [],
        "leavers": [],
        "account_manager_plan": {**plan(), "pay": {"base_share": "0.60", "elements": ["base", "commission"]}},
    }  # fmt: skip


def state(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the sound plan and facts with values put at JSON pointers (`/plan/...`, `/facts/...`), or taken away."""
    made = tuple(
        Change(at=at, taken=True) if value is ABSENT else Change(at=at, value=copy.deepcopy(value))
        for at, value in (changes or {}).items()
    )
    return fix_applied(document={"plan": plan(), "facts": facts()}, fix=Fix(words="", changes=made))


def picture(changes: dict[str, Any] | None = None) -> Picture:
    """Return the picture of the sound plan with changes."""
    changed = state(changes)
    return picture_of(document=changed["plan"], facts=read(Facts, changed["facts"]))


def differences(one: Any, other: Any, at: str = "") -> list[str]:
    """Return where two JSON values differ, leaf by leaf."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = dict.fromkeys([*one, *other])
        return [place for key in keys for place in differences(one.get(key), other.get(key), f"{at}/{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            place
            for i, pair in enumerate(zip(one, other, strict=True))
            for place in differences(*pair, f"{at}/{i}")
        ]
    return [] if one == other else [at]
