"""A whole run with one worker, beside a bare COPY of the same rows into the same table."""

from __future__ import annotations

import time
from io import BytesIO
from typing import Any

from benchmarks.harness import (
    Asked,
    Figure,
    Spent,
    at_least,
    at_most,
    database_of,
    laws,
    median,
    paid_empty,
    spent,
    spread,
)

TITLE = "A whole run"
ABOUT = (
    "{people} people on four plans of six goals, eight an account: request, preparation, reading, exact computing, "
    "writing, kept inputs, commit, with one worker; beside it a bare psycopg2 COPY of the same rows into the same "
    "empty table, with the keys and indexes of ADR 14 and its triggers off. They take turns; ratios are of the pairs. "
    "The profile is of a run with one chunk in hand at a time (KAMCOMP_CHUNKS_AT_ONCE=1)."
)
BULK_PEOPLE = 2_000


def measure(asked: Asked) -> list[Figure]:
    """Return the run's time against the floor, bulk_create and one SQL statement, and where it goes."""
    database_of(people=asked.people)
    paid_empty()
    run_once()
    rows = rows_stored()
    floors, runs, guarded = [], [], []
    for _pair in range(asked.pairs):
        floors.append(copied(rows, triggers=False))
        guarded.append(copied(rows, triggers=True))
        paid_empty()
        with spent() as took:
            run_once()
        runs.append(took)
        rows = rows_stored()  # of the run that is current now: its triggers refuse rows of another
    lines = rows["payouts_payoutline"].count(b"\n")
    bulk = bulk_created(min(BULK_PEOPLE, asked.people)) * asked.people / min(BULK_PEOPLE, asked.people)
    statement = one_statement()
    run = median([each.wall for each in runs])
    return [
        Figure(what="rows written", value=f"{asked.people:,} payouts, {lines:,} lines"),
        Figure(what="bare COPY", value=f"{_walls(floors)} s, processor {_cpu(floors)} s"),
        Figure(what="whole run", value=f"{_walls(runs)} s, processor {_cpu(runs)} s"),
        at_most(
            "run / bare COPY, by the clock", [r.wall / f.wall for r, f in zip(runs, floors, strict=True)], 1.5
        ),
        Figure(
            what="run / bare COPY, by processor seconds",
            value=f"{spread([r.cpu / f.cpu for r, f in zip(runs, floors, strict=True) if f.cpu])} times",
        ),
        Figure(
            what="COPY with the triggers on / off",
            value=f"{spread([g.wall / f.wall for g, f in zip(guarded, floors, strict=True)])} times",
        ),
        Figure(
            what="Django bulk_create of the same rows", value=f"{bulk:.0f} s, from {BULK_PEOPLE:,} people"
        ),
        at_least("bulk_create / run", [bulk / run], 8),
        Figure(what="one SQL statement (numeric, INSERT..SELECT), lines only", value=f"{statement:.1f} s"),
        *stages(),
    ]


def run_once(*, whole: bool = True) -> Any:
    """Run the company's last period, as a worker would, and return the run; computing everybody unless told else."""
    from benchmarks.company import AT, company_found
    from payouts.services.run_work import run_look
    from payouts.services.runs import run_request

    company = company_found()
    run = run_request(period=company.period, by=company.admin, at=AT, whole=whole)
    run_look(run_id=run.pk, seconds=36_000)
    run.refresh_from_db()
    if run.status != "calculated":
        raise RuntimeError(f"The run ended {run.status}: {run.error}")
    return run


def rows_stored() -> dict[str, bytes]:
    """Return what a run has written, table by table, as COPY text."""
    from django.db import connection

    found = {}
    for table, columns, order in _tables():
        text = BytesIO()
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY (SELECT {columns} FROM {table} ORDER BY {order}) TO STDOUT", text)
        found[table] = text.getvalue()
    return found


