"""
Files of what HR keeps of people besides pay. They come in by HR and legal alone, who alone see them come in.

A row about somebody is kept until `retain_until`, or so many months after its day as the setting `people.keep_months`
says. Rules: docs/reference/files.md; how to: docs/how-to/look-after-people.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from kamcomp.identity.choices import Role
from kamcomp.imports.kinds import Column, Context, Kind, may_be_empty, optional
from kamcomp.imports.loads import Load
from kamcomp.imports.sheets import Sheet, check_overlaps, spans_of
from kamcomp.imports.values import (
    CountryCode,
    CurrencyCode,
    Day,
    Flag,
    Identifier,
    OneOf,
    Text,
    Whole,
    money_not_negative,
)
from kamcomp.sentences import Sentence
from teams.choices import (
    CameFrom,
    CandidateSource,
    CandidateStatus,
    Destination,
    LeavingReason,
    NonCompete,
    RewardKind,
    WorkLifeKind,
)
from teams.engine.care import health_word, months_after
from teams.intake.people import standing_by_person
from teams.intake.profiles import capabilities, given, plain_load, role_ids
from teams.intake.references import ids_by, people, programmes
from teams.models import (
    AccountRelationship,
    Candidate,
    CapabilityScore,
    Course,
    DevelopmentGoal,
    Leaver,
    MarketBenchmark,
    Mentorship,
    Reward,
    Training,
    WorkLifeAction,
)
from teams.selectors.care import keep_months
from teams.selectors.market import Standing, standings_on

HR = (Role.HR_LEGAL,)
KEPT = optional("retain_until", Day(), note="last day on which the row is kept; empty for the usual time")


def kept_days(sheet: Sheet, days: Iterable[date | None], context: Context) -> list[date | None]:
    """Return until when each row is kept: as it says, or so long after its day as the company keeps such rows."""
    months = keep_months(on=context.at.date())
    return [
        said or (day and months_after(day=day, months=months))
        for said, day in zip(sheet["retain_until"], days, strict=True)
    ]


def check_health(sheet: Sheet, *columns: str) -> None:
    """Reject rows whose words say something about somebody's health: there is no place for that here."""
    for column in columns:
        for row, text in enumerate(sheet[column]):
            word = health_word(text=text or "")
            if word:
                sheet.reject(
                    row, column, Sentence("says something about health (%(word)s): leave that out", word=word)
                )


def prepare_candidates(sheet: Sheet, context: Context) -> list[Load]:
    """Return what a candidates file loads; one from here is a person, one from outside says from where."""
    check_health(sheet, "note")
    persons = people(sheet, "employee_id")
    for row in sheet.accepted():
        inside = sheet["source"][row] == CandidateSource.INTERNAL
        if inside and (persons[row] is None or sheet["came_from"][row]):
            sheet.reject(row, "source", "somebody from here has an employee_id and no came_from")
        elif not inside and (persons[row] is not None or not sheet["came_from"][row]):
            sheet.reject(row, "source", "somebody from outside has a came_from and no employee_id")
    return plain_load(
        sheet, Candidate, ("code",), code=sheet["candidate_code"], name=sheet["name"],
        role_id=list(role_ids(sheet)), person_id=list(persons),
        retain_until=list(kept_days(sheet, sheet["since"], context)),
        **{name: sheet[name] for name in ("source", "came_from", "since")}, **given(sheet, "status", "note"),
    )  # fmt: skip


def prepare_scores(sheet: Sheet, context: Context) -> list[Load]:
    """Return what a capability_scores file loads: of people, and of candidates from outside."""
    persons, asked = people(sheet, "employee_id"), capabilities(sheet)
    known = ids_by(Candidate, "code", sheet.distinct("candidate_code"))
    candidates = sheet.resolve("candidate_code", known, "candidate", "import candidates first")
    return plain_load(
        sheet, CapabilityScore, ("person_id", "candidate_id", "capability_id", "judged_on"),
        person_id=list(persons), candidate_id=list(candidates), capability_id=list(asked),
        level=sheet["level"], judged_on=sheet["judged_on"],
        retain_until=list(kept_days(sheet, sheet["judged_on"], context)),
    )  # fmt: skip


