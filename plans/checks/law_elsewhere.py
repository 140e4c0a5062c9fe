"""
Reminders that hold everywhere, and the places for which there are none.

E00 and E44 to E46. Not legal advice. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from kamcomp.sentences import Sentence
from plans.checks.law import EVERYWHERE, leavers_in, reminder
from plans.checks.picture import Gathered, Look
from plans.checks.places import COVERED, EU, country
from plans.checks.rule import LEAVING, RUN, Finding, Severity, Unit, known
from plans.engine.conventions import Leave, ProrationOf


@reminder(
    "E00",
    "elsewhere",
    Severity.INFORMATION,
    source="The list of places below; what is not in it was not looked at.",
    advice="Ask a lawyer there.",
)
def place_without_reminders(look: Look) -> Iterator[Finding]:
    """No reminders are kept for {value}, where {about} work; ask there."""
    places: dict[str, list[str]] = {}
    asked = Gathered()
    for person in look.people():
        if not person.place:
            asked.ask(None, "where %(person)s works", person=person.person)
        elif country(person.place) not in COVERED:
            places.setdefault(country(person.place), []).append(person.person)
    for place, people in sorted(places.items()):
        said = Sentence("%(place)s (only those of the European Union)", place=place) if place in EU else place
        yield look.found(value=said, about=Sentence("%(people)s people", people=len(people)))
    asked.say()


@reminder(
    "E44",
    "everywhere",
    Severity.BLOCKS,
    unit=Unit.MONEY,
    source="A judgement, with Californian and Brazilian law behind it: the plan never reduces base pay, and "
    "after "
    "recoveries the legal minimum is paid.",
    advice="Stop at the floor, recover later.",
    moments=RUN,
)
def pay_below_legal_minimum(look: Look) -> Iterator[Finding]:
    """{about} would be paid {value}, below the legal minimum of {limit}."""
    known(look.facts.run, "a run")
    asked = Gathered()
    for person in look.people():
        total = asked.ask(person.paid_total, "what %(person)s is paid in total", person=person.person)
        least = asked.ask(person.legal_minimum, "the legal minimum of %(person)s", person=person.person)
        if total is not None and least is not None and total < least:
            yield look.found(value=total, limit=least, about=person.person)
    asked.say()


@reminder(
    "E45",
    "everywhere",
    Severity.TO_LOOK_AT,
    source="A pay survey of 2014 on leave; Toho Gakuen in Japan: protected leave does not lead to nothing "
    "by rule alone.",
    advice="Prorate the target too, or take the average of the past.",
    moments=RUN,
)
def leave_treatment_leads_to_nothing(look: Look) -> Iterator[Finding]:
    """
    {value} is on leave, and the plan keeps the whole target for the days present: choose how leave
    counts.
    """
    run = known(look.facts.run, "a run")
    proration = look.plan.proration
    keeps = proration.leave is Leave.NO_CHANGE or (
        proration.leave is Leave.PRORATE and ProrationOf.TARGET not in proration.of
    )
    for person in known(run.on_leave, "who is on leave"):
        if keeps:
            yield look.found(value=person, about=person, at="/proration")


@reminder(
    "E46",
    "everywhere",
    Severity.BLOCKS,
    source="Privacy: where a leaver went is kept with a purpose, limited access and a day of deletion.",
    advice="Set the day of deletion.",
    moments=LEAVING,
)
def leaver_register_without_deletion_day(look: Look) -> Iterator[Finding]:
    """Where {value} went is kept without a day of deletion."""
    for one in leavers_in(look, EVERYWHERE):
        if one.destination and one.delete_on is None:
            yield look.found(value=one.person, about=one.person)
