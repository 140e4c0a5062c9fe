"""
The pool and its allocation: its size, who may hand it out, and how it is handed out.

Rules L47 to L50. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Sentence, Word
from plans.checks.facts import AllocationFacts
from plans.checks.picture import Gathered, Look
from plans.checks.rule import NOBODY, RUN, Finding, Limit, Severity, Unit, known, rule, shown

ZERO = Decimal(0)
USUAL_BEYOND = Decimal("0.20")


@rule(
    "L47",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="Articles on the manager's say in team pay (area 5); the bounds are judgements.",
    advice="Resize the pool.",
    limits={
        "least": Limit(Decimal("0.05"), Unit.RATIO, "the least share of the team's variable pay"),
        "most": Limit(Decimal("0.80"), Unit.RATIO, "the largest share"),
    },
)
def pool_size_out_of_bounds(look: Look) -> Iterator[Finding]:
    """
    The key account manager of {about} hands out {value} of the team's variable pay; {least} to {most}
    is sound.
    """
    if look.plan.pool is None:
        return
    asked, least, most = Gathered(), look.limit("least"), look.limit("most")
    for account in look.accounts():
        pool = variable = ZERO
        for member in asked.ask(account.members, "the team of %(account)s", account=account.code) or ():
            person = look.picture.people.get(member.person)
            pool += (
                asked.ask(
                    person and person.pool_target,
                    "the pool target of %(person)s",
                    person=member.person,
                )
                or ZERO
            )
            variable += (
                asked.ask(
                    person and person.variable,
                    "the variable target of %(person)s",
                    person=member.person,
                )
                or ZERO
            )
        if pool + variable and not asked.missing and not least <= pool / (pool + variable) <= most:
            share = pool / (pool + variable)
            yield look.found(
                value=share, limit=least if share < least else most, about=account.code, at="/pool",
                least=shown(least, Unit.RATIO), most=shown(most, Unit.RATIO),
            )  # fmt: skip
    asked.say()


@rule(
    "L48",
    Severity.BLOCKS,
    unit=Unit.TEXT,
    source="Segregation of duties.",
    advice="Pay the manager by formula, or let their manager decide.",
    waived_by=NOBODY,
)
def manager_in_own_pool(look: Look) -> Iterator[Finding]:
    """{value} hands out the pool of {about} and would be paid from it."""
    for account, member in look.members():
        if member.seat == "kam" and member.pool_eligible:
            yield look.found(value=member.person, about=account.code)


def _allocations(look: Look) -> tuple[AllocationFacts, ...]:
    return known(known(look.facts.run, "a run").allocations, "the allocations of the pool")


@rule(
    "L49",
    Severity.BLOCKS,
    unit=Unit.RATIO,
    source="British case law on rational use of discretion; the share is a judgement and the plan's own.",
    advice="Say why, or move back.",
    limits={
        "beyond": Limit(
            USUAL_BEYOND, Unit.RATIO, "the distance from the guideline; the plan's own goes first"
        )
    },
    waived_by=NOBODY,
    moments=RUN,
)
def allocation_beyond_guardrails_without_reason(look: Look) -> Iterator[Finding]:
    """{about} is {value} off the guideline's share (more than {limit}), and no reason is given."""
    pool = look.plan.pool
    beyond = pool.reason_beyond if pool and pool.reason_beyond is not None else look.limit("beyond")
    for one in _allocations(look):
        if not one.guideline or one.reason:
            continue
        off = abs(one.amount - one.guideline) / one.guideline
        if off > beyond:
            yield look.found(value=off, limit=beyond, about=one.person)


@rule(
    "L50",
    Severity.TO_LOOK_AT,
    unit=Unit.RATIO,
    source="A judgement about what an allocation should show.",
    advice="Start from the guideline.",
    limits={
        "most": Limit(Decimal("0.50"), Unit.RATIO, "the largest part of a pool for one person"),
        "members": Limit(Decimal(4), Unit.COUNT, "the fewest members it is asked of"),
    },
    moments=RUN,
)
def allocation_flat_or_lopsided(look: Look) -> Iterator[Finding]:
    """The pool {about} is {how}: the largest share is {value}."""
    pools: dict[str, list[AllocationFacts]] = {}
    for one in _allocations(look):
        pools.setdefault(one.pool, []).append(one)
    for pool, rows in pools.items():
        whole = sum((one.amount for one in rows), ZERO)
        if len(rows) < 2 or not whole:
            continue
        largest = max(rows, key=lambda one: one.amount)
        share = largest.amount / whole
        flat = len({one.amount for one in rows}) == 1 and len({one.dedication for one in rows}) > 1
        lopsided = len(rows) >= look.limit("members") and share > look.limit("most")
        if flat or lopsided:
            how = (
                Word("handed out in equal parts although dedication differs")
                if flat
                else Sentence("mostly %(person)s's", person=largest.person)
            )
            yield look.found(
                value=share, limit=look.limit("most"), about=pool or Word("of the account"), how=how
            )
