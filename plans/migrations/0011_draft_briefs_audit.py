"""Leave an audit entry for every change of where a draft came from, and never take one away."""

from django.db import migrations

from kamcomp.laws import append_only, audited, operations


class Migration(migrations.Migration):
    dependencies = [("plans", "0010_draft_briefs")]

    operations = operations(
        append_only("plans_draftbrief", law="plan_draft_briefs_stay", may_update=True),
        audited("plans_draftbrief"),
    )
