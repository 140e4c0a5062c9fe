"""
What local-law reminders share: whom they are about, and how they are declared.

A reminder reads where a person works, never where the company is. It is asked at design, payout, recovery or
leaving as far as the facts of that moment are in the picture. None of it is legal advice. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from operator import itemgetter

from plans.checks.facts import ClawbackFacts, LeaverFacts, PersonFacts, RunFacts
from plans.checks.picture import Gathered, Look
from plans.checks.places import is_in
from plans.checks.rule import NOT_ADVICE, RULES, Finding, Looks, Moment, Severity, Unit, Waiver, known, rule

COMMISSION = "commission"
EVERYWHERE = "everywhere"
LAWYERS = (Waiver.HR_LEGAL,)
TAX = (Waiver.FINANCE, Waiver.HR_LEGAL)


def reminder(
    id: str,
    place: str,
    severity: Severity,
    *,
    unit: Unit = Unit.TEXT,
    source: str,
    advice: str,
    waived_by: tuple[Waiver, ...] = LAWYERS,
    timely: bool = False,
    moments: tuple[Moment, ...] = (Moment.DESIGN,),
) -> Callable[[Looks], Looks]:
    """
    Make a function a reminder of the law of a place: its sentence ends by saying that it is no legal
    advice.
    """

    def declared(looks: Looks) -> Looks:
        rule(
            id, severity, unit=unit, source=source, advice=advice, waived_by=waived_by, timely=timely, place=place,
            moments=moments,
        )(looks)  # fmt: skip
        made = RULES[id]
        RULES[id] = type(made)(**{**made.__dict__, "message": f"{made.message} {NOT_ADVICE}"})
        return looks

    return declared


def people_in(look: Look, *places: str) -> Iterator[PersonFacts]:
    """Yield who works in one of the places. :raises NotKnown: at the end, if somebody's place is not known."""
    look.people()
    by_place = look.picture.by_place
    there = [place for place in by_place if place and any(is_in(place, where) for where in places)]
    for _position, person in sorted((each for place in there for each in by_place[place]), key=itemgetter(0)):
        yield person
    asked = Gathered()
    for _position, person in by_place.get("", ()):
        asked.ask(None, "where %(person)s works", person=person.person)
    asked.say()


def people_noted(look: Look, asked: Gathered, *places: str) -> list[PersonFacts]:
    """Return who works in one of the places, and note whose place is not known."""
    found = []
    with asked.noting():
        for person in people_in(look, *places):
            found.append(person)
    return found


def recoveries_in(look: Look, *places: str) -> Iterator[ClawbackFacts]:
    """Yield the recoveries from people who work in one of the places. :raises NotKnown: if there is no list."""
    recoveries = known(look.facts.clawbacks, "the recoveries")
    asked = Gathered()
    for recovery in recoveries:
        if _is_about(look, recovery.person, places, asked):
            yield recovery
    asked.say()


def leavers_in(look: Look, *places: str) -> Iterator[LeaverFacts]:
    """Yield those who leave from one of the places. :raises NotKnown: if there is no list."""
    leavers = known(look.facts.leavers, "those who leave")
    asked = Gathered()
    for leaver in leavers:
        if _is_about(look, leaver.person, places, asked):
            yield leaver
    asked.say()


def _is_about(look: Look, name: str, places: tuple[str, ...], asked: Gathered) -> bool:
    """Tell whether somebody works in one of the places; EVERYWHERE needs no place."""
    if places == (EVERYWHERE,):
        return True
    person = look.picture.people.get(name)
    place = asked.ask(person.place or None if person else None, "where %(name)s works", name=name)
    return bool(place) and any(is_in(place, where) for where in places)


def run_in(look: Look, *places: str) -> RunFacts | None:
    """Return the run if it pays somebody in one of the places. :raises NotKnown: if there is none."""
    run = known(look.facts.run, "a run")
    return None if next(people_in(look, *places), None) is None else run


def pays_commission(look: Look) -> bool:
    """Tell whether the plan has a part that the law takes as commission."""
    kinds = {placed.leaf.legal_type for placed in look.picture.leaves}
    kinds |= {leaf.legal_type or leaf.kind for _, leaf in look.picture.money_leaves}
    return COMMISSION in kinds


def first_day_late(look: Look) -> int:
    """Return by how many days the version is published after its first day, 0 in time."""
    version = look.facts.version
    published = (version.published_on if version else None) or look.on
    return max((published - look.plan.effective.since).days, 0)


def plus_months(day: date, months: int, at_day: int) -> date:
    """Return a day of the month so many months after the one a day is in."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, at_day)


def targets_missing(look: Look, place: str) -> Iterator[Finding]:
    """Yield who works in a place, is promised variable pay and has no targets."""
    asked = Gathered()
    for person in people_in(look, place):
        if asked.ask(person.targets_set, "whether %(person)s has targets", person=person.person) is False:
            yield look.found(value=person.person, about=person.person)
    asked.say()
