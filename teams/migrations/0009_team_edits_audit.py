"""Leave an audit entry for every change of a team edit."""

from django.db import migrations

from kamcomp.laws import audited, operations


class Migration(migrations.Migration):
    dependencies = [("teams", "0008_team_edits")]

    operations = operations(audited("teams_teamedit"))
