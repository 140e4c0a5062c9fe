"""
Files of what roles ask for and answer for: capabilities, courses, job profiles, parts in activities.

Rules: docs/reference/files.md; how to: docs/how-to/look-after-people.md.
"""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from kamcomp.ids import uuid7
from kamcomp.imports.kinds import Column, Context, Kind, optional
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import Identifier, OneOf, Text, Whole
from kamcomp.sentences import Sentence
from teams.choices import DutyPart
from teams.intake.references import ids_by, roles
from teams.models import (
    AccountObjective,
    Capability,
    Course,
    JobProfile,
    JobRole,
    ProfileCapability,
    RoleDuty,
)


def capabilities(sheet: Sheet, column: str = "capability") -> list[UUID | None]:
    """Return the capability each cell names by code."""
    known = ids_by(Capability, "code", sheet.distinct(column))
    return sheet.resolve(column, known, "capability", "import capabilities first")


def role_ids(sheet: Sheet, column: str = "role_code") -> list[UUID | None]:
    """Return the role of the catalogue each cell names by code."""
    return [role.pk if role else None for role in roles(sheet, column)]


def plain_load(sheet: Sheet, model: type, key: tuple[str, ...], **columns: list[object]) -> list[Load]:
    """Return the load of one table from the rows still accepted, `columns` by attribute."""
    rows = sheet.accepted()
    ids = [uuid7() for _ in rows]
    return [Load(model=model, key=key, columns=picked(columns, rows, len(sheet)), rows=rows, ids=ids)]


def given(sheet: Sheet, *names: str) -> dict[str, list[object]]:
    """Return those of the columns that the file has, by the same names."""
    return {name: sheet[name] for name in names if sheet.has(name)}


def prepare_capabilities(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a capabilities file loads."""
    return plain_load(sheet, Capability, ("code",), code=sheet["capability"], name=sheet["name"])


def prepare_courses(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a courses file loads."""
    said = given(sheet, "recurs_months")
    if sheet.has("capability"):
        said["capability_id"] = list(capabilities(sheet))
    return plain_load(sheet, Course, ("code",), code=sheet["course"], name=sheet["name"], **said)


def prepare_job_profiles(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a job_profiles file loads: one row a role."""
    said = given(sheet, "requirements", "selection_steps", "level", "market_percentile")
    roles_named = role_ids(sheet)
    loads = plain_load(
        sheet, JobProfile, ("role_id",), role_id=list(roles_named), purpose=sheet["purpose"], **said
    )
    if not sheet.has("responsibilities"):
        return loads
    answers = {"code": sheet["role_code"], "responsibilities": sheet["responsibilities"]}
    return [*loads, *plain_load(sheet, JobRole, ("code",), **answers)]


def prepare_profile_capabilities(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a profile_capabilities file loads; a role without a profile is refused."""
    asked, roles_named = capabilities(sheet), role_ids(sheet)
    profiles = dict(JobProfile.objects.filter(role__in=roles_named).values_list("role_id", "pk"))
    for row in sheet.accepted():
        if roles_named[row] not in profiles:
            sheet.reject(row, "role_code", "this role has no job profile yet: import job_profiles first")
    ids = [profiles.get(role) if role else None for role in roles_named]
    return plain_load(
        sheet, ProfileCapability, ("profile_id", "capability_id"),
        profile_id=list(ids), capability_id=list(asked), level=sheet["level"],
    )  # fmt: skip


def prepare_role_duties(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a role_duties file loads; one role answers for an activity."""
    holders, names = role_ids(sheet), sheet.distinct("objective_code")
    objectives = sheet.resolve(
        "objective_code", ids_by(AccountObjective, "code", names), "objective", "import objectives first"
    )
    activities = list(zip(sheet["activity"], objectives, strict=True))
    answering = {
        row: activities[row] for row, part in enumerate(sheet["part"]) if part == DutyPart.ACCOUNTABLE
    }
    standing = RoleDuty.objects.filter(part=DutyPart.ACCOUNTABLE, activity__in=sheet.distinct("activity"))
    moved = {(holders[row], *activities[row]) for row in range(len(sheet))}
    answers = {
        (activity, objective): code
        for role, code, activity, objective in standing.values_list(
            "role_id", "role__code", "activity", "objective_id"
        )
        if (role, activity, objective) not in moved
    }
    times = Counter(answering.values())
    for row, activity in answering.items():
        if times[activity] > 1:
            sheet.reject(row, "part", "two roles of this file answer for the activity: one does")
        elif activity in answers:
            sheet.reject(
                row,
                "part",
                Sentence("%(role)s answers for the activity already: one role does", role=answers[activity]),
            )
    return plain_load(
        sheet, RoleDuty, ("role_id", "activity", "objective_id"), role_id=list(holders),
        activity=sheet["activity"], objective_id=list(objectives), part=sheet["part"],
    )  # fmt: skip


CAPABILITIES = Kind(
    name="capabilities",
    title="Capabilities",
    order=21,
    columns=(Column("capability", Identifier()), Column("name", Text(120))),
    key=("capability",),
    prepare=prepare_capabilities,
)

COURSES = Kind(
    name="courses",
    title="Courses",
    order=22,
    columns=(
        Column("course", Identifier()),
        Column("name", Text(120)),
        optional("capability", Identifier(), note="what it teaches"),
        optional("recurs_months", Whole(least=1, most=240), note="due again so long after; empty for once"),
    ),
    key=("course",),
    prepare=prepare_courses,
)

JOB_PROFILES = Kind(
    name="job_profiles",
    title="Job profiles",
    order=23,
    columns=(
        Column("role_code", Identifier()),
        Column("purpose", Text(2000, lines=True)),
        optional("responsibilities", Text(4000, lines=True), default="", note="what the role answers for"),
        optional("requirements", Text(2000, lines=True), default=""),
        optional("selection_steps", Text(2000, lines=True), default="", note="one step a line"),
        optional("level", Whole(least=1, most=20), default=1, note="rung of the company's ladder"),
        optional(
            "market_percentile",
            Whole(least=1, most=99),
            default=50,
            note="where the role is paid in the market",
        ),
    ),
    key=("role_code",),
    prepare=prepare_job_profiles,
)

PROFILE_CAPABILITIES = Kind(
    name="profile_capabilities",
    title="Capabilities of job profiles",
    order=24,
    columns=(
        Column("role_code", Identifier()),
        Column("capability", Identifier()),
        Column("level", Whole(least=1, most=5), note="1 knows of it, 5 teaches it"),
    ),
    key=("role_code", "capability"),
    prepare=prepare_profile_capabilities,
    rules=("The role has a job profile.",),
)

ROLE_DUTIES = Kind(
    name="role_duties",
    title="Who does what: parts of roles in activities",
    order=71,
    columns=(
        Column("role_code", Identifier()),
        Column("activity", Text(200)),
        Column("part", OneOf(DutyPart.values)),
        optional(
            "objective_code", Identifier(), note="an objective of an account plan, where it is about one"
        ),
    ),
    key=("role_code", "activity", "objective_code"),
    prepare=prepare_role_duties,
    rules=("One role answers for an activity.",),
)