def prepare_trainings(sheet: Sheet, context: Context) -> list[Load]:
    """Return what a trainings file loads, and what is due again after a course that recurs."""
    persons = people(sheet, "employee_id")
    courses = {one.code: one for one in Course.objects.filter(code__in=sheet.distinct("course"))}
    taken = sheet.resolve("course", courses, "course", "import courses first")
    whose = [(person, course.pk if course else None) for person, course in zip(persons, taken, strict=True)]
    due, done = sheet["due_on"], sheet["done_on"]
    named = {(*whose[row], due[row]) for row in range(len(sheet))}
    standing = Training.objects.filter(person__in={p for p in persons if p}, done_on=None)
    still_open: set[Any] = {
        (person, course)
        for person, course, day in standing.values_list("person_id", "course_id", "due_on")
        if (person, course, day) not in named
    }
    for row in sheet.accepted():
        if done[row] is None and whose[row] in still_open:
            sheet.reject(row, "due_on", "the course is due on another day already: say when that was done")
        elif done[row] is None:
            still_open.add(whose[row])
    kept = kept_days(sheet, due, context)
    first = plain_load(
        sheet, Training, ("person_id", "course_id", "due_on"), person_id=list(persons),
        course_id=[course for _person, course in whose], due_on=due, done_on=done, retain_until=list(kept),
    )  # fmt: skip
    return [*first, *_due_again(sheet, whose, taken, still_open, context)]


def _due_again(
    sheet: Sheet, whose: list[Any], taken: list[Course | None], still_open: set[Any], context: Context
) -> list[Load]:
    done = sheet["done_on"]
    last: dict[Any, int] = {}
    for row in sheet.accepted():
        course = taken[row]
        if not (done[row] and course and course.recurs_months) or whose[row] in still_open:
            continue
        if whose[row] not in last or done[last[whose[row]]] < done[row]:
            last[whose[row]] = row
    rows = sorted(last.values())
    if not rows:
        return []
    days: list[Any] = [None] * len(sheet)
    for row in rows:
        days[row] = months_after(day=done[row], months=taken[row].recurs_months)  # type: ignore[union-attr, arg-type]
    columns = {
        "person_id": [person for person, _course in whose],
        "course_id": [course for _person, course in whose],
        "due_on": days,
        "retain_until": kept_days(sheet, days, context),
    }
    cut = {name: [values[row] for row in rows] for name, values in columns.items()}
    return [Load(model=Training, key=("person_id", "course_id", "due_on"), columns=cut, rows=rows)]


def prepare_mentorships(sheet: Sheet, context: Context) -> list[Load]:
    """Return what a mentorships file loads: one mentor a day, and never oneself."""
    persons, mentors, spans = (
        people(sheet, "employee_id"),
        people(sheet, "mentor_employee_id"),
        spans_of(sheet),
    )
    for row in sheet.accepted():
        if persons[row] == mentors[row]:
            sheet.reject(row, "mentor_employee_id", "nobody is their own mentor")
    accepted = sheet.accepted()
    replaced = {(persons[row], span.since) for row in accepted if (span := spans[row])}
    rows = Mentorship.objects.filter(person__in={p for p in persons if p})
    standing = standing_by_person(rows, replaced, "the mentor")
    check_overlaps(
        sheet, rows=accepted, key=lambda row: persons[row], spans=spans, standing=standing, column="from",
        what="the time",
    )  # fmt: skip
    kept = kept_days(sheet, [span.since if span else None for span in spans], context)
    return plain_load(
        sheet, Mentorship, ("person_id", "valid"), person_id=list(persons), mentor_id=list(mentors),
        valid=list(spans), retain_until=list(kept),
    )  # fmt: skip


def prepare_rewards(sheet: Sheet, context: Context) -> list[Load]:
    """Return what a rewards file loads; a value has a currency."""
    for row in sheet.accepted():
        if (sheet["value"][row] is None) != (sheet["currency"][row] == ""):
            sheet.reject(row, "value", "a value and its currency stand together: fill both or neither")
    names = ("kind", "given_on", "what", "value", "currency")
    return plain_load(
        sheet, Reward, ("person_id", "kind", "given_on", "what"), person_id=list(people(sheet, "employee_id")),
        retain_until=list(kept_days(sheet, sheet["given_on"], context)), **{name: sheet[name] for name in names},
    )  # fmt: skip


