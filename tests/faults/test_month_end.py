"""
A month end in any order of acts, against a small book kept in fractions.

Hypothesis draws the acts: import, run, kill a worker and let it come back, review, allocate, return, approve,
lock, import into locked quarters, correct, export. The oracle beside them knows nothing of the product: five
payouts and a pool by one curve, in fractions, rounded once. After every act both have to say the same.
"""

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connections
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, Phase
from hypothesis import settings as profile_of
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from payouts.choices import AdjustmentStatus, ExportFormat, ExportProfile, PoolStatus, RunStatus
from payouts.models import Adjustment, LedgerEntry, Payout, Pool, Run, RunChunk
from payouts.services.adjustments import adjustment_approve
from payouts.services.allocations import (
    PoolExceeded,
    allocation_guideline,
    allocation_save,
    allocation_submit,
)
from payouts.services.approvals import PoolsNotApproved, run_approve
from payouts.services.exports import export_make
from payouts.services.late_facts import late_facts
from payouts.services.locks import run_lock
from payouts.services.pools import pool_approve, pool_return
from payouts.services.reviews import CorrectionsAfterRun, review_confirm, run_review
from payouts.services.run_chunks import StaleLease, chunk_store, chunk_take
from payouts.services.run_compute import chunk_compute
from payouts.services.run_work import run_look
from payouts.services.runs import PeriodLocked, RunUnderReview, run_prepare, run_request
from payouts.services.verify import verify_run
from tests.faults.story import SEEDS, Story
from tests.faults.test_races import period_digest
from tests.imports.company import commit
from tests.payouts.crowd import AT
from tests.payouts.quarters import after, quarters

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CODES = ("2026-Q1", "2026-Q2", "2026-Q3")
PEOPLE = 5
POOL_TARGET = Fraction(2_000)
HEAD = "period,account_code,employee_id,metric_code,target,actual,currency,as_of,note\n"
NAMES = ("MER", "GAG")
SALES = st.integers(min_value=800_000, max_value=1_600_000)


def ratio(sold: Fraction) -> Fraction:
    """Return what a point on the curve pays: 80 % pays half, 100 % all, 150 % twice and no more."""
    attainment = sold / 1_000_000
    if attainment < Fraction("0.8"):
        return Fraction(0)
    if attainment < 1:
        return Fraction(1, 2) + (attainment - Fraction("0.8")) * Fraction(5, 2)
    return min(1 + (attainment - 1) * 2, Fraction(2))


def cents(amount: Fraction) -> Fraction:
    """Round half a cent upward, once."""
    return Fraction((amount * 100 + Fraction(1, 2)).__floor__(), 100)


class Book:
    """The oracle: what was sold, what each run knew, what is closed, and what was corrected since."""

    def __init__(self) -> None:
        self.sold = {(code, account): Fraction(1_000_000) for code in CODES for account in (0, 1)}
        self.known: dict[str, dict[int, Fraction]] = {}
        self.closed: list[str] = []
        self.corrected: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
        self.pool_corrected: dict[str, Fraction] = defaultdict(Fraction)
        self.posted_in: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
        self.pool_given_in: dict[str, Fraction] = defaultdict(Fraction)

    def due(self, sold: Fraction, person: int) -> Fraction:
        return cents((Fraction("20000.02") + person) / 4 * ratio(sold))

    def paid(self, code: str) -> dict[int, Fraction]:
        return {person: self.due(self.known[code][person % 2], person) for person in range(PEOPLE)}

    def pool(self, code: str) -> Fraction:
        return cents(POOL_TARGET * ratio(self.known[code][0])) + self.pool_given_in[code]

    def correct(self, into: str) -> dict[tuple[str, str], Fraction]:
        """Return what late facts change, by person (or pool) and closed quarter, and take it into the book."""
        found = {}
        for code in self.closed:
            for person in range(PEOPLE):
                posted = self.paid(code)[person] + self.corrected[code, person]
                change = self.due(self.sold[code, person % 2], person) - posted
                if change:
                    found[f"E{person + 1:05}", code] = change
                    self.corrected[code, person] += change
                    self.posted_in[into, person] += change
            known = cents(POOL_TARGET * ratio(self.known[code][0])) + self.pool_corrected[code]
            more = cents(POOL_TARGET * ratio(self.sold[code, 0])) - known
            if more > 0:
                found["pool", code] = more
                self.pool_corrected[code] += more
                self.pool_given_in[into] += more
        return found


