"""
One case a rule: the place of one field, what it is on a sound plan, what trips the rule, and what is then found.

`given` are changes made on both sides, for rules that look at something the sound plan does not have.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal as D
from typing import Any

from tests.checks.sound import ABSENT, COMMISSION

KEPT = object()
"""The value the sound plan has there."""

CHILDREN = "/plan/incentive/children"
REV, SAT = f"{CHILDREN}/0/children/0", f"{CHILDREN}/0/children/1"
OBJ = f"{CHILDREN}/1"
ACCOUNT = "/facts/accounts/0"
KAM, ADA, BEN = "/facts/people/0", "/facts/people/4", "/facts/people/5"
TEAM = f"{ACCOUNT}/members"
VERSION, RUN = "/facts/version", "/facts/run"
COMMISSIONS = {"/plan/commissions": [COMMISSION]}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A rule, one field, and what is found when only that field differs."""

    rule: str
    at: str
    trips: Any
    value: Any
    ok: Any = KEPT
    given: Mapping[str, Any] = field(default_factory=dict)
    severity: str = ""

    def __str__(self) -> str:
        return f"{self.rule}{'-' + self.severity if self.severity else ''}"


def at_place(place: str, person: str = KAM) -> dict[str, Any]:
    return {f"{person}/place": place}


def recovery(**more: Any) -> dict[str, Any]:
    return {"/facts/clawbacks": [{"person": "kam", "amount": "1200", "earned": False, "clause_signed": True,
                                  "consented": True, **more}]}  # fmt: skip


def leaver(**more: Any) -> dict[str, Any]:
    stated = {"person": "kam", "way": "dismissed", "amount": "3000", "last_day": "2026-10-15"}
    return {"/facts/leavers": [{**stated, **more}]}


CLAWBACK, LEAVER = "/facts/clawbacks/0", "/facts/leavers/0"

