"""
Credits: nobody harmed, nobody paid twice, and no more credit than was budgeted.

Rules L51 to L53. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Listing
from plans.checks.picture import Look
from plans.checks.rule import RUN, Finding, Limit, Severity, Unit, Waiver, known, rule


@rule(
    "L51",
    Severity.BLOCKS,
    unit=Unit.MONEY,
    source="Articles: keep the plan from hurting regional representatives (area 8); pay associations on "
    "crediting twice.",
    advice="Give the key account manager a shadow credit.",
    limits={"most": Limit(Decimal(0), Unit.MONEY, "the most a representative may lose")},
    waived_by=(Waiver.EXECUTIVE,),
)
def regional_representative_hurt(look: Look) -> Iterator[Finding]:
    """{about} loses {value} of commission by this plan."""
    changes = known(
        known(look.facts.evidence, "stored replays").rep_changes, "the replay of regional representatives"
    )
    for person, change in sorted(changes.items()):
        if -change > look.limit("most"):
            yield look.found(value=-change, limit=look.limit("most"), about=person)


@rule(
    "L52",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Pay associations and operations writers: overlay credits add a quarter to a half of cost; "
    "budget them.",
    advice="Budget the overlap in the targets.",
    limits={"most": Limit(Decimal(2), Unit.RATIO, "credits over what was booked")},
    moments=RUN,
)
def credits_over_budget(look: Look) -> Iterator[Finding]:
    """What was booked was credited {value} times over all people (planned: {limit})."""
    run = known(look.facts.run, "a run")
    booked = known(run.booked, "what was booked")
    if booked and known(run.credited, "what was credited") / booked > look.limit("most"):
        yield look.found(value=known(run.credited, "credits") / booked, limit=look.limit("most"))


@rule(
    "L53",
    Severity.BLOCKS,
    unit=Unit.COUNT,
    source="Plan governance writers: one transaction, one credit.",
    advice="Leave it out of one, or declare the two as linked.",
    waived_by=(Waiver.FINANCE,),
    moments=RUN,
)
def paid_twice(look: Look) -> Iterator[Finding]:
    """Transaction {transaction} pays {about} {value} times: {components}."""
    credits = known(known(look.facts.run, "a run").credits, "the credits of the run")
    paid: dict[tuple[str, str], set[str]] = {}
    for credit in credits:
        paid.setdefault((credit.transaction, credit.person), set()).add(credit.linked or credit.component)
    for (transaction, person), components in sorted(paid.items()):
        if len(components) > 1:
            yield look.found(
                value=len(components),
                about=person,
                transaction=transaction,
                components=Listing(sorted(components)),
            )
