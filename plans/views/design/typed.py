"""
A draft with what is typed and not kept yet: what it would come to is asked while a hand still moves.

It is read as the designer reads a form that is sent (plans/views/design/acts.py); nothing of it is stored.
"""

from __future__ import annotations

import copy
from typing import Any

from django.http import QueryDict

from kamcomp.refusal import Refusal
from kamcomp.visibility import Viewer, visible
from plans.engine.document import written_out
from plans.engine.edits import edited
from plans.models import Draft
from plans.views.design.acts import posted_read, whole_edits
from plans.views.design.blocks import POINT, SET, Editor, Metrics
from scorecards.models import Metric


class TypingUnread(Refusal):
    """What is being typed is no figure yet, or nothing the language has a place for."""


def metrics_offered(*, viewer: Viewer) -> Metrics:
    """Return the metrics a viewer may choose from."""
    found = list(
        visible(Metric.objects.all(), to=viewer).order_by("code").values_list("code", "name", "unit")
    )
    return Metrics(
        names={code: name for code, name, _unit in found},
        units={code: unit for code, _name, unit in found},
    )


def draft_typed(*, draft: Draft, data: QueryDict, viewer: Viewer) -> Draft:
    """
    Return a draft as it would be with the fields in `data`; the draft itself where none of them is of the designer.

    :raises TypingUnread: if one of them cannot be read.
    :raises DocumentInvalid: naming every departure from the schema that they would make.
    """
    if not any(name.startswith((SET, POINT)) for name in data):
        return draft
    base: dict[str, Any] = draft.document
    editor = Editor(document=base, metrics=metrics_offered(viewer=viewer))
    posted = posted_read(data=data, base=base, editor=editor)
    if posted.errors:
        raise TypingUnread("What is typed cannot be read yet.")
    if not posted.edits:
        return draft
    changed, _back = edited(document=base, edits=whole_edits(document=base, edits=posted.edits))
    seen = copy.copy(draft)
    seen.document = written_out(changed)
    return seen
