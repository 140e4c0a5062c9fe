"""A new programme: the type proposed, the cash share, the measures ranked, and the first draft."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.checks.facts import AccountFacts, Facts, MemberFacts
from plans.checks.measures import SAME_RESULT
from plans.checks.picture import picture_of
from plans.checks.registry import checked
from plans.engine.conventions import PlanType
from plans.engine.document import plan_from_document
from plans.engine.first_draft import Aim, Measure, Part, Wanted, first_draft
from plans.engine.measure_choice import Candidate, ranked, recommended
from plans.engine.proposal import Answers, Goal, base_share, proposal
from plans.selectors.elements import elements_beside
from plans.templates_library import account_manager_template, plan_template

D = Decimal
TEMPLATES = {each: plan_template(plan_type=each) for each in PlanType}
MEASURES = (
    Measure(code="M01", name="Account revenue"),
    Measure(code="M06", name="Customer satisfaction"),
    Measure(code="M11", name="Up-sell"),
)
SEGMENTS = tuple(Part(code=f"seg {number}", name=f"Segment {number}") for number in range(3))


def answers(**values):
    return Answers(
        **{
            "goal": Goal.GROW, "team": 6, "countries": 3, "segments": 1, "saturation": D("0.30"), "trend": D("0.04"),
            "cycle_months": 6, "opportunities": 12, "long_run": D("0.5"), **values,
        }
    )  # fmt: skip


def wanted(**values):
    return Wanted(
        **{
            "type": PlanType.TEAM_PERFORMANCE, "code": "MER-2027", "name": "Meridian 2027", "strategy": "grow",
            "currency": "EUR", "first_day": date(2027, 1, 1), "last_day": date(2027, 12, 31),
            "base_share": D("0.80"), "measures": MEASURES[:2], "long_run": D("0.3"), "cycle_months": 3, **values,
        }
    )  # fmt: skip


def drafted(**values):
    return first_draft(wanted=wanted(**values), templates=TEMPLATES)


class TestProposal:
    @pytest.mark.parametrize(
        ("said", "expected", "because"),
        [
            ({}, PlanType.TEAM_PERFORMANCE, "grow_together"),
            ({"goal": Goal.PROFIT}, PlanType.TEAM_PERFORMANCE, "profit_together"),
            ({"segments": 4, "team": 2, "countries": 1}, PlanType.PORTFOLIO, "many_segments"),
            ({"goal": Goal.DEFEND}, PlanType.RENEWAL, "defend"),
            ({"goal": Goal.DEFEND, "saturation": D("0.8"), "opportunities": 2}, PlanType.RENEWAL, "defend"),
            ({"goal": Goal.PROFIT, "team": 2, "saturation": D("0.8")}, PlanType.RENEWAL, "nothing_left"),
            ({"goal": Goal.PROFIT, "team": 2, "trend": D("-0.05")}, PlanType.RENEWAL, "falling"),
            ({"goal": Goal.DEFEND, "segments": 4}, PlanType.HYBRID, "keep_and_spread"),
            ({"saturation": D("0.8"), "trend": D("-0.1")}, PlanType.HYBRID, "keep_and_grow"),
            ({"team": 2, "segments": 0}, PlanType.HYBRID, "none_alone"),
        ],
    )
    def test_follows_what_is_known_of_the_account(self, said, expected, because):
        found = proposal(answers=answers(**said))

        assert found.type == expected
        assert found.reasons[0].name == because

    @given(
        goal=st.sampled_from(Goal),
        team=st.integers(1, 12),
        segments=st.integers(0, 5),
        saturation=st.none() | st.decimals(0, 1, places=2),
        trend=st.none() | st.decimals(-1, 1, places=2),
        opportunities=st.integers(0, 40),
    )
    def test_has_a_reason_and_no_misfit(self, **said):
        found = proposal(answers=answers(**said))

        assert found.reasons
        assert found.type not in found.misfits

    @pytest.mark.parametrize("goal", list(Goal))
    @pytest.mark.parametrize(("people", "count"), [(2, 0), (2, 1), (2, 2), (3, 0), (3, 2)])
    def test_is_never_one_that_the_check_of_types_warns_of(self, goal, people, count):
        found = proposal(answers=answers(goal=goal, team=people, segments=count))
        team = tuple(MemberFacts(person=str(number), role="r") for number in range(people))
        parts = tuple(Part(code=str(number), name=str(number)) for number in range(count))
        document = drafted(type=found.type, strategy=str(goal), segments=parts)

        facts = Facts(accounts=(AccountFacts(code="A", members=team),))
        report = checked(picture=picture_of(document=document, facts=facts))

        assert [one.message for one in report.findings if one.rule == "L56"] == []

    @given(low=st.decimals(0, 1, places=3), high=st.decimals(0, 1, places=3))
    def test_puts_no_more_cash_at_risk_the_longer_the_run(self, low, high):
        low, high = sorted((low, high))

        assert D("0.75") <= base_share(long_run=low) <= base_share(long_run=high) <= D("0.85")

    def test_moves_the_cash_share_over_the_whole_band(self):
        shares = [base_share(long_run=D(each)) for each in ("0", "0.5", "1")]

        assert shares == [D("0.75"), D("0.80"), D("0.85")]


class TestRanked:
    def test_scores_the_four_criteria_with_the_company_before_judgement(self):
        revenue = Candidate(
            code="M01", name="r", perspective="financial", levels=frozenset({"person"}), found=2, asked=2
        )
        scored = Candidate(
            code="M04", name="c", perspective="financial", alignment=1, controllability=0, trackability=2
        )
        (first, second) = ranked(candidates=[scored, revenue], goal=Goal.GROW, same=SAME_RESULT)

        assert (first.candidate.code, first.alignment, first.controllability, first.trackability) == (
            "M01",
            3,
            3,
            3,
        )
        assert (first.focus, first.total) == (3, 12)
        assert (second.alignment, second.controllability, second.trackability, second.total) == (1, 0, 2, 6)

    def test_gives_focus_to_the_better_of_two_that_pay_for_one_result(self):
        rows = [
            Candidate(
                code=code,
                name=code,
                perspective="financial",
                levels=frozenset({"person"}),
                found=found,
                asked=2,
            )
            for code, found in (("M02", 2), ("M01", 1), ("M06", 2))
        ]
        found = {one.candidate.code: one for one in ranked(candidates=rows, goal=Goal.GROW, same=SAME_RESULT)}

        assert (found["M02"].focus, found["M01"].focus, found["M01"].beside) == (3, 0, "M02")
        assert [one.candidate.code for one in recommended(scored=list(found.values()), most=3)] == [
            "M02",
            "M06",
        ]

    def test_counts_an_objective_of_the_account_plan_as_alignment(self):
        (one,) = ranked(
            candidates=[Candidate(code="X1", name="x", perspective="growth", objective=True, computed=False)],
            goal=Goal.DEFEND,
            same={},
        )

        assert (one.alignment, one.controllability, one.trackability) == (3, 1, 0)


class TestFirstDraft:
    @pytest.mark.parametrize("plan_type", list(PlanType))
    @pytest.mark.parametrize("count", [1, 2, 3])
    @pytest.mark.parametrize("segments", [0, 2, 3, 7])
    def test_passes_the_checks_without_a_block(self, plan_type, count, segments):
        parts = tuple(Part(code=f"seg {number}", name=f"Segment {number}") for number in range(segments))
        strategy = "defend" if plan_type is PlanType.RENEWAL else "grow"
        document = drafted(
            type=plan_type, measures=MEASURES[:count], segments=parts, strategy=strategy, long_run=D("0.6"),
            cycle_months=9, margin=D("0.3124"), aims=(Aim(code="O1", statement="Win", metric="M01"),),
        )  # fmt: skip

        plan_from_document(document)
        report = checked(picture=picture_of(document=document))

        assert [one.message for one in report.blocks] == []

    def test_says_what_was_chosen(self):
        document = drafted(
            long_run=D("0.5"), cycle_months=6, base_share=D("0.82"), margin=D("0.3124"),
            aims=(Aim(code="O1", statement="Win Lyon", metric="M01"),),
        )  # fmt: skip

        plan = plan_from_document(document)
        team, objectives = plan.incentive.children
        revenue, satisfaction = team.children
        assert (plan.pay.base_share, plan.strategy) == (D("0.82"), "grow")
        assert (revenue.metric, revenue.weight, revenue.accumulation) == ("M01", D("0.51"), "year_to_date")
        assert (revenue.gate.metric, revenue.gate.at_least, revenue.objective) == ("M03", D("0.31"), "O1")
        assert (satisfaction.metric, satisfaction.weight, satisfaction.accumulation) == (
            "M06",
            D("0.34"),
            "period",
        )
        assert [(item.code, item.weight, item.statement) for item in objectives.items] == [
            ("O1", 1, "Win Lyon")
        ]
        assert plan.payment.deferral.share == D("0.20")

    def test_weighs_segments_evenly_to_the_whole(self):
        plan = plan_from_document(drafted(type=PlanType.PORTFOLIO, segments=SEGMENTS))

        assert [part.weight for part in plan.incentive.children] == [D("0.3334"), D("0.3333"), D("0.3333")]
        assert [part.segment for part in plan.incentive.children] == ["seg 0", "seg 1", "seg 2"]

    def test_leads_a_renewal_plan_with_the_renewal_rate(self):
        plan = plan_from_document(drafted(type=PlanType.RENEWAL, strategy="defend"))

        (team,) = plan.incentive.children
        assert [goal.metric for goal in team.children] == ["M13", "M01", "M06"]
        assert plan.incentive.gate.metric == "M19"


class TestElementsBeside:
    def test_lays_each_element_beside_the_account_managers(self):
        rows = {str(row.element): row for row in elements_beside(
            document=drafted(cycle_months=9), theirs=account_manager_template()
        )}  # fmt: skip

        assert (rows["mix"].theirs, rows["mix"].ours) == (D("0.60"), D("0.80"))
        assert (rows["threshold"].theirs, rows["threshold"].ours) == (None, D("0.80"))
        assert (rows["accelerator"].theirs, rows["accelerator"].ours) == (D("2.00"), D("2.50"))
        assert (rows["measures"].theirs, rows["measures"].ours) == (1, 3)
        assert (rows["shared"].theirs, rows["shared"].ours) == (0, D("0.85"))
        assert (rows["period"].theirs, rows["period"].ours) == (1, 12)
        assert (rows["frequency"].theirs, rows["frequency"].ours) == (1, 3)
        assert all(row.differs for row in rows.values())
