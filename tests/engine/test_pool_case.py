"""A pool from its terms and facts to its figures; the worked pool of the formulas page among them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from kamcomp.money import CONTEXT
from kamcomp.spans import Span
from payouts.engine.filling import LimitsCannotHoldPool
from payouts.engine.pool_case import (
    FundingResultMissing,
    PoolCase,
    case_document,
    case_from_document,
    pool_figures,
)
from payouts.engine.pool_members import (
    Candidate,
    PoolMember,
    Promise,
    Service,
    Stint,
    period_part,
    pool_member,
)
from plans.engine.codec import read
from plans.engine.pool_terms import PoolTerms

Q3 = Span(date(2026, 7, 1), date(2026, 10, 1))
D = Decimal


def terms(**fields):
    return read(PoolTerms, fields)


def member(key, target, dedication="1", days=90, weight="1", link="direct", **fields):
    return PoolMember(
        key=key,
        role=key,
        link=link,
        dedication=D(dedication),
        eligible_days=days,
        role_weight=D(weight),
        target=D(target),
        ceiling=None,
        **{"eligible": True, "reason": "", **fields},
    )


WORKED = (
    member("PM", 9000, "1.00", 90, "1.2"),
    member("CSR", 5000, "0.60", 90, "1.0"),
    member("SA", 8000, "0.40", 60, "1.5"),
    member("BIL", 3000, "0.15", 90, "0.8", "matrix"),
    member("LOG", 4000, "0.25", 90, "1.0", "matrix"),
)


def case(**fields):
    return PoolCase(
        **{
            "terms": terms(),
            "members": WORKED,
            "period_days": 90,
            "currency": "EUR",
            "results": {"": D("1.04")},
            **fields,
        }
    )


class TestPoolFigures:
    def test_are_the_worked_pool(self):
        figures = pool_figures(case=case())

        assert figures.target_amount == 29000
        assert figures.funded == D("30160.00")
        assert dict(figures.guideline) == {
            "PM": D("14082.49"),
            "CSR": D("7041.25"),
            "SA": D("4694.16"),
            "BIL": D("1408.25"),
            "LOG": D("2933.85"),
        }

    def test_read_the_node_the_plan_names(self):
        named = case(terms=terms(funding={"node": "TEAM"}), results={"TEAM": D("0.5"), "": D(9)})

        assert pool_figures(case=named).funded == D("14500.00")

    def test_refuse_a_result_nobody_has(self):
        with pytest.raises(FundingResultMissing, match="team result of TEAM, which is not known"):
            pool_figures(case=case(terms=terms(funding={"node": "TEAM"})))

    def test_leave_out_who_is_not_eligible(self):
        left = member("KEN", 5000, eligible=False, reason="left on 14 Aug 2026")

        figures = pool_figures(case=case(members=(*WORKED, left)))

        assert figures.funded == D("30160.00")
        assert "KEN" not in figures.guideline

    def test_add_what_late_facts_corrected_and_never_fall_below_zero(self):
        more, less = (pool_figures(case=case(correction=D(amount))) for amount in ("250.00", "-40000"))

        assert (more.funded, more.corrected) == (D("30410.00"), D("250.00"))
        assert (less.funded, less.corrected) == (0, D("-30160.00"))

    def test_withhold_a_pool_that_nobody_can_share(self):
        fixed = case(terms=terms(funding={"rule": "fixed", "amount": "500"}), members=())

        figures = pool_figures(case=fixed)

        assert (figures.funded, figures.withheld, figures.shared) == (D(500), D(500), 0)

    def test_keep_the_guideline_inside_its_limits_where_a_roles_share_is_withheld(self):
        split = {"role_shares": {"seller": "0.5", "legal": "0.5"}, "when_role_empty": "withhold"}
        sellers = tuple(replace(member(key, 0), role="seller") for key in "ab")
        rule = terms(funding={"rule": "fixed", "amount": "1000"}, per_person_at_most="0.25", **split)

        figures = pool_figures(case=case(terms=rule, members=sellers))

        # A quarter of the pool of 1,000.00, not of the 500.00 that are left without the role nobody holds.
        assert (dict(figures.guideline), figures.withheld) == ({"a": D("250.00"), "b": D("250.00")}, 500)
        assert [figures.limits[key].high for key in "ab"] == [D("250.00"), D("250.00")]

    def test_refuse_limits_that_leave_no_guideline(self):
        with pytest.raises(LimitsCannotHoldPool):
            pool_figures(case=case(terms=terms(per_person_at_most="0.10")))

    def test_come_out_of_the_stored_document_the_same(self):
        told = case(results={"": D(93) / D(85)}, contribution=D("1.5"), correction=D("-3.10"))

        again = case_from_document(case_document(case=told))

        assert again == told
        assert pool_figures(case=again) == pool_figures(case=told)


STINT = {"role": "csr", "link": "direct", "role_weight": D(1)}


def candidate(**fields):
    always = Span(date(2020, 1, 1))
    return Candidate(
        **{
            "key": "7",
            "stints": [Stint(span=always, dedication=D("0.5"), **STINT)],
            "services": [Service(span=always, dedication=D("0.5"))],
            "promises": [Promise(span=always, period_target=D(2000))],
            "employed": [always],
            **fields,
        }
    )


def judged(**fields):
    return pool_member(candidate=candidate(**fields), period=Q3, terms=terms())


class TestPoolMember:
    def test_brings_the_whole_promise_when_this_is_the_only_account(self):
        found = judged()

        assert (found.eligible, found.eligible_days, found.target) == (True, 92, 2000)

    def test_brings_a_part_when_dedication_is_shared_with_other_accounts(self):
        services = [Service(span=Span(date(2020, 1, 1)), dedication=D(share)) for share in ("0.5", "0.3")]

        assert judged(services=services).target == D("1250")

    def test_counts_only_the_days_on_the_account(self):
        late = [Stint(span=Span(date(2026, 9, 1)), dedication=D("0.5"), **STINT)]

        found = judged(stints=late)

        assert found.eligible_days == 30
        assert found.target == CONTEXT.divide(D(60000), D(92))

    def test_who_left_before_the_last_day_gets_nothing_and_the_reason(self):
        found = judged(employed=[Span.inclusive(date(2020, 1, 1), date(2026, 8, 14))])

        assert (found.eligible, found.reason, found.target) == (False, "left on 14 Aug 2026", 0)

    def test_who_moved_to_another_account_keeps_the_days(self):
        moved = [Stint(span=Span(date(2020, 1, 1), date(2026, 8, 1)), dedication=D("0.5"), **STINT)]

        found = judged(stints=moved)

        assert (found.eligible, found.eligible_days) == (True, 31)

    def test_leave_does_not_count_and_the_weight_of_two_stints_is_kept(self):
        first = Stint(span=Span(date(2020, 1, 1), date(2026, 8, 1)), dedication=D("1"), **STINT)
        then = Stint(span=Span(date(2026, 8, 1)), dedication=D("0.5"), **{**STINT, "role_weight": D(2)})

        found = judged(stints=[then, first], on_leave=[Span(date(2026, 9, 1), date(2026, 10, 1))])

        assert found.eligible_days == 62
        assert found.dedication * found.role_weight * 62 == 31 * 1 + 31 * 1

    def test_who_takes_no_part_says_why(self):
        out = [
            Stint(
                span=Span(date(2020, 1, 1)),
                dedication=D(1),
                pool_eligible=False,
                opt_out_reason="on plan R",
                **STINT,
            )
        ]

        assert judged(stints=out).reason == "takes no part: on plan R"


class TestPeriodPart:
    def test_sums_to_the_year(self):
        parts = [period_part(yearly=D("100.01"), number=n, periods=4, currency="EUR") for n in (1, 2, 3, 4)]

        assert parts == [D("25.01"), D("25.00"), D("25.00"), D("25.00")]
