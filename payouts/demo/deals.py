"""
The plans of Halden Components, year by year, as plan documents: three for key accounts, and its account managers'.

Growth pays on the whole account and the team's pool; the portfolio plan weighs three
segments; the renewal plan pays for what stays, under a gate on revenue retention. The
2027 draft of the growth plan starts to pay revenue at 80 % instead of 85 %.
"""

from typing import Any

from payouts.demo.company import GROWTH, PORTFOLIO, RENEWAL

Document = dict[str, Any]
ACCOUNT_MANAGERS = "AM"

SEGMENT_WEIGHTS = {"AUTOMOTIVE": ("0.30", "0.20"), "AEROSPACE": ("0.18", "0.12"), "ENERGY": ("0.12", "0.08")}

CONTRIBUTION_CURVE = {"points": [["0.90", "0", "0.50"], ["1.00", "1.00"], ["1.10", "1.50"]]}
SATISFACTION_CURVE = {"points": [["0.90", "0", "0.70"], ["1.00", "1.00"], ["1.10", "1.30"]]}


def revenue_curve(*, starts_at: str) -> Document:
    """Return the curve of revenue: half is paid from `starts_at` on, 160 % at 120 %."""
    return {"points": [[starts_at, "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.60"]]}


def growth_plan(*, year: int, first_day: str | None = None) -> Document:
    """Return the growth plan of a year; the one of 2027 pays revenue from 80 % on."""
    starts_at = "0.80" if year >= 2027 else "0.85"
    return _plan(GROWTH, f"Global Accounts Growth {year}", "team_performance", "grow", year, first_day) | {
        "incentive": {
            "children": [
                {
                    "code": "TEAM",
                    "name": "The account team",
                    "weight": "0.85",
                    "level": "team",
                    "children": [
                        _goal(
                            *("REV", "Account revenue growth", "0.40", "M01"),
                            revenue_curve(starts_at=starts_at),
                            behaviour="Grow the whole account",
                            gate={
                                "metric": "M04",
                                "reads": "attainment",
                                "at_least": "0.90",
                                "otherwise": {"limit": "1.00"},
                            },
                        ),
                        _goal(
                            *("MAR", "Account contribution margin", "0.25", "M04"),
                            CONTRIBUTION_CURVE,
                            behaviour="Sell what earns money for both sides",
                        ),
                        _goal(
                            *("SAT", "Customer satisfaction", "0.20", "M06.mean"),
                            SATISFACTION_CURVE,
                            behaviour="Keep what was promised",
                        ),
                    ],
                },
                _goal(
                    *("OBJ", "Account plan objectives", "0.15", "M21"),
                    {"points": [["0.00", "0.00"], ["1.00", "1.00"]]},
                    behaviour="Do what the account plan says",
                    level="individual",
                    target="1",
                ),
            ]
        },
        "pool": _pool(node="TEAM"),
    }


def portfolio_plan(*, year: int, first_day: str | None = None) -> Document:
    """Return the portfolio plan of a year: three segments, each with revenue and contribution."""
    return _plan(PORTFOLIO, f"Segment Portfolio {year}", "portfolio", "profit", year, first_day) | {
        "incentive": {
            "hurdle": {"at_least": "0.50"},
            "children": [_segment(code, *weights) for code, weights in SEGMENT_WEIGHTS.items()],
        },
        "pool": _pool(node=""),
    }


