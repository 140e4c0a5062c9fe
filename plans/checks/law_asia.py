"""
Reminders of the law of India, China, Japan, Australia and Singapore.

E39 to E43. Not legal advice. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kamcomp.sentences import Sentence, Word
from plans.checks.facts import Way
from plans.checks.law import leavers_in, people_in, recoveries_in, reminder, run_in
from plans.checks.picture import Gathered, Look
from plans.checks.rule import LEAVING, RECOVERY_OR_LEAVING, RUN, Finding, Severity, Unit, known

BLOCKS, LOOK_AT, INFORM = Severity.BLOCKS, Severity.TO_LOOK_AT, Severity.INFORMATION
HALF = Decimal("0.5")
SINGAPORE_DAYS = 7


@reminder(
    "E39",
    "IN",
    LOOK_AT,
    unit=Unit.RATIO,
    source="Code on Wages 2019 s2(y): what is left out of wages, commission among it, counts where it is "
    "more than half; "
    "sources differ on the day it came into force.",
    advice="Check the wage base.",
    moments=RUN,
)
def india_wage_base(look: Look) -> Iterator[Finding]:
    """India: {value} of the pay of {about} is left out of wages, more than {limit}; the excess is wages."""
    asked = Gathered()
    for person in people_in(look, "IN"):
        with asked.noting():
            base = known(person.base, Sentence("the base of %(person)s", person=person.person))
            variable = known(
                person.variable, Sentence("the variable pay of %(person)s", person=person.person)
            )
            if base + variable and variable / (base + variable) > HALF:
                yield look.found(value=variable / (base + variable), limit=HALF, about=person.person)
    asked.say()


@reminder(
    "E40",
    "CN",
    LOOK_AT,
    unit=Unit.MONEY,
    source="Firms' notes of 2018 and 2022, a Beijing case of 2014: a condition of service holds if agreed "
    "or announced; "
    "unlawful dismissal or long practice can restore the bonus.",
    advice="Check the condition.",
    moments=LEAVING,
)
def china_service_condition(look: Look) -> Iterator[Finding]:
    """China: {value} is taken from {about}, {why}; check the condition."""
    asked = Gathered()
    for one in leavers_in(look, "CN"):
        with asked.noting():
            if not one.forfeits or not one.amount:
                continue
            if not known(one.condition_signed, Sentence("the condition of %(person)s", person=one.person)):
                yield look.found(value=one.amount, about=one.person, why=Word("no condition was agreed"))
            elif one.way is not Way.RESIGNED:
                yield look.found(value=one.amount, about=one.person, why=Word("who was dismissed"))
    asked.say()


@reminder(
    "E41",
    "JP",
    LOOK_AT,
    unit=Unit.MONEY,
    source="Daiwa Bank (07-10-1982), Nipro (12-03-1985), Toho Gakuen (04-12-2003): being employed on the "
    "pay day is a "
    "condition if the work rules say so, not where pay comes late; maternity leave does not wipe out a bonus.",
    advice="Pay it, or show the rules and the day.",
    moments=LEAVING,
)
def japan_payday_condition(look: Look) -> Iterator[Finding]:
    """Japan: {value} is taken from {about} by the pay-day condition, {why}."""
    asked = Gathered()
    for one in leavers_in(look, "JP"):
        with asked.noting():
            if not one.forfeits or not one.amount:
                continue
            if not known(one.condition_in_rules, "whether the work rules have the condition"):
                yield look.found(
                    value=one.amount, about=one.person, why=Word("which the work rules do not have")
                )
            elif known(one.paid_late, Sentence("whether %(person)s was paid late", person=one.person)):
                yield look.found(value=one.amount, about=one.person, why=Word("and late payment defeats it"))
    asked.say()


@reminder(
    "E42",
    "AU",
    BLOCKS,
    unit=Unit.MONEY,
    source="FWA 323 and 324(1A); Wollerman v Fortrend [2025] FCA 103: paid in full, in money, at least "
    "monthly; accrued "
    "bonus is not forfeited; no deduction for the employer's benefit.",
    advice="Leave it.",
    moments=RECOVERY_OR_LEAVING,
)
def australia_deduction_not_permitted(look: Look) -> Iterator[Finding]:
    """Australia: {value} may not be {what} {about}."""
    known(look.facts.clawbacks if look.facts.leavers is None else (), "recoveries or leavers")
    for one in recoveries_in(look, "AU") if look.facts.clawbacks is not None else ():
        if one.amount > 0:
            yield look.found(value=one.amount, about=one.person, what=Word("deducted from"))
    for leaver in leavers_in(look, "AU") if look.facts.leavers is not None else ():
        if leaver.forfeits and leaver.amount > 0:
            yield look.found(value=leaver.amount, about=leaver.person, what=Word("forfeited by"))


@reminder(
    "E43",
    "SG",
    INFORM,
    unit=Unit.DAYS,
    source="Employment Act guides: salary within seven days of the period's end, commission by contract.",
    advice="Check the contract.",
    moments=RUN,
)
def singapore_pay_date(look: Look) -> Iterator[Finding]:
    """Singapore: pay comes {value} days after the period, salary is due within {limit}; check the contract."""
    run = run_in(look, "SG")
    if run is None:
        return
    days = (known(run.pays_on, "the pay date") - known(run.ends_on, "the period's end")).days
    if days > SINGAPORE_DAYS:
        yield look.found(value=days, limit=SINGAPORE_DAYS)
