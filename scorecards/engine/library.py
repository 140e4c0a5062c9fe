"""
The metric library: the 26 metrics M01 to M27 (there is no M09), in all their readings.

A metric that the field reads in more than one way has its other readings under its own
code with a name behind a point: M06 is satisfaction by the two best boxes,
`M06.net_promoter` the same metric as promoters less detractors. A plan names exactly
the one it pays on. Rule: docs/reference/metrics.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kamcomp.refusal import Refusal, Sentence
from scorecards.engine.metric import Formula, MetricRule


class MetricUnknown(Refusal):
    """A metric is named that the library does not hold."""


FINANCIAL, GROWTH, CUSTOMER, INTERNAL = "financial", "growth", "customer", "internal"
HIGHER, LOWER = "higher", "lower"
SUM, RATIO, DIFFERENCE = "sum", "ratio_of_sums", "difference_of_ratios"

SOLD_AT = frozenset({"person", "segment", "site", "account", "region", "company"})
ACCOUNT_OR_SLICE = frozenset({"person", "segment", "account", "region", "company"})
ACCOUNT_OR_LEADER = frozenset({"person", "account", "company"})
ACCOUNT_ONLY = frozenset({"account", "company"})
OWNED = frozenset({"person", "account"})


def _sum(*names: str) -> Formula:
    return Formula(tuple(_term(name) for name in names))


def _ratio(
    numerator: tuple[str, ...], denominator: tuple[str, ...], *, less: Formula | None = None
) -> Formula:
    return Formula(tuple(_term(n) for n in numerator), tuple(_term(n) for n in denominator), less)


def _term(name: str) -> tuple[int, str]:
    """Read "a", "-a" or "4 a" as a signed whole multiple of an ingredient."""
    times, _, ingredient = name.rpartition(" ")
    if ingredient.startswith("-"):
        return -1, ingredient[1:]
    return int(times or 1), ingredient


_MARGIN = ("pnl_revenue", "-pnl_cogs")
_MARGIN_PRIOR = ("pnl_revenue_prior", "-pnl_cogs_prior")
_CONTRIBUTION = (*_MARGIN, "-pnl_direct_cost")
_CONTRIBUTION_PRIOR = (*_MARGIN_PRIOR, "-pnl_direct_cost_prior")
_GROWN = ("revenue_same_perimeter", "-revenue_prior_same_perimeter")
_UP_SOLD = ("kept_family_revenue", "-kept_family_revenue_prior", "-kept_family_price_effect")
_KEPT = ("contract_opening", "-contract_contraction", "-contract_churned")
_CHURN = _ratio(("contract_churned",), ("contract_opening",))
_WALLET_PRIOR = _ratio(("wallet_sales_prior",), ("wallet_spend_prior",))

_RULES: tuple[MetricRule, ...] = (
    MetricRule(
        "M01", "Total account revenue", FINANCIAL, "money", HIGHER, SOLD_AT, SUM, _sum("revenue"),
        source="transactions", edge="credit notes deducted; plan rates",
    ),
    MetricRule(
        "M01.overlay", "Overlay revenue", FINANCIAL, "money", HIGHER, frozenset({"person"}), SUM,
        _sum("revenue_overlay"), source="transactions", edge="credits outside the hundred percent, never added to M01",
    ),
    MetricRule(
        "M02", "Growth over prior year", GROWTH, "ratio", HIGHER, SOLD_AT, RATIO,
        _ratio(_GROWN, ("revenue_prior_same_perimeter",)), source="transactions", otherwise="M02.absolute",
        edge="same places and same rates in both years; prior revenue of zero or less: read in money",
    ),
    MetricRule(
        "M02.absolute", "Growth over prior year in money", GROWTH, "money", HIGHER, SOLD_AT, SUM, _sum(*_GROWN),
        source="transactions", edge="same places and same rates in both years",
    ),
    MetricRule(
        "M03", "Gross margin", FINANCIAL, "ratio", HIGHER, ACCOUNT_OR_SLICE, RATIO,
        _ratio(_MARGIN, ("pnl_revenue",)), source="account_pnl", otherwise="M03.money",
        edge="every day of the window stated",
    ),
    MetricRule(
        "M03.money", "Gross margin in money", FINANCIAL, "money", HIGHER, ACCOUNT_OR_SLICE, SUM, _sum(*_MARGIN),
        source="account_pnl", edge="every day of the window stated",
    ),
    MetricRule(
        "M03.of_sales", "Gross margin of invoiced sales", FINANCIAL, "ratio", HIGHER, SOLD_AT, RATIO,
        _ratio(("revenue", "-sales_cost"), ("revenue",)), source="transactions", edge="every line has its cost",
    ),
    MetricRule(
        "M04", "Profit contribution", FINANCIAL, "money", HIGHER, ACCOUNT_OR_SLICE, SUM, _sum(*_CONTRIBUTION),
        source="account_pnl", edge="every day of the window stated",
    ),
    MetricRule(
        "M05", "Profit improvement", FINANCIAL, "money", HIGHER, ACCOUNT_OR_SLICE, SUM,
        _sum(*_CONTRIBUTION, "-pnl_revenue_prior", "pnl_cogs_prior", "pnl_direct_cost_prior"),
        source="account_pnl", edge="M04 less M04 a year before",
    ),
    MetricRule(
        "M06", "Customer satisfaction", CUSTOMER, "ratio", HIGHER, ACCOUNT_OR_SLICE, RATIO,
        _ratio(("satisfaction_top_two",), ("satisfaction_answers",)), source="survey_responses",
        sample="satisfaction_answers", minimum_sample=10, edge="too few answers: insufficient sample",
    ),
    MetricRule(
        "M06.mean", "Customer satisfaction, mean", CUSTOMER, "ratio", HIGHER, ACCOUNT_OR_SLICE, RATIO,
        _ratio(("satisfaction_points",), ("satisfaction_points_possible",)), source="survey_responses",
        sample="satisfaction_answers", minimum_sample=10, edge="mean score over the best score",
    ),
    MetricRule(
        "M06.net_promoter", "Net promoter score", CUSTOMER, "ratio_points", HIGHER, ACCOUNT_OR_SLICE, RATIO,
        _ratio(("promoters", "-detractors"), ("recommendation_answers",)), source="survey_responses",
        sample="recommendation_answers", minimum_sample=10, edge="9 and 10 less 0 to 6; 0.475 is shown as 47.50",
    ),
    MetricRule(
        "M07", "Share of wallet", GROWTH, "ratio", HIGHER, ACCOUNT_OR_SLICE, RATIO,
        _ratio(("wallet_sales",), ("wallet_spend",)), source="wallet and transactions",
        edge="twelve months to the window's end; the newest estimate as of a day in them",
    ),
    MetricRule(
        "M08", "Wallet growth", GROWTH, "ratio_points", HIGHER, ACCOUNT_OR_SLICE, DIFFERENCE,
        _ratio(("wallet_sales",), ("wallet_spend",), less=_WALLET_PRIOR), source="wallet and transactions",
        edge="M07 less M07 of the twelve months before, each with an estimate of its own time",
    ),
    MetricRule(
        "M10", "Cross-sell", GROWTH, "ratio", HIGHER, SOLD_AT, RATIO,
        _ratio(("families_bought",), ("families_offered",)), source="transactions and products",
        edge="families with positive revenue in the window",
    ),
    MetricRule(
        "M10.new_families", "Cross-sell in money", GROWTH, "money", HIGHER, SOLD_AT, SUM, _sum("new_family_revenue"),
        source="transactions and products", edge="families not bought in the twelve months before",
    ),
    MetricRule(
        "M11", "Up-sell", GROWTH, "ratio", HIGHER, SOLD_AT, RATIO,
        _ratio(_UP_SOLD, ("kept_family_revenue_prior",)), source="transactions and products",
        edge="volume and mix of families bought a year before; price apart; a shift between them is none",
    ),
    MetricRule(
        "M12", "Product and segment churn", CUSTOMER, "ratio", LOWER, SOLD_AT, RATIO,
        _ratio(("lines_lost",), ("lines_active",)), source="transactions and products",
        edge="by count; show with M12.value",
    ),
    MetricRule(
        "M12.value", "Product and segment churn by value", CUSTOMER, "ratio", LOWER, SOLD_AT, RATIO,
        _ratio(("lines_lost_value",), ("lines_opening_value",)), source="transactions and products",
        edge="revenue a year before of the lines lost",
    ),
    MetricRule(
        "M13", "Contract renewal rate", CUSTOMER, "ratio", HIGHER, ACCOUNT_OR_SLICE, RATIO,
        _ratio(("contract_value_renewed",), ("contract_value_due",)), source="contracts",
        edge="each contract at most 100 %; counted where it falls due; a renewal under notice is none",
    ),
    MetricRule(
        "M14", "Objectives score", INTERNAL, "ratio", HIGHER, OWNED, RATIO,
        _ratio(("objective_weighted_rating",), ("objective_weight",)), source="objectives and ratings",
        whole="objective_weight", edge="ratings 0, 50, 100, 125 or 150 %; weights sum to 1; all rated",
    ),
    MetricRule(
        "M15", "Repeat orders", CUSTOMER, "ratio", HIGHER, SOLD_AT, RATIO,
        _ratio(("repeat_orders",), ("orders",)), source="transactions",
        edge="by site; an earlier order within twelve months before the order's day",
    ),
    MetricRule(
        "M16", "Churn better than average", CUSTOMER, "ratio_points", HIGHER, ACCOUNT_ONLY, DIFFERENCE,
        _ratio(("programme_churned",), ("programme_opening",), less=_CHURN), source="contracts",
        edge="the programme's other accounts together less the account; positive is good",
    ),
    MetricRule(
        "M16.named_source", "Churn better than a named benchmark", CUSTOMER, "ratio_points", HIGHER, ACCOUNT_ONLY,
        DIFFERENCE, Formula(((1, "benchmark_churn"),), (), _CHURN), source="contracts and a named benchmark",
        edge="the newest benchmark known by the window's end",
    ),
    MetricRule(
        "M17", "Price hold", FINANCIAL, "index", HIGHER, SOLD_AT, RATIO,
        _ratio(("held_revenue",), ("held_revenue_at_prior_prices",)), source="transactions",
        edge="items sold in both years, this year's quantities; 1 and above holds",
    ),
    MetricRule(
        "M18", "Margin hold", FINANCIAL, "ratio_points", HIGHER, ACCOUNT_OR_SLICE, DIFFERENCE,
        _ratio(_MARGIN, ("pnl_revenue",), less=_ratio(_MARGIN_PRIOR, ("pnl_revenue_prior",))), source="account_pnl",
        edge="M03 less M03 a year before; 0 and above holds",
    ),
    MetricRule(
        "M19", "Gross revenue retention", CUSTOMER, "ratio", HIGHER, ACCOUNT_OR_SLICE, RATIO,
        _ratio(_KEPT, ("contract_opening",)), source="contracts", edge="never above 1",
    ),
    MetricRule(
        "M19.net", "Net revenue retention", CUSTOMER, "ratio", HIGHER, ACCOUNT_OR_SLICE, RATIO,
        _ratio((*_KEPT, "contract_expansion"), ("contract_opening",)), source="contracts",
        edge="with expansion",
    ),
    MetricRule(
        "M20", "Named opportunity", GROWTH, "ratio", HIGHER, OWNED, RATIO,
        _ratio(("opportunities_won",), ("opportunities_named",)), source="opportunities",
        edge="won 1, not won 0; several count alike",
    ),
    MetricRule(
        "M20.stages", "Named opportunity by stage", GROWTH, "ratio", HIGHER, OWNED, RATIO,
        _ratio(("stages_reached",), ("stages_named",)), source="opportunities", edge="stages reached of stages planned",
    ),
    MetricRule(
        "M21", "Ownership objective", INTERNAL, "ratio", HIGHER, OWNED, RATIO,
        _ratio(("milestones_done",), ("milestones_planned",)), source="objectives",
        edge="objectives due in the window; met by its end",
    ),
    MetricRule(
        "M21.rating", "Ownership objective by rating", INTERNAL, "ratio", HIGHER, OWNED, RATIO,
        _ratio(("objective_weighted_rating",), ("objective_weight",)), source="objectives and ratings",
        edge="weights need not sum to 1: the mean by weight",
    ),
    MetricRule(
        "M22", "New applications", GROWTH, "count", HIGHER, OWNED, SUM, _sum("applications_approved"),
        source="opportunities", edge="marked as new, won in the window, first order reaches the minimum",
    ),
    MetricRule(
        "M22.families", "New product families taken up", GROWTH, "count", HIGHER, SOLD_AT, SUM,
        _sum("families_taken_up"), source="transactions and products",
        edge="a family new to a place for 24 months; its first order reaches the minimum",
    ),
    MetricRule(
        "M23", "New divisions sold", GROWTH, "count", HIGHER, SOLD_AT - {"site"}, SUM, _sum("divisions_new"),
        source="transactions and the account tree",
        edge="none invoiced for 24 months; first invoice reaches the minimum",
    ),
    MetricRule(
        "M24", "Internal relationship quality", INTERNAL, "ratio", HIGHER, ACCOUNT_OR_LEADER, RATIO,
        _ratio(("relationship_points", "-relationship_raters"), ("4 relationship_raters",)),
        source="survey_responses", sample="relationship_raters", minimum_sample=5, hidden_below_minimum=True,
        edge="mean of 1 to 5 scaled to 0 to 1; hidden below five raters",
    ),
    MetricRule(
        "M25", "Inventory turns", INTERNAL, "turns", HIGHER, ACCOUNT_ONLY, RATIO,
        _ratio(("inventory_cogs",), ("inventory_average",)), source="inventory",
        edge="over the window as it is, not scaled to a year",
    ),
    MetricRule(
        "M25.days", "Inventory days", INTERNAL, "days", LOWER, ACCOUNT_ONLY, RATIO,
        _ratio(("inventory_average_days",), ("inventory_cogs",)), source="inventory",
        edge="days of sales that the average inventory lasts",
    ),
    MetricRule(
        "M26", "Team leadership", INTERNAL, "ratio", HIGHER, ACCOUNT_OR_LEADER, RATIO,
        _ratio(("leadership_points", "-leadership_raters"), ("4 leadership_raters",)),
        source="survey_responses", sample="leadership_raters", minimum_sample=5, hidden_below_minimum=True,
        edge="members of the team only; scaled as M24; hidden below five raters",
    ),
    MetricRule(
        "M27", "Compensation cost of sales", FINANCIAL, "ratio", LOWER, ACCOUNT_ONLY, RATIO,
        _ratio(("team_base", "team_variable"), ("revenue",)), source="packages, payouts and transactions",
        edge="a control figure: nobody is paid on it",
    ),
)  # fmt: skip

LIBRARY: Mapping[str, MetricRule] = {rule.code: rule for rule in _RULES}


def words_of_library() -> Iterator[tuple[str, str]]:
    """Yield what every metric is called, read from and careful about, for the catalogue of translations."""
    for rule in _RULES:
        yield from (
            (said, "scorecards/engine/library.py") for said in (rule.name, rule.source, rule.edge) if said
        )


METRIC_CODES: tuple[str, ...] = tuple(dict.fromkeys(rule.metric for rule in _RULES))


def metric_rule(*, code: str) -> MetricRule:
    """
    Return the rule of a metric, or of one of its readings.

    :raises MetricUnknown: if the library has no such code.
    """
    if code not in LIBRARY:
        readings = [known for known in LIBRARY if known.partition(".")[0] == code.partition(".")[0]]
        cure = (
            Sentence(
                "%(metric)s has the readings %(readings)s",
                metric=code.partition(".")[0],
                readings=", ".join(readings),
            )
            if readings
            else Sentence(
                "the library holds %(first)s to %(last)s, without M09",
                first=METRIC_CODES[0],
                last=METRIC_CODES[-1],
            )
        )
        raise MetricUnknown("There is no metric %(code)s; %(cure)s.", code=code, cure=cure)
    return LIBRARY[code]
