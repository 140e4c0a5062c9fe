"""Leave an audit entry for every change of these tables."""

from django.db import migrations

from kamcomp.laws import audited, days_hold, operations


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("audit", "0005_seals"),
    ]

    operations = operations(
        audited(
            "identity_user",
            masked=["password", "username", "first_name", "last_name", "email"],
            ignored=["last_login"],
        ),
        audited("identity_user_groups"),
        audited("identity_user_user_permissions"),
        audited("identity_rolegrant"),
        audited("auth_group"),
        audited("auth_group_permissions"),
        days_hold("identity_rolegrant", "valid"),
    )
