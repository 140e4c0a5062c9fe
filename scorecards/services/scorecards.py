"""
Acts on scorecards: open one with its metrics, choose others, make it final.

A card can be made final once its period is locked, or once the period's cut-off is over and
every metric on it has its result: then its figures stand on its lines and the database lets
nobody change them.
States: docs/reference/states.md, "Scorecard".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from kamcomp.audit.context import act
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal, Word
from scorecards.choices import ResultStatus, ScorecardStatus
from scorecards.models import Metric, Scorecard, ScorecardLine
from scorecards.selectors.scorecard import scorecard, scorecard_of
from teams.models import AccountNode, Person

KEEPERS = [Role.COMP_ADMIN, Role.FINANCE]
PROVISIONAL, FINAL = str(ResultStatus.PROVISIONAL.label), str(ResultStatus.FINAL.label)


class ScorecardThere(Refusal):
    """A subject has one scorecard a period."""


class ScorecardIsFinal(Refusal):
    """A final scorecard stays as it is."""


class ScorecardEmpty(Refusal):
    """A scorecard holds at least one metric, each of them known."""


class ScorecardNotSettled(Refusal):
    """Figures that may still change make no final scorecard."""


@act
def scorecard_open(
    *,
    subject: AccountNode | Person,
    period: Period,
    metrics: Sequence[str] = (),
    by: User,
    at: datetime,
) -> Scorecard:
    """
    Open the scorecard of an account, a part of one, or a person in a period.

    It holds the metrics named; if none is, those it would show by itself: the preset of the
    four perspectives for an account, and what has a target.

    :raises RoleMissing: if `by` is neither a compensation admin nor finance.
    :raises ScorecardThere: if the subject has one in the period.
    :raises ScorecardEmpty: if there is no metric to hold, or one is not known.
    """
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Opening a scorecard")
    if (there := scorecard_of(subject=subject, period=period)) is not None:
        raise ScorecardThere(
            "%(there)s is there already: it is %(status)s.",
            there=there,
            status=Word(there.get_status_display().lower()),
        )
    codes = list(metrics) or [line.metric for line in scorecard(subject=subject, period=period).lines]
    owner = {"node": subject} if isinstance(subject, AccountNode) else {"person": subject}
    card = Scorecard.objects.create(period=period, created_by=by, **owner)
    _hold(card=card, codes=codes, by=by)
    return card


@act
def scorecard_choose(*, scorecard_id: UUID, metrics: Sequence[str], by: User, at: datetime) -> Scorecard:
    """
    Replace the metrics of an open scorecard.

    :raises RoleMissing: if `by` is neither a compensation admin nor finance.
    :raises ScorecardIsFinal: if it is final.
    :raises ScorecardEmpty: if no metric is named, or one is not known.
    """
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Choosing the metrics of a scorecard")
    card = _open_card(scorecard_id)
    card.lines.all().delete()
    _hold(card=card, codes=list(metrics), by=by)
    return card


@act
def scorecard_finalise(*, scorecard_id: UUID, by: User, at: datetime) -> Scorecard:
    """
    Write a scorecard's figures on its lines and close it.

    :raises RoleMissing: if `by` is neither a compensation admin nor finance.
    :raises ScorecardIsFinal: if it is final.
    :raises ScorecardNotSettled: if its period is still open, or not locked and a metric has no result, naming it.
    """
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Making a scorecard final")
    card = _open_card(scorecard_id)
    shown = scorecard(subject=card.subject, period=card.period)
    _refuse_unsettled(card=card, without=[line.metric for line in shown.lines if line.result is None])
    lines = {line.metric.code: line for line in card.lines.select_related("metric")}
    for figures in shown.lines:
        line = lines[figures.metric]
        line.target, line.actual, line.attainment = figures.target, figures.result, figures.attainment
        line.currency, line.because = figures.currency, figures.because
        line.state = FINAL if figures.status == PROVISIONAL else figures.status
        line.save(update_fields=["target", "actual", "attainment", "currency", "state", "because"])
    card.status, card.finalised_at, card.finalised_by = ScorecardStatus.FINAL, at, by
    card.save(update_fields=["status", "finalised_at", "finalised_by"])
    return card


def _refuse_unsettled(*, card: Scorecard, without: Sequence[str]) -> None:
    period = card.period
    if period.status not in (PeriodStatus.COLLECTING, PeriodStatus.LOCKED):
        raise ScorecardNotSettled(
            "%(card)s can still change: %(period)s is %(status)s. Make it final when the period's "
            "last day is over.",
            card=card,
            period=period,
            status=Word(period.get_status_display().lower()),
        )
    if without and period.status != PeriodStatus.LOCKED:
        raise ScorecardNotSettled(
            "%(card)s can still change: there is no result yet of %(without)s. Make it final when "
            "there is, when %(period)s is locked, or choose its metrics without.",
            card=card,
            without=", ".join(without),
            period=period,
        )


def _open_card(scorecard_id: UUID) -> Scorecard:
    card = (
        Scorecard.objects.select_for_update(of=("self",))
        .select_related("period", "node", "person")
        .get(pk=scorecard_id)
    )
    if card.status == ScorecardStatus.FINAL:
        raise ScorecardIsFinal("%(card)s is final and stays as it is.", card=card)
    return card


@transaction.atomic
def _hold(*, card: Scorecard, codes: Sequence[str], by: User) -> None:
    known = {metric.code: metric for metric in Metric.objects.filter(code__in=codes)}
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise ScorecardEmpty(
            "There is no metric %(unknown)s: `manage.py metrics list` shows those there are.",
            unknown=unknown[0],
        )
    if not known:
        raise ScorecardEmpty(
            "%(card)s would hold no metric: name some, or agree on targets first.", card=card
        )
    ScorecardLine.objects.bulk_create(
        ScorecardLine(scorecard=card, metric=metric, created_by=by) for _code, metric in sorted(known.items())
    )
