"""
The yearly alignment report as a PDF: tagged, on A4 across, in the reader's language, equal to the page.

The figures are written by the same functions as on the page; the document only sets them. The same report in the same
language gives the same bytes. The page: templates/payouts/alignment_report.html. The document: alignment_report.typ.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kamcomp.pages.figures import NONE, amount_text, day_text, number_text, percent_text
from kamcomp.typeset import pdf_set
from payouts.selectors.alignment_report import AlignmentReport, ReportRow


def alignment_pdf(report: AlignmentReport) -> bytes:
    """Return the report as a PDF in the language in force."""
    return pdf_set(
        document="payouts/alignment_report.typ",
        said=json.dumps(_said(report), ensure_ascii=False, sort_keys=True),
        at=int(datetime.combine(report.on, time(), tzinfo=UTC).timestamp()),
    )


def _said(report: AlignmentReport) -> dict[str, Any]:
    return {
        "language": (get_language() or "en").split("-")[0],
        "company": str(settings.COMPANY_NAME) or "kamcomp",
        "title": _("Alignment report"),
        "day": _("As of %(day)s") % {"day": day_text(report.on, form="long")},
        "facts": _facts(report),
        "heads": [
            _("Account"), _("People"), _("Nothing pays"), _("What all share"), _("Objectives unpaid"), _("Conflicts"),
            _("Silos"), _("Targets"), _("Pushed"), _("Reviewed"), _("Cost of sales"), _("Profit for 1 more pay"),
        ],
        "rows": [_row(row, report) for row in report.rows],
        "found": [
            {"account": each.account, "rule": each.rule, "title": _(each.title), "message": each.message}
            for each in report.found
        ],
        "words": {
            "accounts": _("Accounts"),
            "found": _("To look at"),
            "nothing": _("Nothing to look at."),
        },
        "foot": _("Cost of sales before and with the plan in force; teams of fewer than five are not shown."),
    }  # fmt: skip


def _facts(report: AlignmentReport) -> list[list[str]]:
    whole = report.costs.whole.cost if report.costs.whole else None
    return [
        [_("Accounts that fit together"), _of(report.fitting, len(report.rows))],
        [_("In no plan and no pool"), _of(report.left_out, report.people)],
        [_("Objectives nobody is paid for"), _of(report.unpaid, report.objectives)],
        [_("Reviews answered"), _of(report.reviewed, report.reviews)],
        [_("Cost of sales"), _moved(whole.before, whole.after) if whole else NONE],
        [_("To look at"), number_text(len(report.found))],
    ]


def _row(row: ReportRow, report: AlignmentReport) -> dict[str, Any]:
    cost = row.cost.cost if row.cost else None
    return {
        "name": row.name,
        "manager": row.manager,
        "figures": [
            number_text(row.people),
            number_text(row.left_out),
            ", ".join(row.shared) or NONE,
            _of(row.unpaid, row.objectives),
            number_text(row.conflicts),
            number_text(row.silos),
            percent_text(row.targets) if row.targets is not None else NONE,
            number_text(row.pushed),
            _of(row.confirmed + row.objected, len(report.periods)),
            _moved(cost.before, cost.after) if cost else NONE,
            amount_text(cost.return_on_more if cost else None, report.currency),
        ],
    }


def _of(part: int, whole: int) -> str:
    return _("%(part)s of %(whole)s") % {"part": number_text(part), "whole": number_text(whole)}


def _moved(before: Decimal, after: Decimal) -> str:
    return f"{percent_text(before, digits=2)} → {percent_text(after, digits=2)}"
