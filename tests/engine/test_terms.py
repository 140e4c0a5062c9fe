"""The pool and payment sections of a plan document: what they say, and what they refuse."""

import pytest

from plans.engine.codec import DocumentInvalid
from plans.engine.document import plan_digest, plan_document, plan_from_document

POOL = {
    "funding": {"rule": "targets_times_result", "node": "REV"},
    "share_by": ["dedication", "days", "role_weight"],
    "bounds": ["0.50", "1.50"],
    "zero_with_reason": True,
    "reason_beyond": "0.20",
    "per_person_at_most": "0.25",
    "matrix_at_least": "0.25",
    "reserve": "0.00",
    "allocator": "kam",
    "if_late": "guideline",
}


def document(**parts):
    goal = {
        "code": "REV",
        "weight": "1",
        "kind": "goal",
        "metric": "M01",
        "curve": {"points": [["0.80", "0.50"], ["1.00", "1.00"]]},
    }
    return {
        "format": "kamcomp.plan/1",
        "code": "GAG",
        "name": "Growth",
        "type": "team_performance",
        "currency": "EUR",
        "effective": {"from": "2027-01-01", "to": "2027-12-31"},
        "period": "quarter",
        "incentive": {"weight": "1", "children": [goal]},
        **parts,
    }


def refused(**parts):
    with pytest.raises(DocumentInvalid) as refusal:
        plan_from_document(document(**parts))
    return {(error.pointer, error.code) for error in refusal.value.errors}


class TestPoolTerms:
    def test_come_back_as_they_went_in(self):
        written = plan_document(plan_from_document(document(pool=POOL)))

        assert {key: written["pool"][key] for key in POOL if key != "funding"} == {
            key: value for key, value in POOL.items() if key != "funding"
        }
        assert plan_document(plan_from_document(written)) == written

    @pytest.mark.parametrize(
        ("change", "place", "code"),
        [
            ({"funding": {"node": "NOPE"}}, "/pool/funding/node", "node_unknown"),
            ({"funding": {"rule": "fixed"}}, "/pool/funding/amount", "rule_and_fields"),
            (
                {"funding": {"rule": "targets_times_result", "share": "0.1"}},
                "/pool/funding/share",
                "rule_and_fields",
            ),
            (
                {"funding": {"rule": "buckets", "buckets": [{"code": "A", "share": "0.9", "node": "REV"}]}},
                "/pool/funding/buckets",
                "shares_sum",
            ),
            ({"funding": {"budget": ""}}, "/pool/funding/budget", "budget_unnamed"),
            ({"funding": {"budget": " KEY"}}, "/pool/funding/budget", "budget_unnamed"),
            ({"bounds": ["1.10", "1.50"]}, "/pool/bounds", "bounds_leave_guideline"),
            ({"bounds": ["0.10"]}, "/pool/bounds", "invalid"),
            ({"per_person_at_most": "1.01"}, "/pool/per_person_at_most", "not_a_share"),
            ({"role_shares": {"csr": "0.5"}}, "/pool/role_shares", "shares_sum"),
            ({"share_by": []}, "/pool/share_by", "missing"),
            ({"share_by": ["days", "days"]}, "/pool/share_by", "said_twice"),
            ({"if_late": "whatever"}, "/pool/if_late", "not_a_choice"),
            ({"bonus": "1"}, "/pool/bonus", "unknown_field"),
        ],
    )
    def test_are_refused_by_place(self, change, place, code):
        assert (place, code) in refused(pool={**POOL, **change})

    def test_keep_their_digest_while_they_name_no_budget(self):
        plain = document(pool={"funding": {"rule": "targets_times_result"}})
        named = document(pool={"funding": {"rule": "targets_times_result", "budget": "KEY"}})

        assert "budget" not in plan_document(plan_from_document(plain))["pool"]["funding"]
        assert plan_document(plan_from_document(named))["pool"]["funding"]["budget"] == "KEY"
        assert plan_digest(plan_from_document(plain)) != plan_digest(plan_from_document(named))


class TestPayment:
    @pytest.mark.parametrize(
        ("payment", "place", "code"),
        [
            (
                {"clawback": {"per_payout_at_most": "1.5"}},
                "/payment/clawback/per_payout_at_most",
                "not_a_share",
            ),
            (
                {"draw": {"amount": "1500", "recovery_rate": "0"}},
                "/payment/draw/recovery_rate",
                "not_a_share",
            ),
            ({"draw": {"amount": "1500"}, "guarantee": {"amount": "1"}}, "/payment/guarantee", "two_floors"),
            ({"holdback": {"share": "0.1", "periods": 0}}, "/payment/holdback/periods", "not_positive"),
            (
                {"holdback": {"share": "0.1", "instalments": ["0.5", "0.4"]}},
                "/payment/holdback/instalments",
                "shares_sum",
            ),
            ({"draw": {}}, "/payment/draw/amount", "missing"),
        ],
    )
    def test_is_refused_by_place(self, payment, place, code):
        assert (place, code) in refused(payment=payment)

    def test_keeps_a_persons_own_draw_by_name(self):
        plan = plan_from_document(document(payment={"draw": {"amount": {"parameter": "draw"}, "periods": 3}}))

        assert plan.payment.draw.amount.parameter == "draw"
        assert plan.payment.draw.recoverable
