"""A new run computes whose inputs changed and takes over the others; it equals a run that computes everybody."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from kamcomp.records import Fact
from payouts.choices import RunStatus
from payouts.engine import payee_digests as digesting
from payouts.models import Payout, PayoutLine, Run
from payouts.selectors.rederived import payout_explain
from payouts.selectors.unchanged import engine_digest
from payouts.services import run_compute
from payouts.services.diff import runs_diff
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from payouts.services.verify import verify_run
from plans.engine.inputs import Inputs
from plans.models import Assignment
from scorecards.models import (
    Collection,
    Contract,
    Credit,
    ObjectiveRating,
    Opportunity,
    Result,
    Target,
    Transaction,
)
from teams.models import AccountNode, Employment, Membership, PayPackage, Person
from tests.payouts import random_company
from tests.payouts.crowd import AT, crowd
from tests.payouts.test_runs import restate

D = Decimal
COMPANIES = int(os.environ.get("KAMCOMP_CHANGED_COMPANIES") or 4)
pytestmark = pytest.mark.django_db(transaction=True)


def run_of(period, by, *, whole: bool = False) -> Run:
    run = run_request(period=period, by=by, at=AT, whole=whole)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    assert run.status in (RunStatus.CALCULATED, RunStatus.WITH_ERRORS), run.error
    assert not run.chunks.exclude(status="done").exists()
    return run


def rows_of(run: Run) -> list[tuple[Any, ...]]:
    """Return every figure of a run's payouts and lines, ids apart."""
    payouts = [
        (*figures, bytes(digest))
        for *figures, digest in Payout.objects.filter(run=run).values_list(
            "person__employee_id", "plan_version_id", "currency", "due", "posted_before", "amount", "carried",
            "target_incentive", "closing", "input_digest", "result_digest",
        )
    ]  # fmt: skip
    lines = PayoutLine.objects.filter(payout__run=run).values_list(
        "payout__person__employee_id", "payout__plan_version_id", "number", "kind", "leaf", "pay_element",
        "account_id", "metric", "target", "actual", "attainment", "payout_ratio", "weight", "amount",
    )  # fmt: skip
    return sorted(map(str, payouts)) + sorted(map(str, lines))


def equal(run: Run, whole: Run) -> None:
    """Expect a run to be, in every figure and digest, one that computed everybody."""
    assert run.based_on is not None
    assert (whole.based_on, whole.taken_over) == (None, 0)
    assert rows_of(run) == rows_of(whole)
    assert (run.input_digest, run.result_digest) == (whole.input_digest, whole.result_digest)
    assert (run.people, run.totals, run.status) == (whole.people, whole.totals, whole.status)
    assert sorted(run.problems.values_list("person", "code")) == sorted(
        whole.problems.values_list("person", "code")
    )


def same_inputs(run: Run, before: Run) -> int:
    """Return how many payouts of a run have the inputs they had in another."""
    known = Payout.objects.filter(run=before).values_list("person", "plan_version", "input_digest")
    return len(
        {*known} & {*Payout.objects.filter(run=run).values_list("person", "plan_version", "input_digest")}
    )


def edited(rng: Random, model: type[Model], change: Callable[[Any], None]) -> bool:
    """Change a row drawn from those believed, and tell whether the laws let it; a fact is superseded by a new one."""
    rows = model._default_manager.all()
    is_fact = issubclass(model, Fact | Target)
    chosen = list((rows.filter(superseded_at=None) if is_fact else rows).order_by("pk"))
    if not chosen:
        return False
    row = rng.choice(chosen)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if is_fact:
                cursor.execute("SELECT clock_timestamp()")
                (now,) = cursor.fetchone()
                model._default_manager.filter(pk=row.pk).update(superseded_at=now)
                row.pk = model._meta.pk.get_default()
                row._state.adding, row.recorded_at = True, now
            change(row)
            row.save()
    except IntegrityError:
        return False
    return True


def by_a_tenth(name: str) -> Callable[[Any], None]:
    def change(row: Any) -> None:
        value = getattr(row, name)
        setattr(row, name, (D(1) if value is None else D(value) * D("1.1")).quantize(D("0.0001")))

    return change


def revenue(row: Any) -> None:
    row.revenue = (row.revenue * D("1.1")).quantize(D("0.01"))


