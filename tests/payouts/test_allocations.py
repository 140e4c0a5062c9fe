"""The KAM's pool: drafts, guardrails, hand-over, decision, lateness; and twelve submissions at once."""

from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection

from kamcomp.approvals.choices import Severity
from kamcomp.approvals.models import Approval, Finding
from kamcomp.identity.choices import Role
from kamcomp.identity.selectors import RoleMissing
from kamcomp.identity.services import user_make
from kamcomp.refusal import Refusal
from payouts.choices import PoolStatus, RunStatus
from payouts.engine.filling import LimitsCannotHoldPool
from payouts.models import Pool
from payouts.services import allocations, pools
from payouts.services.reviews import run_review
from payouts.services.runs import stands
from payouts.services.windows import windows_close
from teams.choices import Link, Seat
from teams.models import JobRole, Membership, Person
from tests.payouts.company import ALWAYS, AT, START, TERMS, calculated_run, company

D = Decimal
AFTER_WINDOW = datetime(2026, 10, 25, 9, tzinfo=UTC)
WHOLE = {"PM": "14130.30", "CSR": "7065.15", "SA": "4607.71", "BIL": "1413.03", "LOG": "2943.81"}


def funded(**terms):
    made = company(pool={**TERMS, **terms})
    run_review(run_id=calculated_run(made).pk, by=made.user("anders"), at=AT)
    return made


@pytest.fixture
def made(db):
    return funded()


def amounts(made, **changes):
    return {made.people[name].pk: D(amount) for name, amount in {**WHOLE, **changes}.items()}


def reasons(made, **said):
    return {made.people[name].pk: reason for name, reason in said.items()}


def act(service, made, *, by="ingrid", at=AT, **arguments):
    pool = Pool.objects.get()
    return service(
        **{"pool_id": pool.pk, "version": pool.version, "by": made.user(by), "at": at, **arguments}
    )


def submit(made, **arguments):
    return act(allocations.allocation_submit, made, **{"amounts": amounts(made), **arguments})


def decide(service, made, *, by="anders", **arguments):
    return service(pool_id=Pool.objects.get().pk, by=made.user(by), at=AT, **arguments)


class TestAllocationSave:
    def test_keeps_what_was_given_and_leaves_the_rest(self, made):
        pool = act(allocations.allocation_save, made, amounts={made.people["PM"].pk: D("12000.00")})

        assert pool.status == PoolStatus.ALLOCATING
        assert pool.allocations.get(person=made.people["PM"]).amount == 12000
        assert pool.allocations.get(person=made.people["CSR"]).amount is None

    def test_refuses_a_stale_form(self, made):
        version = Pool.objects.get().version
        act(allocations.allocation_save, made, amounts={})

        with pytest.raises(allocations.PoolChangedMeanwhile, match=f"yours is {version}"):
            act(allocations.allocation_save, made, amounts={}, version=version)

    def test_refuses_more_than_the_pool(self, made):
        with pytest.raises(allocations.PoolExceeded, match=r"0\.01 EUR more than the pool"):
            act(allocations.allocation_save, made, amounts=amounts(made, LOG="2943.82"))

    @pytest.mark.parametrize(
        ("name", "amount", "words"),
        [
            ("PM", "-0.01", "below zero"),
            ("PM", "1.005", "not a whole minor unit of EUR"),
            ("KEN", "1.00", r"KEN is not eligible \(left on 14 Aug 2026\)"),
        ],
    )
    def test_refuses_an_amount_that_cannot_be_paid(self, made, name, amount, words):
        with pytest.raises(allocations.AmountNotPayable, match=words):
            act(allocations.allocation_save, made, amounts={made.people[name].pk: D(amount)})

    def test_refuses_who_is_not_of_the_pool(self, made):
        with pytest.raises(allocations.NotInThisPool, match="is not one of the people"):
            act(allocations.allocation_save, made, amounts={made.people["KAM"].pk: D(1)})

    @pytest.mark.parametrize(
        ("by", "words"),
        [("priya", "priya is one of the people"), ("maren", "allocated by KAM, the account's KAM")],
    )
    def test_is_the_kams_alone(self, made, by, words):
        with pytest.raises(allocations.NotTheAllocator, match=words):
            act(allocations.allocation_save, made, amounts={}, by=by)

    def test_may_be_a_deputys_who_takes_no_share(self, db):
        made = company(pool=TERMS)
        made.users["dora"] = user_make(username="dora", roles=[Role.KAM], since=START, by=None)
        person = Person.objects.create(employee_id="DEP", user=made.user("dora"), cost_centre="CC1")
        Membership.objects.create(
            account=made.account, person=person, role=JobRole.objects.get(code="key_account_manager"),
            seat=Seat.DEPUTY, link=Link.DIRECT, pool_eligible=False, dedication=D("0.1"), valid=ALWAYS,
        )  # fmt: skip
        run_review(run_id=calculated_run(made).pk, by=made.user("anders"), at=AT)

        pool = submit(made, by="dora")

        assert (pool.status, pool.submitted_by) == (PoolStatus.SUBMITTED, made.user("dora"))


