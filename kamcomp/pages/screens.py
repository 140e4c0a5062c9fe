"""
What a view of ours has in common: the reader signed in, refusals said where they belong, drafts never lost.

A screen loads, makes one service call and answers. A refusal of the service comes back as
the same page with status 422, the sentence on top and everything that was typed. Somebody
else's newer version comes back as a page that lays mine beside theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.views.generic.base import ContextMixin
from django.views.generic.edit import FormMixin

from kamcomp.pages.nav import Words
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal

if TYPE_CHECKING:
    FormBase = FormMixin[BaseForm]
else:  # Django's class is generic for the type checker only
    FormBase = FormMixin

UNDO_TAG = "undo"


@dataclass(frozen=True, kw_only=True)
class Crumb:
    """One step of the way to a page."""

    label: Words
    url: str = ""


class Screen(LoginRequiredMixin, ContextMixin):
    """A page for somebody who signed in, with a title and the way to it."""

    title: Words = ""

    def crumbs(self) -> Sequence[Crumb]:
        """Return the way to this page, without the page itself."""
        return ()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the title and the way."""
        return super().get_context_data(**({"title": self.title, "crumbs": self.crumbs()} | kwargs))


class FormScreen(Screen, FormBase):
    """A page with one form; a refusal is said on top of it."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return what the form is made with; labels stand alone, without a colon."""
        return {"label_suffix": ""} | super().get_form_kwargs()

    def acted(self, form: BaseForm) -> HttpResponse:
        """Make the one service call and answer; a refusal may pass."""
        raise NotImplementedError

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Act, or say why not."""
        try:
            return self.acted(form)
        except Refusal as refusal:
            form.add_error(None, worded(refusal))
            return self.form_invalid(form)

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Answer the page again, with all that was typed and what has to be mended; htmx swaps a 422."""
        answer = self.render_to_response(self.get_context_data(form=form))  # type: ignore[attr-defined]
        answer.status_code = 422
        return answer


@dataclass(frozen=True, kw_only=True)
class FieldConflict:
    """One field that two people changed: what it was when mine was opened, mine, theirs. All as text."""

    label: str
    name: str
    before: str
    mine: str
    theirs: str


def fields_apart(
    *,
    labels: Mapping[str, Any],
    before: Mapping[str, str],
    mine: Mapping[str, str],
    theirs: Mapping[str, str],
) -> list[FieldConflict]:
    """Return the fields in which mine, or what was there before, differs from theirs; one I left is as before."""
    found = [
        FieldConflict(
            label=str(words),
            name=name,
            before=before.get(name, ""),
            mine=mine.get(name, before.get(name, "")),
            theirs=theirs[name],
        )
        for name, words in labels.items()
    ]
    return [each for each in found if {each.before, each.mine} != {each.theirs}]


def typed_again(form: BaseForm) -> dict[str, list[str]]:
    """Return all that a form was sent, every tick of a field, without the version that it was opened at."""
    data: Any = form.data
    return {name: data.getlist(name) for name in data if name not in ("seen", "csrfmiddlewaretoken")}


def conflict_page(
    request: HttpRequest,
    *,
    what: str,
    sentence: str,
    fields: Sequence[FieldConflict],
    back: str,
    keep: str,
    carried: Mapping[str, str | Sequence[str]],
) -> HttpResponse:
    """
    Answer a page that lays mine beside theirs: keep mine, take theirs, look again.

    `keep` is the address that takes my values once more, laid over the newer version;
    `carried` are the hidden fields it needs, the newer version among them; a field ticked several times has several.
    """
    hidden = [
        (name, value)
        for name, values in carried.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    context = {
        "title": what,
        "sentence": sentence,
        "fields": fields,
        "back": back,
        "keep": keep,
        "carried": hidden,
    }
    answer = render(request, "pages/conflict.html", context)
    answer.status_code = 409
    return answer


def said(request: HttpRequest, words: str, *, undo: str = "") -> None:
    """Say something on the next page: that it is done, and where it can be undone for the next ten seconds."""
    messages.success(request, words, extra_tags=f"{UNDO_TAG} {undo}" if undo else "")


def refused(request: HttpRequest, refusal: Refusal) -> None:
    """Say on the next page why something was not done."""
    messages.error(request, worded(refusal))


def led(request: HttpRequest, url: str) -> HttpResponse:
    """Lead to another page after an act: as a redirect, or for htmx as the header that loads it whole."""
    if not request.headers.get("HX-Request"):
        return redirect(url)
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = url
    return answer


def fragment(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Answer a part of a page, for htmx."""
    return TemplateResponse(request, template, context, status=status)
