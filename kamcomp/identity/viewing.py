"""Looking as somebody else: who does, as whom, and which doors stay one's own meanwhile."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest
from django.utils import timezone

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User

KEY = "view_as"
OWN_DOORS = frozenset(
    {"view-as-end", "sign-out", "account_logout", "theme", "language", "demo-enter", "demo-reset"}
)


def looked_as(request: HttpRequest) -> User | None:
    """Return whom the reader looks as; nobody once they are no comp admin any more, or the other may not sign in."""
    looker = request.user
    chosen = request.session.get(KEY) if looker.is_authenticated else None
    if not chosen or not isinstance(looker, User) or not may_look(user=looker):
        return None
    return User.objects.filter(pk=chosen, is_active=True).first()


def may_look(*, user: User) -> bool:
    """Tell whether a user may look as others: comp admins may, today's ones."""
    return Role.COMP_ADMIN in user.roles_on(timezone.localdate())


def is_looking(request: HttpRequest) -> bool:
    """Tell whether this page is looked at as somebody else, so that it leaves no read receipt, say."""
    return real_user(request) is not request.user


def real_user(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    """Return who sits at the screen, whoever they look as."""
    user: AbstractBaseUser | AnonymousUser = getattr(request, "real_user", request.user)
    return user
