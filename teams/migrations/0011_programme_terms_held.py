"""Leave an audit entry for every change of a milestone."""

from django.db import migrations

from kamcomp.laws import audited, operations


class Migration(migrations.Migration):
    dependencies = [("teams", "0010_programme_terms")]

    operations = operations(audited("teams_objectivemilestone"))
