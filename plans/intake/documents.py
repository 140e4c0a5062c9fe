"""
A plan document as a file: checked against its schema and the laws of the tree, stored as a draft version.

It is approved by a second person and published by the acts on versions, as one that was
designed in the browser is. The same document again is the same version.
Rules: docs/reference/files.md; the plan language.
"""

import json
from typing import Any

from django.db.models import Max

from kamcomp.calendar.models import FiscalCalendar
from kamcomp.ids import uuid7
from kamcomp.imports.kinds import Column, Context, Kind, optional
from kamcomp.imports.loads import Load
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import Identifier, Text
from kamcomp.sentences import Sentence, Word
from kamcomp.spans import Span
from plans.checks.picture import picture_of
from plans.checks.registry import checked
from plans.choices import VersionStatus
from plans.engine.codec import DocumentInvalid
from plans.engine.document import plan_digest, plan_document, plan_from_document
from plans.engine.plan import Plan as PlanTerms
from plans.models import Plan, PlanVersion
from teams.models import StrategicAccount


def prepare_document(sheet: Sheet, context: Context) -> list[Load]:
    """Return what a plan document loads: the plan, if it is new, and its next version as a draft."""
    terms = terms_of(sheet)
    if context.by is None:
        sheet.reject(0, "document", "a plan version has somebody who prepared it: say who with --by")
    if terms is None or context.by is None:
        return []
    standing = Plan.objects.filter(code=terms.code).first()
    if standing and standing.plan_type != str(terms.type):
        sheet.reject(
            0,
            "document",
            Sentence(
                "/type: %(standing)s is a %(plan_type)s plan",
                standing=standing.code,
                plan_type=Word(standing.get_plan_type_display()),
            ),
        )
    calendar = standing.calendar if standing else calendar_of(sheet, terms)
    account = account_of(sheet)
    if calendar is None or sheet.rejected:
        return []
    inform_of_checks(sheet)
    plan_id = standing.pk if standing else uuid7()
    span = Span.inclusive(terms.effective.since, terms.effective.to)
    sheet.days = [span]
    plan_columns: dict[str, list[Any]] = {
        "code": [terms.code],
        "name": [terms.name],
        "plan_type": [str(terms.type)],
        "calendar_id": [calendar.pk],
    }
    if sheet.has("account_code"):
        plan_columns["account_id"] = [account]
    version: dict[str, list[Any]] = {"plan_id": [plan_id], "digest": [plan_digest(terms)]}
    last = PlanVersion.objects.filter(plan_id=plan_id).aggregate(last=Max("number"))["last"] or 0
    once: dict[str, list[Any]] = {
        "number": [last + 1],
        "valid": [span],
        "document": [plan_document(terms)],
        "currency": [terms.currency],
        "status": [VersionStatus.DRAFT.value],
        "prepared_by_id": [context.by.pk],
    }
    owned = {"owner_id": [context.by.pk]}
    return [
        Load(model=Plan, key=("code",), columns=plan_columns, once=owned, rows=[0], ids=[plan_id]),
        Load(
            model=PlanVersion, key=("plan_id", "digest"), columns=version, once=once, rows=[0], ids=[uuid7()]
        ),
    ]


def terms_of(sheet: Sheet) -> PlanTerms | None:
    """Return the plan that the document says; every error is a finding with its JSON pointer."""
    try:
        return plan_from_document(json.loads(sheet.text(0, "document")))
    except DocumentInvalid as invalid:
        for error in invalid.errors:
            sheet.reject(0, error.pointer or "/", error.detail, rule=f"plan_{error.code}")
    except ValueError as error:
        sheet.reject(0, "document", Sentence("is not JSON: %(error)s", error=error))
    return None


def inform_of_checks(sheet: Sheet) -> None:
    """Say what the checks find on the document alone; a draft may still be mended, so nothing is rejected."""
    for found in checked(picture=picture_of(document=json.loads(sheet.text(0, "document")))).findings:
        sheet.inform(
            0,
            found.at or "/",
            Sentence(
                "%(message)s (%(severity)s)",
                message=found.message,
                severity=Word(found.severity.replace("_", " ")),
            ),
            rule=f"plan_{found.rule}",
        )


def calendar_of(sheet: Sheet, terms: PlanTerms) -> FiscalCalendar | None:
    """Return the calendar of a new plan: the one that is named, else the only one of its period's length."""
    code = sheet["calendar"][0]
    found = (
        FiscalCalendar.objects.filter(code=code)
        if code
        else FiscalCalendar.objects.filter(frequency=terms.period)
    )
    calendars = list(found[:2])
    if len(calendars) != 1:
        known = ", ".join(FiscalCalendar.objects.order_by("code").values_list("code", flat=True))
        several = Word("several calendars") if calendars else Word("no calendar")
        named = (
            Sentence("named %(code)s", code=code)
            if code
            else Sentence("of the plan's period, %(period)s", period=terms.period)
        )
        sheet.reject(
            0,
            "calendar",
            Sentence(
                "there is %(several)s %(named)s: name one of %(known)s",
                several=several,
                named=named,
                known=known or Word("those you make first"),
            ),
        )
        return None
    return calendars[0]


def account_of(sheet: Sheet) -> Any:
    """Return the account of the programme that the plan is for, if the map names one."""
    code = sheet["account_code"][0]
    account = StrategicAccount.objects.filter(node__code=code).first() if code else None
    if code and account is None:
        sheet.reject(0, "account_code", "there is no account of the programme of this name here")
    return account.pk if account else None


PLAN_DOCUMENTS = Kind(
    name="plan_documents",
    title="Plan documents",
    order=75,
    columns=(
        Column(
            "document", Text(10_000_000, lines=True), note="the whole file: a JSON document kamcomp.plan/1"
        ),
        optional("calendar", Identifier(40), note="of a new plan; by a constant of the column map"),
        optional("account_code", Identifier(), note="the account it is for; by a constant of the column map"),
    ),
    key=(),
    prepare=prepare_document,
    document=True,
    rules=(
        "One file is one document; what is wrong is named by JSON pointer.",
        "It becomes the next version of its plan, a draft; a second person approves it before it is published.",
    ),
)
