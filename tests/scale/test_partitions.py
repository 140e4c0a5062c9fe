"""Lines in partitions by period: the same figures and laws, one partition read, archived and brought back."""

from contextlib import contextmanager

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connections

from kamcomp.calendar.choices import Frequency
from kamcomp.calendar.services import calendar_make, regular_periods
from payouts.models import PayoutLine
from payouts.selectors.partitions import lines_are_partitioned, partition_of, partitions
from payouts.services.diff import runs_diff
from payouts.services.partitions import (
    NotPartitioned,
    PartitionElsewhere,
    PeriodStillOpen,
    lines_attach,
    lines_detach,
    lines_partition,
    lines_whole,
)
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from payouts.services.verify import verify_run
from tests.payouts.crowd import AT, crowd
from tests.scale.conftest import same_as

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 40


@pytest.fixture
def made(transactional_db):
    return crowd(PEOPLE)


@pytest.fixture
def parted(undisturbed):
    """A company with a run, whose lines have been put into partitions; one table again afterwards."""
    before = lines_are_partitioned()
    yield lines_partition()
    for each in partitions():
        if not each.attached:
            with connections["owner"].cursor() as cursor:
                cursor.execute(f"DROP TABLE {each.name}")
    if not before:
        lines_whole()


@pytest.fixture
def locked(made, owner_sql):
    """Lock the period as if all that comes before had been done."""

    def lock() -> None:
        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute("UPDATE calendar_period SET status = 'locked' WHERE id = %s", [str(made.period.pk)])
        owner_sql.execute("SET session_replication_role = DEFAULT")
        made.period.refresh_from_db()

    return lock


LAYOUT = """
    SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'payouts_payoutline'::regclass AND NOT tgisinternal
     UNION ALL
    SELECT indexdef FROM pg_indexes WHERE tablename = 'payouts_payoutline' AND indexname !~ '_pkey$'
     UNION ALL
    SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = 'payouts_payoutline'::regclass AND contype = 'c'
     UNION ALL
    SELECT relacl::text FROM pg_class WHERE oid = 'payouts_payoutline'::regclass
     UNION ALL
    SELECT column_name || data_type || is_nullable FROM information_schema.columns
     WHERE table_name = 'payouts_payoutline'
"""


def layout(cursor) -> list[str]:
    """What the table of lines has: laws, indexes, checks, rights, columns."""
    cursor.execute(LAYOUT)
    return sorted(said.replace(" ON ONLY ", " ON ") for (said,) in cursor.fetchall())


def one_more(table: str, *, number: int) -> str:
    """Return the statement that adds a line like the first of them."""
    same = "kind, leaf, pay_element, metric, amount, period_id, payout_id"
    return f"INSERT INTO {table} ({same}, number) SELECT {same}, {number} FROM {table} LIMIT 1"


@contextmanager
def broken(law: str):
    """Expect that a statement breaks a law, by its name."""
    with pytest.raises(psycopg2.IntegrityError) as refusal:
        yield
    assert refusal.value.diag.constraint_name == law