def copied(rows: dict[str, bytes], *, triggers: bool) -> Spent:
    """Return what a bare COPY of rows into the empty tables takes."""
    from django.db import connections, transaction

    paid_empty()
    with connections["owner"].cursor() as cursor:
        laws(cursor, on=triggers)
    with spent() as took, transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table, columns, _order in _tables():
            text = rows[table]
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", BytesIO(text), size=1 << 20)
    with connections["owner"].cursor() as cursor:
        laws(cursor, on=True)
    paid_empty()
    return took


def _tables() -> tuple[tuple[str, str, str], ...]:
    from payouts.copying import LINE_COLUMNS, PAYOUT_COLUMNS

    return (
        ("payouts_payout", ", ".join(PAYOUT_COLUMNS), "id"),
        ("payouts_payoutline", ", ".join(LINE_COLUMNS), "payout_id, number"),
    )


def bulk_created(people: int) -> float:
    """Return the seconds Django needs to write the rows of so many people."""
    from django.db import connections, transaction

    from payouts.models import Payout, PayoutLine

    payouts = list(Payout.objects.order_by("id")[:people])
    lines = list(PayoutLine.objects.filter(payout__in=[payout.pk for payout in payouts]))
    paid_empty()
    with connections["owner"].cursor() as cursor:
        laws(cursor, on=False)
    started = time.perf_counter()
    with transaction.atomic(using="owner"):
        Payout.objects.using("owner").bulk_create(payouts, batch_size=1_000)
        PayoutLine.objects.using("owner").bulk_create(lines, batch_size=1_000)
    took = time.perf_counter() - started
    with connections["owner"].cursor() as cursor:
        laws(cursor, on=True)
    return took


STATEMENT = """
    WITH measured AS MATERIALIZED (
        SELECT m.code AS metric, coalesce(r.node_id, r.person_id) AS subject, r.value
          FROM scorecards_result r JOIN scorecards_metric m ON m.id = r.metric_id
         WHERE r.period_id = %(period)s AND r.superseded_at IS NULL
    ), agreed AS MATERIALIZED (
        SELECT m.code AS metric, coalesce(t.node_id, t.person_id) AS subject, t.value
          FROM scorecards_target t JOIN scorecards_metric m ON m.id = t.metric_id
         WHERE lower(t.days) = %(since)s AND t.superseded_at IS NULL
    ), goals AS MATERIALIZED (
        SELECT v.id AS version_id, g.number, g.goal ->> 'code' AS code, g.goal ->> 'metric' AS metric,
               g.goal ->> 'level' AS level, (g.goal ->> 'weight')::numeric AS weight,
               (g.goal #>> '{curve,points,2,1}')::numeric AS top
          FROM plans_planversion v,
               jsonb_array_elements(v.document #> '{incentive,children}') WITH ORDINALITY AS g(goal, number)
    ), paid AS MATERIALIZED (
        SELECT gen_random_uuid() AS id, a.person_id, a.account_id, a.plan_version_id, s.node_id, k.variable_target
          FROM plans_assignment a
          JOIN teams_strategicaccount s ON s.id = a.account_id
          JOIN teams_paypackage k ON k.person_id = a.person_id
    ), asked AS MATERIALIZED (
        SELECT paid.id, paid.account_id, paid.variable_target, goals.*,
               CASE goals.level WHEN 'team' THEN paid.node_id WHEN 'company' THEN %(company)s::uuid
                                ELSE paid.person_id END AS subject
          FROM paid JOIN goals ON goals.version_id = paid.plan_version_id
    ), reached AS MATERIALIZED (
        SELECT r.metric, r.subject, r.value AS actual, t.value AS target, r.value / t.value AS attainment
          FROM measured r JOIN agreed t ON t.metric = r.metric AND t.subject = r.subject
    ), earned AS MATERIALIZED (
        SELECT asked.*, reached.actual, reached.target, reached.attainment,
               CASE WHEN attainment < 0.8 THEN 0
                    WHEN attainment < 1 THEN 0.5 + (attainment - 0.8) * 0.5 / 0.2
                    WHEN attainment < 1.4 THEN 1 + (attainment - 1) * (top - 1) / 0.4
                    ELSE top END AS ratio
          FROM asked JOIN reached ON reached.metric = asked.metric AND reached.subject = asked.subject
    )
    INSERT INTO payouts_payoutline (payout_id, number, period_id, kind, leaf, pay_element, account_id, metric, target,
                                    actual, attainment, payout_ratio, weight, amount)
    SELECT id, number, %(period)s, 'leaf', code, 'bonus', account_id, metric, target, actual, attainment, ratio, weight,
           round(variable_target / 12 * weight * ratio, 2)
      FROM earned
"""


