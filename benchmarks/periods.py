"""A run in a database that keeps twenty-four periods, beside one that keeps its own only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

from benchmarks.harness import Asked, Figure, at_most, database_of, database_use, django_up, spread

TITLE = "Twenty-four periods kept"
ABOUT = (
    "A tenth of {people} people; the other database keeps, of the twenty-three months before, locked runs with "
    "payouts, lines, kept inputs, results and targets of everybody. Both run the last month, taking turns."
)
ONE_RUN = "import benchmarks.periods; benchmarks.periods.one_run()"


def measure(asked: Asked) -> list[Figure]:
    """Return the times of both, and their ratio."""
    people = max(asked.people // 10, 80)
    kept_make(people=people)
    one, all_kept = [], []
    for _turn in range(asked.pairs):
        one.append(_run(people, kept=0))
        all_kept.append(_run(people, kept=23))
    return [
        Figure(what="its own period only", value=f"{spread(one, digits=2)} s"),
        Figure(what="with 23 periods before", value=f"{spread(all_kept, digits=2)} s"),
        at_most("24 periods / one", [a / o for a, o in zip(all_kept, one, strict=True)], 1.2),
    ]


def kept_make(*, people: int) -> None:
    """Make both databases, unless they are there."""
    apart("benchmarks.periods.make()", people, kept=0)


def kept_use(*, people: int) -> None:
    """Use the database that keeps twenty-four months of so many people, made if it is not there."""
    kept_make(people=people)
    database_use(name=name_of(people, kept=23))
    django_up()


def _run(people: int, *, kept: int) -> float:
    return float(json.loads(apart("benchmarks.periods.one_run()", people, kept=kept).rpartition("TOLD ")[2]))


def apart(call: str, people: int, *, kept: int) -> str:
    """Do something in a process of its own, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", f"import benchmarks.periods; {call}"],
        env={**os.environ, "BENCH_PEOPLE": str(people), "BENCH_KEPT": str(kept)}, stdout=subprocess.PIPE, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout


def one_run() -> None:
    """Run once in one of the two databases and tell the seconds: what a child process does."""
    database_use(name=name_of(int(os.environ["BENCH_PEOPLE"]), kept=int(os.environ["BENCH_KEPT"])))
    django_up()
    from benchmarks.harness import spent
    from benchmarks.whole_run import run_once

    with spent() as took:
        run_once()
    print("TOLD " + json.dumps(took.wall))


def name_of(people: int, *, kept: int) -> str:
    """Return the name of the database of so many people and kept periods."""
    return f"bench_{people}_{kept}"


def make() -> None:
    """Make both databases from the company's, unless they are there."""
    import psycopg2

    people = int(os.environ["BENCH_PEOPLE"])
    server = psycopg2.connect(
        urlunsplit(urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path="/postgres"))
    )
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [name_of(people, kept=23)])
        if cursor.fetchone() == (1,):
            return
        database_of(people=people)
        from django.db import connections

        from benchmarks.whole_run import run_once

        run_once()
        connections.close_all()
        for kept in (0, 23):
            cursor.execute(f"DROP DATABASE IF EXISTS {name_of(people, kept=kept)}")
            cursor.execute(f"CREATE DATABASE {name_of(people, kept=kept)} TEMPLATE bench_{people}")
    server.close()
    address = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{name_of(people, kept=23)}")
    keep(urlunsplit(address))


TABLES = (
    "payouts_run", "payouts_runchunk", "payouts_payout", "payouts_payoutline", "scorecards_result", "scorecards_target",
    "calendar_period",
)  # fmt: skip
KEEP = """
    CREATE TEMP TABLE past AS
        SELECT p.id AS period_id, p.days, r.id AS run_id, gen_random_uuid() AS new_run
          FROM calendar_period p, payouts_run r
         WHERE r.is_current AND p.id <> r.period_id;
    CREATE TEMP TABLE new_runs AS SELECT r.* FROM payouts_run r JOIN past ON past.run_id = r.id LIMIT 0;
    INSERT INTO new_runs SELECT r.* FROM payouts_run r WHERE r.is_current;
    INSERT INTO payouts_run
        SELECT (jsonb_populate_record(NULL::payouts_run, to_jsonb(n) || jsonb_build_object(
                   'id', past.new_run, 'period_id', past.period_id, 'status', 'locked', 'number', 1,
                   'reviewed_by_id', u.id, 'approved_by_id', u.id))).*
          FROM new_runs n, past, identity_user u WHERE u.username = 'bench-second';
    CREATE TEMP TABLE new_chunks AS
        SELECT c.id AS old_id, nextval(pg_get_serial_sequence('payouts_runchunk', 'id')) AS new_id, past.new_run,
               past.period_id
          FROM payouts_runchunk c JOIN past ON past.run_id = c.run_id;
    INSERT INTO payouts_runchunk (id, run_id, number, plan_version_id, assignments, status, epoch, attempt, worker,
                                  people, inputs, input_digest, result_digest, input_digests, result_digests, error)
        SELECT n.new_id, n.new_run, c.number, c.plan_version_id, c.assignments, c.status, c.epoch, c.attempt, c.worker,
               c.people, c.inputs, c.input_digest, c.result_digest, c.input_digests, c.result_digests, c.error
          FROM new_chunks n JOIN payouts_runchunk c ON c.id = n.old_id;
    INSERT INTO payouts_payout (id, run_id, chunk_id, period_id, person_id, plan_version_id, currency, due,
                                posted_before, amount, carried, target_incentive, closing, input_digest)
        SELECT md5(o.id::text || n.new_run)::uuid, n.new_run, n.new_id, n.period_id, o.person_id, o.plan_version_id,
               o.currency, o.due, o.posted_before, o.amount, o.carried, o.target_incentive, o.closing, o.input_digest
          FROM new_chunks n JOIN payouts_payout o ON o.chunk_id = n.old_id;
    INSERT INTO payouts_payoutline (payout_id, number, period_id, kind, leaf, pay_element, account_id, metric, target,
                                    actual, attainment, payout_ratio, weight, amount)
        SELECT md5(o.id::text || n.new_run)::uuid, l.number, n.period_id, l.kind, l.leaf, l.pay_element, l.account_id,
               l.metric, l.target, l.actual, l.attainment, l.payout_ratio, l.weight, l.amount
          FROM new_chunks n JOIN payouts_payout o ON o.chunk_id = n.old_id
          JOIN payouts_payoutline l ON l.payout_id = o.id;
    INSERT INTO scorecards_result (metric_id, node_id, person_id, period_id, "window", numerator, value, currency,
                                   status, note)
        SELECT r.metric_id, r.node_id, r.person_id, past.period_id, r."window", r.numerator, r.value, r.currency,
               r.status, r.note
          FROM scorecards_result r, past WHERE r.superseded_at IS NULL;
    INSERT INTO scorecards_target (id, metric_id, node_id, person_id, days, value, currency, status, method, note)
        SELECT gen_random_uuid(), t.metric_id, t.node_id, t.person_id, past.days, t.value, t.currency, t.status,
               t.method, t.note
          FROM scorecards_target t, past WHERE t.superseded_at IS NULL;
    UPDATE calendar_period SET status = 'locked' WHERE id IN (SELECT period_id FROM past);
"""


def keep(address: str) -> None:
    """Make twenty-three locked months of the one that was run."""
    import psycopg2

    owner = psycopg2.connect(address)
    with owner.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(KEEP)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    owner.commit()
    owner.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    owner.close()
