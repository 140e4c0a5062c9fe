"""Reads of users and roles."""

from collections.abc import Collection
from datetime import date

from django.db.models import Q, QuerySet

from kamcomp.identity.choices import Role
from kamcomp.identity.models import RoleGrant, User
from kamcomp.refusal import AnyOf, Refusal, Word
from kamcomp.sentences import ours

DEMO_ADDRESSES = "@halden.example"


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
        raise UserUnknown(
            "Nobody is called %(username)s; known are: %(known)s.",
            username=f"{username!r}",
            known=known or Word("nobody yet"),
        )
    return user


def role_check(*, user: User, roles: list[Role], on: date, act: str) -> None:
    """
    Check that a user holds one of the roles on a day.

    :raises RoleMissing: naming the roles that may do it.
    """
    if not user.roles_on(on) & set(roles):
        raise RoleMissing(
            "%(act)s is for %(names)s; %(user)s does not hold that role on %(on)s.",
            act=ours(act),
            names=AnyOf(str(role.label) for role in roles),
            user=user.get_username(),
            on=on,
        )


def users_holding(*, roles: Collection[Role], on: date) -> QuerySet[User]:
    """Return the active users who hold one of the roles on a day."""
    grants = RoleGrant.objects.filter(role__in=list(roles), valid__contains=on)
    return User.objects.filter(is_active=True, pk__in=grants.values("user_id"))


def users_to_look_as(*, words: str, by: User) -> QuerySet[User]:
    """Return the users whose name or user name has all the words, by name; all but `by` without words."""
    rows = User.objects.filter(is_active=True).exclude(pk=by.pk)
    for word in words.split():
        rows = rows.filter(
            Q(username__icontains=word) | Q(first_name__icontains=word) | Q(last_name__icontains=word)
        )
    return rows.order_by("last_name", "first_name", "username")


def demo_users() -> QuerySet[User]:
    """
    Return the users that demo mode may enter as.

    Their addresses end in a domain that is reserved for examples, so no user of a real company is ever among them.
    """
    return User.objects.filter(is_active=True, email__endswith=DEMO_ADDRESSES)
