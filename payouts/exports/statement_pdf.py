"""
A statement as a PDF: tagged, on A4, in the reader's language, equal to the page to the cent.

The figures are written by the same functions as on the page, from the same statement; the
document only sets them. They reach it as JSON and are never read as markup. The same
statement in the same language gives the same bytes: nothing in it says when it was made.
The page: templates/payouts/statement_show.html. The document: templates/payouts/statement.typ.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kamcomp.pages.figures import day_text, measured_text, moment_text, money_text, number_text, percent_text
from kamcomp.pages.wording import worded
from kamcomp.typeset import pdf_set
from payouts.engine.pool_case import case_from_document, funded_by_rule, pool_granted
from payouts.models import Adjustment, Allocation, Pool
from payouts.selectors.names import user_name
from payouts.selectors.statements import GateShown, Statement, StatementLine, StatementPlan
from plans.engine.pool_terms import FundingRule
from scorecards.choices import Unit

Row = dict[str, Any]


def statement_pdf(shown: Statement) -> bytes:
    """Return the statement as a PDF in the language in force; the same statement gives the same bytes."""
    made = shown.run.finished_at or shown.run.created_at
    return pdf_set(
        document="payouts/statement.typ",
        said=json.dumps(_said(shown), ensure_ascii=False, sort_keys=True),
        at=int(made.timestamp()),
    )


def _said(shown: Statement) -> dict[str, Any]:
    currency = shown.currency
    scope = " · ".join(part for plan in shown.plans for part in (plan.name, plan.account) if part)
    span = f"{day_text(shown.period.days.lower, form='short')} – {day_text(shown.period.span.last)}"
    return {
        "language": (get_language() or "en").split("-")[0],
        "company": str(settings.COMPANY_NAME) or "kamcomp",
        "title": _("Statement, %(period)s") % {"period": shown.period.code},
        "name": shown.name,
        "state": _state(shown),
        "scope": " · ".join(part for part in (scope, span) if part),
        "total": money_text(shown.total, currency),
        "others": " + ".join(money_text(amount, code) for code, amount in shown.others.items()),
        "paid": _("Paid on %(day)s") % {"day": day_text(shown.period.pay_on, form="long")}
        if shown.period.pay_on
        else "",
        "facts": _facts(shown),
        "heads": [
            _("Measure"), _("Target"), _("Result"), _("Of target"), _("Pays"), _("Weight"), _("At target"),
            _("Earned"),
        ],
        "blocks": _blocks(shown),
        "year": _year(shown),
        "stands": _stands(shown),
        "words": {
            "sum": _("Total"),
            "what": _("What"),
            "amount": _("Amount"),
            "year": _("%(year)s so far") % {"year": shown.period.fiscal_year},
            "stands": _("Where it stands"),
        },
        "foot": f"{shown.run} · {shown.run.result_digest}",
    }  # fmt: skip


def _state(shown: Statement) -> str:
    if shown.paid_at:
        return _("Paid")
    if shown.held:
        return _("Held")
    if shown.is_final:
        return _("Final")
    return _("Approved") if shown.run.status == "approved" else _("Reviewed, not yet final")


def _row(words: str, amount: str, *, why: str = "", strong: bool = False) -> Row:
    return {"words": words, "amount": amount, "why": why, "strong": strong}


def _facts(shown: Statement) -> list[Row]:
    currency = shown.currency
    rows = [_row(_("Earned this period"), money_text(shown.earned, currency))]
    if shown.adjustments:
        rows.append(_row(_("Corrections"), money_text(shown.corrections, currency, signed=True)))
    if shown.owed:
        rows.append(_row(_("Left for later payments"), money_text(shown.owed, currency, signed=True)))
    if shown.target:
        rows.append(_row(_("Target"), money_text(shown.target, currency)))
        rows.append(_row(_("Earned against target"), percent_text(shown.ratio, digits=2)))
    if shown.base is not None and shown.base.ceiling:
        words = _("Your ceiling this year")
        rows.append(_row(words, money_text(shown.base.ceiling, shown.base.currency)))
    rows.append(_row(_("Total"), money_text(shown.total, currency), strong=True))
    rows += [
        _row(_("Paid out, at the rate of payroll"), money_text(amount, code), strong=True)
        for code, amount in shown.paid_out.items()
    ]
    return rows


def _blocks(shown: Statement) -> list[dict[str, Any]]:
    blocks = []
    if shown.base is not None:
        words = _("%(year)s a year, paid with your salary, not part of this statement's sum") % {
            "year": money_text(shown.base.base_salary, shown.base.currency)
        }
        base = _row(_("Base salary"), money_text(shown.base_part, shown.base.currency), why=words)
        blocks.append({"title": _("Base"), "goals": [], "lines": [base]})
    if shown.commission:
        blocks.append(_block(_("Commission"), shown.commission))
    bonus = _block(_("Bonus"), shown.bonus)
    bonus["lines"] += [_share(each) for each in shown.shares]
    bonus["lines"].append(
        _row(_("Earned this period"), money_text(shown.earned, shown.currency), strong=True)
    )
    bonus["lines"] += [_adjustment(each) for each in shown.adjustments]
    bonus["lines"] += [_owed(amount, currency) for currency, amount in shown.owes.items()]
    bonus["lines"].append(_row(_("Total"), money_text(shown.total, shown.currency), strong=True))
    return [*blocks, bonus]


def _block(title: str, pairs: Sequence[tuple[StatementPlan, StatementLine]]) -> dict[str, Any]:
    goals = [_goal(plan, line) for plan, line in pairs if line.is_goal]
    lines = [
        _row(
            _(line.name), money_text(line.line.amount, plan.payout.currency), why=str(line.line.account or "")
        )
        for plan, line in pairs
        if not line.is_goal
    ]
    return {"title": title, "goals": goals, "lines": lines}


def _gate(gate: GateShown) -> str:
    words = (
        _("Gate: %(metric)s %(sign)s %(bound)s of target")
        if gate.of_target
        else _("Gate: %(metric)s %(sign)s %(bound)s")
    )
    bound = measured_text(gate.bound, unit=gate.unit)
    return words % {"metric": worded(gate.metric), "sign": gate.sign, "bound": bound}


def _goal(plan: StatementPlan, line: StatementLine) -> dict[str, Any]:
    row, currency = line.line, plan.payout.currency
    level = _("Individual") if line.level == "individual" else _("Team")
    account = f" · {row.account}" if row.account and str(row.account) != plan.account else ""
    at_target, earned = money_text(line.at_target, currency), money_text(row.amount, currency)
    ratio, weight = percent_text(row.payout_ratio, digits=2), percent_text(row.weight, digits=2)
    actual, target = measured_text(row.actual, unit=line.unit), measured_text(row.target, unit=line.unit)
    steps = [
        actual
        if row.attainment is None
        else f"{actual} ÷ {target} = {percent_text(row.attainment, digits=2)}",
        f"{curve_text(line)} = {ratio}",
        f"{money_text(plan.payout.target_incentive, currency)} × {weight} = {at_target}",
        f"{at_target} × {ratio} = {earned}",
    ]
    if not line.explained:
        steps[-1] += " " + _("after gates, caps or rounding: see every step")
    return {
        "name": line.name,
        "level": " · ".join([level + account, *map(_gate, line.gates)]),
        "figures": [
            target,
            actual,
            percent_text(row.attainment),
            percent_text(row.payout_ratio),
            percent_text(row.weight, digits=0),
            at_target,
        ],
        "earned": earned,
        "steps": "   ".join(steps),
    }


def curve_text(line: StatementLine) -> str:
    """Return how a goal's curve came to what it pays: from the point below, so far along to the next one."""
    if line.step is None:
        return _along(line.position, scale=line.scale)
    step, more = line.step, _along(line.step.more, scale=line.scale)
    if line.scale == Unit.PERCENT:
        return f"{percent_text(step.paid)} + {more} × {number_text(step.slope, most=4)}"
    width, rise = _along(step.width, scale=line.scale), percent_text(step.rise)
    return f"{percent_text(step.paid)} + {more} ÷ {width} × {rise}"