class TestAllocationGuideline:
    def test_sets_every_share_to_its_guideline_and_can_be_submitted(self, made):
        act(allocations.allocation_guideline, made)

        pool = act(allocations.allocation_submit, made)

        assert pool.status == PoolStatus.SUBMITTED
        assert all(share.amount == share.guideline for share in pool.allocations.all())


class TestAllocationSpread:
    def test_keeps_what_is_typed_and_spreads_the_rest_by_guideline(self, made):
        pool = act(allocations.allocation_spread, made, amounts={made.people["PM"].pk: D("15000.00")})

        # 15,160.00 are left for guidelines of 16,029.70: each gets 15,160.00 / 16,029.70 of theirs.
        shares = dict(pool.allocations.exclude(amount=None).values_list("person__employee_id", "amount"))
        assert (pool.status, shares) == (
            PoolStatus.ALLOCATING,
            {
                "PM": D("15000.00"),
                "CSR": D("6681.83"),
                "SA": D("4357.72"),
                "BIL": D("1336.36"),
                "LOG": D("2784.09"),
            },
        )
        assert act(allocations.allocation_submit, made).status == PoolStatus.SUBMITTED

    def test_refuses_what_the_others_cannot_hold(self, made):
        everybody_but_log = {made.people[name].pk: D("6000.00") for name in ("PM", "CSR", "SA", "BIL")}

        with pytest.raises(LimitsCannotHoldPool):
            act(allocations.allocation_spread, made, amounts=everybody_but_log)


class TestAllocationSubmit:
    def test_hands_an_exact_allocation_to_the_approver(self, made):
        pool = submit(made)

        assert (pool.status, pool.submitted_by) == (PoolStatus.SUBMITTED, made.user("ingrid"))
        assert sum(share.amount or 0 for share in pool.allocations.all()) == pool.funded

    def test_refuses_a_cent_less(self, made):
        with pytest.raises(
            allocations.AllocationNotWhole, match=r"0\.01.* EUR are left: allocate exactly all"
        ):
            submit(made, amounts=amounts(made, LOG="2943.80"))

    def test_refuses_a_missing_amount(self, made):
        with pytest.raises(allocations.AllocationNotWhole, match="BIL has no amount"):
            submit(
                made,
                amounts={key: value for key, value in amounts(made).items() if key != made.people["BIL"].pk},
            )

    def test_refuses_a_zero_without_a_reason_and_takes_it_with_one(self, made):
        moved = amounts(made, BIL="0.00", CSR="8478.18")
        with pytest.raises(allocations.ReasonMissing, match="BIL gets nothing: give the reason"):
            submit(made, amounts=moved)

        pool = submit(
            made, amounts=moved, reasons=reasons(made, BIL="Not on the account's orders this quarter")
        )

        assert pool.allocations.get(person=made.people["BIL"]).amount == 0

    def test_refuses_far_off_the_guideline_without_a_reason(self, made):
        with pytest.raises(allocations.ReasonMissing, match=r"LOG: 3,943.81 is 1,000.00.* off the guideline"):
            submit(made, amounts=amounts(made, LOG="3943.81", PM="13130.30"))

    def test_refuses_what_leaves_a_bound_whatever_the_reason(self, made):
        with pytest.raises(allocations.GuardrailBroken, match=r"LOG: 4,943.81 is above 4,415.71") as refusal:
            submit(
                made,
                amounts=amounts(made, LOG="4943.81", PM="12130.30"),
                reasons=reasons(made, LOG="Great", PM="Less"),
            )
        assert {finding.rule for finding in refusal.value.findings} == {"allocation_limits_kept"}

    def test_keeps_nothing_of_a_refused_form(self, made):
        with pytest.raises(allocations.AllocationNotWhole):
            submit(made, amounts=amounts(made, LOG="2943.80"))

        assert not Pool.objects.get().allocations.exclude(amount=None).exists()

    def test_keeps_what_only_warns(self, db):
        made = funded(bounds=["0.00", "3.00"], reason_beyond=None)

        submit(made, amounts=amounts(made, PM="15195.45", CSR="6000.00"))

        finding = Finding.objects.get(rule="guardrail:allocation_shaped")
        assert finding.severity == Severity.TO_LOOK_AT
        assert "PM takes over half" in finding.message

    def test_takes_a_reserve_where_the_plan_has_one(self, db):
        made = funded(reserve="0.05")

        pool = submit(made, amounts=amounts(made, LOG="2843.81"), reserve=D("100.00"))

        assert pool.reserve == 100

    def test_refuses_a_reserve_the_plan_does_not_have(self, made):
        with pytest.raises(allocations.GuardrailBroken, match="stay in reserve; the plan allows 0 to 0"):
            submit(made, amounts=amounts(made, LOG="2843.81"), reserve=D("100.00"))

    def test_happens_once(self, made):
        submit(made)

        with pytest.raises(pools.PoolNotOpen, match="is submitted: it takes an allocation while it is open"):
            submit(made)


