"""
What every page knows besides its own content: who reads it, in which roles, where they can go, how they like it shown.

Costs one query (the roles) for a reader who signed in, none for a visitor; nothing is
asked before a template asks.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject, cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kamcomp.identity.choices import Role
from kamcomp.pages.help import Document, help_of
from kamcomp.pages.nav import GROUPS, Place, Words, places
from kamcomp.visibility import viewer_for

THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")
PHONE_ENTRIES = 4


class Shell:
    """The frame of one answer."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def roles(self) -> set[str]:
        """Return the reader's roles today; nobody has the one role ""."""
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            return set()
        return set(viewer_for(self.request).roles) or {""}

    @cached_property
    def unread(self) -> int:
        """Return how many notices the reader has not read; known with the roles."""
        return viewer_for(self.request).unread if self.roles else 0

    @cached_property
    def role_words(self) -> str:
        """Return the reader's roles as words, in the order in which the roles are listed."""
        return ", ".join(_(role.label) for role in Role if role.value in self.roles)

    @cached_property
    def places(self) -> list[Place]:
        """Return where the reader can go."""
        return places(roles=self.roles, path=self.request.path)

    @cached_property
    def groups(self) -> list[tuple[Words, list[Place]]]:
        """Return the places by group, groups in their order."""
        ordered = sorted(self.places, key=lambda place: GROUPS.index(place.entry.group))
        return [(group, list(mine)) for group, mine in groupby(ordered, key=lambda place: place.entry.group)]

    @cached_property
    def phone(self) -> list[Place]:
        """Return the few places at the bottom of a phone: work before home."""
        worded = [place for place in self.places if place.entry.phone]
        return (worded[1:] + worded[:1])[:PHONE_ENTRIES]

    @cached_property
    def name(self) -> str:
        """Return the reader's name."""
        user = self.request.user
        return (user.get_full_name() or user.get_username()) if user.is_authenticated else ""

    @property
    def theme(self) -> str:
        """Return how the reader likes it: light, dark, or as their system says."""
        said = self.request.COOKIES.get(THEME_COOKIE, "")
        return said if said in THEMES else THEMES[0]

    @cached_property
    def search_url(self) -> str:
        """Return where searching leads, "" while there is no such page."""
        try:
            return reverse("search")
        except NoReverseMatch:
            return ""

    @cached_property
    def help(self) -> Document | None:
        """Return what `?` says about this page."""
        match = self.request.resolver_match
        return help_of(view_name=match.view_name if match else "", language=get_language() or "en")

    @property
    def company(self) -> str:
        """Return the company's name."""
        return str(settings.COMPANY_NAME)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the context that `base.html` reads."""
    return {"shell": SimpleLazyObject(lambda: Shell(request)), "themes": THEMES}
