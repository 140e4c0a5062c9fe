"""Leave an audit entry for every change of an upload; of what its cells hold, only that it changed."""

from django.db import migrations

from kamcomp.laws import audited, audited_in_bulk, operations


class Migration(migrations.Migration):
    dependencies = [
        ("imports", "0005_uploads"),
        ("audit", "0005_seals"),
    ]

    operations = operations(
        audited("imports_importupload", masked=["samples", "mends", "outcome"]),
        audited_in_bulk("imports_uploadcontent"),
    )