class MonthEnd(RuleBasedStateMachine):
    """The product on one side, the book on the other."""

    reached: Counter[str] = Counter()

    @initialize()
    def company(self) -> None:
        connections["owner"].ops.execute_sql_flush([])
        self.made = quarters(people=PEOPLE)
        self.book = Book()
        self.here = 0
        self.run: Run | None = None
        self.stage = "none"
        self.stale = False
        self.zombie = None
        self.digests: dict[str, str] = {}
        rows = [f"{code},{name},,XSALES,,1000000,EUR,," for code in CODES for name in NAMES]
        commit("metric_results", HEAD + "\n".join(rows) + "\n", by=self.user("jonas"), at=timezone.now())

    # What the acts are told -----------------------------------------------------------------------------

    @property
    def code(self) -> str:
        return CODES[self.here]

    @property
    def at(self):
        return after(self.made, self.code)

    @property
    def pool_now(self) -> Pool:
        return Pool.objects.get(period=self.made.periods[self.code], account=self.made.account)

    def user(self, name: str):
        return self.made.users[name]

    def going_on(self) -> bool:
        return self.here < len(CODES)

    def at_stage(self, *stages: str) -> bool:
        return self.going_on() and self.stage in stages

    # Facts ----------------------------------------------------------------------------------------------

    @rule(account=st.sampled_from([0, 1]), value=SALES, late=st.booleans())
    @precondition(lambda self: self.going_on())
    def imported(self, account: int, value: int, late: bool) -> None:
        code = self.book.closed[-1] if late and self.book.closed else self.code
        commit(
            "metric_results", f"{HEAD}{code},{NAMES[account]},,XSALES,,{value},EUR,,\n",
            by=self.user("jonas"), at=timezone.now(),
        )  # fmt: skip
        self.book.sold[code, account] = Fraction(value)

    # Runs -----------------------------------------------------------------------------------------------

    @rule()
    @precondition(lambda self: self.at_stage("none", "calculated", "funded", "returned"))
    def asked(self) -> None:
        self.run = run_request(period=self.made.periods[self.code], by=self.user("maren"), at=self.at)
        self.book.known[self.code] = {account: self.book.sold[self.code, account] for account in (0, 1)}
        self.stage, self.stale, self.zombie = "asked", False, None

    @rule()
    @precondition(lambda self: self.at_stage("submitted", "pool approved", "approved"))
    def asked_too_late(self) -> None:
        with pytest.raises(RunUnderReview):
            run_request(period=self.made.periods[self.code], by=self.user("maren"), at=self.at)

    @rule()
    @precondition(lambda self: self.at_stage("asked") and self.zombie is None)
    def a_worker_dies(self) -> None:
        run_prepare(run_id=self.run.pk)
        taken = chunk_take(worker="dies", run_id=self.run.pk)
        self.zombie = (taken, chunk_compute(chunk_id=taken.chunk_id))
        RunChunk.objects.filter(pk=taken.chunk_id).update(lease_until=AT - timedelta(days=1))

    @rule()
    @precondition(lambda self: self.at_stage("asked"))
    def worked(self) -> None:
        run_look(run_id=self.run.pk)
        self.run.refresh_from_db()
        assert (self.run.status, self.run.error) == (RunStatus.CALCULATED, "")
        self.stage = "calculated"

    @rule()
    @precondition(lambda self: self.zombie is not None and self.stage == "calculated")
    def the_dead_worker_comes_back(self) -> None:
        taken, computed = self.zombie
        with pytest.raises(StaleLease):
            chunk_store(taken=taken, computed=computed)
        self.zombie = None
        self.reached["a dead worker refused"] += 1

    # Approvals and the pool -------------------------------------------------------------------------------

    @rule()
    @precondition(lambda self: self.at_stage("calculated"))
    def reviewed(self) -> None:
        account = self.made.account
        review_confirm(run_id=self.run.pk, account_id=account.pk, by=self.user("ingrid"), at=self.at)
        if self.stale:
            with pytest.raises(CorrectionsAfterRun):
                run_review(run_id=self.run.pk, by=self.user("anders"), at=self.at)
            return
        run_review(run_id=self.run.pk, by=self.user("anders"), at=self.at)
        self.stage = "returned" if self.pool_now.status == PoolStatus.RETURNED else "funded"

    @rule()
    @precondition(lambda self: self.at_stage("funded", "returned"))
    def overspent(self) -> None:
        pool = self.pool_now
        share = pool.allocations.filter(eligible=True).first()
        with pytest.raises(PoolExceeded):
            allocation_save(
                pool_id=pool.pk, version=pool.version, by=self.user("ingrid"), at=self.at,
                amounts={share.person_id: pool.funded + Decimal("0.01")},
            )  # fmt: skip

    @rule()
    @precondition(lambda self: self.at_stage("funded", "returned"))
    def allocated(self) -> None:
        ingrid = {"by": self.user("ingrid"), "at": self.at}
        pool = allocation_guideline(pool_id=self.pool_now.pk, version=self.pool_now.version, **ingrid)
        allocation_submit(pool_id=pool.pk, version=pool.version, **ingrid)
        self.stage = "submitted"
        self.reached["pools handed in"] += 1

    @rule()
    @precondition(lambda self: self.at_stage("submitted"))
    def sent_back(self) -> None:
        pool_return(pool_id=self.pool_now.pk, by=self.user("anders"), reason="once more", at=self.at)
        self.stage = "returned"

    @rule()
    @precondition(lambda self: self.at_stage("submitted"))
    def pool_approved(self) -> None:
        pool_approve(pool_id=self.pool_now.pk, by=self.user("anders"), at=self.at)
        self.stage = "pool approved"

    @rule()
    @precondition(lambda self: self.at_stage("funded", "submitted", "pool approved"))
    def approved(self) -> None:
        if self.stage != "pool approved":
            with pytest.raises(PoolsNotApproved):
                run_approve(run_id=self.run.pk, by=self.user("jonas"), at=self.at)
            return
        run_approve(run_id=self.run.pk, by=self.user("jonas"), at=self.at)
        self.stage = "approved"

    @rule()
    @precondition(lambda self: self.at_stage("approved"))
    def locked(self) -> None:
        run_lock(run_id=self.run.pk, by=self.user("jonas"), at=self.at)
        self.digests[self.code] = period_digest(self.made.periods[self.code])
        self.reached["quarters locked"] += 1
        self.book.closed.append(self.code)
        self.here, self.run, self.stage, self.stale, self.zombie = self.here + 1, None, "none", False, None

    @rule()
    @precondition(lambda self: self.going_on())
    def forward(self) -> None:
        """Take the next step of a month end in which nothing goes wrong."""
        if self.stage == "calculated" and self.stale:
            self.asked()
            return
        steps = {
            "none": self.asked, "asked": self.worked, "calculated": self.reviewed, "funded": self.allocated,
            "returned": self.allocated, "submitted": self.pool_approved, "pool approved": self.approved,
            "approved": self.locked,
        }  # fmt: skip
        steps[self.stage]()

    @rule()
    @precondition(lambda self: self.going_on())
    def closed_at_once(self) -> None:
        """Take all steps that are left of the quarter."""
        quarter = self.here
        while self.here == quarter:
            self.forward()

    # After the lock -----------------------------------------------------------------------------------------

    @rule()
    @precondition(lambda self: self.at_stage("none", "calculated") and self.book.closed)
    def corrected(self) -> None:
        found = late_facts(period=self.made.periods[self.code], by=self.user("maren"), at=self.at)
        told = {
            (each.person.employee_id if each.person else "pool", each.corrects_period.code): Fraction(
                each.amount
            )
            for each in found.proposed
        }
        assert told == self.book.correct(into=self.code)
        self.reached["corrections"] += len(found.proposed)
        for each in found.proposed:
            adjustment_approve(adjustment_id=each.pk, by=self.user("jonas"), at=timezone.now())
        self.stale = self.stale or (bool(found.proposed) and self.run is not None)

    @rule()
    @precondition(lambda self: bool(self.book.closed))
    def asked_of_a_closed_quarter(self) -> None:
        code = self.book.closed[0]
        with pytest.raises(PeriodLocked):
            run_request(period=self.made.periods[code], by=self.user("maren"), at=after(self.made, code))

    @rule()
    @precondition(lambda self: bool(self.book.closed))
    def exported(self) -> None:
        code = self.book.closed[-1]
        run = Run.objects.get(period=self.made.periods[code], is_current=True)
        made = export_make(
            run=run, profile=ExportProfile.REGISTER, file_format=ExportFormat.CSV,
            by=self.user("jonas"), at=after(self.made, code),
        )  # fmt: skip
        self.reached["exports"] += 1
        assert Fraction(made.export.totals["EUR"]) == sum(self.earned(code).values())

    def earned(self, code: str) -> dict[int, Fraction]:
        """Return what a closed quarter paid to each person by the book: payout, share of the pool, corrections."""
        shares = Pool.objects.get(period=self.made.periods[code]).allocations
        given = {
            int(name[1:]) - 1: Fraction(amount or 0)
            for name, amount in shares.values_list("person__employee_id", "amount")
        }
        assert sum(given.values()) == self.book.pool(code)
        return {
            person: amount + given.get(person, Fraction(0)) + self.book.posted_in[code, person]
            for person, amount in self.book.paid(code).items()
        }

    # Things that come together -----------------------------------------------------------------------------

    @rule()
    @precondition(lambda self: self.at_stage("none", "asked") and self.zombie is None)
    def run_while_a_worker_dies(self) -> None:
        if self.stage == "none":
            self.asked()
        self.a_worker_dies()
        self.both_say_the_same()
        self.worked()
        self.the_dead_worker_comes_back()

    @rule(account=st.sampled_from([0, 1]), value=SALES)
    @precondition(lambda self: self.at_stage("none", "calculated") and self.book.closed)
    def corrected_after_a_late_import(self, account: int, value: int) -> None:
        self.imported(account=account, value=value, late=True)
        self.corrected()

    # What always holds ------------------------------------------------------------------------------------

    @invariant()
    def both_say_the_same(self) -> None:
        if self.going_on() and self.stage not in ("none", "asked"):
            self.run.refresh_from_db()
            assert self.stored(self.code) == self.book.paid(self.code)
        if self.at_stage("funded", "returned", "submitted", "pool approved", "approved"):
            pool = self.pool_now
            given = sum(filter(None, pool.allocations.values_list("amount", flat=True)), Decimal(0))
            assert Fraction(pool.funded) == self.book.pool(self.code)
            assert given + pool.reserve <= pool.funded
        if self.stage == "asked" and self.zombie is not None:
            assert not Payout.objects.filter(run=self.run).exists()

    def stored(self, code: str) -> dict[int, Fraction]:
        rows = Payout.objects.filter(period=self.made.periods[code], run__is_current=True)
        return {
            int(name[1:]) - 1: Fraction(amount)
            for name, amount in rows.values_list("person__employee_id", "amount")
        }

    @invariant()
    def closed_quarters_stay(self) -> None:
        for code in self.book.closed[-1:]:
            period = self.made.periods[code]
            assert period_digest(period) == self.digests[code]
            entries = LedgerEntry.objects.filter(period=period)
            assert entries.aggregate(total=Sum("amount"))["total"] == 0
            sides = entries.filter(account__in=["payable", "recoverable"]).exclude(person=None)
            owed = {
                int(name[1:]) - 1: -Fraction(total)
                for name, total in sides.values_list("person__employee_id").annotate(total=Sum("amount"))
            }
            assert owed == {person: amount for person, amount in self.earned(code).items() if amount}

    def teardown(self) -> None:
        if not hasattr(self, "book"):
            return
        for code in self.book.closed:
            run = Run.objects.get(period=self.made.periods[code], is_current=True)
            assert verify_run(run=run).equal
        posted = Adjustment.objects.filter(period__code__in=self.book.closed)
        assert not posted.exclude(status=AdjustmentStatus.POSTED).exists()


def test_month_end(transactional_db, tmp_path, settings, story: Story):
    settings.EXPORT_ROOT = tmp_path
    examples = 4 * int(SEEDS) if SEEDS else 6
    profile = acts_profile(examples)

    MonthEnd.reached.clear()

    run_state_machine_as_test(MonthEnd, settings=profile)

    reached = ", ".join(f"{number} {what}" for what, number in sorted(MonthEnd.reached.items()))
    story.row.moment = f"{examples} month ends of up to {profile.stateful_step_count} acts: {reached}"
    story.row.verdict = "as the book says"
    assert len(MonthEnd.reached) == 5, f"too few acts came together: {reached}"


def acts_profile(examples: int) -> profile_of:
    return profile_of(
        max_examples=examples,
        stateful_step_count=50,
        deadline=None,
        derandomize=not SEEDS,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