def _along(value: Decimal | None, *, scale: str) -> str:
    """Return a length along a curve: shares to the hundredth of a percent, other figures in their unit."""
    return percent_text(value, digits=2) if scale == Unit.PERCENT else measured_text(value, unit=scale)


def share_funding(share: Allocation) -> str:
    """
    Say how the pool of a share was funded, "" where its plan says nothing that could be shown.

    Its amount is left out: in a small team it would tell what the others got. Said is what changed it, where a
    budget or corrections did.
    """
    if not (rule := _funding_rule(share.pool)):
        return ""
    return "; ".join([rule, *_changes(share.pool)])


def _funding_rule(pool: Pool) -> str:
    if pool.result_ratio is not None:
        return _("A team result of %(ratio)s funded the pool") % {
            "ratio": percent_text(pool.result_ratio, digits=2)
        }
    match (pool.terms.get("funding") or {}).get("rule"):
        case FundingRule.SHARE_OF_CONTRIBUTION:
            return _("A share of what the account contributed funded the pool")
        case FundingRule.BUCKETS:
            return _("Several results of the team funded the pool")
        case FundingRule.FIXED:
            return _("The plan states the pool as a fixed amount")
    return ""


def _changes(pool: Pool) -> list[str]:
    found = []
    case = case_from_document(pool.inputs)
    if case.budget is not None and pool_granted(case=case) < funded_by_rule(case=case):
        found.append(_("the budget that it shares with other pools could not pay all of it"))
    if pool.correction:
        found.append(_("corrections of earlier periods changed it"))
    return found


