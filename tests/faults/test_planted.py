"""
Bugs planted on purpose, one at a time: the scenarios that guard against them have to find each of them.

What is taken out: the pool's row lock, the fence of the epoch, the order in which a chunk is said to be done,
the lock trigger's FOR SHARE, and the first step of settling.
"""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from django.db import connections
from django.db.models import QuerySet

from kamcomp import money
from payouts.choices import ChunkStatus
from payouts.models import Payout, RunChunk
from payouts.services import run_chunks
from payouts.services.run_chunks import StaleLease, Taken, chunk_store, chunk_take
from payouts.services.run_compute import chunk_compute
from payouts.services.run_work import run_look
from payouts.services.runs import run_prepare
from scorecards.models import Target
from tests.faults.conftest import asked
from tests.faults.story import Story, same_as
from tests.faults.test_races import closing_company, deputised, lock_in_traffic, pool_round
from tests.faults.together import Hands
from tests.payouts.crowd import AT, crowd, document, final

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
D = Decimal
ROUNDS = 15
CAUGHT = (AssertionError, pytest.fail.Exception)


class TestNoRowLock:
    """Twelve allocate one pool; without the row lock an answer of yes is written over."""

    def test_is_found_by_the_pool_rounds(self, monkeypatch, story: Story):
        made = deputised()
        monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, **_how: queryset)

        hands = Hands(12)
        try:
            with pytest.raises(CAUGHT):
                for _round in range(ROUNDS):
                    pool_round(made, story, hands)
        finally:
            hands.let_go()
        story.row.verdict = "found"


def late_write(made) -> None:
    """A worker comes back with a chunk that another has meanwhile: before that one has stored, and after."""
    run = asked(made)
    run_prepare(run_id=run.pk)
    slow = chunk_take(worker="slow", run_id=run.pk)
    computed = chunk_compute(chunk_id=slow.chunk_id)
    RunChunk.objects.filter(pk=slow.chunk_id).update(lease_until=AT - timedelta(days=1))
    quick = chunk_take(worker="quick", run_id=run.pk)
    assert refused(slow, computed), "a late write was taken while another worker has the chunk"
    chunk_store(taken=quick, computed=chunk_compute(chunk_id=quick.chunk_id))
    assert refused(slow, computed), "a late write was taken after the chunk was done"
    assert Payout.objects.filter(run=run).count() == len(made.people)


def refused(taken: Taken, computed) -> bool:
    try:
        chunk_store(taken=taken, computed=computed)
    except StaleLease:
        return True
    return False


class TestNoEpoch:
    """The fence: what a stale worker brings is refused by the epoch it has."""

    def test_a_late_write_is_refused(self):
        late_write(crowd(5))

    def test_is_found_by_the_late_write(self, monkeypatch, story: Story):
        monkeypatch.setattr(run_chunks, "_hold", lambda *, taken: None)

        with pytest.raises(CAUGHT):
            late_write(crowd(5))
        story.row.verdict = "found"


class TestAcknowledgedEarly:
    """A chunk is done in the commit that holds its rows; said before, a death in between loses people."""

    def test_is_found_by_the_comparison_with_the_undisturbed_run(self, monkeypatch, settings, story: Story):
        settings.KAMCOMP_CHUNK_PEOPLE = 10
        made = crowd(30)
        first = asked(made)
        run_look(run_id=first.pk)
        first.refresh_from_db()
        same_as(first, first)
        whole = run_chunks.copy_rows
        monkeypatch.setattr(run_chunks, "_check_references", lambda *, taken, computed: None)
        dead = []

        def done_and_dead(*, cursor, computed):
            if not dead:
                dead.append(True)
                return
            whole(cursor=cursor, computed=computed)

        monkeypatch.setattr(run_chunks, "copy_rows", done_and_dead)
        run = asked(made)
        run_look(run_id=run.pk)
        run.refresh_from_db()

        assert dead
        assert set(run.chunks.values_list("status", flat=True)) == {ChunkStatus.DONE}
        with pytest.raises(CAUGHT):
            story.ends_as(run, first)
        assert story.row.lost > 0
        story.row.lost, story.row.verdict = D(0), "found"


class TestNoForShare:
    """The lock of a period waits for who is writing into it; without the share lock they land behind it."""

    def test_is_found_by_the_lock_in_traffic(self, story: Story):
        made, run = closing_company(people=4)
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT pg_get_functiondef('law_period_open'::regproc)")
            (sound,) = cursor.fetchone()
            assert sound.count("FOR SHARE") == 1
            cursor.execute(sound.replace(" FOR SHARE", ""))
        try:
            with pytest.raises(CAUGHT, match="came into the period after its lock"):
                lock_in_traffic(made, run, story)
        finally:
            with connections["owner"].cursor() as cursor:
                cursor.execute(sound)
        story.row.verdict = "found"


def ties(size: int):
    """A crowd whose every payout is exactly half a cent off, reached through thirds: 2/3 of 15,000.0075 a year."""
    own = {"points": [["0.00", "0.00"], ["1.00", "1.00"]], "above": "cap"}
    child = {
        "code": "OWN",
        "weight": "1",
        "kind": "goal",
        "metric": "XOWN",
        "level": "individual",
        "curve": own,
    }
    made = crowd(size, plan=document(incentive={"weight": "1", "children": [child]}), achieved=False)
    rows = []
    for number, person in enumerate(made.people, start=1):
        person.packages.update(variable_target=D("0.12") * number + D("0.06"))
        rows.append(Target(metric=made.metrics["XOWN"], person=person, days=made.period.days, value=3))
        final(metric=made.metrics["XOWN"], period=made.period, person=person, value=D(1)).save()
    Target.objects.bulk_create(rows)
    return made


def exact_cents(made) -> dict[str, Decimal]:
    """Return what each person is owed, by fractions: a third of a quarter of the target, half a cent upward."""
    owed = {}
    for number, person in enumerate(made.people, start=1):
        yearly = Fraction("0.12") * number + Fraction("0.06")
        cents = yearly / 4 / 3 * 100
        assert cents.denominator == 2
        owed[person.employee_id] = D(int(cents + Fraction(1, 2))) / 100
    return owed


def tied_run(made) -> dict[str, Decimal]:
    run = asked(made)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    assert run.error == ""
    return dict(Payout.objects.filter(run=run).values_list("person__employee_id", "amount"))


class TestSettledInOneStep:
    """Half a cent that 34 digits hold as 0.00499...9 is still half a cent."""

    def test_half_cents_reached_through_thirds_are_paid_in_full(self):
        made = ties(40)

        assert tied_run(made) == exact_cents(made)

    def test_is_found_by_half_cents_reached_through_thirds(self, monkeypatch, story: Story):
        made = ties(40)
        monkeypatch.setattr(
            money,
            "_all_half_up",
            lambda amounts, unit: [each.quantize(unit, ROUND_HALF_UP, money._SETTLING) for each in amounts],
        )

        assert tied_run(made) != exact_cents(made)
        story.row.verdict = "found"
