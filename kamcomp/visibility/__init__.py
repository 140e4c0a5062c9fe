"""
Who sees which rows: every queryset of a page, the REST interface or a report starts from `visible_to`.

What each role sees of each table stands in the `visibility` module of the room that has the table, as sights: words
for people and a condition for the database, side by side. Someone with several roles sees what any of them sees; a
role without a sight of a table sees none of it; a table without rules refuses to be asked. What is not seen is not
there: pages look up rows within `visible_to`, so that another's row answers 404. docs/reference/visibility.md is
printed from the same rules. Why the database does not do this itself: docs/adr/0009-no-row-security.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self, TypeVar
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from kamcomp.identity.choices import Role
from kamcomp.refusal import Refusal

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class NotForViewing(Refusal):
    """Nobody has said who may see the rows of this table."""


@dataclass(frozen=True)
class Viewer:
    """
    Who looks, on which day, in which roles.

    What a condition has to know first (the accounts somebody manages, say) is asked once a viewer, so that a page
    costs the same number of queries whatever it shows. `unread` are the notices they have not read, for the bell.
    """

    user_id: UUID
    roles: frozenset[str]
    on: date
    unread: int = field(default=0, compare=False)
    _known: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, ask: Callable[[Viewer], T]) -> T:
        """Return what `ask` answers for this viewer, asking only the first time."""
        if ask not in self._known:
            self._known[ask] = ask(self)
        return self._known[ask]

    def holds(self, *roles: Role) -> bool:
        """Tell whether the viewer holds one of the roles."""
        return not self.roles.isdisjoint(roles)


Who = Viewer | AbstractBaseUser | AnonymousUser
NOBODY = Viewer(user_id=UUID(int=0), roles=frozenset(), on=date.min)


def viewer_of(*, user: AbstractBaseUser | AnonymousUser, on: date) -> Viewer:
    """Return a user as a viewer on a day; somebody who has not signed in, or may not any more, sees nothing."""
    if not user.is_authenticated or not user.is_active:
        return NOBODY
    roles, unread = user.roles_and_unread_on(on)  # type: ignore[attr-defined]
    return Viewer(user_id=user.pk, roles=frozenset(roles), on=on, unread=unread)


def viewer_for(request: HttpRequest) -> Viewer:
    """Return who looks at a page, in the roles of today; asked once a request, the REST interface's too."""
    known: Viewer | None = getattr(request, "viewer", None)
    if known is None:
        known = viewer_of(user=request.user, on=timezone.localdate())
        request.viewer = known  # type: ignore[attr-defined]
    return known


@dataclass(frozen=True)
class Sight:
    """A part of a table that a role sees: in words, and as a condition; without a condition it is all of it."""

    words: str
    where: Callable[[Viewer], Q] | None = None


@dataclass(frozen=True)
class Rules:
    """What each role sees of one table."""

    sights: dict[Role, tuple[Sight, ...]]
    room: str

    def of(self, viewer: Viewer) -> Iterable[Sight]:
        """Return the sights of all the viewer's roles, each once."""
        found = (sight for role, sights in self.sights.items() if role in viewer.roles for sight in sights)
        return dict.fromkeys(found)


ALL = Sight("all")
EVERYBODY = tuple(Role)
RULES: dict[type[Model], Rules] = {}


def seen(
    *models: type[Model], everything: Iterable[Role] = (), room: str, **parts: Sight | tuple[Sight, ...]
) -> None:
    """
    Say who sees which rows of the models.

    Shape: `everything` are the roles that see all of them; `parts` is a sight, or several, by role: `payee=OWN`.
    """
    sights: dict[Role, tuple[Sight, ...]] = dict.fromkeys(everything, (ALL,))
    for role, part in parts.items():
        sights[Role(role)] = part if isinstance(part, tuple) else (part,)
    for model in models:
        RULES[model] = Rules(sights={role: sights[role] for role in Role if role in sights}, room=room)


def condition(*, model: type[Model], viewer: Viewer) -> Q | None:
    """
    Return the condition under which a viewer sees rows of a model; none if they see all of them.

    :raises NotForViewing: if nobody has said who sees them.
    """
    if model not in RULES:
        raise NotForViewing(f"Say in the visibility module of its room who sees rows of {model.__name__}.")
    nothing = Q(pk__in=[])
    found = nothing
    for sight in RULES[model].of(viewer):
        if sight.where is None:
            return None
        found = sight.where(viewer) if found is nothing else found | sight.where(viewer)
    return found


def visible(rows: QuerySet[M], *, to: Who) -> QuerySet[M]:
    """
    Return those of the rows that somebody sees; a user is taken in the roles of today.

    :raises NotForViewing: if nobody has said who sees them.
    """
    viewer = to if isinstance(to, Viewer) else viewer_of(user=to, on=timezone.localdate())
    where = condition(model=rows.model, viewer=viewer)
    return rows if where is None else rows.filter(where)


class SeenQuerySet(QuerySet[M]):
    """Rows that know who may see them."""

    def visible_to(self, who: Who) -> Self:
        """Return those of the rows that somebody sees: a viewer, or a user in the roles of today."""
        return visible(self, to=who)  # type: ignore[return-value]
