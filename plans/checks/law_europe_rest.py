"""
Reminders of the law of Spain, Italy, Switzerland and Denmark, and of the European Union.

E26 to E32. Not legal advice. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Sentence
from plans.checks.law import (
    leavers_in,
    people_in,
    people_noted,
    reminder,
    run_in,
    targets_missing,
)
from plans.checks.picture import Gathered, Look
from plans.checks.rule import LEAVING, REVIEW, RUN, Finding, Severity, Unit, known

BLOCKS, LOOK_AT, INFORM = Severity.BLOCKS, Severity.TO_LOOK_AT, Severity.INFORMATION
LARGEST_GAP = Decimal("0.05")


@reminder(
    "E26",
    "ES",
    BLOCKS,
    source="TS 02-02-2021: with undefined or unverifiable objectives the whole variable pay is due; the "
    "employer proves "
    "that they were missed.",
    advice="Keep the evidence, or pay.",
    moments=RUN,
)
def spain_zero_payout_without_evidence(look: Look) -> Iterator[Finding]:
    """Spain: {value} would get nothing, and no evidence is kept that the objectives were missed."""
    run = run_in(look, "ES")
    if run is None:
        return
    asked = Gathered()
    there = {person.person for person in people_noted(look, asked, "ES")}
    for person in known(run.zero_payouts, "who is paid nothing"):
        if person in there and not known(run.evidence_kept, "the evidence of results"):
            yield look.found(value=person, about=person)
    asked.say()


@reminder(
    "E27",
    "ES",
    INFORM,
    source="ET 26: variable pay is salary and counts when employment is ended.",
    advice="Include it in the base of severance.",
    moments=RUN,
)
def spain_severance_base(look: Look) -> Iterator[Finding]:
    """Spain: the variable pay of {value} belongs to the base of severance."""
    for person in people_in(look, "ES"):
        yield look.found(value=person.person, about=person.person)


@reminder(
    "E28",
    "IT",
    LOOK_AT,
    source="Cass. 2293/2018, 23607/2018, 13959/2014; Trib. Milano 1940/21: without targets, damages for the "
    "lost chance, "
    "its likelihood proved by the employee.",
    advice="Set the targets in time.",
    timely=True,
)
def italy_targets_missing(look: Look) -> Iterator[Finding]:
    """Italy: {value} has no targets; damages for the lost chance are possible."""
    yield from targets_missing(look, "IT")


@reminder(
    "E29",
    "CH",
    LOOK_AT,
    unit=Unit.MONEY,
    source="CO 322d: a bonus that can be determined is salary and due pro rata; a gratuity only where agreed.",
    advice="Compute pro rata.",
    moments=LEAVING,
)
def switzerland_pro_rata_due(look: Look) -> Iterator[Finding]:
    """Switzerland: pay by formula is salary; {value} is due to {about} pro rata."""
    for one in leavers_in(look, "CH"):
        if one.formula_pay and one.amount > 0:
            yield look.found(value=one.amount, about=one.person)


@reminder(
    "E30",
    "DK",
    BLOCKS,
    unit=Unit.MONEY,
    source="Funktionaerloven 17a: salaried employees have their bonus pro rata; a clause against it is void.",
    advice="Pay pro rata.",
    moments=LEAVING,
)
def denmark_bonus_forfeited(look: Look) -> Iterator[Finding]:
    """Denmark: {value} is due to {about} pro rata and cannot be excluded."""
    asked = Gathered()
    for one in leavers_in(look, "DK"):
        with asked.noting():
            salaried = look.picture.people[one.person].salaried
            if (
                one.forfeits
                and one.amount > 0
                and known(salaried, Sentence("whether %(person)s is salaried", person=one.person))
            ):
                yield look.found(value=one.amount, about=one.person)
    asked.say()


@reminder(
    "E31",
    "EU",
    LOOK_AT,
    unit=Unit.RATIO,
    source="Directive (EU) 2023/970: variable parts count, criteria are neutral, gaps by category are "
    "reported; to be "
    "in national law by 07-06-2026. The 5 % is to be verified.",
    advice="Explain the gap by neutral criteria, or mend it.",
    moments=REVIEW,
)
def european_pay_gap(look: Look) -> Iterator[Finding]:
    """European Union: women's and men's pay differ by {value} in {about} (report from {limit})."""
    pay: dict[str, dict[str, list[Decimal]]] = {}
    asked = Gathered()
    for person in people_noted(look, asked, "EU"):
        if not person.category or not person.sex:
            asked.ask(None, "category of work and sex, as reported")
        elif asked.ask(person.variable, "the pay of %(person)s", person=person.person) is not None:
            total = (person.base or Decimal(0)) + (person.variable or Decimal(0))
            pay.setdefault(person.category, {}).setdefault(person.sex, []).append(total)
    for category, sides in sorted(pay.items()):
        means = [sum(side, Decimal(0)) / len(side) for side in sides.values()]
        if len(means) == 2 and max(means) and (max(means) - min(means)) / max(means) >= LARGEST_GAP:
            yield look.found(value=(max(means) - min(means)) / max(means), limit=LARGEST_GAP, about=category)
    asked.say()


@reminder(
    "E32",
    "EU, GB",
    BLOCKS,
    source="GDPR art. 22: no decision of such weight by machine alone; a person looks, and it can be "
    "contested.",
    advice="Let a person approve.",
    moments=RUN,
)
def paid_without_human_approval(look: Look) -> Iterator[Finding]:
    """
    European Union and United Kingdom: the pay of {value} people is approved by nobody; a person must
    approve.
    """
    run = run_in(look, "EU", "GB")
    if run is not None and known(run.human_approval, "who approves the run") is False:
        yield look.found(value=len(people_noted(look, Gathered(), "EU", "GB")))
