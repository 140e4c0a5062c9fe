"""Many at once: twenty ask for a run, twelve allocate one pool, a period is locked while others write into it."""

import hashlib
import time
from decimal import Decimal
from functools import partial
from io import StringIO
from threading import Event

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponseBase

from kamcomp.api.public_ids import public_id
from kamcomp.audit.context import acting
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from kamcomp.refusal import Refusal
from payouts.choices import PoolStatus, ReviewOutcome, RunStatus
from payouts.models import AccountReview, LedgerEntry, Payout, Pool, Run
from payouts.services.allocations import (
    PoolChangedMeanwhile,
    PoolExceeded,
    allocation_save,
    allocation_submit,
)
from payouts.services.locks import run_lock
from payouts.services.pools import PoolNotOpen, pool_return
from payouts.services.reviews import run_review
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from payouts.services.verify import verify_run
from payouts.tasks import runs_sweep_all
from teams.choices import Link, Seat
from teams.models import JobRole, Membership, Person
from tests.api.caller import Caller
from tests.faults.conftest import until
from tests.faults.story import ROUNDS, Story, seeds
from tests.faults.together import Hands, together
from tests.imports.company import commit
from tests.payouts import company
from tests.payouts.books import approved
from tests.payouts.crowd import crowd
from tests.payouts.quarters import after, calculated, quarters, sold

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
D = Decimal


class TestTwentyAtOnce:
    @seeds(1)
    def test_ask_for_a_run_by_command_and_by_rest_while_the_clock_rings(self, seed, story: Story):
        made = crowd(20)

        def command():
            call_command("payouts", "run", period="2026-Q3", by="maren", stdout=StringIO())

        def program(caller: Caller, key: str):
            return caller.post("runs", {"period": "2026-Q3"}, idempotency_key=key)

        # Eight programs with a key of their own; two of them send the same request again meanwhile.
        callers = [Caller(made.users["maren"]) for _program in range(6)]
        by_rest = [partial(program, caller, f"run {number}") for number, caller in enumerate(callers)]
        acts = [*by_rest, *by_rest[:2], *[command] * 8, *[runs_sweep_all] * 4]
        story.random.shuffle(acts)
        outcomes = together(acts)
        story.blow("8 by REST, 8 by command, 4 by the clock")

        assert [error for error in outcomes if isinstance(error, Exception)] == []
        run = Run.objects.get()
        answers = [outcome for outcome in outcomes if isinstance(outcome, HttpResponseBase)]
        assert len(answers) == 8
        assert {answer.status_code for answer in answers} <= {202, 409}, [each.content for each in answers]
        ids = [answer.json()["id"] for answer in answers if answer.status_code == 202]
        assert len(ids) >= len(callers)
        assert set(ids) == {public_id("run", run.pk)}
        assert run.number == 1
        looked = together([lambda: run_look(run_id=run.pk)] * 4)
        run.refresh_from_db()
        assert run.status == RunStatus.CALCULATED, (looked, run.error)
        assert Payout.objects.filter(run=run).count() == 20
        story.recovered()


WHOLE = {"PM": "14130.30", "CSR": "7065.15", "SA": "4607.71", "BIL": "1413.03", "LOG": "2943.81"}


def deputised() -> company.Company:
    """A company whose pool of 30,160.00 may be allocated by its KAM and by a deputy who takes no share."""
    terms = {**company.TERMS, "bounds": ["0.00", "3.00"], "reason_beyond": None}
    made = company.company(pool=terms)
    made.users["dora"] = user_make(username="dora", roles=[Role.KAM], since=company.START, by=None)
    deputy = Person.objects.create(employee_id="DEP", user=made.users["dora"], cost_centre="CC1")
    Membership.objects.create(
        account=made.account, person=deputy, role=JobRole.objects.get(code="key_account_manager"),
        seat=Seat.DEPUTY, link=Link.DIRECT, pool_eligible=False, dedication=D("0.1"), valid=company.ALWAYS,
    )  # fmt: skip
    run_review(run_id=company.calculated_run(made).pk, by=made.user("anders"), at=company.AT)
    return made