def one_statement() -> float:
    """Return the seconds of one set-based statement that computes and writes the lines: no digests, no kept inputs."""
    from django.db import connections, transaction

    from benchmarks.company import COMPANY_NODE, company_found
    from teams.models import AccountNode

    period = company_found().period
    said = {
        "period": period.pk,
        "since": period.days.lower,
        "company": AccountNode.objects.get(code=COMPANY_NODE).pk,
    }
    paid_empty()
    with connections["owner"].cursor() as cursor:
        laws(cursor, on=False)
        started = time.perf_counter()
        with transaction.atomic(using="owner"):
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL enable_nestloop = off")
            cursor.execute(STATEMENT, said)
        took = time.perf_counter() - started
        laws(cursor, on=True)
    paid_empty()
    return took


def stages() -> list[Figure]:
    """Return where one worker's time goes, by processor seconds of Python, and the waits for the database."""
    from django.conf import settings

    import payouts.engine.payout_rows as rows
    import payouts.selectors.inputs.chunk as reading
    import payouts.services.run_chunks as chunks
    import payouts.services.run_compute as computing
    import payouts.services.run_work as work

    watched = {
        "preparation": (work, "run_prepare"),
        "reading inputs": (computing, "chunk_inputs"),
        "- of it the balances brought": (reading, "opening_balances"),
        "computing exactly and settling": (rows, "evaluate"),
        "key figures of lines": (rows, "leaf_figures"),
        "rows, computing included": (computing, "payout_rows"),
        "input digests": (computing, "payee_digests"),
        "kept inputs": (computing, "inputs_to_bytes"),
        "COPY text": (computing, "copy_texts"),
        "storing": (work, "chunk_store"),
        "- of it COPY": (chunks, "copy_rows"),
    }
    took: dict[str, list[float]] = {name: [0.0, 0.0] for name in watched}
    restored = []
    for name, (module, function) in watched.items():
        real = getattr(module, function)
        restored.append((module, function, real))
        setattr(module, function, _timed(real, took[name]))
    at_once, settings.KAMCOMP_CHUNKS_AT_ONCE = settings.KAMCOMP_CHUNKS_AT_ONCE, 1
    try:
        run_once()
    finally:
        settings.KAMCOMP_CHUNKS_AT_ONCE = at_once
        for module, function, real in restored:
            setattr(module, function, real)
    return [
        Figure(what=f"profile: {name}", value=f"{wall:.1f} s, of them Python {cpu:.1f} s")
        for name, (wall, cpu) in took.items()
    ]


def _timed(function: Any, took: list[float]) -> Any:
    def timed(*arguments: Any, **named: Any) -> Any:
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            return function(*arguments, **named)
        finally:
            took[0] += time.perf_counter() - wall
            took[1] += time.thread_time() - cpu

    return timed


def _walls(spents: list[Spent]) -> str:
    return spread([each.wall for each in spents], digits=1)


def _cpu(spents: list[Spent]) -> str:
    return (
        f"{median([each.python for each in spents]):.1f} + {median([each.database for each in spents]):.1f}"
    )
