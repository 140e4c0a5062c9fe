"""A draft whose version was sent back is edited again."""

from django.db import migrations

from kamcomp.laws import operations, status_moves

LAW = "plan_drafts_move_on"
BEFORE = [("editing", "submitted"), ("editing", "discarded"), ("discarded", "editing")]


def law(*moves: tuple[str, str]) -> migrations.RunSQL:
    """Return the step that makes the law anew with these moves."""
    made = status_moves("plans_draft", law=LAW, born=["editing"], moves=[*BEFORE, *moves])
    assert isinstance(made, migrations.RunSQL)
    return made


class Migration(migrations.Migration):
    dependencies = [("plans", "0013_scenarios")]

    operations = operations(
        migrations.RunSQL(sql=law().reverse_sql, reverse_sql=law().sql), law(("submitted", "editing"))
    )
