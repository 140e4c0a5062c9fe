"""Users and their roles by date."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from kamcomp.identity import selectors, services
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User

pytestmark = pytest.mark.django_db


class TestUserMake:
    def test_grants_roles_from_a_day_on(self):
        user = services.user_make(username="jonas", roles=[Role.FINANCE], since=date(2026, 2, 1), by=None)

        assert user.roles_on(date(2026, 1, 31)) == set()
        assert user.roles_on(date(2026, 2, 1)) == {Role.FINANCE}

    def test_refuses_a_name_twice(self):
        services.user_make(username="jonas", roles=[], since=date(2026, 2, 1), by=None)

        with pytest.raises(services.UserExists, match="There is a user jonas already"):
            services.user_make(username="jonas", roles=[], since=date(2026, 2, 1), by=None)


class TestRoleCheck:
    def test_names_the_roles_that_may(self):
        user = services.user_make(username="jonas", roles=[Role.FINANCE], since=date(2026, 2, 1), by=None)

        with pytest.raises(selectors.RoleMissing, match="Publishing a plan is for Compensation admin"):
            selectors.role_check(
                user=user, roles=[Role.COMP_ADMIN], on=date(2026, 2, 1), act="Publishing a plan"
            )

    def test_sees_a_role_that_has_ended(self):
        user = services.user_make(username="jonas", roles=[Role.FINANCE], since=date(2026, 2, 1), by=None)
        services.role_end(grant=user.role_grants.get(), last_day=date(2026, 6, 30))

        selectors.role_check(user=user, roles=[Role.FINANCE], on=date(2026, 6, 30), act="Approving")
        with pytest.raises(selectors.RoleMissing):
            selectors.role_check(user=user, roles=[Role.FINANCE], on=date(2026, 7, 1), act="Approving")


class TestUsersCommand:
    def test_makes_a_user_once(self):
        call_command("users", "add", "maren", "--role", "comp_admin", name="Maren Holt", stdout=StringIO())

        assert User.objects.get().get_full_name() == "Maren Holt"
        with pytest.raises(CommandError, match="already"):
            call_command("users", "add", "maren", "--role", "comp_admin", stdout=StringIO())


class TestUserMakeRefuses:
    @pytest.mark.parametrize(
        ("username", "email", "words"),
        [
            ("", "", "'' cannot be a user"),
            ("a b [/x]", "", "'a b \\[/x\\]' cannot be a user"),
            ("jonas", "no mail", "address 'no mail'"),
            ("x" * 200, "", "cannot be a user"),
        ],
    )
    def test_a_name_or_address_that_is_none(self, username, email, words):
        with pytest.raises(services.UserNameUnusable, match=words):
            services.user_make(username=username, email=email, roles=[], since=date(2026, 1, 1), by=None)