def result_value(row: Any) -> None:
    row.value = None if row.value is None else (row.value * D("1.1")).quantize(D("0.0001"))
    row.numerator = row.value


def parameter(row: Any) -> None:
    row.parameters = row.parameters | {"guarantee": "12.5"}


def region(row: Any) -> None:
    row.region = "" if row.region else "east"


def part_time(row: Any) -> None:
    row.fte = D("0.5") if row.fte == 1 else D(1)


def stage(row: Any) -> None:
    row.stage = row.stage + 1


CHANGES: list[tuple[type[Model], Callable[[Any], None]]] = [
    (Result, result_value), (Target, by_a_tenth("value")), (PayPackage, by_a_tenth("variable_target")),
    (PayPackage, by_a_tenth("base_salary")), (Employment, part_time), (Assignment, parameter),
    (Assignment, lambda row: setattr(row, "share", D("0.75") if row.share == 1 else D(1))),
    (Membership, lambda row: setattr(row, "dedication", D("0.4") if row.dedication == 1 else D(1))),
    (ObjectiveRating, lambda row: setattr(row, "rating", D("0.7"))), (Opportunity, stage),
    (Credit, lambda row: setattr(row, "share", D("0.5") if row.share == 1 else D(1))), (Transaction, revenue),
    (AccountNode, region), (Person, lambda row: setattr(row, "manager", None)),
    (Contract, by_a_tenth("value")), (Collection, by_a_tenth("amount")),
]  # fmt: skip


class TestChangedInputs:
    @pytest.mark.parametrize("seed", range(COMPANIES))
    def test_a_run_that_takes_over_equals_one_that_computes_everybody(self, seed, settings):
        rng = Random(f"changes {seed}")
        settings.KAMCOMP_CHUNK_PEOPLE = rng.choice([2, 5_000])
        period, users = random_company.store(random_company.drawn(seed, people=6))
        before = run_of(period, users["maren"])

        for _round in range(2):
            changes = [edited(rng, *rng.choice(CHANGES)) for _change in range(rng.choice([1, 1, 2, 3]))]
            settings.KAMCOMP_CHUNK_PEOPLE = rng.choice([1, 3, 5_000])
            run = run_of(period, users["maren"])
            whole = run_of(period, users["maren"], whole=True)

            equal(run, whole)
            assert run.based_on == before
            assert run.taken_over == same_inputs(run, before)
            assert any(changes) or run.taken_over == Payout.objects.filter(run=run).count()
            before = whole


def unseen_parameters(inputs: Inputs) -> Inputs:
    return replace(inputs, parameters={})


def unseen_targets(inputs: Inputs) -> Inputs:
    return replace(
        inputs, results={key: replace(results, target=None) for key, results in inputs.results.items()}
    )


def unseen_packages(inputs: Inputs) -> Inputs:
    flat = replace(inputs.spans, target_incentive=inputs.spans.target_incentive * 0)
    return replace(inputs, spans=flat)


class TestPlantedMiss:
    """An input that the digest does not see is found: the two ways to run no longer give the same."""

    @pytest.mark.parametrize(
        ("unseen", "change"),
        [
            (unseen_targets, (Target, by_a_tenth("value"))),
            (unseen_packages, (PayPackage, by_a_tenth("variable_target"))),
        ],
    )
    def test_is_found(self, unseen, change, monkeypatch):
        made = crowd(4)

        def blind(*, inputs: Inputs, plan_digest: str) -> list[bytes]:
            return digesting.payee_digests(inputs=unseen(inputs), plan_digest=plan_digest)

        monkeypatch.setattr(run_compute, "payee_digests", blind)
        run_of(made.period, made.users["maren"])
        assert edited(Random(1), *change)

        run = run_of(made.period, made.users["maren"])
        whole = run_of(made.period, made.users["maren"], whole=True)

        assert run.taken_over == 4
        with pytest.raises(AssertionError):
            equal(run, whole)


@pytest.fixture
def first(transactional_db, settings):
    """A crowd of twenty and its first run, in chunks of seven."""
    settings.KAMCOMP_CHUNK_PEOPLE = 7
    made = crowd(20)
    return made, run_of(made.period, made.users["maren"])


def again(made, **options) -> Run:
    return run_of(made.period, made.users["maren"], **options)


