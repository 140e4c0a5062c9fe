"""
Reminders of the law of the United States and its states, Canada, Brazil and Mexico.

E01 to E10, E33 to E38. Not legal advice. Pure; docs/reference/checks.md.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from kamcomp.sentences import Listing, Sentence, Word
from plans.checks.facts import Way
from plans.checks.law import (
    TAX,
    leavers_in,
    pays_commission,
    people_in,
    plus_months,
    recoveries_in,
    reminder,
    run_in,
)
from plans.checks.picture import Gathered, Look
from plans.checks.rule import DESIGN_AND_RUN, LEAVING, RECOVERY, RUN, Finding, Severity, Unit, known, shown

NEW_YORK_TERMS = (Word("calculation"), Word("draw reconciliation"), Word("pay on termination"))
BLOCKS, LOOK_AT, INFORM = Severity.BLOCKS, Severity.TO_LOOK_AT, Severity.INFORMATION


@reminder(
    "E01",
    "US-CA",
    BLOCKS,
    source="Cal. Labor Code 2751: commission contracts in writing, a signed copy and a signed receipt; not for "
    "short-term productivity bonuses or profit shares that are no fixed share.",
    advice="Have the plan signed, give a copy, keep the receipt.",
    timely=True,
    moments=DESIGN_AND_RUN,
)
def california_commission_without_signed_plan(look: Look) -> Iterator[Finding]:
    """California: {value} of {about} is missing; commission waits for it."""
    if not pays_commission(look):
        return
    asked = Gathered()
    for person in people_in(look, "US-CA"):
        signed = asked.ask(person.signed, "whether %(person)s has signed", person=person.person)
        receipt = asked.ask(person.receipt, "the receipt of %(person)s", person=person.person)
        missing = [
            name
            for name, there in ((Word("signed plan"), signed), (Word("receipt"), receipt))
            if there is False
        ]
        if missing:
            yield look.found(value=Listing(missing, " and "), about=person.person)
    asked.say()


@reminder(
    "E02",
    "US-CA",
    LOOK_AT,
    unit=Unit.DAYS,
    source="Cal. Labor Code 2751(b): an expired plan is presumed in force while work goes on.",
    advice="Replace it; until then the last version binds.",
    moments=RUN,
)
def california_expired_plan_still_binds(look: Look) -> Iterator[Finding]:
    """California: the version ended {value} days ago and was not replaced; it still binds for {about}."""
    expired = known(look.facts.version, "the version's history").expired_on
    if expired is None or expired >= look.on:
        return
    for person in people_in(look, "US-CA"):
        yield look.found(value=(look.on - expired).days, about=person.person)


@reminder(
    "E03",
    "US-CA",
    BLOCKS,
    unit=Unit.MONEY,
    source="Steinhebel v. LA Times (2005), Harris v. IBD, DeLeon v. Verizon: earned wages stay; an advance "
    "can be "
    "recovered under clear written conditions.",
    advice="Recover an advance under a signed clause only.",
    moments=RECOVERY,
)
def california_recovery_of_earned_pay(look: Look) -> Iterator[Finding]:
    """California: {value} from {about} cannot be recovered: {why}."""
    asked = Gathered()
    for one in recoveries_in(look, "US-CA"):
        with asked.noting():
            if known(one.earned, Sentence("whether %(person)s had earned it", person=one.person)):
                yield look.found(value=one.amount, about=one.person, why=Word("it had been earned"))
            elif not known(
                one.clause_signed, Sentence("whether %(person)s signed the advance clause", person=one.person)
            ):
                yield look.found(
                    value=one.amount, about=one.person, why=Word("the advance clause is not signed")
                )
    asked.say()


@reminder(
    "E04",
    "US-NY",
    BLOCKS,
    source="NY Labor Law 191(1)(c): written terms signed by both, with calculation, draws and pay on "
    "termination; "
    "kept three years.",
    advice="Write the missing terms, have them signed, keep them three years.",
    timely=True,
    moments=DESIGN_AND_RUN,
)
def new_york_terms_missing(look: Look) -> Iterator[Finding]:
    """New York: the terms of {about} lack {value}."""
    if not pays_commission(look):
        return
    asked = Gathered()
    for person in people_in(look, "US-NY"):
        with asked.noting():
            signed = known(
                person.terms_signed, Sentence("the signed terms of %(person)s", person=person.person)
            )
            missing = [term for term in NEW_YORK_TERMS if term not in signed]
            if missing:
                yield look.found(value=Listing(missing), about=person.person)
    asked.say()


@reminder(
    "E05",
    "US-NY",
    LOOK_AT,
    unit=Unit.DAYS,
    source="NY Labor Law 191(1)(c): commission at least monthly, by the last day of the next month.",
    advice="Pay commission by month, or earlier.",
    moments=RUN,
)
def new_york_commission_paid_late(look: Look) -> Iterator[Finding]:
    """New York: commission of {about} is paid {value} days after the last day allowed."""
    run = run_in(look, "US-NY")
    if run is None or not pays_commission(look):
        return
    earned, pays = known(run.earned_on, "when it was earned"), known(run.pays_on, "the pay date")
    month = plus_months(earned, 1, 1)
    last = date(month.year, month.month, monthrange(month.year, month.month)[1])
    if pays > last:
        for person in people_in(look, "US-NY"):
            yield look.found(value=(pays - last).days, about=person.person)


@reminder(
    "E06",
    "US-MA",
    LOOK_AT,
    unit=Unit.MONEY,
    source="M.G.L. c.149 s.148 (Okerman; Parker v. EnerNOC): commission determined and due is wage, paid on "
    "the day of "
    "a discharge; triple damages.",
    advice="Run an off-cycle final payment for the last day.",
    moments=LEAVING,
)
def massachusetts_pay_on_last_day(look: Look) -> Iterator[Finding]:
    """Massachusetts: {value} is due to {about} on the last day."""
    for one in leavers_in(look, "US-MA"):
        on_time = one.pays_on is not None and one.last_day is not None and one.pays_on <= one.last_day
        if one.way is not Way.RESIGNED and one.earned and one.amount > 0 and not on_time:
            yield look.found(value=one.amount, about=one.person)


@reminder(
    "E07",
    "US-IL",
    LOOK_AT,
    unit=Unit.MONEY,
    source="56 Ill. Adm. Code 300.500 and 300.510: earned bonus and commission are final compensation; a "
    "length-of-"
    "service bonus pro rata where the employer ends without fault.",
    advice="Compute it, and pay it with the final pay.",
    moments=LEAVING,
)
def illinois_final_compensation(look: Look) -> Iterator[Finding]:
    """Illinois: {value} is due to {about} with the final pay."""
    for one in leavers_in(look, "US-IL"):
        if one.amount > 0 and (one.earned or one.way is Way.DISMISSED_WITHOUT_FAULT):
            yield look.found(value=one.amount, about=one.person)


@reminder(
    "E08",
    "US",
    LOOK_AT,
    source="29 CFR 778.208: a promised bonus counts into the regular rate; that a pool share is promised is "
    "a judgement.",
    advice="Compute the true-up of overtime and mark the export.",
    waived_by=TAX,
    moments=RUN,
)
def us_overtime_regular_rate(look: Look) -> Iterator[Finding]:
    """United States: {value} is entitled to overtime, and a share of the pool counts into the regular rate."""
    pays = look.plan.pool is not None or bool(look.picture.leaves) or bool(look.plan.commissions)
    asked = Gathered()
    for person in people_in(look, "US"):
        with asked.noting():
            if (
                pays
                and known(
                    person.overtime, Sentence("the overtime status of %(person)s", person=person.person)
                )
                == "non_exempt"
            ):
                yield look.found(value=person.person, about=person.person)
    asked.say()


@reminder(
    "E09",
    "US",
    LOOK_AT,
    unit=Unit.DAYS,
    source="IRC 409A: a short-term deferral is paid by the 15th day of the third month after the year it "
    "vests in; "
    "narrow exceptions exist.",
    advice="Pay by then; tax decides on exceptions.",
    waived_by=TAX,
    moments=RUN,
)
def us_short_term_deferral_missed(look: Look) -> Iterator[Finding]:
    """United States: pay comes {value} days after {day}, the last day of a short-term deferral."""
    run = run_in(look, "US")
    if run is None:
        return
    vested, pays = known(run.vested_on, "when it vested"), known(run.pays_on, "the pay date")
    starts = look.facts.first_month_of_year
    ends_year = vested.year if vested.month < starts or starts == 1 else vested.year + 1
    last_month = date(ends_year, 12 if starts == 1 else starts - 1, 1)
    day = plus_months(last_month, 3, 15)
    if pays > day:
        promised = look.facts.version.promised_pay_on if look.facts.version else None
        severity = BLOCKS if promised is not None and promised <= day else LOOK_AT
        yield look.found(value=(pays - day).days, day=day, severity=severity)


@reminder(
    "E10",
    "US",
    LOOK_AT,
    source="IRC 409A: deferral outside the short-term rule needs a fixed written schedule before the "
    "service; a ban on "
    "competing alone is no risk of forfeiture.",
    advice="Fix the schedule in writing; ask tax and legal.",
    waived_by=TAX,
)
def us_deferral_without_schedule(look: Look) -> Iterator[Finding]:
    """United States: the plan defers {value} of each payout, and no fixed schedule is written."""
    deferral = look.plan.payment.deferral
    if deferral is None or next(people_in(look, "US"), None) is None:
        return
    fixed = known(
        look.facts.version and look.facts.version.deferral_schedule_fixed, "the deferral's schedule"
    )
    if not fixed:
        yield look.found(value=shown(deferral.share, Unit.RATIO), at="/payment/deferral")


@reminder(
    "E33",
    "CA",
    LOOK_AT,
    unit=Unit.MONEY,
    source="Matthews v. Ocean Nutrition, 2020 SCC 26: a bonus in the time of reasonable notice is owed "
    "unless the plan "
    "takes it away without ambiguity.",
    advice="Provide for it, or have the clause reviewed.",
    moments=LEAVING,
)
def canada_bonus_in_notice_period(look: Look) -> Iterator[Finding]:
    """Canada: {value} of bonus in the notice period may be owed to {about}."""
    asked = Gathered()
    for one in leavers_in(look, "CA"):
        with asked.noting():
            amount = known(
                one.notice_amount, Sentence("the bonus in the notice period of %(person)s", person=one.person)
            )
            if one.way is not Way.RESIGNED and amount > 0:
                yield look.found(value=amount, about=one.person)
    asked.say()


@reminder(
    "E34",
    "BR",
    LOOK_AT,
    source="TST Sumula 27; Lei 605/49 art. 7: commission over the days worked, times Sundays and holidays, "
    "is paid too.",
    advice="Mark the export, so that payroll adds the weekly rest.",
    moments=RUN,
)
def brazil_weekly_rest_on_commission(look: Look) -> Iterator[Finding]:
    """Brazil: weekly rest and holidays are paid on the commission of {value}."""
    if pays_commission(look):
        for person in people_in(look, "BR"):
            yield look.found(value=person.person, about=person.person)


@reminder(
    "E35",
    "BR",
    BLOCKS,
    unit=Unit.MONEY,
    source="CLT 466: commission is due once the deal is done, by instalments in proportion; leaving does "
    "not end it.",
    advice="Pay it when the instalments come.",
    moments=LEAVING,
)
def brazil_commission_forfeited(look: Look) -> Iterator[Finding]:
    """Brazil: {value} of commission stays due to {about} and cannot be forfeited."""
    for one in leavers_in(look, "BR"):
        if one.forfeits and one.amount > 0:
            yield look.found(value=one.amount, about=one.person)


@reminder(
    "E36",
    "BR",
    BLOCKS,
    unit=Unit.MONEY,
    source="Constituicao art. 7 VII: who is paid by results never gets less than the minimum or the "
    "category's floor.",
    advice="Top it up.",
    moments=RUN,
)
def brazil_below_floor(look: Look) -> Iterator[Finding]:
    """Brazil: {about} would get {value}, below the floor of {limit}."""
    known(look.facts.run, "a run")
    asked = Gathered()
    for person in people_in(look, "BR"):
        with asked.noting():
            total = known(
                person.paid_total, Sentence("what %(person)s is paid in total", person=person.person)
            )
            floor = known(person.legal_minimum, Sentence("the floor of %(person)s", person=person.person))
            if total < floor:
                yield look.found(value=total, limit=floor, about=person.person)
    asked.say()


@reminder(
    "E37",
    "MX",
    BLOCKS,
    unit=Unit.MONEY,
    source="LFT 288: commission is not held back or discounted if the operation is later undone.",
    advice="Bear it.",
    moments=RECOVERY,
)
def mexico_recovery_of_commission(look: Look) -> Iterator[Finding]:
    """Mexico: {value} of commission from {about} cannot be recovered although the sale was undone."""
    for one in recoveries_in(look, "MX"):
        if one.sale_undone:
            yield look.found(value=one.amount, about=one.person)


@reminder(
    "E38",
    "MX",
    INFORM,
    source="LFT 289: the daily salary of commission workers is the mean of the last year.",
    advice="Give payroll the twelve-month mean.",
    moments=RUN,
)
def mexico_daily_salary(look: Look) -> Iterator[Finding]:
    """Mexico: the daily salary of {value} is the mean of the last twelve months of commission."""
    if pays_commission(look):
        for person in people_in(look, "MX"):
            yield look.found(value=person.person, about=person.person)
