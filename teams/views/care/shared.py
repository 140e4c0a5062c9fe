"""What the pages of people's care have in common: the tabs, who is let in, a form about somebody or something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormView

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, FormScreen
from kamcomp.pages.tables import TableScreen
from kamcomp.visibility import viewer_for, visible
from teams.models import Person

if TYPE_CHECKING:
    CareFormView = FormView[Any]
else:  # Django's class is generic for the type checker only
    CareFormView = FormView

MOST_LISTED = 500
TABS = (
    ("teams:care-list", _("People")),
    ("teams:training-list", _("Training")),
    ("teams:candidate-list", _("Candidates")),
    ("teams:market-list", _("Market pay")),
    ("teams:leaver-list", _("Leavers")),
    ("teams:relationship-list", _("Relationships")),
)


def hr_or_404(request: HttpRequest, *more: Role) -> None:
    """Answer 404 to who signed in and is neither of HR and legal nor in one of `more` roles."""
    if request.user.is_authenticated and not viewer_for(request).holds(Role.HR_LEGAL, *more):
        raise Http404


def who(request: HttpRequest) -> dict[str, Any]:
    """Return who acts, and when."""
    return {"by": cast(User, request.user), "at": timezone.now()}


class CareTable(TableScreen):
    """A list of what HR keeps, under the tabs; `add` leads to the form of a new row, `about` says what it is."""

    template_name = "teams/care_list.html"
    here = ""
    add: tuple[str, Any] | None = None
    about: Any = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list under the tabs that the reader has."""
        is_hr = viewer_for(self.request).holds(Role.HR_LEGAL)
        tabs = [(label, reverse(name), name == self.here) for name, label in TABS] if is_hr else []
        add = (reverse(self.add[0]), self.add[1]) if self.add and is_hr else None
        return super().get_context_data(tabs=tabs, add=add, about=self.about, **kwargs)


class CareForm(FormScreen, CareFormView):
    """A form of HR's about something; `back` is where it came from."""

    template_name = "teams/care_form.html"
    button: Any = _("Save")
    roles: tuple[Role, ...] = ()

    def back(self) -> str:
        """Return where the form came from."""
        raise NotImplementedError

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list of people."""
        return [Crumb(label=_("People care"), url=reverse("teams:care-list"))]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show the page to those who keep such rows."""
        hr_or_404(request, *self.roles)
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form find people among those the reader sees."""
        return {**super().get_form_kwargs(), "viewer": viewer_for(self.request)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form, and the names that fields for people propose."""
        people = visible(Person.objects.all(), to=viewer_for(self.request)).select_related("details")
        return super().get_context_data(
            people=people.order_by("details__legal_name")[:MOST_LISTED],
            back=self.back(),
            button=self.button,
            **kwargs,
        )