def _share(share: Allocation) -> Row:
    words = _("Share of the pool of %(account)s") % {"account": share.pool.account}
    allocator = share.pool.allocator
    decided = _("%(name)s decided") % {"name": allocator.details} if allocator else ""  # type: ignore[attr-defined]
    why = f"{decided}: {share.reason}" if share.reason else decided
    why = " · ".join(part for part in (why, share_funding(share)) if part)
    return _row(words, money_text(share.amount, share.pool.currency), why=why)


def _adjustment(each: Adjustment) -> Row:
    words = _(each.get_kind_display())
    if each.corrects_period is not None:
        words = _("Correction for %(period)s") % {"period": each.corrects_period.code}
    why = worded(each.why)
    if each.decided_by is not None:
        why += ", " + _("approved by %(name)s") % {"name": user_name(each.decided_by)}
    return _row(words, money_text(each.amount, each.currency, signed=True), why=why)


def _owed(amount: Decimal, currency: str) -> Row:
    words = _("Left for later payments")
    why = _("Corrections below zero make no payment smaller at once: later ones are, as far as the plan says")
    return _row(words, money_text(amount, currency, signed=True), why=why)


def _year(shown: Statement) -> list[Row]:
    currency = shown.currency
    rows = [
        _row(bar.period.code, money_text(bar.amount, currency) if bar.amount is not None else _("open"))
        for bar in shown.year
    ]
    why = ""
    if shown.year_target:
        why = _("of %(target)s target") % {"target": money_text(shown.year_target, currency)}
    return [*rows, _row(_("Total"), money_text(shown.year_total, currency), why=why, strong=True)]


def _stands(shown: Statement) -> list[str]:
    run = shown.run
    started = f"{moment_text(run.started_at)}, {user_name(run.started_by)}"
    said = [f"{_('Calculated, run no. %(number)s') % {'number': run.number}}: {started}"]
    if run.reviewed_at:
        said.append(f"{_('Reviewed')}: {moment_text(run.reviewed_at)}, {user_name(run.reviewed_by)}")
    if run.approved_at:
        said.append(f"{_('Approved')}: {moment_text(run.approved_at)}, {user_name(run.approved_by)}")
    said += [f"{_(event.get_kind_display())}: {moment_text(event.at)}" for event in shown.events]
    return said
