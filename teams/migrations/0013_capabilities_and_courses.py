"""Ship the capabilities key account work asks for, and the courses that teach them."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from kamcomp.ids import uuid7

CAPABILITIES = {
    "account_planning": "Account planning",
    "negotiation": "Negotiation",
    "proposals": "Proposal development",
    "time_management": "Time management",
    "relationships": "Building relationships",
    "finance": "Reading a customer's figures",
    "leading": "Leading without authority",
}
COURSES = (
    ("account_planning", "Account planning", "account_planning", 12),
    ("negotiation", "Negotiation", "negotiation", 24),
    ("proposals", "Proposal development", "proposals", 24),
    ("time_management", "Time management", "time_management", 24),
)


def ship(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    capabilities = apps.get_model("teams", "Capability").objects.using(alias)
    courses = apps.get_model("teams", "Course").objects.using(alias)
    made = {
        one.code: one
        for one in capabilities.bulk_create(
            capabilities.model(id=uuid7(), code=code, name=name) for code, name in CAPABILITIES.items()
        )
    }
    courses.bulk_create(
        courses.model(id=uuid7(), code=code, name=name, capability=made[teaches], recurs_months=months)
        for code, name, teaches, months in COURSES
    )


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    codes = [code for code, *_ in COURSES]
    apps.get_model("teams", "Course").objects.using(alias).filter(code__in=codes).delete()
    apps.get_model("teams", "Capability").objects.using(alias).filter(code__in=CAPABILITIES).delete()


class Migration(migrations.Migration):
    dependencies = [("teams", "0012_people_care")]

    operations = [migrations.RunPython(ship, take_back)]
