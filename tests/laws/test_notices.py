"""Notices: told once by their key, and mailed at a moment."""

from uuid import uuid4

import pytest

from kamcomp.notices.models import Notice
from tests.laws import rows
from tests.laws.breaking import MADE, refused, together

pytestmark = pytest.mark.django_db(transaction=True)
TELL = (
    "INSERT INTO notices_notice (id, user_id, kind, key, about, path, at, mail, mail_after, attempts)"
    " VALUES (%s, %s, 'pool_decide', 'k', '', '/', now(), 'waiting', now(), 0)"
)


class TestNotice:
    def test_is_told_once_by_eight_at_once(self, app_connection):
        user = rows.user()

        def tell(cursor):
            cursor.execute(TELL, [str(uuid4()), str(user.pk)])

        assert together(app_connection, [tell] * 8) == {MADE: 1, "notices_told_once": 7}

    def test_that_went_has_its_moment(self, app_sql):
        app_sql.execute(TELL, [str(uuid4()), str(rows.user().pk)])

        with refused("notices_sent_have_a_moment"):
            app_sql.execute("UPDATE notices_notice SET mail = 'sent'")
        assert Notice.objects.get().mail == "waiting"
