"""Ship the role catalogue."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from kamcomp.ids import uuid7
from teams.catalogue import ROLES


def ship(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    roles = apps.get_model("teams", "JobRole").objects.using(schema_editor.connection.alias)
    roles.bulk_create(roles.model(id=uuid7(), **role._asdict()) for role in ROLES)


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    roles = apps.get_model("teams", "JobRole").objects.using(schema_editor.connection.alias)
    roles.filter(code__in=[role.code for role in ROLES]).delete()


class Migration(migrations.Migration):
    dependencies = [("teams", "0001_initial")]

    operations = [migrations.RunPython(ship, take_back)]
