"""What two versions say differently: every kind of change the language has, in words of both languages."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from plans.engine.differences import differences
from plans.engine.document import plan_from_document
from plans.views.differences import changes_in_words
from tests.engine.test_plan_document import DOCUMENT
from tests.plans.exemplar import single_changes, whole_plan

METRICS = {"M01": "Revenue against target", "M03": "Margin", "M04": "Contribution"}
TEAM = ("incentive", "children", 0)
REV, MAR = (*TEAM, "children", 0), (*TEAM, "children", 1)
WHOLE = whole_plan()
CHANGED = [
    (place, plan) for place, plan in single_changes(WHOLE) if plan != WHOLE and "Plan.currency" not in place
]
SEVERAL = r" less| as |\.code|\.x$|\.since|event|deal_kind|product|category|grid order|earned_on order"
"""Changes that are told as several: what a row or a node is known by makes another of it."""


def put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    for part in path[:-1]:
        document = document[part]
    document[path[-1]] = value


def said(*puts: tuple[tuple[Any, ...], Any], language: str = "en") -> list[str]:
    after = copy.deepcopy(DOCUMENT)
    for path, value in puts:
        put(after, path, value)
    with override(language):
        changes = changes_in_words(
            before=plan_from_document(DOCUMENT), after=plan_from_document(after), metrics=METRICS
        )
        return [change.sentence for change in changes]


class TestEveryChange:
    def test_of_the_language_is_found_and_said_both_ways(self):
        assert len(CHANGED) > 600
        for place, plan in CHANGED:
            for before, after in ((WHOLE, plan), (plan, WHOLE)):
                changes = changes_in_words(before=before, after=after, metrics={})

                assert changes, f"{place}: nothing found"
                for change in changes:
                    assert change.before != change.after, f"{place}: {change}"
                    assert change.what, place
                    assert not re.search(r"[a-z]_[a-z]|Decimal|None", change.sentence), change.sentence

    def test_is_told_at_the_record_that_changed_and_nowhere_else(self):
        for place, plan in CHANGED:
            found = differences(before=WHOLE, after=plan)
            # A node that went takes its own with it; what it was known by is another row then.
            if not re.search(SEVERAL, place):
                assert len(found) == 1, (place, [(each.names, each.field) for each in found])

    def test_reads_every_record_of_the_language(self):
        records = {name for place, _plan in CHANGED for name in re.findall(r"([A-Z]\w+)\.", place)}

        assert {
            "Plan",
            "Branch",
            "Goal",
            "Matrix",
            "Objectives",
            "Milestone",
            "Commission",
            "UnitBonus",
        } <= records
        assert {
            "Fixed",
            "PoolTerms",
            "FundingBucket",
            "Draw",
            "Holdback",
            "Clawback",
            "SlopeCurve",
        } <= records


class TestChange:
    @pytest.mark.parametrize(
        ("path", "value", "sentence"),
        [
            (("incentive", "cap"), "1.60", "Cap 200% → 160%"),
            ((*REV, "curve", "points", 2), ["1.20", "1.705"], "REV · Curve · Point 120% 160% → 170.5%"),
            ((*REV, "gate", "at_least"), "0.30", "REV · Gate · At least 28% → 30%"),
            ((*REV, "gate", "otherwise"), "zero", "REV · Gate · Otherwise at most 100% is paid → nothing is paid"),
            ((*REV, "gate"), None, "Gone: Gate of REV: Gate: Margin at least 28.0%, otherwise at most 100.0% is paid"),
            ((*MAR, "metric"), "M01", "Metric of MAR Contribution → Revenue against target"),
            ((*MAR, "cap"), "1.5", "New: Cap of MAR: 150%"),
            (("commissions", 0, "tiers", 1, "rate"), "0.025", "COM · Tier €100.00 · Rate 2% → 2.5%"),
            (("commissions", 0, "cap"), "1000", "New: Cap of COM: €1,000.00"),
            (("pool", "bounds"), ["0.60", "1.50"], "Team pool · Share of the guideline 50%, 150% → 60%, 150%"),
            (("pool", "funding", "node"), "", "Team pool · Funding · Result of TEAM → the whole plan"),
            (("payment", "clawback", "months"), 6, "Payment · Clawback · Months back 12 → 6"),
            (("payment", "holdback"), {"share": "0.1"}, "New: Payment · Holdback: Share 10%"),
            (("effective", "to"), "2027-06-30", "Days · Last day 31 Dec 2027 → 30 Jun 2027"),
            (("period",), "month", "Paid paid by quarter → paid by month"),
            (("target_incentive",), {"share": {"parameter": "own"}, "source": "share_of_base"}, None),
        ],
    )  # fmt: skip
    def test_says_what_was_and_what_is(self, path, value, sentence):
        sentences = said((path, value))

        if sentence is None:
            assert sentences == [
                "Target incentive · Comes from the amount of each pay package → a share of base salary",
                "New: Target incentive · Share of base salary: each person's own “own”",
            ]
        else:
            assert sentences == [sentence]

    def test_of_weights_is_told_for_each_goal(self):
        sentences = said(((*REV, "weight"), "0.35"), ((*MAR, "weight"), "0.50"))

        assert sentences == ["Weight of REV 40% → 35%", "Weight of MAR 45% → 50%"]

    def test_speaks_german(self):
        assert said(((*REV, "weight"), "0.35"), ((*MAR, "weight"), "0.50"), language="de") == [
            "Gewicht von REV 40\xa0% → 35\xa0%",
            "Gewicht von MAR 45\xa0% → 50\xa0%",
        ]
        assert said((("incentive", "cap"), "1.60"), language="de") == ["Obergrenze 200\xa0% → 160\xa0%"]

    def test_of_a_goal_that_moved_names_both_places(self):
        document = copy.deepcopy(DOCUMENT)
        moved = document["incentive"]["children"][0]["children"].pop()
        document["incentive"]["children"][0]["weight"] = "0.40"
        document["incentive"]["children"].append(moved | {"accumulation": "year_to_date"})

        changes = changes_in_words(
            before=plan_from_document(DOCUMENT), after=plan_from_document(document), metrics=METRICS
        )

        assert [change.sentence for change in changes] == [
            "Weight of TEAM 85% → 40%",
            "Stands in of MAR TEAM → the whole plan",
        ]

    def test_of_a_goal_that_came_or_went_names_it(self):
        document = copy.deepcopy(DOCUMENT)
        children = document["incentive"]["children"][0]["children"]
        children[1] |= {"code": "NEW", "name": "Contribution of the year"}

        changes = changes_in_words(
            before=plan_from_document(DOCUMENT), after=plan_from_document(document), metrics=METRICS
        )

        assert [change.sentence for change in changes] == [
            "New: Contribution of the year: Goal, weight 45%, Contribution",
            "Gone: MAR: Goal, weight 45%, Contribution",
        ]

    def test_is_none_for_the_same_terms_written_differently(self):
        document = copy.deepcopy(DOCUMENT)
        document["incentive"]["children"][0]["weight"] = "0.8500"

        assert differences(before=plan_from_document(DOCUMENT), after=plan_from_document(document)) == ()

    def test_is_never_rounded_to_the_same_words(self):
        assert said(((*REV, "curve", "points", 2), ["1.20", "1.60000001"])) == [
            "REV · Curve · Point 120% 160% → 160.000001%"
        ]
        assert Decimal("1.60000001") != Decimal("1.6")