DESIGN_CASES = [
    # Pay mix
    Case(rule="L01", at="/plan/pay/base_share", trips="0.70", value=D("0.70")),
    Case(rule="L02", at="/plan/pay/base_share", trips="0.95", value=D("0.05")),
    Case(
        rule="L03",
        at=f"{ADA}/variable",
        ok="9000",
        trips="15000",
        value=D("0.2"),
        given={f"{ADA}/link": "matrix", f"{ADA}/on_plan": True},
    ),
    Case(rule="L04", at="/facts/account_manager_plan/pay/base_share", trips="0.80", value=4),
    Case(
        rule="L05",
        at=f"{KAM}/revenue_impact",
        ok="4",
        trips="9",
        value=D("-0.4"),
        given={
            "/facts/people/1/revenue_impact": "5",
            "/facts/people/2/revenue_impact": "8",
            "/facts/people/3/revenue_impact": "6",
        },
    ),
    Case(rule="L06", at=f"{KAM}/compa_ratio", trips="0.89", value=D("0.89")),
    Case(
        rule="L07",
        at=f"{ACCOUNT}/long_emphasis",
        trips="0.50",
        value=D("0.25"),
        given={"/plan/pay/base_share": "0.75"},
    ),
    Case(rule="L08", at="/plan/incentive/cap", trips="1.20", value=D("1.20")),
    Case(
        rule="L08",
        at="/plan/incentive/cap",
        ok="3.00",
        trips="4.00",
        value=D("3.46"),
        given={f"{REV}/curve/points/2": ["1.20", "6.40"]},
        severity="to_look_at",
    ),
    # Measures
    Case(rule="L09", at="/plan/commissions", trips=[COMMISSION], value=4),
    Case(
        rule="L09",
        at="/plan/commissions",
        ok=[COMMISSION, {**COMMISSION, "code": "B"}],
        value=6,
        severity="blocks",
        trips=[COMMISSION, {**COMMISSION, "code": "B"}, {**COMMISSION, "code": "C"}],
    ),
    Case(rule="L10", at=f"{SAT}/weight", trips="0.14", value=D("0.14")),
    Case(rule="L10", at=f"{SAT}/weight", trips="0.09", value=D("0.09"), severity="blocks"),
    Case(rule="L11", at=f"{SAT}/weight", trips="0.25", value=D("0.65")),
    Case(rule="L12", at=f"{REV}/weight", trips="0.71", value=D("0.71")),
    Case(
        rule="L13",
        at=f"{SAT}/metric",
        trips="M03",
        value="customer",
        given={f"{TEAM}/{i}/measures": {"M22": "1.00"} for i in range(4)} | {"/facts/metrics_known": False},
    ),
    Case(rule="L14", at=f"{SAT}/objective", trips="", value="SAT"),
    Case(rule="L15", at="/facts/metrics/M01/controllability", trips=1, value="scored 1 of 3"),
    Case(
        rule="L16", at="/facts/metrics/M06/missing_lately", trips=2, value="no result in the last two periods"
    ),
    Case(rule="L22", at=f"{SAT}/metric", trips="M02", value=D("0.70"), given={"/facts/metrics_known": False}),
    Case(rule="L23", at=f"{SAT}/metric", trips="M12", value="M12", given={"/facts/metrics_known": False}),
    Case(rule="L24", at="/facts/metrics/M06/answers", trips=9, value=9),
    # Judged objectives
    Case(rule="L17", at=f"{REV}/objective", trips="O-SERVE", value="O-GROW"),
    Case(rule="L25", at=f"{ACCOUNT}/objectives/2/outcome", trips=False, value=2),
    Case(rule="L26", at=f"{OBJ}/weight", trips="0.31", value=D("0.31")),
    Case(rule="L27", at=f"{KAM}/variable", trips="24000", value=D("900")),
    Case(rule="L28", at=f"{OBJ}/scale", ok=["0", "1.00"], trips=["0", "0.90", "1.00"], value="0, 90, 100 %"),
    Case(rule="L72", at="/plan/strategy", trips="", value="strategy"),
    # Time
    Case(rule="L30", at=f"{ACCOUNT}/cycle_months", trips="14", value=12),
    Case(rule="L31", at=f"{REV}/accumulation", trips="period", value=3),
    Case(
        rule="L32", at="/plan/payment/deferral/share", trips="0.19", value=D("0.19"), severity="information"
    ),
    Case(rule="L32", at="/plan/payment/deferral/share", trips="0", value=D("0"), severity="to_look_at"),
    Case(rule="L33", at=f"{ACCOUNT}/opportunities_a_year", trips="16", value=D("4")),
    Case(rule="L34", at=f"{REV}/curve/below", trips="first", value=D("0.80")),
    # Curves
    Case(rule="L35", at=f"{REV}/curve/points/0", trips=["0.80", "0", "0.60"], value=D("0.60")),
    Case(
        rule="L36", at=f"{REV}/curve/points/1", trips=["1.00", "0.95"], value="a result of 100 % pays 95.00 %"
    ),
    Case(
        rule="L37", at="/plan/commissions/0/reading", trips="whole_amount", value=D("5000"), given=COMMISSIONS
    ),
    Case(rule="L38", at=f"{REV}/curve/above", trips="cap", value=D("1.50")),
    Case(
        rule="L39",
        at=f"{OBJ}/gate",
        ok=None,
        value=3,
        trips={"metric": "M01", "at_least": "1"},
        given={f"{REV}/gate": {"metric": "M04", "at_least": "1"}},
    ),
    Case(
        rule="L40",
        at="/facts/metrics/M04/controllability",
        trips=1,
        value="M04 scored 1 of 3",
        given={"/plan/incentive/gate/otherwise": "zero"},
    ),
    Case(rule="L41", at=f"{ACCOUNT}/largest_deal", trips="260000", value=D("0.26")),
    Case(rule="L80", at=f"{REV}/curve/points/2", trips=["1.20", "1.60"], value=D("3")),
    # Targets
    Case(rule="L18", at=f"{ACCOUNT}/cascade/0/individuals", trips="990000", value=D("0.99")),
    Case(
        rule="L78",
        at="/facts/metrics/M01/past/4",
        trips="0.98",
        value=D("0.4"),
        given={"/facts/metrics/M01/past/5": "0.98"},
    ),
    Case(
        rule="L81",
        at="/facts/metrics/M01/past/1",
        trips="0.79",
        value=D("0.8"),
        given={"/facts/metrics/M01/past/0": "0.79"},
    ),
    Case(
        rule="L82",
        at="/facts/metrics/M01/past/9",
        trips="1.20",
        value=D("0.2"),
        given={"/facts/metrics/M01/past/8": "1.20"},
    ),
    # Team
    Case(rule="L19", at="/plan/incentive/gate/metric", trips="M06", value="profit"),
    Case(
        rule="L20",
        at=f"{TEAM}/2/measures",
        ok={"M01": "0.60"},
        trips={"M03": "0.60"},
        value=D("0"),
        given={f"{TEAM}/1/measures": {"M01": "0.40"}, f"{TEAM}/0/measures": {}, f"{TEAM}/3/measures": {}},
        severity="to_look_at",
    ),
    Case(
        rule="L20",
        at=f"{TEAM}/1/measures/M01",
        ok="0.50",
        trips="0.60",
        value=D("0"),
        severity="blocks",
        given={
            f"{TEAM}/1/measures": {"M01": "0.60"},
            f"{TEAM}/2/measures": {"M03": "0.60"},
            f"{TEAM}/0/measures": {},
            f"{TEAM}/3/measures": {},
        },
    ),
    Case(rule="L21", at=f"{TEAM}/1/measures", trips={"M03": "1.00"}, value=D("0.75")),
    Case(rule="L42", at=f"{TEAM}/1/pool_eligible", trips=False, value=1),
    Case(
        rule="L42",
        at=f"{TEAM}/1/pool_eligible",
        trips=False,
        value=1,
        severity="blocks",
        given={"/facts/stage": "publishing"},
    ),
    Case(rule="L43", at=f"{TEAM}/3/role", trips="sales", value="service"),
    Case(rule="L44", at=f"{KAM}/account", trips="", value="kam"),
    Case(rule="L45", at=f"{TEAM}/1/whole_dedication", ok="1.00", trips="1.10", value=D("1.10")),
    Case(
        rule="L46",
        at=f"{TEAM}/1/pool_eligible",
        ok=False,
        trips=True,
        value=1,
        given={"/plan/pool": None, f"{TEAM}/2/pool_eligible": False, f"{TEAM}/3/pool_eligible": False},
    ),
    Case(
        rule="L54",
        at=f"{TEAM}/1/leader",
        trips="other",
        value=2,
        given={f"{TEAM}/1/measures": {"M03": "1.00"}},
    ),
    Case(rule="L55", at=f"{ACCOUNT}/has_pnl", trips=False, value="profit and loss of its own"),
    Case(
        rule="L56",
        at="/plan/strategy",
        ok="defend",
        trips="grow",
        value="the strategy is to grow",
        given={"/plan/type": "renewal"},
    ),
    Case(
        rule="L57",
        at=TEAM,
        ok=[{"person": f"x{i}", "role": "sales"} for i in range(10)],
        trips=[{"person": f"x{i}", "role": "sales"} for i in range(11)],
        value=D("0.70"),
    ),
    # Pool
    Case(rule="L47", at=f"{KAM}/variable", ok="24000", trips="300000", value=D("12000") / D("330000")),
    Case(rule="L48", at=f"{TEAM}/0/pool_eligible", trips=True, value="kam"),
    # Credits and replay
    Case(rule="L51", at="/facts/evidence/rep_changes/rep-1", trips="-120.00", value=D("120.00")),
    # Cost
    Case(rule="L58", at="/facts/cost/after/cost", trips="760000", value=D("0.1875")),
    Case(rule="L59", at="/facts/cost/at_target", trips="760000", value=D("760000")),
    Case(rule="L60", at="/facts/evidence/scenarios/2", trips="1.2", value="150 %"),
    Case(rule="L61", at="/facts/cost/after/revenue", trips="6600000", value=D("0.1")),
    Case(rule="L83", at="/facts/cost/after/revenue", trips="6600000", value=D("0.1")),
    # Governance
    Case(rule="L65", at=f"{VERSION}/published_on", trips="2027-01-11", value=10),
    Case(rule="L66", at=f"{VERSION}/paid_until", trips="2027-01-31", value=31),
    Case(rule="L67", at=f"{VERSION}/frozen_on", trips="2026-12-01", value=4),
    Case(rule="L68", at="/facts/evidence/replayed_periods", trips=0, value=0),
    Case(
        rule="L68",
        at="/facts/evidence/scenarios",
        trips=[],
        value=0,
        given={"/facts/evidence/closed_periods": 0, "/facts/evidence/replayed_periods": 0},
    ),
    Case(rule="L69", at=f"{VERSION}/languages/1", trips="de", value=1, given=at_place("FR")),
    Case(rule="L70", at=f"{VERSION}/approved_by", trips="maren", value="maren"),
    Case(rule="L71", at=f"{VERSION}/topics/1", trips="leaver", value="dispute"),
    # The programme
    Case(
        rule="L75",
        at=f"{KAM}/successor",
        trips=False,
        value=D("0.94"),
        given={f"{KAM}/sole_contact": True, f"{KAM}/compa_ratio": "0.94"},
    ),
    Case(rule="L76", at=f"{KAM}/rewarded_on", trips="2025-09-01", value="kam"),
    Case(
        rule="L77",
        at=f"{ACCOUNT}/wallet/source",
        trips="",
        value="has no source",
        given={f"{SAT}/metric": "M07"},
    ),
    # As a run pays, and after
    Case(
        rule="L29",
        at=f"{RUN}/ratings/0",
        ok="0.90",
        trips="1",
        value=D("0"),
        given={f"{RUN}/ratings/{i}": "1" for i in range(1, 8)},
    ),
    Case(rule="L49", at=f"{RUN}/allocations/0/amount", trips="1300", value=D("0.3")),
    Case(rule="L50", at=f"{RUN}/allocations/0/amount", ok="2900", trips="3000", value=D("3000") / D("5900")),
    Case(rule="L52", at=f"{RUN}/credited", trips="2100000", value=D("2.1")),
    Case(
        rule="L53",
        at=f"{RUN}/credits/1/component",
        ok="COMM",
        trips="BONUS",
        value=2,
        given={f"{RUN}/credits/1": {"transaction": "INV-1", "person": "rep-1", "component": "COMM"}},
    ),
    Case(rule="L62", at=f"{RUN}/lines", trips=10, value=D("0.1")),
    Case(rule="L63", at=f"{RUN}/exceptions/0/approver", trips="", value="approver"),
    Case(rule="L64", at=f"{KAM}/signed", trips=False, value="kam"),
    Case(
        rule="L64", at=f"{KAM}/signed", trips=False, value="kam", severity="blocks", given=at_place("US-NY")
    ),
    Case(
        rule="L73",
        at=f"{ACCOUNT}/reviews/0/revenue",
        trips="-0.01",
        value=12,
        given={f"{ACCOUNT}/reviews/0/profit": "0"},
    ),
    Case(
        rule="L74",
        at=f"{ACCOUNT}/bulges/0/last_over_mean",
        trips="1.60",
        value=D("1.60"),
        given={f"{ACCOUNT}/bulges/0/reversed_next": "0.20"},
    ),
    Case(rule="L79", at=f"{RUN}/outcomes/0/growth", trips="0.90", value=D(0)),
]

