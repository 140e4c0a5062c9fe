"""
Reminders of the law of France, Germany, the United Kingdom, Ireland, the Netherlands and Belgium.

E11 to E25. Not legal advice. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from kamcomp.sentences import Listing, Numeral, Sentence, Word
from plans.checks.facts import Way
from plans.checks.law import (
    first_day_late,
    leavers_in,
    people_in,
    people_noted,
    recoveries_in,
    reminder,
    run_in,
    targets_missing,
)
from plans.checks.picture import Gathered, Look, top_ratio
from plans.checks.rule import DESIGN, LEAVING, RECOVERY, RUN, Finding, Severity, Unit, known

BLOCKS, LOOK_AT, INFORM = Severity.BLOCKS, Severity.TO_LOOK_AT, Severity.INFORMATION


def _languages(look: Look) -> tuple[str, ...]:
    version = known(look.facts.version, "the version's history")
    return known(version.languages, "the languages the plan is written in")


@reminder(
    "E11",
    "FR",
    BLOCKS,
    source="C. trav. L1321-6; Cass. soc. 29-06-2011 09-67.492, 07-06-2023 21-20.322, 11-10-2023 22-13.779: "
    "objectives "
    "that set pay are in French, or not opposable; a translation shortly after was accepted (21-09-2017 "
    "16-20.426).",
    advice="Write plan and targets in French.",
)
def france_text_not_in_french(look: Look) -> Iterator[Finding]:
    """France: the plan of {about} has no French text (there is {value}); the maximum could become due."""
    for person in people_in(look, "FR"):
        languages = _languages(look)
        if "fr" not in languages:
            yield look.found(value=Listing(languages) or Word("none"), about=person.person)


@reminder(
    "E12",
    "FR",
    BLOCKS,
    unit=Unit.DAYS,
    source="Cass. soc. 02-03-2011 08-44.977, 15-11-2023 22-11.442, 31-01-2024 22-22.709: unilateral "
    "objectives are "
    "achievable and known at the start, otherwise the maximum is due.",
    advice="Publish before the period, or count on the maximum.",
    timely=True,
)
def france_targets_late(look: Look) -> Iterator[Finding]:
    """France: targets of {about} come {value} days late; the exposure is {exposure}."""
    for person in people_in(look, "FR"):
        days = first_day_late(look)
        if days and not person.targets_agreed:
            exposure = "the maximum of the plan"
            if person.variable is not None and look.picture.leaves:
                exposure = Sentence(
                    "%(variable)s a year",
                    variable=Numeral.amount(person.variable * top_ratio(look.plan.incentive)),
                )
            yield look.found(value=days, about=person.person, exposure=exposure)


@reminder(
    "E13",
    "FR",
    BLOCKS,
    source="The same line of cases: agreed objectives change by consent only, unilateral ones for the future.",
    advice="Get the consent, or begin with the next period.",
)
def france_change_without_consent(look: Look) -> Iterator[Finding]:
    """France: the objectives of {value} were agreed; changing them needs their consent."""
    asked = Gathered()
    for person in people_in(look, "FR"):
        with asked.noting():
            if known(look.facts.version and look.facts.version.first, "whether a version went before"):
                return
            agreed = known(
                person.targets_agreed,
                Sentence("how the targets of %(person)s were set", person=person.person),
            )
            if agreed and not known(
                person.consented, Sentence("the consent of %(person)s", person=person.person)
            ):
                yield look.found(value=person.person, about=person.person)
    asked.say()


@reminder(
    "E14",
    "DE",
    LOOK_AT,
    unit=Unit.DAYS,
    source="BAG 19-02-2025 10 AZR 57/24: targets late by the employer's fault mean damages where they can "
    "motivate no "
    "more.",
    advice="Publish before the period.",
    timely=True,
)
def germany_targets_late(look: Look) -> Iterator[Finding]:
    """Germany: targets of {about} come {value} days late; damages up to {exposure} are possible."""
    for person in people_in(look, "DE"):
        days = first_day_late(look)
        if days:
            target = (
                Word("the target incentive")
                if person.variable is None
                else Sentence("%(variable)s a year", variable=Numeral.amount(person.variable))
            )
            over = days > (look.plan.effective.to - look.plan.effective.since).days
            yield look.found(
                value=days, about=person.person, exposure=target, severity=BLOCKS if over else LOOK_AT
            )


@reminder(
    "E15",
    "DE",
    LOOK_AT,
    source="BAG 10 AZR 171/23: who promised to agree on targets owes a real negotiation.",
    advice="Note the talks.",
)
def germany_targets_not_negotiated(look: Look) -> Iterator[Finding]:
    """Germany: the contract of {value} says targets are agreed, and no talks are noted."""
    asked = Gathered()
    for person in people_in(look, "DE"):
        with asked.noting():
            agreed = known(
                person.targets_agreed, Sentence("how the targets of %(person)s are set", person=person.person)
            )
            if agreed and not known(
                person.talks_logged, Sentence("the talks with %(person)s", person=person.person)
            ):
                yield look.found(value=person.person, about=person.person)
    asked.say()


def _represented(look: Look, place: str) -> tuple[list[str], Gathered]:
    """Return who a works council represents in a place, and for whom that is not known."""
    asked = Gathered()
    found = [
        person.person
        for person in people_noted(look, asked, place)
        if asked.ask(
            person.works_council,
            "whether a works council represents %(person)s",
            person=person.person,
        )
    ]
    return found, asked


@reminder(
    "E16",
    "DE",
    BLOCKS,
    source="BetrVG 87(1) 10 and 11; BAG 06-12-1988 1 ABR 44/87, 26-07-1988 1 AZR 54/87, 13-03-1984 1 ABR "
    "57/82: the "
    "works council decides with on how variable pay is made up, not on the money of a pure closing commission.",
    advice="Name the agreement with the works council.",
    moments=DESIGN,
)
def germany_works_council_agreement_missing(look: Look) -> Iterator[Finding]:
    """Germany: {value} people are represented by a works council, and no agreement is named."""
    council, asked = _represented(look, "DE")
    if council:
        reference = known(
            look.facts.version and look.facts.version.works_council_reference, "the works council's agreement"
        )
        if not reference:
            yield look.found(value=len(council))
    asked.say()


@reminder(
    "E17",
    "GB",
    BLOCKS,
    unit=Unit.MONEY,
    source="ERA 1996 s13: a deduction needs a statute, a term the worker was shown, or written consent before.",
    advice="Get the consent, or leave it.",
    moments=RECOVERY,
)
def britain_deduction_without_consent(look: Look) -> Iterator[Finding]:
    """United Kingdom: {value} cannot be deducted from {about} without a clause or consent given before."""
    asked = Gathered()
    for one in recoveries_in(look, "GB"):
        with asked.noting():
            clause = known(
                one.clause_signed, Sentence("whether %(person)s signed a clause", person=one.person)
            )
            if not clause and not known(
                one.consented, Sentence("the consent of %(person)s", person=one.person)
            ):
                yield look.found(value=one.amount, about=one.person)
    asked.say()


@reminder(
    "E18",
    "GB",
    INFORM,
    source="Lock v British Gas [2016] CA: commission by results counts in statutory holiday pay; annual "
    "bonus was left "
    "open.",
    advice="Mark the lines for holiday pay in the export.",
    moments=RUN,
)
def britain_holiday_pay(look: Look) -> Iterator[Finding]:
    """United Kingdom: the commission of {value} counts in holiday pay."""
    if look.picture.money_leaves:
        for person in people_in(look, "GB"):
            yield look.found(value=person.person, about=person.person)


@reminder(
    "E19",
    "GB",
    BLOCKS,
    source="Braganza duty: discretion is used rationally, and the reasons are kept.",
    advice="Say why.",
    moments=RUN,
)
def britain_discretion_without_reason(look: Look) -> Iterator[Finding]:
    """United Kingdom: the share of {value} departs from the guideline without a reason."""
    run = run_in(look, "GB")
    if run is None:
        return
    asked = Gathered()
    there = {person.person for person in people_noted(look, asked, "GB")}
    for one in known(run.allocations, "the allocations of the pool"):
        if one.person in there and one.amount != one.guideline and not one.reason:
            yield look.found(value=one.person, about=one.person)
    asked.say()


@reminder(
    "E20",
    "IE",
    BLOCKS,
    unit=Unit.MONEY,
    source="Payment of Wages Act 1991: no deduction that is not statutory without prior written consent; "
    "bonus and "
    "commission are wages.",
    advice="Get the consent first.",
    moments=RECOVERY,
)
def ireland_deduction_without_consent(look: Look) -> Iterator[Finding]:
    """Ireland: {value} cannot be deducted from {about} without written consent given before."""
    asked = Gathered()
    for one in recoveries_in(look, "IE"):
        with asked.noting():
            if not known(one.consented, Sentence("the consent of %(person)s", person=one.person)):
                yield look.found(value=one.amount, about=one.person)
    asked.say()


@reminder(
    "E21",
    "NL",
    BLOCKS,
    source="WOR 27(1)(c); Rotterdam 03-10-2024: consent to a changed system of pay, not to its level; The "
    "Hague "
    "30-06-2009 (KPN) on targets the other way.",
    advice="Ask the works council.",
    moments=DESIGN,
)
def netherlands_works_council_not_asked(look: Look) -> Iterator[Finding]:
    """Netherlands: {value} people are represented by a works council, which has not consented."""
    council, asked = _represented(look, "NL")
    if council and not known(
        look.facts.version and look.facts.version.works_council_consent, "the works council's consent"
    ):
        yield look.found(value=len(council))
    asked.say()


@reminder(
    "E22",
    "NL",
    LOOK_AT,
    unit=Unit.MONEY,
    source="Firms' notes of 2024 on the Netherlands: being employed on a day has to be a written condition.",
    advice="Pay pro rata, or write the condition.",
    moments=LEAVING,
)
def netherlands_condition_missing(look: Look) -> Iterator[Finding]:
    """Netherlands: no written condition takes {value} from {about}; pro rata is likely."""
    asked = Gathered()
    for one in leavers_in(look, "NL"):
        with asked.noting():
            if one.amount > 0 and not known(
                one.condition_signed, Sentence("the condition of %(person)s", person=one.person)
            ):
                yield look.found(value=one.amount, about=one.person)
    asked.say()


@reminder(
    "E23",
    "BE",
    LOOK_AT,
    unit=Unit.MONEY,
    source="Firms' notes of 2024 on Belgium: pro rata, unless a clear condition stood before the period and "
    "the employer "
    "is not at fault.",
    advice="Compute pro rata.",
    moments=LEAVING,
)
def belgium_pro_rata_due(look: Look) -> Iterator[Finding]:
    """Belgium: {value} is due to {about} pro rata, unless a condition stood before the period."""
    asked = Gathered()
    for one in leavers_in(look, "BE"):
        with asked.noting():
            stood = known(
                one.condition_before_period,
                Sentence("when the condition of %(person)s was agreed", person=one.person),
            )
            if one.amount > 0 and (not stood or one.way is Way.DISMISSED_WITHOUT_FAULT):
                yield look.found(value=one.amount, about=one.person)
    asked.say()


@reminder(
    "E24",
    "BE-VLG",
    BLOCKS,
    source="Flemish language decree: documents for staff are in Dutch, or null; that cannot harm the employee.",
    advice="Write the plan in Dutch.",
)
def flanders_text_not_in_dutch(look: Look) -> Iterator[Finding]:
    """Flanders: the plan of {about} has no Dutch text (there is {value})."""
    for person in people_in(look, "BE-VLG"):
        languages = _languages(look)
        if "nl" not in languages:
            yield look.found(value=Listing(languages) or Word("none"), about=person.person)


@reminder(
    "E25",
    "BE",
    LOOK_AT,
    source="Antwerp labour court 19-06-2019: a bonus promised without targets may be awarded.",
    advice="Set the targets.",
    timely=True,
)
def belgium_targets_missing(look: Look) -> Iterator[Finding]:
    """Belgium: {value} is promised a bonus and has no targets; a court may award it."""
    yield from targets_missing(look, "BE")
