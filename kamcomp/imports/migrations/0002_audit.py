"""Leave an audit entry for every change of these tables."""

from django.db import migrations

from kamcomp.laws import audited, audited_in_bulk, operations


class Migration(migrations.Migration):
    dependencies = [
        ("imports", "0001_initial"),
        ("audit", "0005_seals"),
    ]

    operations = operations(
        audited("imports_columnmap"),
        audited("imports_importbatch"),
        audited_in_bulk("imports_importchange"),
    )
