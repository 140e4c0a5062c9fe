"""
Working drafts over REST: begun from a document, changed as a whole or in edits, handed in as a version.

A draft is what the designer in the browser works on, so a change made here is a step there that can be taken back.
Each write says with If-Match which step it has seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from rest_framework import serializers

from kamcomp.api import filters as by
from kamcomp.api.acts import Act, Asked, Done
from kamcomp.api.fields import choice, document, moment, ref, text, whole
from kamcomp.api.named import LONGEST, row_named
from kamcomp.api.problems import Problem, answered_with
from kamcomp.api.resources import Expand, Resource, register
from kamcomp.api.sent import StrictSerializer
from kamcomp.visibility import visible
from plans.choices import DraftStatus
from plans.engine.codec import DocumentInvalid
from plans.engine.edits import EditKind, edits_read
from plans.models import Draft, Plan
from plans.services.drafts import (
    DraftChanged,
    DraftNotOpen,
    NothingToUndo,
    StepOfAnother,
    draft_begin,
    draft_change,
    draft_discard,
    draft_redo,
    draft_resume,
    draft_submit,
    draft_undo,
)
from plans.services.versions import PlanExists

answered_with(HTTPStatus.CONFLICT, DraftChanged, DraftNotOpen, NothingToUndo, StepOfAnother, PlanExists)
MOST_EDITS = 500
DOCUMENT = "The plan, as docs/reference/plan-language.md says; what is left out is written out."


class DraftBeginSerializer(StrictSerializer):
    """A draft to be: of the plan that has the document's code, or of a new one in a calendar."""

    document = serializers.DictField(help_text=DOCUMENT)
    calendar = serializers.CharField(
        required=False, max_length=LONGEST, help_text="Of a new plan: an id or a code."
    )
    account = serializers.CharField(
        required=False, max_length=LONGEST, help_text="Of a new plan for one account: an id or a code."
    )
    based_on = serializers.CharField(
        required=False, max_length=LONGEST, help_text="The version it was made from."
    )


class DraftPutSerializer(StrictSerializer):
    """The whole document, in place of the one that is there."""

    document = serializers.DictField(help_text=DOCUMENT)


