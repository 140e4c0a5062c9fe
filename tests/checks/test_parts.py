"""The parts checks are made of: changes of a document, rank correlation, limits by role, weights by moment."""

from decimal import Decimal

import pytest

from plans.checks.changes import Change, Fix, PlaceGone, fix_applied, value_at
from plans.checks.facts import Facts
from plans.checks.picture import picture_of
from plans.checks.ranks import rank_correlation
from plans.checks.registry import checked
from plans.checks.rule import NotKnown, Unit, shown
from plans.engine.codec import DocumentInvalid
from tests.checks.sound import ABSENT, COMMISSION, picture, plan

D = Decimal


class TestFixApplied:
    def made(self, *changes):
        return fix_applied(document={"a": {"b": ["x", "y"]}, "c": None}, fix=Fix(words="", changes=changes))

    def test_puts_replaces_appends_and_takes_away(self):
        assert self.made(Change(at="/a/b/0", value="z")) == {"a": {"b": ["z", "y"]}, "c": None}
        assert self.made(Change(at="/a/b/-", value="z"))["a"]["b"] == ["x", "y", "z"]
        assert self.made(Change(at="/a/b/1", taken=True))["a"]["b"] == ["x"]
        assert self.made(Change(at="/c/d", value=1))["c"] == {"d": 1}
        assert self.made(Change(at="/a~1b", value=1))["a/b"] == 1

    def test_leaves_the_document_it_was_given(self):
        document = plan()

        fix_applied(
            document=document, fix=Fix(words="", changes=(Change(at="/pay/base_share", value="0.75"),))
        )

        assert document == plan()

    def test_refuses_a_place_that_is_gone(self):
        with pytest.raises(PlaceGone, match="has no place /a/b/7/c"):
            self.made(Change(at="/a/b/7/c", value="z"))

    def test_a_value_that_is_not_there_is_none(self):
        assert value_at(document={"a": [1]}, at="/a/3") is None
        assert value_at(document={"a": [1]}, at="/b/c") is None


class TestRankCorrelation:
    def test_of_what_rises_together_falls_and_ties(self):
        assert rank_correlation(pairs=[(D(1), D(10)), (D(2), D(20)), (D(3), D(90))]) == 1
        assert rank_correlation(pairs=[(D(1), D(9)), (D(2), D(5)), (D(3), D(1))]) == -1
        ties = rank_correlation(pairs=[(D(1), D(1)), (D(1), D(2)), (D(2), D(3)), (D(3), D(4))])
        assert ties.quantize(D("0.0001")) == D("0.9487")

    def test_of_figures_that_do_not_differ_is_not_known(self):
        with pytest.raises(NotKnown):
            rank_correlation(pairs=[(D(1), D(1)), (D(1), D(2))])


class TestLimits:
    def test_of_key_account_managers_go_before_the_companys(self):
        lower = picture({"/plan/pay/base_share": "0.70"})

        def found(settings):
            return checked(picture=lower, settings=settings, only=["L01"]).of("L01")

        assert found({})
        assert not found({"checks.L01.least": D("0.60")})
        assert found({"checks.L01.least": D("0.60"), "checks.L01.least.kam": D("0.75")})


class TestHistory:
    CHANGES = {"/facts/evidence/replayed_periods": 0, "/plan/incentive/children/1/weight": "0.20"}

    def test_is_not_held_to_replays_but_to_sound_weights(self):
        live = checked(picture=picture(self.CHANGES))
        history = checked(picture=picture({**self.CHANGES, "/facts/stage": "history"}))

        assert {found.rule for found in live.blocks} == {"L11", "L68"}
        assert {found.rule for found in history.blocks} == {"L11"}
        assert history.of("L68")[0].severity == "to_look_at"

    def test_a_first_plan_is_asked_for_scenarios(self):
        first = {"/facts/evidence/closed_periods": 0, "/facts/evidence/replayed_periods": 0}

        assert not checked(picture=picture(first)).of("L68")
        unsimulated = {**first, "/facts/evidence/scenarios": []}
        (found,) = checked(picture=picture(unsimulated)).of("L68")
        assert (found.value, found.severity) == (0, "blocks")
        assert "scenarios simulated, and no past to replay" in found.message
        replayed = {**unsimulated, "/facts/evidence/replayed_periods": 1}  # on the people of another plan
        assert not checked(picture=picture(replayed)).of("L68")

    def test_what_has_no_past_and_no_goals_cannot_be_looked_at_before(self):
        given = {"/facts/evidence/closed_periods": 0, "/facts/evidence/replayed_periods": 0,
                 "/facts/evidence/scenarios": [], "/plan/incentive": ABSENT, "/plan/pool": ABSENT,
                 "/plan/commissions": [COMMISSION]}  # fmt: skip

        report = checked(picture=picture(given), only=["L60", "L68"])

        assert not report.findings
        assert {one.rule for one in report.not_known} == {"L60", "L68"}


class TestLocalLawOpen:
    PLACE = {"/facts/people/0/place": "FR", "/facts/version/languages": ["en"]}

    def test_counts_what_nobody_let_stand(self):
        report = checked(picture=picture(self.PLACE))
        (french,) = report.of("E11")

        waived = checked(picture=picture({**self.PLACE, "/facts/waived": [french.message]}))

        assert report.of("L69")[0].value == 1
        assert not waived.of("L69")


class TestPictureOf:
    def test_refuses_what_no_rule_says(self):
        document = plan()
        document["incentive"]["children"][0]["children"][1]["code"] = "REV"

        with pytest.raises(DocumentInvalid, match="already that of"):
            picture_of(document=document, facts=Facts())


class TestShown:
    def test_is_as_people_read_it(self):
        assert shown(D("0.075"), Unit.RATIO) == "7.5 %"
        assert shown(D("1234567.5"), Unit.MONEY) == "1,234,567.50"
        assert shown(D("3.10"), Unit.TIMES) == "3.1"
        assert shown(3, Unit.COUNT) == "3"
        assert shown(None, Unit.RATIO) == ""
