"""Every rule, by a plan that trips it and a twin that differs in one field and does not."""

import re
from functools import cache

import pytest

from plans.checks.changes import fix_applied
from plans.checks.facts import Facts
from plans.checks.picture import picture_of
from plans.checks.registry import checked
from plans.checks.rule import NOT_ADVICE, RULES
from plans.engine.codec import read
from tests.checks.cases import CASES, KEPT, LAW_CASES
from tests.checks.sound import differences, picture, state

LAW = {rule for rule in RULES if rule.startswith("E")}


@cache
def sides(number: int):
    """Return both states of a case with what its rule finds on them."""
    case = CASES[number]
    ok = state({**case.given, **({} if case.ok is KEPT else {case.at: case.ok})})
    trips = state({**case.given, case.at: case.trips})
    return ok, looked(ok, case.rule), trips, looked(trips, case.rule)


def looked(made, rule: str):
    picture = picture_of(document=made["plan"], facts=read(Facts, made["facts"]))
    return checked(picture=picture, only={rule} | (LAW if rule == "L69" else set())).of(rule)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[str(case) for case in CASES])
class TestRule:
    def test_finds_what_one_field_makes_wrong(self, number):
        case = CASES[number]

        ok, quiet, trips, found = sides(number)

        places = differences(ok, trips)
        assert places
        assert all(place.startswith(case.at) for place in places), places
        if case.severity != "blocks" or RULES[case.rule].severity == "blocks":
            assert quiet == ()
        else:
            assert all(finding.severity != "blocks" for finding in quiet)
        assert found[0].value == case.value
        assert found[0].severity == (case.severity or RULES[case.rule].severity)

    def test_says_it_in_a_sentence(self, number):
        case = CASES[number]

        _, _, _, found = sides(number)

        for finding in found:
            assert not re.search(r"[{}]|None|Decimal", finding.message)
            assert finding.message.endswith((".", "?"))
            assert finding.message.endswith(NOT_ADVICE) == RULES[case.rule].is_local_law

    def test_its_fix_mends_it(self, number):
        case = CASES[number]
        _, _, trips, (finding, *_) = sides(number)
        if finding.fix is None:
            return

        mended = fix_applied(document=trips["plan"], fix=finding.fix)

        assert mended != trips["plan"]
        left = looked({**trips, "plan": mended}, case.rule)
        assert (finding.at, finding.value) not in {(other.at, other.value) for other in left}


class TestLocalLaw:
    @pytest.mark.parametrize("case", LAW_CASES, ids=str)
    def test_somebody_of_whom_nothing_is_known_hides_nobody_else(self, case):
        first = {"/facts/people/7": {"person": "nobody", "account": "ALPHA"}}
        made = state({**case.given, case.at: case.trips, **first})
        made["facts"]["people"].insert(0, made["facts"]["people"].pop())
        facts = read(Facts, made["facts"])
        assert facts.people[0].person == "nobody"

        report = checked(picture=picture_of(document=made["plan"], facts=facts), only=[case.rule])

        assert case.value in {finding.value for finding in report.findings}


class TestRules:
    def test_there_are_all_of_them(self):
        design = {f"L{number:02}" for number in range(1, 84)}
        law = {f"E{number:02}" for number in range(1, 47)}

        assert set(RULES) == design | law | {"E00"}

    def test_each_has_a_case(self):
        assert {case.rule for case in CASES} == set(RULES)

    def test_a_sound_plan_with_all_its_facts_is_quiet_and_answered(self):
        report = checked(picture=picture(), only=RULES)

        assert report.findings == ()
        assert report.not_known == ()

    def test_a_rule_without_its_facts_says_what_it_lacks(self):
        document_alone = picture_of(document=state()["plan"])

        report = checked(picture=document_alone, only=RULES)

        lacking = {one.rule: one.lacks for one in report.not_known}
        assert lacking["L42"] == "the accounts the plan pays for"
        assert lacking["E11"] == "the people on the plan"
        assert lacking["L68"] == "stored replays and simulations"
        assert {"L01", "L09", "L36"}.isdisjoint(lacking)

    def test_every_fact_that_is_taken_away_is_missed_by_the_rule_that_reads_it(self):
        for at, rule in {
            "/facts/metrics/M06/answers": "L24",
            "/facts/accounts/0/cycle_months": "L30",
            "/facts/accounts/0/members": "L21",
            "/facts/people/0/signed": "L64",
            "/facts/version/languages": "E11",
            "/facts/run/ratings": "L29",
            "/facts/clawbacks": "E17",
            "/facts/leavers": "E30",
        }.items():
            made = state({at: None, "/facts/people/0/place": "FR"})
            report = checked(
                picture=picture_of(document=made["plan"], facts=read(Facts, made["facts"])), only=[rule]
            )

            assert [one.rule for one in report.not_known] == [rule], at