def prepare_goals(sheet: Sheet, context: Context) -> list[Load]:
    """Return what a development_goals file loads."""
    check_health(sheet, "goal", "conflict")
    days = [day or context.at.date() for day in sheet["due_on"]]
    return plain_load(
        sheet, DevelopmentGoal, ("person_id", "goal"), person_id=list(people(sheet, "employee_id")),
        retain_until=list(kept_days(sheet, days, context)),
        **{name: sheet[name] for name in ("goal", "due_on", "conflict")},
    )  # fmt: skip


def prepare_work_life(sheet: Sheet, context: Context) -> list[Load]:
    """Return what a work_life file loads."""
    check_health(sheet, "what")
    days = [last or day for last, day in zip(sheet["last_day"], sheet["agreed_on"], strict=True)]
    return plain_load(
        sheet, WorkLifeAction, ("person_id", "kind", "agreed_on"), person_id=list(people(sheet, "employee_id")),
        retain_until=list(kept_days(sheet, days, context)),
        **{name: sheet[name] for name in ("kind", "agreed_on", "last_day", "what")},
    )  # fmt: skip


def prepare_benchmarks(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a market_benchmarks file loads."""
    names = ("country", "percentile", "target_cash", "base_salary", "currency", "as_of", "source")
    return plain_load(
        sheet, MarketBenchmark, ("role_id", "country", "percentile", "as_of", "source"),
        role_id=list(role_ids(sheet)), **{name: sheet[name] for name in names},
    )  # fmt: skip


def prepare_leavers(sheet: Sheet, context: Context) -> list[Load]:
    """Return what a leavers file loads, with role, country, pay and market as they were on the last day."""
    persons, last_days = people(sheet, "employee_id"), sheet["last_day"]
    accepted = sheet.accepted()
    found = standings_on(days={persons[row]: last_days[row] for row in accepted if persons[row]})  # type: ignore[misc]
    at = [found.get(person, Standing()) if person else Standing() for person in persons]
    names = ("last_day", "reason", "destination", "destination_name", "non_compete")
    return plain_load(
        sheet, Leaver, ("person_id",), person_id=list(persons),
        role_id=[one.role.pk if one.role else None for one in at], country=[one.country for one in at],
        target_cash=[one.pay for one in at], market_cash=[one.market for one in at],
        currency=[one.currency for one in at], retain_until=list(kept_days(sheet, last_days, context)),
        **{name: sheet[name] for name in names},
    )  # fmt: skip


def prepare_relationships(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what an account_relationships file loads: one row an account."""
    check_health(sheet, "note")
    accounts = [account.pk if account else None for account in programmes(sheet)]
    return plain_load(
        sheet, AccountRelationship, ("account_id",), account_id=list(accounts),
        successor_id=list(people(sheet, "successor_employee_id")),
        **{name: sheet[name] for name in ("sole_contact", "looked_on", "note")},
    )  # fmt: skip


PERSON = Column("employee_id", Identifier())
CANDIDATES = Kind(
    name="candidates",
    title="Candidates",
    order=210,
    columns=(
        Column("candidate_code", Identifier()),
        Column("name", Text(200)),
        Column("role_code", Identifier(), note="the role they are considered for"),
        Column("source", OneOf(CandidateSource.values)),
        may_be_empty("came_from", OneOf(CameFrom.values), default="", note="of somebody from outside"),
        may_be_empty("employee_id", Identifier(), note="of somebody from here"),
        optional("status", OneOf(CandidateStatus.values), default=CandidateStatus.NEW.value),
        Column("since", Day()),
        optional("note", Text(1000, lines=True), default="", note="nothing about health"),
        KEPT,
    ),
    key=("candidate_code",),
    prepare=prepare_candidates,
    kept_by=HR,
    rules=("Somebody from here is a person; somebody from outside says from where.",),
)
SCORES = Kind(
    name="capability_scores",
    title="Capability scores",
    order=211,
    columns=(
        optional("employee_id", Identifier()),
        optional("candidate_code", Identifier(), note="of a candidate from outside"),
        Column("capability", Identifier()),
        Column("level", Whole(least=0, most=5), note="0 not at all, 5 teaches it"),
        Column("judged_on", Day()),
        KEPT,
    ),
    key=("employee_id", "candidate_code", "capability", "judged_on"),
    one_of=(("employee_id", "candidate_code"),),
    prepare=prepare_scores,
    kept_by=HR,
)
TRAININGS = Kind(
    name="trainings",
    title="Training of people",
    order=212,
    columns=(
        PERSON,
        Column("course", Identifier()),
        Column("due_on", Day()),
        optional("done_on", Day(), note="empty until it was done"),
        KEPT,
    ),
    key=("employee_id", "course", "due_on"),
    prepare=prepare_trainings,
    kept_by=HR,
    rules=(
        "A course is due to a person on one day at a time.",
        "A course that recurs is due again so many months after it was done.",
    ),
)
MENTORSHIPS = Kind(
    name="mentorships",
    title="Mentors",
    order=213,
    columns=(
        PERSON,
        Column("mentor_employee_id", Identifier()),
        Column("from", Day()),
        may_be_empty("to", Day(), note="last day, included; empty for no end"),
        KEPT,
    ),
    key=("employee_id", "from"),
    span=("from", "to"),
    span_key=("employee_id",),
    prepare=prepare_mentorships,
    kept_by=HR,
    rules=("Somebody has one mentor a day, who is not themselves.",),
)
REWARDS = Kind(
    name="rewards",
    title="Rewards besides pay",
    order=214,
    columns=(
        PERSON,
        Column("kind", OneOf(RewardKind.values)),
        Column("given_on", Day()),
        Column("what", Text(200)),
        optional("value", money_not_negative(), currency="currency", note="what it is worth, if known"),
        optional("currency", CurrencyCode(), default=""),
        KEPT,
    ),
    key=("employee_id", "kind", "given_on", "what"),
    prepare=prepare_rewards,
    kept_by=HR,
)
GOALS = Kind(
    name="development_goals",
    title="Development goals",
    order=215,
    columns=(
        PERSON,
        Column("goal", Text(300)),
        optional("due_on", Day()),
        optional("conflict", Text(300), default="", note="what stands against it: time, place"),
        KEPT,
    ),
    key=("employee_id", "goal"),
    prepare=prepare_goals,
    kept_by=HR,
)
WORK_LIFE = Kind(
    name="work_life",
    title="Agreements on work and life",
    order=216,
    columns=(
        PERSON,
        Column("kind", OneOf(WorkLifeKind.values)),
        Column("agreed_on", Day()),
        optional("last_day", Day()),
        Column("what", Text(200), note="what was agreed, never why; nothing about health"),
        KEPT,
    ),
    key=("employee_id", "kind", "agreed_on"),
    prepare=prepare_work_life,
    kept_by=HR,
    rules=("Nothing about health is taken.",),
)
BENCHMARKS = Kind(
    name="market_benchmarks",
    title="Market pay",
    order=217,
    columns=(
        Column("role_code", Identifier()),
        Column("country", CountryCode()),
        Column("percentile", Whole(least=1, most=99)),
        Column("target_cash", money_not_negative(), currency="currency", note="base and variable, a year"),
        optional("base_salary", money_not_negative(), currency="currency"),
        Column("currency", CurrencyCode()),
        Column("as_of", Day()),
        Column("source", Text(120)),
    ),
    key=("role_code", "country", "percentile", "as_of", "source"),
    prepare=prepare_benchmarks,
    kept_by=HR,
)
LEAVERS = Kind(
    name="leavers",
    title="Leavers",
    order=218,
    columns=(
        PERSON,
        Column("last_day", Day()),
        Column("reason", OneOf(LeavingReason.values)),
        optional("destination", OneOf(Destination.values), default=Destination.UNKNOWN.value),
        optional("destination_name", Text(120), default=""),
        optional("non_compete", OneOf(NonCompete.values), default=NonCompete.NONE.value),
        KEPT,
    ),
    key=("employee_id",),
    prepare=prepare_leavers,
    kept_by=HR,
    rules=("Role, country, pay and market pay are taken as they were on the last day.",),
)
RELATIONSHIPS = Kind(
    name="account_relationships",
    title="Relationships with accounts",
    order=219,
    columns=(
        Column("account_code", Identifier(), note="an account of the programme"),
        Column(
            "sole_contact", Flag(), note="whether the relationship rests on the key account manager alone"
        ),
        optional("successor_employee_id", Identifier()),
        Column("looked_on", Day()),
        optional("note", Text(300), default="", note="nothing about health"),
    ),
    key=("account_code",),
    prepare=prepare_relationships,
    kept_by=HR,
)

CARE = (
    CANDIDATES, SCORES, TRAININGS, MENTORSHIPS, REWARDS, GOALS, WORK_LIFE, BENCHMARKS, LEAVERS, RELATIONSHIPS,
)  # fmt: skip
