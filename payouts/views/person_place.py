"""
Whom a person reports to and which cost centre bears their pay, changed in the browser and undone.

Somebody else's newer change comes back beside mine. What an edit found and left travels in the signed address of its
undo, so that nothing is kept of an edit that nobody undoes.
"""

from __future__ import annotations

import json
from typing import Any, cast
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.screens import conflict_page, fields_apart, refused, said, typed_again
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.views.people import PersonForm, PersonScreen, person_url
from teams.forms import PersonPlaceForm
from teams.models import Person
from teams.selectors.teams import person_name
from teams.services import person_place_put
from teams.services.people import KEEPERS, PersonChangedMeanwhile, place_state

MOST_LISTED = 500
KEEPING = tuple(Role(role) for role in KEEPERS)
SALT, UNDONE_WITHIN = "payouts.person-place-undo", 86_400
LABELS: dict[str, Any] = {"manager": _("Manager"), "cost_centre": _("Cost centre")}


class PersonPlacePut(PersonForm):
    """Change whom a person reports to, and their cost centre."""

    template_name = "payouts/person_place.html"
    form_class = PersonPlaceForm
    roles = KEEPING
    title, button = _("Manager and cost centre"), _("Change")
    note = _("They hold from now on. Postings that are made keep the cost centre they were made with.")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form find people among those the reader sees."""
        return {**super().get_form_kwargs(), "viewer": viewer_for(self.request)}

    def get_initial(self) -> dict[str, Any]:
        """Show them as they are."""
        return {"manager": self.person.manager, "cost_centre": self.person.cost_centre, "seen": self.seen}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form, and the names that the manager's field proposes."""
        people = visible(Person.objects.exclude(pk=self.person.pk), to=viewer_for(self.request))
        named = people.select_related("details").order_by("details__legal_name")[:MOST_LISTED]
        return super().get_context_data(people=named, **kwargs)

    @property
    def seen(self) -> str:
        """Return them as the editor sees them now."""
        return json.dumps(place_state(person=self.person), sort_keys=True)

    def acted(self, form: Any) -> HttpResponse:
        """Change them, or lay mine beside theirs."""
        before, typed = place_state(person=self.person), form.cleaned_data
        try:
            person = person_place_put(
                person_id=self.person.pk,
                seen=typed["seen"],
                manager=typed["manager"],
                cost_centre=typed["cost_centre"].strip(),
                by=cast(User, self.request.user),
                at=timezone.now(),
            )
        except PersonChangedMeanwhile as refusal:
            return self._conflict(form, refusal)
        token = signing.dumps([before, place_state(person=person)], salt=SALT, compress=True)
        undo = reverse("payouts:person-place-undo", args=[person.pk])
        words = __("Manager and cost centre of %(name)s are changed.") % {"name": person_name(self.person)}
        said(self.request, words, undo=f"{undo}?{urlencode({'edit': token})}")
        return redirect(person_url(person))

    def _conflict(self, form: Any, refusal: Refusal) -> HttpResponse:
        typed = form.cleaned_data
        mine = {
            "manager": person_name(typed["manager"]) if typed["manager"] else "",
            "cost_centre": typed["cost_centre"],
        }
        before, theirs = _words(typed["seen"] or {}), _words(place_state(person=self.person))
        return conflict_page(
            self.request,
            what=str(self.title),
            sentence=worded(refusal),
            fields=fields_apart(labels=LABELS, before=before, mine=mine, theirs=theirs),
            back=person_url(self.person),
            keep=self.request.get_full_path(),
            carried={**typed_again(form), "seen": self.seen},
        )


class PersonPlaceUndo(PersonScreen, View):
    """Put manager and cost centre back to what they were before the last change."""

    http_method_names = ["post"]
    roles = KEEPING

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Put them back, and say what came of it."""
        person = self.person
        try:
            before, after = signing.loads(request.GET.get("edit", ""), salt=SALT, max_age=UNDONE_WITHIN)
        except signing.BadSignature as error:
            raise Http404 from error
        try:
            person_place_put(
                person_id=person.pk,
                seen=after,
                manager=_manager(before),
                cost_centre=before["cost_centre"],
                by=cast(User, request.user),
                at=timezone.now(),
            )
        except Refusal as refusal:
            refused(request, refusal)
        else:
            said(request, __("Undone: the person is as before."))
        return redirect(person_url(person))


def _manager(state: dict[str, str]) -> Person | None:
    wanted = state.get("manager_id")
    return Person.objects.select_related("details").filter(pk=wanted).first() if wanted else None


def _words(state: dict[str, str]) -> dict[str, str]:
    """Return manager and cost centre in words."""
    manager = _manager(state)
    return {
        "manager": person_name(manager) if manager else "",
        "cost_centre": state.get("cost_centre", ""),
    }
