"""Leave an audit entry for every date that is moved, and for every private address, without what it is."""

from django.db import migrations

from kamcomp.laws import audited, operations


class Migration(migrations.Migration):
    dependencies = [("calendar", "0005_dates_moved_and_feeds")]

    operations = operations(
        audited("calendar_datechange"),
        audited("calendar_calendarfeed", masked=["token_digest"]),
    )