class TestPoolApprove:
    def test_makes_the_shares_final_and_keeps_their_digest(self, made):
        submit(made)

        pool = decide(pools.pool_approve, made)

        assert (pool.status, pool.approved_by) == (PoolStatus.APPROVED, made.user("anders"))
        assert Approval.objects.get(step="pool_approve").digest == pools.allocation_digest(pool=pool)

    def test_is_not_for_the_allocator(self, made):
        made.user("ingrid").role_grants.update(role="executive")
        submit(made)

        with pytest.raises(pools.AllocatorCannotApprove, match="ingrid allocated the pool"):
            decide(pools.pool_approve, made, by="ingrid")

    def test_is_not_for_a_payee(self, made):
        made.user("priya").role_grants.update(role="finance")
        submit(made)

        with pytest.raises(pools.PayeeCannotApprove, match="priya is one of the people"):
            decide(pools.pool_approve, made, by="priya")

    def test_needs_a_role_that_decides(self, made):
        made.user("ingrid").role_grants.update(role="payee")
        submit(made)

        with pytest.raises(RoleMissing, match="Deciding on a pool is for"):
            decide(pools.pool_approve, made, by="priya")

    def test_waits_for_a_submission(self, made):
        with pytest.raises(pools.PoolNotSubmitted, match="is funded: only a submitted one is approved"):
            decide(pools.pool_approve, made)


class TestPoolReturn:
    def test_sends_it_back_with_a_reason_and_it_can_be_submitted_again(self, made):
        submit(made)

        returned = decide(pools.pool_return, made, reason="Sofia did more than this")

        assert (returned.status, returned.returned_reason) == (
            PoolStatus.RETURNED,
            "Sofia did more than this",
        )
        assert submit(made).status == PoolStatus.SUBMITTED

    def test_needs_a_reason(self, made):
        submit(made)

        with pytest.raises(pools.PoolReasonMissing, match="Say what has to change"):
            decide(pools.pool_return, made, reason="")


class TestPoolCloseLate:
    def test_of_the_clock_is_decided_by_somebody_else_than_started_the_run(self, made):
        pool = pools.pool_close_late(pool_id=Pool.objects.get().pk, by=None, at=AFTER_WINDOW)

        with pytest.raises(pools.AllocatorCannotApprove, match="whose late rule handed in the pool"):
            pools.pool_approve(pool_id=pool.pk, by=made.user("maren"), at=AFTER_WINDOW)

        approved = pools.pool_approve(pool_id=pool.pk, by=made.user("anders"), at=AFTER_WINDOW)
        assert (approved.status, approved.by_guideline) == (PoolStatus.APPROVED, True)

    def test_applies_the_guideline_where_the_plan_says_so(self, made):
        pool = pools.pool_close_late(pool_id=Pool.objects.get().pk, by=made.user("maren"), at=AFTER_WINDOW)

        assert (pool.status, pool.by_guideline) == (PoolStatus.SUBMITTED, True)
        assert {
            share.person.employee_id: str(share.amount) for share in pool.allocations.filter(eligible=True)
        } == {name: f"{D(amount):.6f}" for name, amount in WHOLE.items()}
        assert decide(pools.pool_approve, made).status == PoolStatus.APPROVED

    def test_waits_where_the_plan_waits_and_says_so(self, db):
        made = funded(if_late="wait")

        pool = pools.pool_close_late(pool_id=Pool.objects.get().pk, by=made.user("maren"), at=AFTER_WINDOW)

        assert pool.status == PoolStatus.FUNDED
        assert "the plan waits for its KAM" in Finding.objects.get(rule="pool_late").message

    def test_is_refused_inside_the_window(self, made):
        with pytest.raises(pools.WindowOpen, match="can be allocated until 2026-10-24"):
            pools.pool_close_late(pool_id=Pool.objects.get().pk, by=made.user("maren"), at=AT)


