"""Reads of users and roles."""

from datetime import date

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.refusal import Refusal


class UserUnknown(Refusal):
    """Nobody has this user name."""


class RoleMissing(Refusal):
    """The act needs a role that the user does not hold on that day."""


def user_named(username: str) -> User:
    """
    Return the user of a name.

    :raises UserUnknown: naming who could be meant.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        names = User.objects.filter(is_active=True).order_by("username").values_list("username", flat=True)
        known = ", ".join(names[:10])
        raise UserUnknown(f"Nobody is called {username!r}; known are: {known or 'nobody yet'}.")
    return user


def role_check(*, user: User, roles: list[Role], on: date, act: str) -> None:
    """
    Check that a user holds one of the roles on a day.

    :raises RoleMissing: naming the roles that may do it.
    """
    if not user.roles_on(on) & set(roles):
        names = " or ".join(role.label for role in roles)
        raise RoleMissing(f"{act} is for {names}; {user.get_username()} does not hold that role on {on}.")
