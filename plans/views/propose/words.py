"""The words of a new programme: why a type is proposed, what speaks for and against each, what the elements are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.pages.figures import number_text, percent_text
from plans.choices import Element, PlanType
from plans.engine.conventions import PlanType as DocumentType
from plans.engine.proposal import Answers, Proposal
from plans.selectors.elements import ElementRow

MOST_REASONS = 2

REASONS: Mapping[str, Any] = {
    "profit_together": _("profit is made by everybody who serves the account together"),
    "grow_together": _("the account is to grow as a whole"),
    "wide_team": _("%(team)s people serve it"),
    "many_countries": _("they work across %(countries)s countries"),
    "one_whole": _("it is not divided into segments"),
    "many_segments": _("it has %(segments)s segments that can be weighed like holdings"),
    "two_segments": _("it has two segments that can be weighed like holdings"),
    "spread_growth": _("growth is to come from several of them"),
    "room_across": _("only %(saturation)s of what the customer spends is yours so far"),
    "defend": _("the account is to be defended"),
    "nothing_left": _("%(saturation)s of what the customer spends is yours already"),
    "falling": _("revenue moved by %(trend)s in a year"),
    "few_chances": _("there are only %(opportunities)s opportunities a year"),
    "long_cycle": _("an order takes %(cycle)s months"),
    "keep_and_spread": _("what there is has to be kept while growth comes from several segments"),
    "keep_and_grow": _("what there is has to be kept while the team grows the rest"),
    "none_alone": _("no pure type fits the account"),
}
MISFITS: Mapping[str, Any] = {
    "small_team": _("Fewer than three people serve the account: there is no team to share a result."),
    "no_segments": _("The account has no segments to weigh against each other."),
    "growing": _("The account is to grow; a renewal plan pays for keeping, and stops at 125 %."),
}
SUMMARY: Mapping[str, Any] = {
    PlanType.TEAM_PERFORMANCE: _(
        "One result of the whole account, shared by the team, beside own objectives."
    ),
    PlanType.PORTFOLIO: _("Several segments with weights of their own, so that one does not carry all."),
    PlanType.RENEWAL: _("Keeping what there is: steep below what is expected, nearly flat above."),
    PlanType.HYBRID: _("Parts of several types, each with its own rules, under one cap."),
}
PROS: Mapping[str, Sequence[Any]] = {
    PlanType.TEAM_PERFORMANCE: (
        _("Everybody pulls at one result, whatever the country or function."),
        _("Simple to say: two or three measures and own objectives."),
    ),
    PlanType.PORTFOLIO: (
        _("Effort spreads over the segments instead of going to the easiest one."),
        _("New segments count from the first day, with a weight that can move each year."),
    ),
    PlanType.RENEWAL: (
        _("Pays for what matters where little can be won: renewals, repeat orders, prices held."),
        _("Cost is easy to foresee, since the upside is small."),
    ),
    PlanType.HYBRID: (
        _("Fits an account that is won in one place and kept in another."),
        _("Can move from one emphasis to the other by weights, without a new plan."),
    ),
}
CONS: Mapping[str, Sequence[Any]] = {
    PlanType.TEAM_PERFORMANCE: (
        _("In a large team one person's effort is hard to see; some may rest on the others."),
        _("Needs a result of the whole account that everybody trusts."),
    ),
    PlanType.PORTFOLIO: (
        _("Needs results and targets by segment; small segments swing."),
        _("More figures for each person: weights have to stay few."),
    ),
    PlanType.RENEWAL: (
        _("Gives no reason to look for growth."),
        _("A single lost contract can take most of a period's pay."),
    ),
    PlanType.HYBRID: (
        _("The hardest to explain: each part has its own rules."),
        _("Too many parts, and none is noticed."),
    ),
}
WHY: Mapping[Element, Any] = {
    Element.MIX: _("Orders take long and depend on many people, so less of pay hangs on one year."),
    Element.LEVERAGE: _("Few large deals: what the best can earn has to stay in proportion to one of them."),
    Element.THRESHOLD: _(
        "Most of the revenue is there already; pay begins where keeping it is no longer certain."
    ),
    Element.ACCELERATOR: _("A steep slope above target pays for one lucky order."),
    Element.MEASURES: _("The account is looked after from more than one side, yet two or three are enough."),
    Element.SHARED: _("The account is won by a team; one person's revenue does not tell who helped."),
    Element.PERIOD: _("A period shorter than the buying cycle pays for when the customer signs."),
    Element.FREQUENCY: _("Paid as often as a result can mean something, and no more often."),
}


@dataclass(frozen=True, kw_only=True)
class TypeCard:
    """A type of plan to choose: its words, what speaks for it here, and what rules it out."""

    value: str
    label: str
    summary: str
    pros: Sequence[str]
    cons: Sequence[str]
    reasons: Sequence[str]
    misfit: str
    proposed: bool


@dataclass(frozen=True, kw_only=True)
class ElementCard:
    """An element beside the account managers' default, in words."""

    value: str
    label: str
    theirs: str
    ours: str
    differs: bool
    why: str
    ticked: bool


