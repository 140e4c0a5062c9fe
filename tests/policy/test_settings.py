"""Settings of the company: changed from a day on, never overwritten."""

from datetime import date

import pytest

from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from kamcomp.policy import selectors, services

pytestmark = pytest.mark.django_db


@pytest.fixture
def maren():
    return user_make(username="maren", roles=[Role.COMP_ADMIN], since=date(2026, 1, 1), by=None)


class TestSettingPut:
    def test_leaves_the_value_before_on_record(self, maren):
        services.setting_put(key="review.days", value=5, since=date(2026, 1, 1), by=maren)
        services.setting_put(key="review.days", value=7, since=date(2026, 4, 1), by=maren)

        assert selectors.policy_value(key="review.days", on=date(2026, 3, 31), default=3) == 5
        assert selectors.policy_value(key="review.days", on=date(2026, 4, 1), default=3) == 7
        assert selectors.policy_value(key="review.days", on=date(2025, 12, 31), default=3) == 3

    def test_refuses_to_rewrite_the_past(self, maren):
        services.setting_put(key="review.days", value=5, since=date(2026, 4, 1), by=maren)

        with pytest.raises(services.SettingNotLater, match="from 2026-04-01 on; a new one must begin later"):
            services.setting_put(key="review.days", value=7, since=date(2026, 4, 1), by=maren)
