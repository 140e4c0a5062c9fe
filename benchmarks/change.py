"""One input changed: which payees come out differently, and which are left as they were."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from benchmarks.harness import Asked, Figure, database_of, paid_empty, spent

TITLE = "One input changed"
ABOUT = (
    "One account's revenue is restated in the company of {people} people, and the period is run again: whose input "
    "digest is another, and whose figures. The new run reads everybody's inputs, computes those whose inputs are "
    "others and takes over the rest within the database; beside it a run that computes everybody."
)


def measure(asked: Asked) -> list[Figure]:
    """Return how many payees depend on the input, and how many changed."""
    database_of(people=asked.people)
    paid_empty()
    from django.db import connection, connections

    from benchmarks.company import PLANS, TEAM_SIZE
    from benchmarks.whole_run import run_once
    from scorecards.models import Result

    before = run_once()
    chosen = Result.objects.current().filter(metric__code="BREV", node__code="A000000").latest("period__days")
    now = datetime.now(UTC)
    fields = {"metric_id": chosen.metric_id, "period_id": chosen.period_id, "node_id": chosen.node_id}
    Result.objects.filter(pk=chosen.pk).update(superseded_at=now)
    Result.objects.create(
        **fields, window=chosen.window, numerator=chosen.value + Decimal("20000"), currency="EUR",
        value=chosen.value + Decimal("20000"), status="restated", recorded_at=now,
    )  # fmt: skip
    with spent() as took:
        after = run_once(whole=False)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE payouts_payout")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE a.input_digest <> b.input_digest),
                   count(*) FILTER (WHERE a.amount <> b.amount),
                   count(*) FILTER (WHERE a.input_digest = b.input_digest AND a.amount <> b.amount)
              FROM payouts_payout a JOIN payouts_payout b USING (person_id, plan_version_id)
             WHERE a.run_id = %s AND b.run_id = %s
            """,
            [before.pk, after.pk],
        )
        inputs, figures, unexplained = cursor.fetchone()
    with spent() as computing:
        whole = run_once()
    same = (after.input_digest, after.result_digest) == (whole.input_digest, whole.result_digest)
    computed = after.people - after.taken_over
    depends = min(TEAM_SIZE, asked.people)
    return [
        Figure(what="payees that depend on the result", value=f"{depends} of {asked.people:,}, on {len(PLANS)} plans"),
        Figure(
            what="payees whose inputs are others", value=f"{inputs}", goal=f"{depends}", reached=inputs == depends
        ),
        Figure(
            what="payees paid another amount", value=f"{figures}", goal=f"at most {depends}", reached=figures <= depends
        ),
        Figure(
            what="changed amounts that no input explains", value=f"{unexplained}", goal="0", reached=unexplained == 0
        ),
        Figure(
            what="payees the new run computed", value=f"{computed} of {after.people:,}", goal=f"{depends}",
            reached=computed == depends,
        ),
        Figure(
            what="digests of the new run and of one that computes everybody", value="the same" if same else "differ",
            goal="the same", reached=same,
        ),
        Figure(what="the new run", value=f"{took.wall:.1f} s, processor {took.python:.1f} + {took.database:.1f} s"),
        Figure(
            what="a run that computes everybody",
            value=f"{computing.wall:.1f} s, processor {computing.python:.1f} + {computing.database:.1f} s",
        ),
    ]  # fmt: skip
