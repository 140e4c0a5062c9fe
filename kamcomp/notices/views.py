"""What somebody was told, what they want by mail, and in which language they read."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View
from django.views.i18n import set_language

from kamcomp.identity.models import User
from kamcomp.identity.viewing import is_looking
from kamcomp.notices.choices import NoticeKind
from kamcomp.notices.selectors import notices_of, setting_of
from kamcomp.notices.services import notice_language_put, notice_setting_put, notices_read
from kamcomp.pages.screens import Crumb, FormScreen, Screen, said

SHOWN = 100


class NoticeList(Screen, TemplateResponseMixin, View):
    """The newest notices of the reader."""

    template_name = "notices/notice_list.html"
    title = _("Notices")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show them, and what is new."""
        rows = list(notices_of(user=cast(User, request.user))[:SHOWN])
        unread = sum(1 for each in rows if each.read_at is None)
        return self.render_to_response(self.get_context_data(rows=rows, unread=unread))


class NoticeOpen(Screen, View):
    """Go where a notice leads; it is read then."""

    def get(self, request: HttpRequest, notice_id: UUID) -> HttpResponse:
        """Mark it, unless somebody else looks, and go."""
        user = cast(User, request.user)
        notice = notices_of(user=user).filter(pk=notice_id).first()
        if notice is None:
            raise Http404
        if notice.read_at is None and not is_looking(request):
            notices_read(notice_ids=[notice.pk], by=user, at=timezone.now())
        return redirect(notice.path)


class NoticesRead(Screen, View):
    """Mark all as read."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mark them."""
        notices_read(by=cast(User, request.user), at=timezone.now())
        return redirect("notice-list")


def language(request: HttpRequest) -> HttpResponseBase:
    """Take the language in which the reader wants the pages, for their mail too."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        notice_language_put(language=chosen, by=request.user, at=timezone.now())
    return set_language(request)


class Wanted(forms.Form):
    """What comes by mail."""

    by_mail = forms.BooleanField(label=_("Tell me by mail"), required=False)
    language = forms.ChoiceField(label=_("Language of the mail"), choices=settings.LANGUAGES)
    kinds = forms.MultipleChoiceField(label=_("About"), widget=forms.CheckboxSelectMultiple, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        offered = [(value, __(str(label))) for value, label in NoticeKind.choices]
        cast(forms.MultipleChoiceField, self.fields["kinds"]).choices = offered


class NoticeSettings(FormScreen, TemplateResponseMixin, View):
    """Choose what comes by mail."""

    template_name = "pages/form_screen.html"
    title = _("What is told by mail")

    def crumbs(self) -> list[Crumb]:
        """Return the way from the notices."""
        return [Crumb(label=_("Notices"), url=reverse("notice-list"))]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show what holds."""
        setting = setting_of(user=cast(User, request.user))
        wanted = [kind for kind in NoticeKind.values if kind not in setting.not_by_mail]
        language = setting.language if setting.created_by_id else (get_language() or "en").split("-")[0]
        initial = {"by_mail": setting.by_mail, "kinds": wanted, "language": language}
        return self.render_to_response(self.get_context_data(form=Wanted(initial=initial)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep what was chosen."""
        form = Wanted(request.POST)
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def acted(self, form: Any) -> HttpResponse:
        """Keep it."""
        typed = form.cleaned_data
        notice_setting_put(
            by_mail=typed["by_mail"],
            not_by_mail=[kind for kind in NoticeKind.values if kind not in typed["kinds"]],
            language=typed["language"],
            by=cast(User, self.request.user),
            at=timezone.now(),
        )
        said(self.request, __("Kept."))
        return redirect("notice-settings")
