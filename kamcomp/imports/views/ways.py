"""Where the pages of imports lead, who opens them, and the look at a file that leads to its preview."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as __

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.imports import uploads
from kamcomp.imports.kinds import kind_named
from kamcomp.imports.models import ImportBatch, ImportUpload
from kamcomp.imports.upload_jobs import LOOK, is_large, upload_ask
from kamcomp.pages.screens import refused
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for

READERS = (*uploads.SENDERS, Role.AUDITOR)


def batch_url(batch: ImportBatch) -> str:
    """Return the address of a batch."""
    return reverse("imports:batch-show", args=[batch.pk])


def upload_url(upload: ImportUpload) -> str:
    """Return the address of an upload."""
    return reverse("imports:upload-show", args=[upload.pk])


def kind_title(name: str) -> str:
    """Return the title of a kind in the reader's language; the name of one that is there no more."""
    try:
        return __(kind_named(name).title)
    except Refusal:
        return name


def maker_named(user: User | None) -> str:
    """Return the name of who brought something in."""
    return (user.get_full_name() or user.get_username()) if user else __("the command line")


def reader_or_404(request: HttpRequest) -> None:
    """Answer 404 to whoever may neither bring files in nor audit."""
    if request.user.is_authenticated and not viewer_for(request).holds(*READERS):
        raise Http404


def sender_or_404(request: HttpRequest) -> None:
    """Answer 404 to whoever may not bring files in."""
    if request.user.is_authenticated and not viewer_for(request).holds(*uploads.SENDERS):
        raise Http404


def looked(request: HttpRequest, upload: ImportUpload) -> HttpResponse:
    """Look at an upload whose columns are settled, at once or by a worker, and go to its page."""
    if upload.mapping is None:
        return redirect("imports:upload-columns", upload_id=upload.pk)
    if is_large(upload):
        upload_ask(upload=upload, wanted=LOOK, by=cast(User, request.user))
        return redirect(upload_url(upload))
    try:
        uploads.upload_look(upload_id=upload.pk, by=cast(User, request.user), at=timezone.now())
    except Refusal as refusal:
        refused(request, refusal)
    return redirect(upload_url(upload))