class EditSerializer(StrictSerializer):
    """One edit: `value` goes with set and add, `to` with move."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in EditKind])
    at = serializers.CharField(allow_blank=True, max_length=500, help_text="A JSON pointer: /pay/base_share")
    value = serializers.JSONField(required=False, allow_null=True)
    to = serializers.CharField(required=False, max_length=500)


class DraftEditsSerializer(StrictSerializer):
    """Edits that are one step: all of them are made, or none."""

    edits = serializers.ListField(child=EditSerializer(), min_length=1, max_length=MOST_EDITS)


def _begun(asked: Asked) -> Done:
    code = asked.typed["document"].get("code")
    plans = visible(Plan.objects.select_related("calendar", "account"), to=asked.viewer)
    with _in_document():
        draft = draft_begin(
            document=asked.typed["document"],
            plan=plans.filter(code=code).first() if isinstance(code, str) else None,
            based_on=row_named(asked, field="based_on", resource="versions"),
            calendar=row_named(asked, field="calendar", resource="calendars"),
            account=row_named(asked, field="account", resource="accounts"),
            by=asked.user,
            at=asked.at,
        )
    return Done(pk=draft.pk, status=HTTPStatus.CREATED)


def _put(asked: Asked) -> Done:
    return _changed(asked, edits=[{"kind": "set", "at": "", "value": asked.typed["document"]}])


def _edited(asked: Asked) -> Done:
    return _changed(asked, edits=[dict(edit) for edit in asked.typed["edits"]])


def _changed(asked: Asked, *, edits: list[dict[str, object]]) -> Done:
    with _in_document():
        draft = draft_change(
            draft_id=asked.row.pk, edits=edits_read(edits), seen=asked.row.step, by=asked.user, at=asked.at
        )
    return Done(pk=draft.pk)


def _undone(asked: Asked) -> Done:
    return Done(pk=draft_undo(draft_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _redone(asked: Asked) -> Done:
    return Done(pk=draft_redo(draft_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _discarded(asked: Asked) -> Done:
    return Done(pk=draft_discard(draft_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _resumed(asked: Asked) -> Done:
    return Done(pk=draft_resume(draft_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _submitted(asked: Asked) -> Done:
    with _in_document():
        version = draft_submit(draft_id=asked.row.pk, seen=asked.row.step, by=asked.user, at=asked.at)
    return Done(pk=version.pk, status=HTTPStatus.CREATED, resource="versions")


@contextmanager
def _in_document() -> Iterator[None]:
    """Say of each error of a document where it stands in the row: below `document`."""
    try:
        yield
    except DocumentInvalid as invalid:
        errors = [
            {"pointer": f"/document{each.pointer}", "code": each.code, "detail": each.detail}
            for each in invalid.errors
        ]
        detail = "The document has errors; each is listed with its place."
        raise Problem(422, code=invalid.code, detail=detail, errors=errors) from invalid


DRAFTS = Resource(
    name="drafts",
    noun="draft",
    prefix="drf",
    scope="plans",
    model=Draft,
    about="Working drafts of plans: what the designer works on, before it is a version.",
    fields=(
        ref("id", "drf", "pk"),
        text("name"),
        ref("plan_id", "pln", about="null: the plan is new too."),
        ref("based_on_id", "ver"),
        ref("calendar_id", "cal"),
        ref("account_id", "acc"),
        choice("status", DraftStatus),
        whole("step", about="Counts every change."),
        ref("version_id", "ver", about="The version it became."),
        moment("changed_at"),
        moment("created_at"),
        document("document", about=DOCUMENT),
    ),
    filters=(
        by.by_id("plan", "pln", "plan_id", code="plan__code"),
        by.by_choice("status", DraftStatus),
    ),
    orders={"changed_at": "changed_at", "name": "name"},
    changed="changed_at",
    version="step",
    expands=(Expand(name="plan", resource="plans", source="plan_id"),),
    acts=(
        Act(
            noun="draft_begin",
            about="Begin a working draft from a document. It may break laws while it is made, never the schema.",
            perform=_begun,
            body=DraftBeginSerializer,
            statuses=(201,),
        ),
        Act(
            noun="draft_put",
            about="Put a document in place of the one that is there, as one step that can be taken back.",
            perform=_put,
            on_row=True,
            method="put",
            body=DraftPutSerializer,
            matched=True,
        ),
        Act(
            noun="draft_change",
            about="Change places of a draft's document, as one step that can be taken back.",
            perform=_edited,
            on_row=True,
            method="patch",
            body=DraftEditsSerializer,
            matched=True,
            example={"edits": [{"kind": "set", "at": "/name", "value": "Growth 2027"}]},
        ),
        Act(
            noun="draft_undo",
            name="undo",
            about="Take back one's own last step.",
            perform=_undone,
            on_row=True,
            matched=True,
        ),
        Act(
            noun="draft_redo",
            name="redo",
            about="Make the step of one's own again that was taken back last.",
            perform=_redone,
            on_row=True,
            matched=True,
        ),
        Act(
            noun="draft_discard",
            name="discard",
            about="Put a draft aside. It can be taken up again.",
            perform=_discarded,
            on_row=True,
            matched=True,
        ),
        Act(
            noun="draft_resume",
            name="resume",
            about="Take up a draft that was put aside.",
            perform=_resumed,
            on_row=True,
            matched=True,
        ),
        Act(
            noun="draft_submit",
            name="submit",
            about="Make a draft the next version of its plan, for a second person. The answer is the version.",
            perform=_submitted,
            on_row=True,
            matched=True,
            statuses=(201,),
            answers={201: "versions"},
        ),
    ),
)

register(DRAFTS)