class TestPartition:
    def test_moves_every_line_and_changes_nothing_else(self, made, undisturbed, owner_sql):
        if lines_are_partitioned():
            lines_whole()
        was, lines = layout(owner_sql), list(PayoutLine.objects.order_by("pk").values())

        names = lines_partition()
        try:
            assert layout(owner_sql) == was
            assert list(PayoutLine.objects.order_by("pk").values()) == lines != []
            assert [each.period for each in partitions()] == sorted(made.periods)
            assert lines_partition() == names, "a second time finds nothing to do"
        finally:
            lines_whole()
        assert layout(owner_sql) == was
        assert list(PayoutLine.objects.order_by("pk").values()) == lines
        assert partitions() == []

    def test_is_a_command(self, made, parted, capsys):
        call_command("payouts", "partition", "--status")

        said = capsys.readouterr().out
        assert [line.partition(":")[0] for line in said.splitlines()] == sorted(made.periods)
        assert "120 rows" in said

    def test_gives_the_same_run(self, made, undisturbed, parted, settings):
        settings.KAMCOMP_CHUNK_PEOPLE = 17
        run = run_request(period=made.period, by=made.users["maren"], at=AT, whole=True)
        run_look(run_id=run.pk)

        same_as(run, undisturbed)
        assert list(runs_diff(old=undisturbed, new=run)) == []

    def test_reads_one_partition_of_four(self, made, undisturbed, parted):
        mine = partition_of(period=made.period).name
        lines = PayoutLine.objects.filter(payout__run=undisturbed, period_id=made.period.pk)

        assert {name for name in parted if name in lines.explain()} == {mine}
        assert {name for name in parted if name in PayoutLine.objects.explain()} == set(parted)

    def test_refuses_what_makes_no_sense_in_one_table(self, made, undisturbed, locked):
        if lines_are_partitioned():
            pytest.skip("this test run has the lines in partitions")
        with pytest.raises(NotPartitioned, match="already"):
            lines_whole()
        locked()
        with pytest.raises(NotPartitioned, match="payouts partition"):
            lines_detach(period=made.period)


class TestLaws:
    def test_a_new_period_has_its_partition(self, made, parted):
        calendar = calendar_make(
            code="NEXT",
            name="Next",
            frequency=Frequency.QUARTER,
            periods=regular_periods(
                first_day=made.period.days.lower.replace(month=1), frequency=Frequency.QUARTER, years=1
            ),
            by=made.users["maren"],
        )

        found = [partition_of(period=period) for period in calendar.periods.all()]

        assert all(each is not None and each.attached for each in found)
        assert len({each.name for each in found} | set(parted)) == 8

    def test_hold_by_way_of_the_table(self, made, undisturbed, parted, locked, app_sql):
        for statement in ("UPDATE payouts_payoutline SET amount = 0", "DELETE FROM payouts_payoutline"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                app_sql.execute(statement)
        app_sql.execute(one_more("payouts_payoutline", number=98))
        locked()
        with broken("payout_lines_of_a_locked_period_stay"):
            app_sql.execute(one_more("payouts_payoutline", number=99))

    def test_hold_for_a_partition_by_its_name(self, made, parted, locked, app_sql, owner_sql):
        mine = partition_of(period=made.period).name
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            app_sql.execute("SELECT has_table_privilege(%s, %s)", [mine, right])
            assert app_sql.fetchone() == (False,)
        for statement in (f"DELETE FROM {mine}", f"UPDATE {mine} SET amount = 0", f"TRUNCATE {mine}"):
            with broken("payout_lines_are_only_added"):
                owner_sql.execute(statement)
        owner_sql.execute(one_more(mine, number=98))
        locked()
        with broken("payout_lines_of_a_locked_period_stay"):
            owner_sql.execute(one_more(mine, number=99))


class TestArchive:
    def test_takes_a_locked_period_out_and_brings_it_back(self, made, undisturbed, parted, locked, app_sql):
        with pytest.raises(PeriodStillOpen, match="is open"):
            lines_detach(period=made.period)
        locked()
        lines = PayoutLine.objects.count()
        with pytest.raises(PartitionElsewhere, match="where they belong"):
            lines_attach(period=made.period)

        name = lines_detach(period=made.period)

        assert PayoutLine.objects.count() == 0
        assert [each.attached for each in partitions(period=made.period)] == [False]
        app_sql.execute("SELECT has_table_privilege(%s, 'SELECT')", [name])
        assert app_sql.fetchone() == (False,)
        with pytest.raises(PartitionElsewhere, match=name):
            lines_detach(period=made.period)

        assert lines_attach(period=made.period) == name
        assert PayoutLine.objects.count() == lines > 0
        assert verify_run(run=undisturbed).findings == []

    def test_leaves_a_word_in_the_trail(self, made, parted, app_sql):
        app_sql.execute(
            "SELECT action FROM audit_auditevent WHERE action LIKE 'lines%' ORDER BY id DESC LIMIT 1"
        )

        assert app_sql.fetchone() == ("lines_partition",)
