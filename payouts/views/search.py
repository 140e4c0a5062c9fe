"""Searching over everything that has a name, and the pages themselves; the words are part of the address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from kamcomp.pages.nav import Words
from kamcomp.pages.screens import Screen
from kamcomp.pages.shell import Shell
from kamcomp.visibility import viewer_for
from payouts.selectors.search import SHORTEST, Find, found, words_of


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One line of the answer; without an address where nothing about it can be opened."""

    name: str
    hint: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Hits:
    """The lines of one kind, and whether there are more than these."""

    kind: Words
    hits: Sequence[Hit]
    more: bool


class Search(Screen, TemplateView):
    """Show what the reader finds by the words in the address."""

    template_name = "payouts/search.html"
    title = _("Search")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the words and what was found by them, the pages first."""
        typed = self.request.GET.get("q", "")[:200]
        words = words_of(typed)
        kinds = [] if not words else self._pages(words)
        for told in found(words=words, viewer=viewer_for(self.request)):
            hits = _opened(told.finds)
            if hits:
                kinds.append(Hits(kind=told.kind, hits=hits, more=told.more))
        return super().get_context_data(
            typed=typed, words=words, kinds=kinds, shortest=SHORTEST, on_search=True, **kwargs
        )

    def _pages(self, words: Sequence[str]) -> list[Hits]:
        places = [place for place in Shell(self.request).places if _says(str(place.entry.label), words)]
        hits = [Hit(name=str(place.entry.label), hint="", url=place.url) for place in places]
        return [Hits(kind=__("Pages"), hits=hits, more=False)] if hits else []


def _says(label: str, words: Iterable[str]) -> bool:
    return all(word.casefold() in label.casefold() for word in words)


def _opened(finds: Iterable[Find]) -> list[Hit]:
    """Return the finds that have a page."""
    hits = (Hit(name=find.name, hint=find.hint, url=_leads(find)) for find in finds)
    return [hit for hit in hits if hit.url]


def _leads(find: Find) -> str:
    for name, argument in find.leads:
        try:
            return reverse(name, args=[argument])
        except NoReverseMatch:
            continue
    return ""