LAW_CASES = [
    Case(rule="E00", at=f"{KAM}/place", trips="NZ", value="NZ"),
    Case(rule="E01", at=f"{KAM}/signed", trips=False, value="signed plan",
         given={**COMMISSIONS, **at_place("US-CA"), f"{KAM}/receipt": True}),
    Case(rule="E02", at=f"{VERSION}/expired_on", trips="2026-10-22", value=10, given=at_place("US-CA")),
    Case(rule="E03", at=f"{CLAWBACK}/earned", trips=True, value=D("1200"), given=at_place("US-CA") | recovery()),
    Case(rule="E04", at=f"{KAM}/terms_signed/1", trips="calculation", value="draw reconciliation",
         ok="draw reconciliation", given={**COMMISSIONS, **at_place("US-NY"), f"{KAM}/terms_signed":
         ["calculation", "draw reconciliation", "pay on termination"]}),
    Case(rule="E05", at=f"{RUN}/pays_on", trips="2026-11-03", value=3, given=COMMISSIONS | at_place("US-NY")),
    Case(rule="E06", at=f"{LEAVER}/pays_on", ok="2026-10-15", trips="2026-10-31", value=D("3000"),
         given=at_place("US-MA") | leaver(pays_on="2026-10-15")),
    Case(rule="E07", at=f"{LEAVER}/amount", ok="0", trips="3000", value=D("3000"), given=at_place("US-IL") | leaver()),
    Case(rule="E08", at=f"{KAM}/overtime", trips="non_exempt", value="kam"),
    Case(rule="E09", at=f"{RUN}/pays_on", ok="2027-03-15", trips="2027-03-20", value=5),
    Case(rule="E10", at=f"{VERSION}/deferral_schedule_fixed", trips=False, value="20 %"),
    Case(rule="E11", at=f"{VERSION}/languages/1", trips="de", value="en, de, nl", given=at_place("FR")),
    Case(rule="E12", at=f"{VERSION}/published_on", trips="2027-01-11", value=10, given=at_place("FR")),
    Case(rule="E13", at=f"{KAM}/consented", ok=True, trips=False, value="kam",
         given={**at_place("FR"), f"{KAM}/targets_agreed": True}),
    Case(rule="E14", at=f"{VERSION}/published_on", trips="2027-01-11", value=10, given=at_place("DE")),
    Case(rule="E15", at=f"{KAM}/talks_logged", ok=True, trips=False, value="kam",
         given={**at_place("DE"), f"{KAM}/targets_agreed": True}),
    Case(rule="E16", at=f"{VERSION}/works_council_reference", trips="", value=1,
         given={**at_place("DE"), f"{KAM}/works_council": True}),
    Case(rule="E17", at=f"{CLAWBACK}/consented", trips=False, value=D("1200"),
         given=at_place("GB") | recovery(clause_signed=False)),
    Case(rule="E18", at=f"{KAM}/place", ok="US-TX", trips="GB", value="kam", given=COMMISSIONS),
    Case(rule="E19", at=f"{RUN}/allocations/0/reason", ok="Ran the desk", trips="", value="ada",
         given=at_place("GB", ADA)),
    Case(rule="E20", at=f"{CLAWBACK}/consented", trips=False, value=D("1200"), given=at_place("IE") | recovery()),
    Case(rule="E21", at=f"{VERSION}/works_council_consent", trips=False, value=1,
         given={**at_place("NL"), f"{KAM}/works_council": True}),
    Case(rule="E22", at=f"{LEAVER}/condition_signed", ok=True, trips=False, value=D("3000"),
         given=at_place("NL") | leaver(condition_signed=True)),
    Case(rule="E23", at=f"{LEAVER}/condition_before_period", ok=True, trips=False, value=D("3000"),
         given=at_place("BE") | leaver(condition_before_period=True)),
    Case(rule="E24", at=f"{VERSION}/languages/2", trips="de", value="en, fr, de", given=at_place("BE-VLG")),
    Case(rule="E25", at=f"{KAM}/targets_set", trips=False, value="kam", given=at_place("BE")),
    Case(rule="E26", at=f"{RUN}/evidence_kept", trips=False, value="kam",
         given={**at_place("ES"), f"{RUN}/zero_payouts": ["kam"]}),
    Case(rule="E27", at=f"{KAM}/place", trips="ES", value="kam"),
    Case(rule="E28", at=f"{KAM}/targets_set", trips=False, value="kam", given=at_place("IT")),
    Case(rule="E29", at=f"{LEAVER}/formula_pay", ok=False, trips=True, value=D("3000"),
         given=at_place("CH") | leaver(formula_pay=True)),
    Case(rule="E30", at=f"{LEAVER}/forfeits", ok=False, trips=True, value=D("3000"),
         given={**at_place("DK"), f"{KAM}/salaried": True, **leaver(forfeits=False)}),
    Case(rule="E31", at=f"{ADA}/variable", ok="6000", trips="1000", value=D("5000") / D("66000"), given={
        **at_place("SE", ADA), **at_place("SE", BEN), f"{ADA}/category": "Service", f"{BEN}/category": "Service",
        f"{ADA}/sex": "f", f"{BEN}/sex": "m"}),
    Case(rule="E32", at=f"{RUN}/human_approval", trips=False, value=1, given=at_place("GB")),
    Case(rule="E33", at=f"{LEAVER}/notice_amount", ok="0", trips="5000", value=D("5000"),
         given=at_place("CA-ON") | leaver(notice_amount="0")),
    Case(rule="E34", at=f"{KAM}/place", trips="BR", value="kam", given=COMMISSIONS),
    Case(rule="E35", at=f"{LEAVER}/forfeits", ok=False, trips=True, value=D("3000"),
         given=at_place("BR-SP") | leaver(forfeits=False)),
    Case(rule="E36", at=f"{KAM}/paid_total", trips="19000", value=D("19000"), given=at_place("BR")),
    Case(rule="E37", at=f"{CLAWBACK}/sale_undone", ok=False, trips=True, value=D("1200"),
         given=at_place("MX") | recovery(sale_undone=False)),
    Case(rule="E38", at=f"{KAM}/place", trips="MX", value="kam", given=COMMISSIONS),
    Case(rule="E39", at=f"{KAM}/base", trips="20000", value=D("28000") / D("48000"), given=at_place("IN")),
    Case(rule="E40", at=f"{LEAVER}/condition_signed", ok=True, trips=False, value=D("3000"),
         given=at_place("CN") | leaver(way="resigned", forfeits=True, condition_signed=True)),
    Case(rule="E41", at=f"{LEAVER}/condition_in_rules", ok=True, trips=False, value=D("3000"),
         given=at_place("JP") | leaver(forfeits=True, condition_in_rules=True, paid_late=False)),
    Case(rule="E42", at=f"{LEAVER}/forfeits", ok=False, trips=True, value=D("3000"),
         given=at_place("AU") | leaver(forfeits=False)),
    Case(rule="E43", at=f"{RUN}/pays_on", trips="2026-10-12", value=12, given=at_place("SG")),
    Case(rule="E44", at=f"{KAM}/paid_total", trips="19000", value=D("19000")),
    Case(rule="E45", at="/plan/proration/of", trips=["incentive"], value="kam", given={f"{RUN}/on_leave": ["kam"]}),
    Case(rule="E46", at=f"{LEAVER}/delete_on", ok="2028-10-15", trips=ABSENT, value="kam",
         given=leaver(destination="A competitor", delete_on="2028-10-15")),
]  # fmt: skip

CASES = [*DESIGN_CASES, *LAW_CASES]