class TestAfterTheWindow:
    @pytest.mark.parametrize(
        ("service", "arguments"),
        [
            (allocations.allocation_save, {"amounts": {}}),
            (allocations.allocation_guideline, {}),
            (allocations.allocation_spread_rest, {}),
            (allocations.allocation_submit, {}),
        ],
    )
    def test_no_act_of_the_kam_is_taken_and_the_late_rule_applies(self, made, service, arguments):
        last_hour = datetime(2026, 10, 24, 23, 59, tzinfo=UTC)
        act(allocations.allocation_guideline, made, at=last_hour)

        with pytest.raises(pools.WindowPassed, match="closed on 2026-10-24: by the plan's late rule"):
            act(service, made, at=AFTER_WINDOW, **arguments)

        assert windows_close(at=AFTER_WINDOW) == [Pool.objects.get()]
        assert Pool.objects.get().by_guideline

    def test_the_kam_still_allocates_where_the_plan_waits(self, db):
        made = funded(if_late="wait")

        act(allocations.allocation_guideline, made, at=AFTER_WINDOW)

        assert act(allocations.allocation_submit, made, at=AFTER_WINDOW).status == PoolStatus.SUBMITTED

    def test_what_is_sent_back_is_open_for_two_more_days(self, made):
        pool = pools.pool_close_late(pool_id=Pool.objects.get().pk, by=None, at=AFTER_WINDOW)
        pool = pools.pool_return(pool_id=pool.pk, reason="Too even", by=made.user("anders"), at=AFTER_WINDOW)

        assert (pool.closes_on, pool.by_guideline) == (date(2026, 10, 27), False)
        assert submit(made, at=datetime(2026, 10, 27, 18, tzinfo=UTC)).status == PoolStatus.SUBMITTED


class TestANewRunAfterTheReview:
    def test_is_refused_while_an_allocation_is_handed_in_and_funds_the_pool_anew_when_it_is_returned(
        self, made
    ):
        first = made.runs["2026-Q3"]
        submit(made)
        first.refresh_from_db()
        assert stands(first)

        decide(pools.pool_return, made, reason="An invoice came late")
        assert not stands(first)
        first.status, first.is_current = RunStatus.SUPERSEDED, False
        first.save(update_fields=["status", "is_current"])
        second = calculated_run(made)
        run_review(run_id=second.pk, by=made.user("anders"), at=AT)

        pool = Pool.objects.get()
        assert (pool.run, pool.status, pool.submitted_by) == (second, PoolStatus.RETURNED, None)
        assert not pool.allocations.exclude(amount=None).exists()
        assert submit(made).status == PoolStatus.SUBMITTED


class TestTwelveAtOnce:
    @pytest.mark.django_db(transaction=True)
    def test_one_submission_wins_and_the_pool_is_never_overspent(self):
        made = funded(bounds=["0.00", "3.00"], reason_beyond=None)
        pool = Pool.objects.get()
        barrier, outcomes = Barrier(12), []

        def one(number):
            moved = amounts(made, PM=str(D("14130.30") - number), CSR=str(D("7065.15") + number))
            barrier.wait()
            try:
                allocations.allocation_submit(
                    pool_id=pool.pk, version=pool.version, amounts=moved, by=made.user("ingrid"), at=AT
                )
                outcomes.append("submitted")
            except Refusal as refusal:
                outcomes.append(refusal.code)
            finally:
                connection.close()

        threads = [Thread(target=one, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["pool_not_open"] * 11 + ["submitted"]
        pool.refresh_from_db()
        assert sum(share.amount or 0 for share in pool.allocations.all()) == pool.funded

    @pytest.mark.django_db(transaction=True)
    def test_drafts_of_three_thousand_stop_at_the_pool(self):
        made = funded(funding={"rule": "fixed", "amount": "10000.00"})
        pool = Pool.objects.get()
        names = [name for name in WHOLE for _twice in range(3)][:12]
        barrier, outcomes = Barrier(12), []

        def one(name):
            barrier.wait()
            for _try in range(20):
                version = Pool.objects.get(pk=pool.pk).version
                try:
                    allocations.allocation_save(
                        pool_id=pool.pk,
                        version=version,
                        amounts={made.people[name].pk: D("3000.00")},
                        by=made.user("ingrid"),
                        at=AT,
                    )
                    outcomes.append("saved")
                    break
                except allocations.PoolChangedMeanwhile:
                    continue
                except Refusal as refusal:
                    outcomes.append(refusal.code)
                    break
            connection.close()

        threads = [Thread(target=one, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        spent = sum(share.amount or 0 for share in pool.allocations.all())
        assert spent == 9000
        assert "pool_exceeded" in outcomes
