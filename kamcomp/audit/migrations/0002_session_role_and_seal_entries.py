"""Say which database role wrote an entry, and keep the digest of each sealed entry in its seal."""

import django.contrib.postgres.fields
from django.db import migrations, models

import kamcomp.audit.exact


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.AddField(
            "auditevent",
            "session_role",
            models.CharField(max_length=63, default="", help_text="The database role that wrote."),
            preserve_default=False,
        ),
        migrations.AlterField(
            "auditevent", "before", models.JSONField(null=True, decoder=kamcomp.audit.exact.ExactDecoder)
        ),
        migrations.AlterField(
            "auditevent", "after", models.JSONField(null=True, decoder=kamcomp.audit.exact.ExactDecoder)
        ),
        migrations.AddField(
            "auditseal",
            "event_ids",
            django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), default=list),
            preserve_default=False,
        ),
        migrations.AddField(
            "auditseal",
            "event_digests",
            django.contrib.postgres.fields.ArrayField(models.CharField(max_length=64), default=list),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "auditseal",
            models.UniqueConstraint(name="audit_seals_do_not_branch", fields=["previous_digest"]),
        ),
    ]
