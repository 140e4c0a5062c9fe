"""Acts on users: make one, grant and end roles."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from psycopg2.extras import DateRange

from kamcomp.audit.context import act, audit_act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import RoleGrant, User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal


class UserNameUnusable(Refusal):
    """A user name is of letters, digits and @ . + - _, an address is one that mail can reach."""


class UserExists(Refusal):
    """A user name is used once."""


class NobodyToLookAs(Refusal):
    """One looks as somebody else, who may sign in."""


@act
def user_make(
    *,
    username: str,
    email: str = "",
    first_name: str = "",
    last_name: str = "",
    password: str | None = None,
    roles: list[Role],
    since: date,
    by: User | None,
) -> User:
    """
    Make a user with roles from a day on; without a password they cannot sign in yet.

    :raises UserNameUnusable: if the name or the mail address is none.
    :raises UserExists: if the name is taken.
    """
    _check_names(username=username, email=email)
    if User.objects.filter(username=username).exists():
        raise UserExists("There is a user %(username)s already.", username=username)
    user = User.objects.create_user(
        username=username, email=email, password=password, first_name=first_name, last_name=last_name
    )
    for role in roles:
        role_grant(user=user, role=role, since=since, by=by)
    return user


def _check_names(*, username: str, email: str) -> None:
    try:
        User._meta.get_field("username").clean(username, None)
        if email:
            validate_email(email)
    except ValidationError as error:
        given = f"{username!r}" + (f" with the address {email!r}" if email else "")
        raise UserNameUnusable(
            "%(given)s cannot be a user: %(names)s", given=given, names=" ".join(error.messages)
        ) from error


@act
def role_grant(
    *, user: User, role: Role, since: date, until: date | None = None, by: User | None
) -> RoleGrant:
    """Grant a role over `[since, until)`."""
    return RoleGrant.objects.create(user=user, role=role, valid=DateRange(since, until), created_by=by)


@act
def role_end(*, grant: RoleGrant, last_day: date) -> RoleGrant:
    """End a role after its last day; the grant stays on record."""
    grant.valid = DateRange(grant.valid.lower, last_day + timedelta(days=1))
    grant.save(update_fields=["valid"])
    return grant


@act
def view_as_begin(*, user: User, by: User, at: datetime) -> User:
    """
    Note that somebody begins to look as a user, and return whom they look as.

    :raises RoleMissing: if `by` is no comp admin.
    :raises NobodyToLookAs: if that is themselves, or somebody who may not sign in.
    """
    role_check(user=by, roles=[Role.COMP_ADMIN], on=at.date(), act="Looking as somebody else")
    if user == by or not user.is_active:
        raise NobodyToLookAs(
            "%(user)s is nobody to look as: choose another user who may sign in.", user=user.get_username()
        )
    audit_act(subject_table="identity_user", subject_id=user.pk)
    return user


@act
def view_as_end(*, user: User, by: User) -> None:
    """Note that somebody stops looking as a user."""
    audit_act(subject_table="identity_user", subject_id=user.pk)


@act
def access_take(*, by: User, at: datetime) -> int:
    """
    Note that somebody takes the list of roles away to review it, and return how many are held that day.

    :raises RoleMissing: if `by` does not review access.
    """
    role_check(
        user=by, roles=[Role.AUDITOR, Role.COMP_ADMIN, Role.HR_LEGAL], on=at.date(), act="Reviewing access"
    )
    grants = RoleGrant.objects.filter(valid__contains=at.date()).count()
    audit_act(subject_table=RoleGrant._meta.db_table, subject_id=at.date(), detail={"grants": grants})
    return grants
