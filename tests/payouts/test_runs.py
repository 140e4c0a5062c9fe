"""A run from its request to its end, on real rows: asked for once, cut anyhow, the same figures."""

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from threading import Barrier, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.selectors import RoleMissing
from kamcomp.notices.choices import NoticeKind
from kamcomp.notices.models import Notice
from payouts.choices import ChunkStatus, RunStatus
from payouts.models import Payout, PayoutLine, Run, RunChunk, RunProblem
from payouts.selectors.rederived import payout_explain
from payouts.services.diff import runs_diff
from payouts.services.run_chunks import StaleLease, chunk_store, chunk_take
from payouts.services.run_compute import chunk_compute
from payouts.services.run_work import run_look
from payouts.services.runs import (
    NobodyToPay,
    PeriodNotOpen,
    RunUnderReview,
    run_finish,
    run_prepare,
    run_request,
)
from payouts.services.verify import verify_run
from scorecards.models import Result
from tests.payouts.crowd import AT, crowd, document, final

D = Decimal
pytestmark = pytest.mark.django_db(transaction=True)


def asked(made) -> Run:
    return run_request(period=made.period, by=made.users["maren"], at=AT, whole=True)


def run_of(made) -> Run:
    run = asked(made)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    return run


def restate(made, *, code, value, person=None, node=None) -> None:
    """Replace the result of a metric by another, as an import does."""
    old = Result.objects.current().filter(metric__code=code, person=person, node=node)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    old.update(superseded_at=now)
    new = final(
        metric=made.metrics[code],
        period=made.period,
        person=person,
        node=node,
        value=D(value),
        currency="EUR",
    )
    new.save()


class TestRun:
    def test_pays_what_the_plan_says(self):
        made = crowd(3)

        run = run_of(made)

        assert (run.status, run.error) == (RunStatus.CALCULATED, "")
        # E00001: target 20,000.02 a year, 5,000.005 a quarter.
        # SALES 1.037123 -> 1.074246; OWN 30/40 = 0.75 -> 0; SAT 83/97/0.85 = 1.006670... -> 1.013341...
        first = Payout.objects.get(run=run, person__employee_id="E00001")
        expected = D("5000.005") * (
            D("0.60") * D("1.074246") + D("0.15") * (1 + 2 * (D(83) / D(97) / D("0.85") - 1))
        )
        assert first.amount == expected.quantize(D("0.01"))
        assert first.amount == sum(line.amount for line in first.lines.all())
        assert {line.leaf for line in first.lines.all()} == {"SALES", "OWN", "SAT"}
        assert run.people == 3
        assert run.totals == {"EUR": f"{sum(p.amount for p in Payout.objects.filter(run=run)):.2f}"}

    def test_shows_the_figures_a_line_was_computed_from(self):
        made = crowd(2)

        run = run_of(made)

        line = PayoutLine.objects.get(payout__run=run, payout__person__employee_id="E00002", leaf="SALES")
        assert (line.metric, line.target, line.actual) == ("XSALES", D(1_000_000), D(1_078_123))
        assert (line.attainment, line.payout_ratio, line.weight) == (D("1.078123"), D("1.156246"), D("0.60"))
        assert line.account == made.accounts[1]

    @pytest.mark.parametrize("size", [1, 7, 1000])
    def test_gives_the_same_digests_however_it_is_cut(self, settings, size):
        made = crowd(20)
        settings.KAMCOMP_CHUNK_PEOPLE = 5
        whole = run_of(made)
        settings.KAMCOMP_CHUNK_PEOPLE = size

        cut = run_of(made)

        assert cut.pk != whole.pk
        assert cut.chunks.count() == -(-20 // size)
        assert (cut.input_digest, cut.result_digest) == (whole.input_digest, whole.result_digest)

    def test_a_second_run_on_the_same_facts_says_no_change(self):
        made = crowd(4)
        first = run_of(made)
        out = StringIO()

        call_command("payouts", "run", period="2026-Q3", by="maren", wait=True, here=True, stdout=out)

        second = Run.objects.get(period=made.period, is_current=True)
        first.refresh_from_db()
        assert (first.status, first.is_current, second.number) == (RunStatus.SUPERSEDED, False, 2)
        assert "No change against run 1" in out.getvalue()
        assert second.result_digest == first.result_digest

    def test_keeps_one_audit_entry_a_chunk(self, settings):
        settings.KAMCOMP_CHUNK_PEOPLE = 2
        made = crowd(4)

        run_of(made)

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT after ->> 'payouts' FROM audit_auditevent WHERE action = 'chunk_store' AND operation = 'act'"
            )
            assert cursor.fetchall() == [("2",), ("2",)]