def because(*, proposal: Proposal, answers: Answers) -> str:
    """Return the reason for the proposal in one sentence."""
    told = _told([reason.name for reason in proposal.reasons[:MOST_REASONS]], answers)
    if not told:
        return __("%(type)s is proposed.") % {"type": type_words(proposal.type)}
    reasons = __(" and ").join(told)
    return __("%(type)s is proposed, because %(reasons)s.") % {
        "type": type_words(proposal.type),
        "reasons": reasons,
    }


def type_cards(*, proposal: Proposal, answers: Answers) -> list[TypeCard]:
    """Return each type with its words, the one proposed first."""
    order = sorted(DocumentType, key=lambda each: (each != proposal.type, -proposal.weight(each)))
    return [
        TypeCard(
            value=str(each),
            label=type_words(each),
            summary=str(SUMMARY[PlanType(str(each))]),
            pros=[str(one) for one in PROS[PlanType(str(each))]],
            cons=[str(one) for one in CONS[PlanType(str(each))]],
            reasons=_told([reason.name for reason in proposal.speaks[each]], answers),
            misfit=str(MISFITS[proposal.misfits[each]]) if each in proposal.misfits else "",
            proposed=each == proposal.type,
        )
        for each in order
    ]


def element_cards(*, rows: Sequence[ElementRow], ticked: Sequence[str]) -> list[ElementCard]:
    """Return the elements in words, each with whether it was gone through."""
    return [
        ElementCard(
            value=str(row.element),
            label=__(str(row.element.label)),
            theirs=_element_text(row.element, row.theirs),
            ours=_element_text(row.element, row.ours),
            differs=row.differs,
            why=str(WHY[row.element]),
            ticked=str(row.element) in ticked,
        )
        for row in rows
    ]


def type_words(plan_type: str) -> str:
    """Return what people call a type of plan."""
    return __(str(PlanType(str(plan_type)).label))


def reasons_told(*, names: Sequence[str], answers: Answers) -> list[str]:
    """Return kept reasons in words."""
    return _told(names, answers)


def _told(names: Sequence[str], answers: Answers) -> list[str]:
    values = {
        "team": answers.team,
        "countries": answers.countries,
        "segments": answers.segments,
        "saturation": "" if answers.saturation is None else percent_text(answers.saturation, digits=0),
        "trend": "" if answers.trend is None else percent_text(answers.trend, signed=True),
        "opportunities": answers.opportunities,
        "cycle": answers.cycle_months,
    }
    return [str(REASONS[name]) % values for name in names if name in REASONS]


def _element_text(element: Element, value: Decimal | int | None) -> str:
    if value is None:
        return __("none")
    if element is Element.MIX:
        share = Decimal(value)
        return f"{number_text(share * 100)}/{number_text((1 - share) * 100)}"
    if element in (Element.THRESHOLD, Element.SHARED):
        return percent_text(Decimal(value), digits=0)
    if element in (Element.LEVERAGE, Element.ACCELERATOR):
        return f"{number_text(Decimal(value))}×"
    if element in (Element.PERIOD, Element.FREQUENCY):
        return __("1 month") if value == 1 else __("%(months)s months") % {"months": value}
    return number_text(value)
