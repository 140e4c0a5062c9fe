"""Simulated years: the closed form, correlations as asked, the past repeated, seeds, and what is remembered."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from kamcomp.columns import EXACT, FAST
from payouts.engine.evaluation import evaluate
from payouts.engine.simulation.draws import (
    Cast,
    CorrelationImpossible,
    Distribution,
    DistributionUnsound,
    Shape,
    drawn,
    normals,
)
from payouts.engine.simulation.figures import cost_figures, level_costs
from payouts.engine.simulation.frame import inputs_of_year, plan_of_year
from payouts.engine.simulation.kernel import PoolDrawn, Simulation
from payouts.engine.simulation.merging import people_stated
from payouts.engine.simulation.past import PastPeriod, past_costs
from payouts.engine.simulation.scenario import Scenario, Source, scenario_draws, usual_readings
from plans.engine.document import plan_from_document
from tests.engine.test_evaluation import inputs_of

LINEAR = {"points": [["0", "0"], ["1", "1"]], "above": "extend"}
BENT = {"points": [["0.80", "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.60"]], "above": "cap"}
ACCOUNTS = ["A", "A", "B", "B"]


def plan(*, curve=LINEAR, weights=("0.60", "0.40"), children=None, **extra):
    children = children or [
        {"kind": "goal", "code": f"G{n}", "weight": weight, "metric": f"M{n}", "level": "individual",
         "curve": curve, **extra}
        for n, weight in enumerate(weights)
    ]  # fmt: skip
    document = {
        "format": "kamcomp.plan/1", "code": "T", "name": "Test", "type": "team_performance", "currency": "EUR",
        "effective": {"from": "2027-01-01", "to": "2027-12-31"}, "period": "quarter",
        "incentive": {"children": [{"code": "ALL", "weight": "1", "children": children}]},
    }  # fmt: skip
    return plan_from_document(document)


def frame(count=4):
    return inputs_of_year(inputs=inputs_of([["100", "100"] for _ in range(count)]))


def simulated(scenario, *, of=None, on=None, past=(), pools=()):
    one, base = of or plan(), on or frame()
    accounts = ACCOUNTS[: base.size]
    draws = scenario_draws(
        scenario=scenario, plan=one, frame=base, accounts=accounts, past=[each.results for each in past]
    )
    return Simulation(plan=one, frame=base, draws=draws, pools=pools, block_rows=1_000)


def stated(**distributions):
    return Scenario(source=Source.STATED, draws=20_000, seed=7, distributions=distributions)


class TestDraws:
    @pytest.mark.parametrize(
        ("distribution", "mean", "spread"),
        [
            (Distribution(centre=1.02, spread=0.08), 1.02, 0.08),
            (Distribution(shape=Shape.LOGNORMAL, centre=1.1, spread=0.3), 1.1, 0.3),
            (Distribution(shape=Shape.TRIANGULAR, centre=1.0, spread=0.3, above=0.6), 1.1, math.sqrt(0.63 / 18)),
            (Distribution(shape=Shape.FIXED, centre=0.9), 0.9, 0.0),
        ],
    )  # fmt: skip
    def test_have_the_mean_and_spread_of_their_distribution(self, distribution, mean, spread):
        normal = np.random.default_rng(3).standard_normal(200_000)

        results = drawn(distribution=distribution, normal=normal)

        assert results.mean() == pytest.approx(mean, abs=0.003)
        assert results.std() == pytest.approx(spread, abs=0.003)

    def test_are_correlated_as_asked(self):
        asked = [[1.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 1.0]]
        cast = Cast(accounts=2, account_of=np.array([0, 0, 1]), own=(2,))

        made = normals(
            seed=5, draws=60_000, cast=cast, names=["a", "b", "c"], correlation=asked, together=0.25
        )

        both = np.corrcoef(
            [made.teams[:, 0, 0], made.teams[:, 0, 1], made.people[:, 0, 0], made.teams[:, 1, 0]]
        )
        assert both[0, 1] == pytest.approx(0.6, abs=0.02)
        assert both[0, 2] == pytest.approx(-0.3, abs=0.02)
        assert both[1, 2] == pytest.approx(0.2, abs=0.02)
        assert both[0, 3] == pytest.approx(0.25, abs=0.02)

    def test_refuse_correlations_that_cannot_all_hold(self):
        asked = [[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]
        cast = Cast(accounts=1, account_of=np.array([0]))

        with pytest.raises(CorrelationImpossible, match="of a, b, c cannot all hold"):
            normals(seed=1, draws=2, cast=cast, names=["a", "b", "c"], correlation=asked, together=0.0)

    def test_refuse_a_spread_of_nothing(self):
        with pytest.raises(DistributionUnsound, match="M0: a spread is above zero"):
            simulated(stated(M0=Distribution(spread=0.0)))


class TestSimulation:
    def test_of_a_linear_curve_costs_on_average_what_the_closed_form_says(self):
        scenario = stated(M0=Distribution(centre=1.05, spread=0.1), M1=Distribution(centre=0.9, spread=0.05))

        cost = simulated(scenario).drawn(plan=plan()).cost

        target = 4 * 30_000
        mean = target * (0.6 * 1.05 + 0.4 * 0.9)
        spread = 30_000 * math.sqrt(4 * ((0.6 * 0.1) ** 2 + (0.4 * 0.05) ** 2))
        assert cost.mean() == pytest.approx(mean, abs=4 * spread / math.sqrt(len(cost)))
        assert cost.std() == pytest.approx(spread, rel=0.03)

    def test_of_a_past_of_one_period_is_what_that_period_pays(self):
        then = inputs_of([["97.3", "104.1"], ["88.8", "131"], ["79.9", "100"], ["101.7", "115.25"]])
        curved = plan(curve=BENT)
        exact = evaluate(plan=curved, inputs=then, numbers=EXACT)

        made = simulated(Scenario(draws=5), of=curved, on=inputs_of_year(inputs=then), past=[then])
        cost = made.drawn(plan=curved).cost

        assert np.ptp(cost) == 0
        assert cost[0] / 4 == pytest.approx(sum(map(float, exact.payout)), abs=0.005 * 4)

    def test_repeats_periods_whole(self):
        quarters = [inputs_of([["90", "110"]] * 4), inputs_of([["110", "90"]] * 4)]

        made = simulated(Scenario(draws=400, together=1.0), past=quarters)

        assert {round(each, 2) for each in made.drawn(plan=plan()).cost} == {
            round(120_000 * (0.6 * 0.9 + 0.4 * 1.1), 2), round(120_000 * (0.6 * 1.1 + 0.4 * 0.9), 2),
        }  # fmt: skip

    def test_takes_the_next_period_for_what_one_lacks(self):
        quarters = [inputs_of([["90", None]] * 4), inputs_of([["90", "80"]] * 4)]

        cost = simulated(Scenario(draws=50), past=quarters).drawn(plan=plan()).cost

        assert cost == pytest.approx(120_000 * (0.6 * 0.9 + 0.4 * 0.8))

    def test_gives_the_same_figures_for_the_same_seed_and_others_for_another(self):
        scenario = stated(M0=Distribution(spread=0.2))

        cost = simulated(scenario).drawn(plan=plan()).cost
        again = simulated(scenario).drawn(plan=plan(), workers=2).cost
        other = simulated(replace(scenario, seed=8)).drawn(plan=plan()).cost

        assert (cost == again).all()
        assert (cost != other).any()

    def test_begins_with_the_same_draws_when_more_are_asked_for(self):
        scenario = stated()

        few = simulated(replace(scenario, draws=100)).drawn(plan=plan()).cost
        many = simulated(replace(scenario, draws=300)).drawn(plan=plan()).cost

        assert (many[:100] == few).all()

    def test_comes_to_the_same_after_a_curve_moved_as_from_the_beginning(self):
        moved = plan(curve=BENT)
        scenario = stated(M0=Distribution(spread=0.2))
        made = simulated(scenario)
        made.drawn(plan=plan())

        after, anew = made.drawn(plan=moved), simulated(scenario, of=moved).drawn(plan=moved)

        assert (after.cost == anew.cost).all()
        assert after.leaves == anew.leaves

    def test_computes_only_what_hangs_on_the_curve_that_moved(self):
        made = simulated(stated())
        made.drawn(plan=plan())
        before = dict(made.blocks[0].known)
        document = plan()
        branch = document.incentive.children[0]
        goal = replace(branch.children[0], cap=Decimal("1.1"))
        moved = replace(
            document,
            incentive=replace(
                document.incentive, children=(replace(branch, children=(goal, branch.children[1])),)
            ),
        )

        made.drawn(plan=moved)

        kept = [node.code for node in made.blocks[0].known if before.get(node) is made.blocks[0].known[node]]
        assert kept == ["G1"]

    def test_says_how_often_each_measure_pays_something_its_target_and_its_most(self):
        scenario = stated(
            M0=Distribution(centre=1.0, spread=0.1), M1=Distribution(shape=Shape.FIXED, centre=0.7)
        )

        leaves = simulated(scenario, of=plan(curve=BENT)).drawn(plan=plan(curve=BENT)).leaves

        assert leaves["G0"].pays == pytest.approx(0.977, abs=0.005)
        assert leaves["G0"].target == pytest.approx(0.5, abs=0.01)
        assert leaves["G0"].most == pytest.approx(0.023, abs=0.005)
        assert (leaves["G1"].pays, leaves["G1"].most) == (0.0, 0.0)
        assert simulated(stated()).drawn(plan=plan()).leaves["G0"].most is None

    def test_funds_pools_by_the_teams_result_of_each_draw(self):
        scenario = stated(M0=Distribution(centre=1.2, spread=0.1), M1=Distribution(shape=Shape.FIXED))
        pools = [PoolDrawn(row=0, target=1_000.0, shares={"ALL": 1.0}, fixed=50.0)]

        found = simulated(scenario, pools=pools).drawn(plan=plan())

        assert found.pools.mean() == pytest.approx(50 + 1_000 * (0.6 * 1.2 + 0.4), rel=0.01)
        assert (found.cost == found.people + found.pools).all()


class TestFigures:
    def test_are_quantiles_and_the_chance_to_pass_a_budget(self):
        found = simulated(stated(M0=Distribution(spread=0.1), M1=Distribution(shape=Shape.FIXED))).drawn(
            plan=plan()
        )

        figures = cost_figures(drawn=found, levels={}, budget=120_000.0)

        spread = 120_000 * 0.6 * 0.1 / 2
        assert figures.low == pytest.approx(120_000 - 1.2816 * spread, rel=0.005)
        assert figures.middle == pytest.approx(120_000, rel=0.005)
        assert figures.high == pytest.approx(120_000 + 1.2816 * spread, rel=0.005)
        assert figures.over_budget == pytest.approx(0.5, abs=0.02)
        assert sum(bar.draws for bar in figures.bars) == 20_000

    def test_cost_at_half_all_and_one_and_a_half_of_target(self):
        costs = level_costs(plan=plan(curve=BENT), frame=frame(), pools=[])

        assert costs == pytest.approx({0.5: 0.0, 1.0: 120_000.0, 1.5: 192_000.0})

    def test_people_without_a_past_are_judged_as_met_and_at_each_level(self):
        judged = {
            "code": "AIMS",
            "weight": "1",
            "kind": "objectives",
            "items": [{"code": "O1", "weight": "1"}],
        }
        own = plan_of_year(plan=plan(children=[judged]))
        people = people_stated(plan=own, people=3, target=10_000.0, accounts=1)

        assert level_costs(plan=own, frame=people, pools=[]) == pytest.approx(
            {0.5: 15_000.0, 1.0: 30_000.0, 1.5: 45_000.0}
        )

    def test_usual_readings_are_means_and_spreads_of_the_past(self):
        usual = usual_readings(plan=plan(), past=[inputs_of([["90", "100"], ["110", None]]).results])

        assert (usual["M0"].mean, usual["M0"].spread, usual["M0"].count) == pytest.approx((1.0, 0.1, 2))
        assert usual["M1"].count == 1


class TestYear:
    def test_pays_a_years_target_to_who_joined_late_and_a_part_of_a_goal_over_years(self):
        late = inputs_of([["100", "100"]])
        late = replace(late, spans=replace(late.spans, since=late.spans.since + 80))
        long = plan(accumulation="multi_year", years=3)
        year = plan_of_year(plan=long)
        base = inputs_of_year(inputs=late)
        base = replace(
            base, results={key._replace(window="multi_year"): each for key, each in base.results.items()}
        )

        always = Distribution(shape=Shape.FIXED, centre=1.1)
        scenario = Scenario(draws=2, source=Source.STATED, distributions={"M0": always, "M1": always})
        cost = simulated(scenario, of=year, on=base).drawn(plan=year).cost

        assert cost == pytest.approx(33_000)


class TestPast:
    def test_costs_what_the_exact_engine_pays_period_after_period(self):
        quarters = [inputs_of([["110", "90.7"], ["95", "100"]]), inputs_of([["84", "101.3"], ["120", "77"]])]
        to_date = plan(curve=BENT, accumulation="year_to_date")
        keyed = [
            replace(
                each,
                calendar=replace(each.calendar, period=place),
                results={key._replace(window="year_to_date"): one for key, one in each.results.items()},
            )
            for place, each in enumerate(quarters)
        ]
        first = evaluate(plan=to_date, inputs=keyed[0], numbers=EXACT)
        brought = replace(keyed[1], balances=first.closing)
        second = evaluate(plan=to_date, inputs=brought, numbers=EXACT)

        periods = [
            PastPeriod(name=str(n), fiscal_year=2027, inputs=FAST.of(each)) for n, each in enumerate(keyed)
        ]
        found = past_costs(plan=to_date, periods=periods)

        assert found[0].amounts == pytest.approx([float(each) for each in first.payout], abs=0.005)
        assert found[1].amounts == pytest.approx([float(each) for each in second.payout], abs=0.01)
        assert found[1].cost == pytest.approx(float(sum(second.payout)), abs=0.02)

    def test_takes_parts_of_a_period_as_one_and_begins_a_year_anew(self):
        quarters = [
            replace(
                each, results={key._replace(window="year_to_date"): one for key, one in each.results.items()}
            )
            for each in (
                inputs_of([["110", "90.7"], ["95", "100"]]),
                inputs_of([["84", "101.3"], ["120", "77"]]),
            )
        ]
        to_date = plan(curve=BENT, accumulation="year_to_date")
        last, first = (FAST.of(each) for each in quarters)
        anew = past_costs(plan=to_date, periods=[PastPeriod(name="Q1", fiscal_year=2028, inputs=first)])

        found = past_costs(
            plan=to_date,
            periods=[
                PastPeriod(name="Q4", fiscal_year=2027, inputs=last),
                PastPeriod(name="Q1", fiscal_year=2028, inputs=first),
                PastPeriod(name="Q1", fiscal_year=2028, inputs=first),
            ],
        )

        assert found[1].amounts == pytest.approx(anew[0].amounts)
        assert found[2].amounts == pytest.approx(anew[0].amounts)