class TestRunRequest:
    def test_twenty_at_once_make_one_run(self):
        made = crowd(2)
        barrier, got, failed = Barrier(20), [], []

        def click():
            try:
                barrier.wait()
                got.append(asked(made).pk)
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

        threads = [Thread(target=click) for _click in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failed == []
        assert len(got) == 20
        assert len(set(got)) == 1
        assert Run.objects.count() == 1

    def test_is_for_those_who_run_payouts(self):
        made = crowd(1)

        with pytest.raises(RoleMissing, match="Starting a run is for Compensation admin or Finance; anders"):
            run_request(period=made.period, by=made.users["anders"], at=AT)

        assert not Run.objects.exists()

    def test_refuses_a_period_that_has_not_begun(self):
        made = crowd(1)
        future = Period.objects.create(
            calendar=made.period.calendar, code="2027-Q1", fiscal_year=2027, number=1,
            days=DateRange(date(2027, 1, 1), date(2027, 4, 1)), cut_off_on=date(2027, 4, 5),
            status=PeriodStatus.FUTURE,
        )  # fmt: skip

        with pytest.raises(PeriodNotOpen, match="has not begun"):
            run_request(period=future, by=made.users["maren"], at=AT)

    def test_refuses_a_period_without_anybody_on_a_plan(self):
        made = crowd(0)

        with pytest.raises(NobodyToPay, match="Nobody is on a published plan in 2026-Q3"):
            asked(made)

    def test_refuses_when_the_current_run_is_approved(self):
        made = crowd(1)
        run = run_of(made)
        Run.objects.filter(pk=run.pk).update(
            status=RunStatus.REVIEWED, reviewed_by=made.users["anders"], reviewed_at=AT
        )
        Run.objects.filter(pk=run.pk).update(
            status=RunStatus.APPROVED, approved_by=made.users["anders"], approved_at=AT
        )

        with pytest.raises(RunUnderReview, match="is approved: return the allocations"):
            asked(made)


class TestChunk:
    def test_a_stale_epoch_stores_nothing(self):
        made = crowd(3)
        run = asked(made)
        run_prepare(run_id=run.pk)
        slow = chunk_take(worker="slow", run_id=run.pk)
        computed = chunk_compute(chunk_id=slow.chunk_id)
        RunChunk.objects.filter(pk=slow.chunk_id).update(lease_until=AT - timedelta(days=1))
        quick = chunk_take(worker="quick", run_id=run.pk)
        chunk_store(taken=quick, computed=chunk_compute(chunk_id=quick.chunk_id))

        with pytest.raises(StaleLease, match="another worker has it"):
            chunk_store(taken=slow, computed=computed)

        assert (slow.epoch, quick.epoch) == (1, 2)
        assert Payout.objects.filter(run=run).count() == 3
        assert run_finish(run_id=run.pk)
        told = Notice.objects.filter(kind=NoticeKind.RUN_REVIEW)
        assert [notice.user.username for notice in told] == ["anders"]

    def test_a_stale_epoch_is_refused_before_the_other_has_stored(self):
        made = crowd(3)
        run = asked(made)
        run_prepare(run_id=run.pk)
        slow = chunk_take(worker="slow", run_id=run.pk)
        RunChunk.objects.filter(pk=slow.chunk_id).update(lease_until=AT - timedelta(days=1))
        chunk_take(worker="quick", run_id=run.pk)

        with pytest.raises(StaleLease):
            chunk_store(taken=slow, computed=chunk_compute(chunk_id=slow.chunk_id))

        assert Payout.objects.filter(run=run).count() == 0

    def test_one_begun_three_times_fails_and_the_run_says_so(self):
        made = crowd(2)
        run = asked(made)
        run_prepare(run_id=run.pk)
        for _attempt in range(3):
            assert chunk_take(worker="dies", run_id=run.pk) is not None
            RunChunk.objects.filter(run=run).update(lease_until=AT - timedelta(days=1))

        assert chunk_take(worker="next", run_id=run.pk) is None
        run_finish(run_id=run.pk)

        run.refresh_from_db()
        assert run.chunks.get().status == ChunkStatus.FAILED
        assert run.status == RunStatus.WITH_ERRORS
        assert "begun 3 times and never ended" in run.error

    def test_a_person_who_cannot_be_computed_stops_nobody_else(self):
        made = crowd(6)
        Result.objects.filter(person=made.people[2]).update(superseded_at=AT)

        run = run_of(made)

        problem = RunProblem.objects.get(run=run)
        assert (problem.person, problem.code) == (made.people[2], "result_missing")
        assert run.status == RunStatus.WITH_ERRORS
        assert Payout.objects.filter(run=run).count() == 5
        assert [chunk.attempt for chunk in run.chunks.all()] == [1]

    def test_a_person_the_engine_breaks_on_is_found_and_named(self):
        leaf = {"code": "ALLOWANCE", "kind": "fixed", "amount": {"parameter": "allowance"}}
        made = crowd(9, plan=document(incentive={"weight": "1", "children": []}, commissions=[leaf]))
        for person in made.people:
            person.assignments.update(parameters={"allowance": "100"})
        made.people[4].assignments.update(parameters={"allowance": "1" + 50 * "0"})

        run = run_of(made)

        problem = RunProblem.objects.get(run=run)
        assert (problem.person, problem.code) == (made.people[4], "figure_too_large")
        assert problem.message.startswith("E00005 cannot be computed: a figure is too large")
        assert "InvalidOperation" in problem.message
        assert run.status == RunStatus.WITH_ERRORS
        assert run.totals == {"EUR": "800.00"}
        assert run.chunks.get().attempt == 1


class TestCommand:
    def test_computes_in_its_own_process_when_no_worker_does(self, monkeypatch):
        monkeypatch.setattr("payouts.cli.run.PATIENCE_SECONDS", 0.3)
        crowd(3)
        out = StringIO()

        call_command("payouts", "run", period="2026-Q3", by="maren", wait=True, stdout=out)

        assert "No worker takes it up: computing here." in out.getvalue()
        assert "Run 1 of 2026-Q3: calculated, 1 of 1 chunk(s) done." in out.getvalue()

    def test_work_does_what_waits_without_a_message(self):
        made = crowd(3)
        run = asked(made)
        out = StringIO()

        call_command("payouts", "work", stdout=out)

        run.refresh_from_db()
        assert "1 chunk(s) stored, 0 export(s) ended." in out.getvalue()
        assert run.status == RunStatus.CALCULATED

    def test_ends_with_an_error_when_somebody_cannot_be_paid(self):
        made = crowd(2)
        Result.objects.filter(person=made.people[0]).update(superseded_at=AT)
        out = StringIO()

        with pytest.raises(SystemExit) as ended:
            call_command("payouts", "run", period="2026-Q3", by="maren", here=True, stdout=out)

        assert ended.value.code == 1
        assert "E00001: result_missing" in out.getvalue()

    def test_says_which_periods_there_are(self):
        crowd(1)

        with pytest.raises(CommandError, match="There is no period '2026-Q9'; the latest are: 2026-Q4"):
            call_command("payouts", "run", period="2026-Q9", by="maren")

    def test_tells_two_runs_apart(self):
        made = crowd(3)
        run_of(made)
        restate(made, code="XOWN", value=44, person=made.people[0])
        run_of(made)
        out = StringIO()

        call_command("payouts", "diff", "1", "2", period="2026-Q3", stdout=out)

        assert "because result XOWN of E00001 over the period: 30 → 44" in out.getvalue()
        assert "1 payout(s) differ: +" in out.getvalue()


class TestVerify:
    def test_finds_nothing_in_a_sound_run(self, settings):
        settings.KAMCOMP_CHUNK_PEOPLE = 4
        run = run_of(crowd(10))

        verification = verify_run(run=run)

        assert [finding.sentence for finding in verification.findings] == []
        assert (verification.payouts, verification.lines) == (10, 30)

    def test_names_the_row_and_the_cent_that_were_changed(self, owner_sql):
        made = crowd(3)
        run = run_of(made)
        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute(
            "UPDATE payouts_payoutline l SET amount = l.amount + 0.01 FROM payouts_payout o JOIN teams_person p"
            " ON p.id = o.person_id WHERE o.id = l.payout_id AND p.employee_id = 'E00002' AND l.leaf = 'SAT'"
        )
        out = StringIO()

        with pytest.raises(SystemExit) as ended:
            call_command("payouts", "verify", period="2026-Q3", stdout=out)

        assert ended.value.code == 1
        assert "E00002, CROWD v1, line 3 (SAT): amount stored" in out.getvalue()
        assert "(+0.01" in out.getvalue()
        assert len(verify_run(run=run).findings) == 1

    def test_names_a_line_that_was_taken_away_and_no_other(self, owner_sql):
        made = crowd(2)
        run = run_of(made)
        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute(
            "DELETE FROM payouts_payoutline l USING payouts_payout o, teams_person p WHERE o.id = l.payout_id"
            " AND p.id = o.person_id AND p.employee_id = 'E00002' AND l.leaf = 'SALES'"
        )

        (finding,) = verify_run(run=run).findings

        assert finding.sentence == "E00002, CROWD v1, line 1 (SALES) is derived but not stored."

    def test_explains_a_payout_as_it_is_stored(self):
        run = run_of(crowd(2))

        explained = payout_explain(payout=Payout.objects.filter(run=run).first())

        assert explained.equal
        assert explained.steps[-1]["name"] == "payable"


class TestDiff:
    def test_says_which_line_changed_and_why(self):
        made = crowd(5)
        old = run_of(made)
        restate(made, code="XOWN", value=44, person=made.people[0])

        new = run_of(made)
        changes = list(runs_diff(old=old, new=new))

        assert [change.employee_id for change in changes] == ["E00001"]
        assert [line.leaf for line in changes[0].lines] == ["OWN"]
        assert changes[0].reasons == ("result XOWN of E00001 over the period: 30 → 44",)

    def test_a_team_result_changes_everyone_on_the_team(self):
        made = crowd(6)
        old = run_of(made)
        restate(made, code="XSALES", value=1_200_000, node=made.accounts[0].node)

        new = run_of(made)
        changes = list(runs_diff(old=old, new=new))

        assert [change.employee_id for change in changes] == ["E00001", "E00003", "E00005"]
        assert {line.leaf for change in changes for line in change.lines} == {"SALES"}
