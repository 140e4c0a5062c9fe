"""Settings of the company: changed from a day on, never overwritten."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from kamcomp.identity.choices import Role
from kamcomp.identity.selectors import RoleMissing
from kamcomp.identity.services import user_make
from kamcomp.policy import selectors, services

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 2, 9, tzinfo=UTC)


@pytest.fixture
def maren():
    return user_make(username="maren", roles=[Role.COMP_ADMIN], since=date(2026, 1, 1), by=None)


class TestSettingPut:
    def test_leaves_the_value_before_on_record(self, maren):
        services.setting_put(key="review.days", value=5, since=date(2026, 1, 1), by=maren, at=AT)
        services.setting_put(key="review.days", value=7, since=date(2026, 4, 1), by=maren, at=AT)

        assert selectors.policy_value(key="review.days", on=date(2026, 3, 31), default=3) == 5
        assert selectors.policy_value(key="review.days", on=date(2026, 4, 1), default=3) == 7
        assert selectors.policy_value(key="review.days", on=date(2025, 12, 31), default=3) == 3

    def test_refuses_to_rewrite_the_past(self, maren):
        services.setting_put(key="review.days", value=5, since=date(2026, 4, 1), by=maren, at=AT)

        with pytest.raises(services.SettingNotLater, match="from 2026-04-01 on; a new one must begin later"):
            services.setting_put(key="review.days", value=7, since=date(2026, 4, 1), by=maren, at=AT)

    def test_is_for_compensation_admins_and_finance(self):
        ken = user_make(username="ken", roles=[Role.KAM, Role.PAYEE], since=date(2026, 1, 1), by=None)

        with pytest.raises(
            RoleMissing, match="Changing a setting is for Compensation admin or Finance; ken does not"
        ):
            services.setting_put(key="review.days", value=5, since=date(2026, 1, 1), by=ken, at=AT)


class TestCommand:
    def test_sets_a_value_and_lists_what_held_when(self, maren):
        policy("put", "review.days", "5", "--since=2026-01-01", "--reason=Long holidays", "--by=maren")
        said = policy("put", "review.days", "3", "--since=2026-07-01", "--reason=Enough", "--by=maren")

        assert said == "review.days is 3 from 2026-07-01 on.\n"
        assert selectors.policy_value(key="review.days", on=date(2026, 6, 30), default=0) == 5
        assert "2026-06-30" in policy("list")
        assert "Long holidays" in policy("list")

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("5", 5),
            ("7.50", "7.50"),
            ('["colleague"]', ["colleague"]),
            ("csat", "csat"),
            ("true", "true"),
            ('{"source": "A", "value": 0.08}', {"source": "A", "value": "0.08"}),
        ],
    )
    def test_never_stores_a_float(self, maren, text, value):
        policy("put", "a.setting", text, "--since=2026-01-01", "--reason=Tried", "--by=maren")

        assert selectors.policy_value(key="a.setting", on=date(2026, 1, 1), default=None) == value

    def test_refuses_in_one_sentence(self, maren):
        policy("put", "review.days", "5", "--since=2026-04-01", "--reason=First", "--by=maren")

        with pytest.raises(CommandError, match="a new one must begin later"):
            policy("put", "review.days", "7", "--since=2026-04-01", "--reason=Second", "--by=maren")

    def test_says_when_nothing_is_set(self):
        assert policy("list") == "Nothing is set: every setting is as shipped.\n"


def policy(*words):
    said = StringIO()
    call_command("policy", *words, stdout=said)
    return said.getvalue()
