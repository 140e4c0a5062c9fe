"""What an allocation may not do: docs/reference/formulas.md, "Pool allocation"."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payouts.engine.allocation import AllocationRule, allocation_limits, guideline_shares
from payouts.engine.guardrails import Proposal, blocks, guardrails
from tests.engine.test_allocation import TEAM, member, members_drawn

D = Decimal
RULE = AllocationRule(
    low=D("0.50"),
    high=D("1.50"),
    reason_beyond=D("0.20"),
    zero_with_reason=True,
    reserve_at_most=D("0.05"),
    matrix_at_least=D("0.25"),
)


def proposal(*, members=TEAM, rule=RULE, total="30160.00", **changes):
    """Return the guideline proposed as it is, with the changes asked for."""
    guideline = guideline_shares(
        total=D(total), members=members, rule=rule, period_days=90, currency="EUR"
    ).shares
    amounts = guideline | {key: D(amount) for key, amount in changes.pop("amounts", {}).items()}
    return Proposal(
        total=D(total),
        currency="EUR",
        members=members,
        rule=rule,
        guideline=guideline,
        limits=allocation_limits(
            total=D(total), members=members, guideline=guideline, rule=rule, currency="EUR"
        ),
        amounts=amounts,
        **changes,
    )


def found(proposed):
    return [(finding.rule, finding.subject) for finding in guardrails(proposal=proposed)]


class TestGuardrails:
    def test_let_the_guideline_pass(self):
        assert guardrails(proposal=proposal()) == ()

    @given(members=members_drawn, total=st.integers(0, 10**7))
    def test_never_block_the_guideline(self, members, total):
        rule = replace(RULE, matrix_at_least=D(0))

        findings = guardrails(proposal=proposal(members=members, rule=rule, total=str(D(total).scaleb(-2))))

        assert not blocks(findings=findings)

    def test_want_exactly_the_pool(self):
        (finding,) = guardrails(proposal=proposal(amounts={"PM": "14082.48"}))

        assert (finding.rule, finding.value, finding.limit) == (
            "allocation_whole",
            D("30159.99"),
            D("30160.00"),
        )
        assert finding.message == "0.01 EUR are left: allocate exactly all."
        assert blocks(findings=[finding])

    def test_count_the_reserve_into_the_pool(self):
        assert found(proposal(amounts={"PM": "13082.49"}, reserve=D("1000.00"))) == []

    def test_hold_the_reserve_to_the_plan(self):
        assert found(proposal(amounts={"PM": "12574.48"}, reserve=D("1508.01"))) == [("reserve_within", "")]

    def test_refuse_more_than_a_ceiling_even_with_a_reason(self):
        moved = {"CSR": "10561.88", "PM": "10561.86"}

        (finding,) = guardrails(proposal=proposal(amounts=moved, reasons={"CSR": "x", "PM": "x"}))

        assert (finding.rule, finding.subject, finding.limit) == (
            "allocation_limits_kept",
            "CSR",
            D("10561.87"),
        )
        assert "guideline ceiling" in finding.message

    def test_refuse_less_than_a_floor_even_with_a_reason(self):
        moved = {"BIL": "704.12", "PM": "14786.62"}

        assert found(proposal(amounts=moved, reasons={"BIL": "x"})) == [("allocation_limits_kept", "BIL")]

    def test_name_the_most_per_person(self):
        rule = replace(RULE, per_person_at_most=D("0.30"), reason_beyond=None)
        base = proposal(rule=rule)
        moved = {"PM": base.guideline["PM"] + 1, "CSR": base.guideline["CSR"] - 1}

        (finding,) = guardrails(proposal=replace(base, amounts=base.guideline | moved))

        assert "9,049.00 is above 9,048.00, the most per person" in finding.message

    def test_let_a_zero_pass_with_a_reason_only(self):
        moved = {"BIL": "0.00", "CSR": "8449.50"}

        assert found(proposal(amounts=moved)) == [("zero_has_reason", "BIL")]
        assert found(proposal(amounts=moved, reasons={"BIL": "left the team in week 1"})) == []

    def test_refuse_a_zero_where_the_plan_has_none(self):
        moved = {"BIL": "0.00", "CSR": "8449.50"}
        rule = replace(RULE, zero_with_reason=False)

        assert found(proposal(amounts=moved, rule=rule, reasons={"BIL": "x"})) == [
            ("allocation_limits_kept", "BIL")
        ]

    def test_want_a_reason_beyond_the_plans_measure(self):
        at_the_line = {"LOG": "3520.62", "PM": "13495.72"}
        beyond = {"LOG": "3520.63", "PM": "13495.71"}

        assert found(proposal(amounts=at_the_line)) == []
        assert found(proposal(amounts=beyond)) == [("deviation_has_reason", "LOG")]
        assert found(proposal(amounts=beyond, reasons={"LOG": "carried the peak"})) == []
        assert found(proposal(amounts=beyond, reasons={"LOG": "   "})) == [("deviation_has_reason", "LOG")]

    def test_keep_the_matrix_part(self):
        rule = replace(RULE, reason_beyond=None)
        moved = {"SA": "3000.00", "CSR": "8735.41"}

        assert found(proposal(amounts=moved, rule=rule)) == [("matrix_has_least", "")]

    def test_refuse_the_allocator_in_the_pool(self):
        assert found(proposal(allocator="PM")) == [("allocator_unpaid", "PM")]

    def test_refuse_strangers_and_holes(self):
        base = proposal()
        amounts = dict(base.amounts)
        amounts["NEW"] = amounts.pop("BIL")

        assert found(replace(base, amounts=amounts)) == [
            ("allocation_members", "BIL"),
            ("allocation_members", "NEW"),
        ]

    def test_refuse_parts_of_a_cent_and_less_than_nothing(self):
        moved = {"PM": "14082.495", "BIL": "1408.245"}

        assert found(proposal(amounts=moved)) == [("allocation_units", "BIL"), ("allocation_units", "PM")]
        assert ("allocation_units", "BIL") in found(proposal(amounts={"BIL": "-1.00", "PM": "15491.74"}))

    def test_warn_of_equal_shares_for_unequal_work(self):
        rule = replace(RULE, low=None, high=None, reason_beyond=None)

        (finding,) = guardrails(
            proposal=proposal(amounts=dict.fromkeys(["PM", "CSR", "SA", "BIL", "LOG"], "6032.00"), rule=rule)
        )

        assert (finding.rule, finding.severity) == ("allocation_shaped", "warn")
        assert not blocks(findings=[finding])

    def test_warn_of_one_who_takes_over_half(self):
        moved = {"PM": "15080.01", "CSR": "6043.73"}

        assert found(proposal(amounts=moved)) == [("allocation_shaped", "PM")]

    def test_say_nothing_of_half_a_pool_of_three(self):
        small = [member("a"), member("b"), member("c")]

        assert (
            found(
                proposal(
                    members=small,
                    total="90.00",
                    amounts={"a": "45.00", "b": "22.50", "c": "22.50"},
                    reasons=dict.fromkeys("abc", "the migration"),
                )
            )
            == []
        )

    @pytest.mark.parametrize("gathered", [{"PM": "-5.00", "CSR": "99999.99", "BIL": "0.00"}])
    def test_gather_all_findings_gravest_first(self, gathered):
        findings = guardrails(proposal=proposal(amounts=gathered))

        assert {finding.rule for finding in findings} >= {
            "allocation_whole",
            "allocation_units",
            "allocation_limits_kept",
            "zero_has_reason",
            "deviation_has_reason",
        }
        assert [finding.severity for finding in findings] == sorted(finding.severity for finding in findings)