def renewal_plan(*, year: int, first_day: str | None = None) -> Document:
    """Return the renewal plan of a year, all of it under a gate on gross revenue retention."""
    return _plan(RENEWAL, f"Contract Renewal {year}", "renewal", "defend", year, first_day) | {
        "incentive": {
            "gate": {"metric": "M19", "reads": "value", "at_least": "0.90", "otherwise": "zero"},
            "children": [
                _goal(
                    *("RENEW", "Contracts renewed", "0.50", "M13"),
                    {"points": [["0.88", "0"], ["0.92", "0.50"], ["0.96", "1.00"], ["1.00", "1.25"]]},
                    behaviour="Renew what falls due, at its value",
                    reads="value",
                ),
                _goal(
                    *("REPEAT", "Repeat orders", "0.20", "M15"),
                    {"points": [["0.60", "0", "0.50"], ["0.85", "1.00"], ["1.00", "1.20"]]},
                    behaviour="Keep every site ordering",
                    reads="value",
                ),
                _goal(
                    *("CHURN", "Churn better than average", "0.15", "M16"),
                    {"points": [["-0.05", "0", "0.50"], ["0.00", "1.00"], ["0.05", "1.25"]]},
                    behaviour="Lose less than the others",
                    reads="value",
                ),
                _goal(
                    *("SAT", "Customer satisfaction", "0.15", "M06.mean"),
                    SATISFACTION_CURVE,
                    behaviour="Keep what was promised",
                ),
            ],
            "cap": "1.25",
        },
        "pool": _pool(node=""),
    }


def account_manager_plan(*, year: int) -> Document:
    """Return the plan of whoever sells in a territory: more pay at risk, for revenue from the first euro on."""
    name = f"Territory Account Managers {year}"
    return _plan(ACCOUNT_MANAGERS, name, "team_performance", "grow", year, None) | {
        "pay": {"base_share": "0.60", "elements": ["base", "bonus"]},
        "incentive": {
            "children": [
                _goal(
                    *("REV", "Account revenue", "1", "M01"),
                    {"points": [["0.00", "0.00"], ["1.00", "1.00"], ["1.50", "2.00"]], "above": "extend"},
                    behaviour="Sell to the account",
                    level="team",
                )
            ]
        },
    }


DEALS = {GROWTH: growth_plan, PORTFOLIO: portfolio_plan, RENEWAL: renewal_plan}


def _plan(code: str, name: str, plan_type: str, strategy: str, year: int, first_day: str | None) -> Document:
    return {
        "format": "kamcomp.plan/1",
        "code": code,
        "name": name,
        "type": plan_type,
        "strategy": strategy,
        "currency": "EUR",
        "effective": {"from": first_day or f"{year}-01-01", "to": f"{year}-12-31"},
        "period": "quarter",
        "pay": {"base_share": "0.80", "elements": ["base", "bonus"]},
        "proration": {"of": ["incentive"]},
    }


def _goal(code: str, name: str, weight: str, metric: str, curve: Document, **fields: Any) -> Document:
    return {
        "code": code,
        "name": name,
        "kind": "goal",
        "weight": weight,
        "metric": metric,
        "curve": curve,
        **fields,
    }


def _segment(code: str, revenue_weight: str, contribution_weight: str) -> Document:
    """Return the branch of a segment; a segment's revenue pays from 80 % on."""
    share = {"AUTOMOTIVE": "0.50", "AEROSPACE": "0.30", "ENERGY": "0.20"}[code]
    return {
        "code": code,
        "name": code.capitalize(),
        "weight": share,
        "segment": code,
        "children": [
            _goal(
                *(f"{code}-REV", f"{code.capitalize()} revenue", revenue_weight, "M01"),
                revenue_curve(starts_at="0.80"),
                behaviour="Grow each holding",
            ),
            _goal(
                *(f"{code}-MAR", f"{code.capitalize()} contribution", contribution_weight, "M04"),
                CONTRIBUTION_CURVE,
                behaviour="Earn on each holding",
            ),
        ],
    }


def _pool(*, node: str) -> Document:
    return {
        "funding": {"rule": "targets_times_result", "node": node},
        "share_by": ["dedication", "days", "role_weight"],
        "bounds": ["0.50", "1.50"],
        "zero_with_reason": True,
        "reason_beyond": "0.20",
        "per_person_at_most": "0.25",
        "matrix_at_least": "0.25",
        "window_days": 10,
        "if_late": "guideline",
    }
