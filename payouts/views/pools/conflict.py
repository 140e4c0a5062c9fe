"""Two people at one pool: what they both changed, mine beside theirs; what else was typed is carried along."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as __

from kamcomp.pages.screens import FieldConflict, conflict_page
from payouts.forms import AllocationTyped, shown
from payouts.selectors.pool_sheet import PoolSheet
from payouts.views.pools.listing import pool_url


def laid_beside(request: HttpRequest, *, sheet: PoolSheet, typed: AllocationTyped) -> HttpResponse:
    """Answer mine beside theirs; to htmx as what takes the sheet's place."""
    answer = conflict_page(
        request,
        what=__("The pool changed while you worked on it"),
        sentence=__("Somebody changed these after you opened the sheet."),
        fields=_fields(sheet=sheet, typed=typed),
        back=pool_url(sheet.pool),
        keep=pool_url(sheet.pool),
        carried=_carried(sheet=sheet, typed=typed),
    )
    if request.headers.get("HX-Request"):
        answer.status_code = 422
        answer["HX-Retarget"], answer["HX-Reswap"] = "#content", "innerHTML"
        answer["HX-Reselect"] = "#content > *"
    return answer


def _carried(*, sheet: PoolSheet, typed: AllocationTyped) -> dict[str, str]:
    carried = {"version": str(sheet.pool.version), "act": "save"}
    rows = {row.person_id: row for row in sheet.rows}
    for person, text in typed.typed.items():
        carried |= {f"amount-{person}": text, f"was-{person}": shown(rows[person], sheet.pool.currency)}
    for person, text in typed.typed_reasons.items():
        carried |= {f"reason-{person}": text, f"reason-was-{person}": rows[person].reason}
    return carried


def _fields(*, sheet: PoolSheet, typed: AllocationTyped) -> list[FieldConflict]:
    rows = {row.person_id: row for row in sheet.rows}
    amounts = [
        FieldConflict(
            label=row.name,
            name=f"amount-{row.person_id}",
            before=typed.was[row.person_id],
            mine=typed.typed[row.person_id],
            theirs=shown(rows[row.person_id], sheet.pool.currency),
        )
        for row in typed.clashes
    ]
    return amounts + [
        FieldConflict(
            label=__("Reason for %(name)s") % {"name": row.name},
            name=f"reason-{row.person_id}",
            before=typed.reasons_were[row.person_id],
            mine=typed.typed_reasons[row.person_id],
            theirs=row.reason,
        )
        for row in typed.reason_clashes
    ]
