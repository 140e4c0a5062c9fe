"""
Files of what people say: survey answers, how many answered, and ratings of objectives.

Rules: docs/reference/files.md; DOMAIN's metrics M06, M14, M21, M24 and M26.
"""

from decimal import Decimal
from typing import Any

from kamcomp.identity.models import User
from kamcomp.imports.kinds import About, Column, Context, Kind, may_be_empty, optional
from kamcomp.imports.loads import Load
from kamcomp.imports.sheets import Sheet, spans_of
from kamcomp.imports.values import Amount, Day, Identifier, OneOf, Text, Whole
from kamcomp.sentences import Sentence
from scorecards.choices import RespondentGroup
from scorecards.intake.figures import CALENDAR, PERIOD
from scorecards.intake.references import fact_load, periods
from scorecards.models import ObjectiveRating, SatisfactionWave, SurveyResponse
from teams.intake.references import nodes, people
from teams.models import AccountObjective, Person

SCALE = tuple(Decimal(step) for step in ("0", "0.5", "1", "1.25", "1.5"))


def prepare_responses(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a survey_responses file loads."""
    sheet.days = list(sheet["date"])
    columns: dict[str, Any] = {
        "response_id": sheet["response_id"],
        "survey": sheet["survey"],
        "node_id": nodes(sheet),
    }
    persons = people(sheet, "employee_id")
    if sheet.has("employee_id"):
        columns["person_id"] = persons
    key = ("survey", "response_id")
    return [fact_load(sheet, SurveyResponse, key, columns, "date", "score", "respondent_group")]


def prepare_waves(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a satisfaction file loads: how many were asked in a wave, and how many answered."""
    days = spans_of(sheet)
    for row, (invited, responded) in enumerate(zip(sheet["invited"], sheet["responded"], strict=True)):
        if invited is not None and responded is not None and responded > invited:
            sheet.reject(
                row, "responded", Sentence("is more than the %(invited)s who were invited", invited=invited)
            )
    sheet.days = list(days)
    columns: dict[str, Any] = {"survey": sheet["survey"], "node_id": nodes(sheet), "days": days}
    return [
        fact_load(sheet, SatisfactionWave, ("survey", "node_id", "days"), columns, "invited", "responded")
    ]


def prepare_ratings(sheet: Sheet, context: Context) -> list[Load]:
    """Return what a ratings file loads: the judged result of an objective in a period."""
    found = AccountObjective.objects.filter(code__in=sheet.distinct("objective_code"))
    owners = {code: (pk, owner) for code, pk, owner in found.values_list("code", "pk", "owner__employee_id")}
    named = sheet.resolve("objective_code", owners, "objective", "import objectives first")
    steps = ", ".join(map(str, SCALE))
    for row, rating in enumerate(sheet["rating"]):
        if rating is not None and rating not in SCALE:
            sheet.reject(row, "rating", Sentence("is not on the scale %(steps)s; 1 is 100 %%", steps=steps))
    meant = periods(sheet)
    sheet.days = [period.span if period else None for period in meant]
    columns: dict[str, Any] = {
        "objective_id": [found[0] if found else None for found in named],
        "period_id": [period.pk if period else None for period in meant],
    }
    return [fact_load(sheet, ObjectiveRating, ("objective_id", "period_id"), columns, "rating", "evidence")]


SURVEY_RESPONSES = Kind(
    name="survey_responses",
    title="Survey answers",
    order=170,
    columns=(
        Column("response_id", Identifier(80)),
        Column("survey", Identifier()),
        Column("account_code", Identifier()),
        Column("date", Day()),
        Column("score", Amount(digits=4, decimals=2)),
        optional("respondent_group", OneOf(RespondentGroup.values), default=RespondentGroup.CUSTOMER.value),
        optional("employee_id", Identifier(), note="the person the answer is about, for leadership surveys"),
    ),
    key=("survey", "response_id"),
    prepare=prepare_responses,
)

SATISFACTION = Kind(
    name="satisfaction",
    title="Response rates of survey waves",
    order=180,
    columns=(
        Column("survey", Identifier()),
        Column("account_code", Identifier()),
        Column("from", Day()),
        Column("to", Day(), note="last day, included"),
        Column("invited", Whole()),
        Column("responded", Whole()),
    ),
    key=("survey", "account_code", "from", "to"),
    prepare=prepare_waves,
    span=("from", "to"),
    span_key=("survey", "account_code"),
    rules=("No more people answer than were invited.",),
)


def objectives_of(user: User) -> tuple[str, ...]:
    """Return the objectives that a user owns: rating one's own needs a second person."""
    person = Person.objects.filter(user=user).first()
    if person is None:
        return ()
    return tuple(AccountObjective.objects.filter(owner=person).values_list("code", flat=True))


RATINGS = Kind(
    name="ratings",
    title="Ratings of objectives",
    order=190,
    columns=(
        Column("objective_code", Identifier()),
        PERIOD,
        Column("rating", Amount(digits=1, decimals=2), note="0, 0.5, 1, 1.25 or 1.5"),
        may_be_empty("evidence", Text(2000, lines=True), default=""),
        CALENDAR,
    ),
    key=("objective_code", "period", "calendar"),
    prepare=prepare_ratings,
    about=About(column="objective_code", values_of=objectives_of),
    rules=("Ratings stand on the scale 0, 0.5, 1, 1.25, 1.5.",),
)
