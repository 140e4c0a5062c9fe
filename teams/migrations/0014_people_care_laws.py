"""
Leave an audit entry for every change of what is kept of people, saying that it changed and never to what.

What roles ask for is no secret and is audited in full.
"""

from django.db import migrations

from kamcomp.laws import audited, days_hold, numbers_only, operations

OPEN = ("capability", "course", "jobprofile", "profilecapability", "roleduty")
KEPT = {
    "candidate": ("name", "role_id", "source", "came_from", "person_id", "status", "since", "note"),
    "capabilityscore": ("person_id", "candidate_id", "capability_id", "level", "judged_on"),
    "training": ("person_id", "course_id", "due_on", "done_on"),
    "mentorship": ("person_id", "mentor_id", "valid"),
    "reward": ("person_id", "kind", "given_on", "what", "value", "currency"),
    "developmentgoal": ("person_id", "goal", "due_on", "conflict"),
    "worklifeaction": ("person_id", "kind", "agreed_on", "last_day", "what"),
    "marketbenchmark": ("target_cash", "base_salary"),
    "leaver": (
        "person_id", "last_day", "reason", "destination", "destination_name", "non_compete", "role_id", "country",
        "target_cash", "market_cash", "currency",
    ),
    "accountrelationship": ("sole_contact", "successor_id", "looked_on", "note"),
}  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("teams", "0013_capabilities_and_courses")]

    operations = operations(
        *(audited(f"teams_{table}") for table in OPEN),
        *(audited(f"teams_{table}", masked=columns) for table, columns in KEPT.items()),
        days_hold("teams_mentorship", "valid"),
        numbers_only("teams_reward", "value"),
        numbers_only("teams_marketbenchmark", "target_cash", "base_salary"),
        numbers_only("teams_leaver", "target_cash", "market_cash"),
    )