def spent(pool: Pool) -> Decimal:
    """Return what is given and kept back of a pool, as one statement sees it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(a.amount), 0) + max(p.reserve) FROM payouts_pool p"
            "  LEFT JOIN payouts_allocation a ON a.pool_id = p.id WHERE p.id = %s",
            [pool.pk],
        )
        return cursor.fetchone()[0]


def pool_round(made: company.Company, story: Story, hands: Hands) -> None:
    """
    Let two people save and submit one pool twelve times at once; expect no cent too much and no change lost.

    Half of them write on the version all saw, half on the one they read a moment before. Every success
    raises the version by one: two that were told yes for one version would mean that one was written over.
    """
    pool = Pool.objects.get()
    people = [made.people[name].pk for name in WHOLE]
    whole = {made.people[name].pk: D(amount) for name, amount in WHOLE.items()}
    largest = int(pool.funded * 100)

    def save(by: str, fresh: bool, person, amount: Decimal):
        version = Pool.objects.values_list("version", flat=True).get() if fresh else pool.version
        amounts = {person: amount}
        allocation_save(pool_id=pool.pk, version=version, amounts=amounts, by=made.user(by), at=company.AT)

    def submit(by: str):
        allocation_submit(
            pool_id=pool.pk, version=pool.version, amounts=whole, by=made.user(by), at=company.AT
        )

    acts = []
    for number in range(10):
        drawn = (
            story.random.choice(people),
            D(story.random.randrange(0, largest)) / 100,
            bool(number % 2),
        )
        acts.append(
            lambda by=("ingrid", "dora")[number // 5], drawn=drawn: save(by, drawn[2], drawn[0], drawn[1])
        )
    acts += [lambda: submit("ingrid"), lambda: submit("dora")]
    story.random.shuffle(acts)

    outcomes = together(acts, hands=hands)

    said_yes = sum(outcome is None for outcome in outcomes)
    others = [outcome for outcome in outcomes if outcome is not None]
    assert all(isinstance(each, (PoolChangedMeanwhile, PoolExceeded, PoolNotOpen)) for each in others), others
    now = Pool.objects.get()
    story.counted(doubled=max(spent(now) - now.funded, D(0)))
    assert now.version - pool.version == said_yes > 0, "an answer of yes was written over"
    if now.status == PoolStatus.SUBMITTED:
        assert spent(now) == now.funded
        pool_return(pool_id=now.pk, by=made.user("anders"), reason="another round", at=company.AT)


class TestOnePool:
    def test_is_allocated_by_two_people_twelve_times_at_once(self, story: Story):
        made = deputised()
        rounds = ROUNDS or 15
        hands = Hands(12)
        try:
            for number in range(1, rounds + 1):
                pool_round(made, story, hands)
                story.row.moment = f"{number} rounds of 12"
        finally:
            hands.let_go()
        story.recovered()


def period_digest(period: Period) -> str:
    """Return a digest over every row that belongs to a period."""
    tables = (
        "SELECT to_jsonb(r) FROM payouts_run r WHERE period_id = %(period)s",
        "SELECT to_jsonb(p) FROM payouts_payout p WHERE period_id = %(period)s",
        "SELECT to_jsonb(l) FROM payouts_payoutline l WHERE period_id = %(period)s",
        "SELECT to_jsonb(e) FROM payouts_ledgerentry e WHERE period_id = %(period)s",
        "SELECT to_jsonb(o) FROM payouts_pool o WHERE period_id = %(period)s",
        "SELECT to_jsonb(a) FROM payouts_allocation a JOIN payouts_pool o ON o.id = a.pool_id"
        " WHERE o.period_id = %(period)s",
        "SELECT to_jsonb(v) FROM payouts_accountreview v JOIN payouts_run r ON r.id = v.run_id"
        " WHERE r.period_id = %(period)s",
    )
    found = []
    with connection.cursor() as cursor:
        for statement in tables:
            cursor.execute(f"SELECT row::text FROM ({statement}) rows(row) ORDER BY 1", {"period": period.pk})
            found += [row for (row,) in cursor.fetchall()]
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def closing_company(people: int = 40):
    """The first quarter approved to the last signature; the second has its results and no run yet."""
    made = quarters(people=people)
    for code in ("2026-Q1", "2026-Q2"):
        sold(made, code, 1_037_123)
        sold(made, code, 1_100_007, account=1)
    run = calculated(made, "2026-Q1")
    approved(made, run, at=after(made, "2026-Q1"))
    return made, run


def waits_for_me(locker: list[int]) -> bool:
    """Tell whether the session of the lock waits for the caller's, be it behind others who do."""
    if not locker:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE behind(pid) AS (
                SELECT %s UNION SELECT unnest(pg_blocking_pids(behind.pid)) FROM behind
            )
            SELECT pg_backend_pid() IN (SELECT pid FROM behind)
            """,
            [locker[0]],
        )
        return cursor.fetchone()[0]


def lock_in_traffic(made, run, story: Story) -> None:
    """Lock a period while a review of it, an import, an allocation, a run of it and one of the next are in flight."""
    period, finance = run.period, made.users["jonas"]
    at_lock: list[str] = []
    locker: list[int] = []
    wrote = Event()

    def late() -> None:
        time.sleep(story.random.uniform(0, 0.05))

    def lock():
        assert wrote.wait(timeout=300)
        connection.ensure_connection()
        locker.append(connection.connection.info.backend_pid)
        try:
            run_lock(run_id=run.pk, by=finance, at=after(made, "2026-Q1"))
        finally:
            at_lock.append(period_digest(period))

    def straggler():
        """Somebody who came first, and commits when the lock waits for it, or did not wait and is over."""
        with acting(action="review_confirm", user=made.users["maren"]):
            AccountReview.objects.create(
                run=run, account=made.accounts[1], kam=made.people[0],
                outcome=ReviewOutcome.CONFIRMED, at=after(made, "2026-Q1"),
            )  # fmt: skip
            wrote.set()
            until(
                lambda: at_lock or waits_for_me(locker), every=0.05, saying="the lock to wait, or to be over"
            )

    def another():
        late()
        return run_request(period=period, by=made.users["maren"], at=after(made, "2026-Q1"))

    def following():
        late()
        asked_for = run_request(
            period=made.periods["2026-Q2"], by=made.users["maren"], at=after(made, "2026-Q2")
        )
        run_look(run_id=asked_for.pk)

    def imported():
        late()
        head = "period,account_code,employee_id,metric_code,target,actual,currency,as_of,note\n"
        commit("metric_results", f"{head}2026-Q1,MER,,XSALES,,1500000,EUR,2026-03-31,late\n", by=finance)

    def allocated():
        late()
        pool = Pool.objects.get(run=run)
        allocation_save(
            pool_id=pool.pk,
            version=pool.version,
            amounts={},
            by=made.users["ingrid"],
            at=after(made, "2026-Q1"),
        )

    acts = [lock, straggler, another, following, imported, allocated]
    outcomes = together(acts)

    unforeseen = [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, Refusal)]
    assert unforeseen == []
    assert isinstance(outcomes[2], Refusal)
    assert isinstance(outcomes[5], PoolNotOpen)
    run.refresh_from_db()
    assert run.status == RunStatus.LOCKED, outcomes[0]
    assert period_digest(period) == at_lock[0], "something came into the period after its lock"
    assert sum(LedgerEntry.objects.filter(period=period).values_list("amount", flat=True)) == 0
    assert [finding.sentence for finding in verify_run(run=run).findings] == []
    second = Run.objects.get(period=made.periods["2026-Q2"], is_current=True)
    assert second.status == RunStatus.CALCULATED
    assert [finding.sentence for finding in verify_run(run=second).findings] == []


class TestLock:
    @seeds(1)
    def test_with_a_run_an_import_and_an_allocation_in_flight(self, seed, story: Story):
        made, run = closing_company()
        story.blow("a review, an import, an allocation and two runs in flight")

        lock_in_traffic(made, run, story)

        story.recovered()
