"""Leave an audit entry for every change of what people sign in with; secrets and addresses are named, not shown."""

from django.db import migrations

from kamcomp.laws import audited, operations


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0002_audit"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = operations(
        audited("account_emailaddress", masked=["email"]),
        audited("account_emailconfirmation", masked=["key"]),
        audited("mfa_authenticator", masked=["data"], ignored=["last_used_at"]),
        audited("socialaccount_socialaccount", masked=["uid"], ignored=["last_login", "extra_data"]),
        audited("socialaccount_socialapp", masked=["secret", "key", "settings"]),
        audited("socialaccount_socialtoken", masked=["token", "token_secret"]),
    )
