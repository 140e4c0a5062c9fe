"""
The text of a plan version as it is put before one person: its terms in words, and an example with their own target.

Made in the person's language from the terms that pay, as the page of the version is; the words are
kept as they were sent, so they are plain data: a title, and sections of lines and of pairs. It names nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as __

from kamcomp import money
from kamcomp.pages.figures import day_text, money_text, percent_text
from plans.engine.curve import curve_value
from plans.engine.document import plan_from_document
from plans.engine.plan import Branch, Goal, Incentive, Plan
from plans.models import PlanVersion
from plans.selectors.acceptances import ToAsk, people_to_ask
from plans.services.acceptances import Agreement
from plans.views.reading import PlanRead, plan_read
from scorecards.models import Metric
from teams.models import JobRole, RoleDuty
from teams.selectors.market import roles_on
from teams.selectors.roles import duties_by_role

SHOWN_AT = (Decimal(1), Decimal("1.10"))
Section = dict[str, Any]


def agreements(*, version: PlanVersion) -> dict[UUID, Agreement]:
    """Return the texts for those on a version who have not been asked, by person id."""
    terms = plan_from_document(version.document)
    metrics = dict(Metric.objects.values_list("code", "name"))
    known = {code for code, _name in settings.LANGUAGES}
    found = {}
    asked = people_to_ask(version=version)
    roles = roles_on(days={each.person.pk: version.span.since for each in asked})
    duties = duties_by_role(roles=list(roles.values()))
    for each in asked:
        role = roles.get(each.person.pk)
        language = each.language[:2].lower()
        language = language if language in known else settings.LANGUAGE_CODE[:2]
        text = agreement_text(
            version=version, terms=terms, metrics=metrics, language=language, target=each.target, role=role,
            duties=[one for one in duties.get(role.pk, ()) if _is_theirs(one, each)] if role else (),
        )  # fmt: skip
        found[each.person.pk] = Agreement(language=language, text=text)
    return found


def _is_theirs(duty: RoleDuty, reader: ToAsk) -> bool:
    """Tell whether a part of a role is the reader's: it holds everywhere, or towards an objective of their accounts."""
    return duty.objective is None or duty.objective.account_id in reader.accounts


def agreement_text(
    *,
    version: PlanVersion,
    terms: Plan,
    metrics: Mapping[str, str],
    language: str,
    target: Decimal | None,
    role: JobRole | None = None,
    duties: Sequence[RoleDuty] = (),
) -> dict[str, Any]:
    """
    Return a version's text in a language; `target` is the reader's own a year, none where it is not known.

    `duties` are the parts of the reader's role in activities, everywhere and towards objectives of their accounts: what
    they answer for, do, and are asked or told about.
    """
    with translation.override(language):
        read = plan_read(terms=terms, metrics=metrics)
        span = version.span
        return {
            "title": __("%(plan)s, version %(number)s")
            % {"plan": version.plan.name, "number": version.number},
            "days": __("In force from %(since)s to %(last)s")
            % {"since": day_text(span.since, form="long"), "last": day_text(span.last, form="long")},
            "plan_digest": version.digest,
            "sections": [
                each
                for each in (*_sections(read, terms, target), *_part(role, duties))
                if each["pairs"] or each["lines"]
            ],
        }


def _sections(read: PlanRead, terms: Plan, target: Decimal | None) -> Iterator[Section]:
    pairs = [
        (
            f"{row.name} ({row.metric})" if row.metric and row.metric != row.name else row.name,
            percent_text(row.weight, digits=2),
        )
        for row in read.nodes
    ]
    lines = [f"{row.name}: {' · '.join(row.conditions)}" for row in read.nodes if row.conditions]
    yield _section(__("What you are paid on"), pairs=pairs, lines=lines)
    for curve in read.curves:
        words = __("pays %(share)s")
        points = [
            (percent_text(x), words % {"share": percent_text(payout)}) for x, payout, _before in curve.points
        ]
        yield _section(curve.name, pairs=points, lines=[" · ".join(curve.words)])
    for rate in read.rates:
        tiers = [(f"{since} – {to}", share) for since, to, share in rate.rows]
        yield _section(rate.name, pairs=tiers, lines=[" · ".join(rate.words)])
    for name, parts in read.items:
        yield _section(name, pairs=[(words, percent_text(share)) for words, share in parts])
    yield _section(__("Pay"), pairs=read.pay, lines=read.caps)
    yield _section(__("Team pool"), pairs=read.pool)
    yield _section(__("Payment"), pairs=read.payment)
    if target is not None:
        yield _example(terms, target)


def _part(role: JobRole | None, duties: Sequence[RoleDuty]) -> Iterator[Section]:
    """Yield what the reader's role answers for and what its part is in each activity."""
    if role is None:
        return
    pairs = [(_activity(duty), __(duty.get_part_display())) for duty in duties]
    lines = [line for line in role.responsibilities.splitlines() if line.strip()]
    yield _section(__("What you answer for as %(role)s") % {"role": role.name}, pairs=pairs, lines=lines)


def _activity(duty: RoleDuty) -> str:
    return f"{duty.activity} · {duty.objective.statement}" if duty.objective else duty.activity


def _section(title: str, *, pairs: Any = (), lines: Any = ()) -> Section:
    return {"title": title, "pairs": [list(pair) for pair in pairs], "lines": list(lines)}


def _example(terms: Plan, target: Decimal) -> Section:
    """Return what each goal earns of the reader's own target a year, on target and a tenth above."""
    own = money_text(money.settle(target, currency=terms.currency), terms.currency)
    pairs = [
        (
            __("%(goal)s at %(result)s of target")
            % {"goal": goal.name or goal.code, "result": percent_text(at)},
            _sum_text(target, at, goal, terms.currency),
        )
        for goal in _goals(terms.incentive)
        for at in SHOWN_AT
    ]
    lines = [
        __("Your target on this plan is %(amount)s a year.") % {"amount": own},
        __("Before gates, factors, caps and days of absence."),
    ]
    return _section(__("An example with your own target"), pairs=pairs, lines=lines)


def _sum_text(target: Decimal, at: Decimal, goal: Goal, currency: str) -> str:
    (paid,) = curve_value(curve=goal.curve, reading=np.array([at], dtype=object))
    part = money.CONTEXT.multiply(money.CONTEXT.multiply(target, goal.weight), paid)
    own, earned = (money_text(money.settle(each, currency=currency), currency) for each in (target, part))
    return f"{own} × {percent_text(goal.weight, digits=2)} × {percent_text(paid, digits=2)} = {earned}"


def _goals(node: Incentive | Branch) -> Iterator[Goal]:
    """Yield the goals that read an attainment; the weight of each is its share of the whole plan."""
    for child in node.children:
        if isinstance(child, Goal) and child.reads == "attainment":
            yield child
        elif isinstance(child, Branch):
            yield from _goals(child)
