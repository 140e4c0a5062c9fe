"""People, where they work, and what they are promised; personal fields only for those who may see them."""

from kamcomp.api import filters as by
from kamcomp.api.fields import choice, first_day, flag, last_day, money, ratio, ref, text
from kamcomp.api.resources import Expand, Resource, register
from teams.choices import EmploymentStatus, Link, PackageStatus, PersonStatus, Seat
from teams.models import Employment, JobRole, PayPackage, Person, PersonDetails

PEOPLE = Resource(
    name="people",
    noun="person",
    prefix="per",
    model=Person,
    about="People who may be paid, as the ledger knows them: an employee id, and no name.",
    fields=(
        ref("id", "per", "pk"),
        text("external_id", "employee_id", about="The employee id."),
        ref("manager_id", "per"),
        text("cost_centre"),
        choice("status", PersonStatus),
    ),
    filters=(
        by.by_text("external_id", "employee_id"),
        by.by_choice("status", PersonStatus),
        by.by_text("cost_centre"),
    ),
    orders={"external_id": "employee_id"},
    external="employee_id",
    changed="audit",
    kind="people",
    upsert="employee_id",
    expands=(
        Expand(name="details", resource="person-details", source="pk"),
        Expand(name="memberships", resource="memberships", many="person_id"),
    ),
)
DETAILS = Resource(
    name="person-details",
    noun="person_details",
    prefix="per",
    scope="people",
    model=PersonDetails,
    about="A person's name and addresses, apart from the ledger so that they can be erased.",
    fields=(
        ref("id", "per", "pk"),
        text("name", "legal_name"),
        text("email"),
        text("payroll_number"),
    ),
    filters=(by.by_text("payroll_number"),),
    changed="audit",
)
EMPLOYMENTS = Resource(
    name="employments",
    noun="employment",
    prefix="emp",
    scope="packages",
    model=Employment,
    about="Where a person works and under which law, over a span of days.",
    fields=(
        ref("id", "emp", "pk"),
        ref("person_id", "per"),
        text("employer"),
        text("jurisdiction", about="ISO 3166."),
        text("work_language"),
        ratio("fte"),
        text("role", "job_role__code"),
        text("payroll_currency"),
        text("overtime_status", about="exempt, non_exempt, or empty where it does not apply."),
        flag("works_council"),
        choice("status", EmploymentStatus),
        first_day("first_day", "valid"),
        last_day("last_day", "valid"),
    ),
    filters=(
        by.by_id("person", "per", "person_id", code="person__employee_id"),
        by.by_choice("status", EmploymentStatus),
    ),
    orders={"first_day": "valid__startswith"},
    dated="valid",
    changed="audit",
    kind="employments",
    expands=(Expand(name="person", resource="people", source="person_id"),),
)
PACKAGES = Resource(
    name="packages",
    noun="package",
    prefix="pkg",
    model=PayPackage,
    about="What a person is promised a year: base salary, variable target, pool target.",
    fields=(
        ref("id", "pkg", "pk"),
        ref("person_id", "per"),
        money("base_salary"),
        money("variable_target"),
        money("pool_target"),
        money("long_term_target"),
        money("ceiling", about="The most a year; null: no limit."),
        choice("status", PackageStatus),
        first_day("first_day", "valid"),
        last_day("last_day", "valid"),
    ),
    filters=(
        by.by_id("person", "per", "person_id", code="person__employee_id"),
        by.by_choice("status", PackageStatus),
        by.by_text("currency"),
    ),
    orders={"first_day": "valid__startswith"},
    dated="valid",
    changed="audit",
    kind="packages",
    expands=(Expand(name="person", resource="people", source="person_id"),),
)
ROLES = Resource(
    name="roles",
    noun="role",
    prefix="role",
    scope="people",
    model=JobRole,
    about="The catalogue of job roles.",
    fields=(
        ref("id", "role", "pk"),
        text("external_id", "code"),
        text("name"),
        text("family"),
        choice("usual_link", Link),
        choice("seat", Seat),
        ratio("role_weight"),
        flag("retired"),
    ),
    filters=(by.by_flag("retired"), by.by_choice("seat", Seat)),
    orders={"external_id": "code"},
    external="code",
    changed="audit",
    kind="job_roles",
)

register(PEOPLE, DETAILS, EMPLOYMENTS, PACKAGES, ROLES)