class TestRunAgain:
    def test_on_the_same_facts_computes_nobody_and_keeps_the_same_inputs(self, first):
        made, before = first

        run = again(made)

        assert (run.based_on, run.taken_over, run.people) == (before, 20, 20)
        assert (run.input_digest, run.result_digest) == (before.input_digest, before.result_digest)
        kept, kept_before = (
            list(each.chunks.order_by("number").values_list("inputs", flat=True)) for each in (run, before)
        )
        assert list(map(bytes, kept)) == list(map(bytes, kept_before))
        assert not verify_run(run=run).findings

    def test_computes_the_person_whose_result_was_restated(self, first, settings):
        made, before = first
        settings.KAMCOMP_CHUNK_PEOPLE = 11
        restate(made, code="XOWN", value="35", person=made.people[2])

        run = again(made)

        assert run.taken_over == 19
        assert list(run.chunks.order_by("number").values_list("taken_over", flat=True)) == [10, 9]
        assert [change.employee_id for change in runs_diff(old=before, new=run)] == ["E00003"]
        assert not verify_run(run=run).findings
        taken = Payout.objects.get(run=run, person=made.people[0])
        assert payout_explain(payout=taken).equal

    def test_computes_everybody_on_the_account_whose_result_was_restated(self, first):
        made, _before = first
        restate(made, code="XSALES", value="1200000", node=made.accounts[1].node)

        assert again(made).taken_over == 10

    def test_computes_who_was_not_paid_before(self, first):
        made, _before = first
        PayPackage.objects.filter(person=made.people[4]).delete()
        without = again(made)
        PayPackage.objects.create(
            person=made.people[4], base_salary=60000, variable_target=D("20004.02"), currency="EUR",
            valid=PayPackage.objects.first().valid,
        )  # fmt: skip

        run = again(made)

        assert (without.status, without.people, without.taken_over) == (RunStatus.WITH_ERRORS, 19, 19)
        assert (run.status, run.people, run.taken_over) == (RunStatus.CALCULATED, 20, 19)

    def test_computes_everybody_if_told_to_or_with_another_engine(self, first, monkeypatch):
        made, before = first

        assert again(made, whole=True).taken_over == 0
        monkeypatch.setattr("payouts.selectors.unchanged.engine_digest", lambda: "0" * 64)
        other = again(made)

        assert (other.based_on is None, other.taken_over) == (False, 0)
        assert other.result_digest == before.result_digest

    def test_takes_over_no_cent_that_was_changed_behind_it_without_verification_naming_it(
        self, first, owner_sql
    ):
        made, before = first
        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute(
            "UPDATE payouts_payout SET amount = amount + 0.01 WHERE run_id = %s AND person_id = %s",
            [before.pk, made.people[0].pk],
        )
        owner_sql.execute("SET session_replication_role = DEFAULT")

        found = verify_run(run=again(made)).findings

        assert any(
            finding.sentence.startswith("E00001") and "+0.01 EUR" in finding.sentence for finding in found
        )

    def test_says_how_many_it_computed(self, first):
        made, _before = first
        restate(made, code="XOWN", value="35", person=made.people[2])
        again(made)

        said = StringIO()
        call_command("payouts", "status", period="2026-Q3", stdout=said)

        assert "1 computed, 19 taken over unchanged from run 1." in said.getvalue()


class TestEngineDigest:
    def test_is_of_the_source_and_changes_with_it(self, monkeypatch, tmp_path):
        now = engine_digest.__wrapped__()
        for name in ("kamcomp", "payouts/engine", "plans/engine", "scorecards/engine"):
            folder = tmp_path / name
            folder.mkdir(parents=True)
            (folder / "money.py").write_text("TEN = 10")
            (folder / "columns.py").write_text("")
        monkeypatch.setattr(
            "payouts.selectors.unchanged.files", lambda name: tmp_path.joinpath(*name.split("."))
        )
        before = engine_digest.__wrapped__()
        (tmp_path / "plans/engine/money.py").write_text("TEN = 11")

        assert len({now, before, engine_digest.__wrapped__()}) == 3

    def test_is_nothing_where_there_is_no_source(self, monkeypatch, tmp_path):
        monkeypatch.setattr("payouts.selectors.unchanged.files", lambda _name: tmp_path)

        assert engine_digest.__wrapped__() == ""
