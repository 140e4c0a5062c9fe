"""
Who may share in a pool, for how many days, and what each adds to its target.

Memberships, employments and packages change inside a period; a member's figures are
day-weighted over the stretches in which nothing changed. Whoever may not share stays
visible with the reason. The rules are written down in docs/reference/formulas.md,
"Pool members".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from kamcomp import money
from kamcomp.sentences import Day, Sentence, Word
from kamcomp.spans import Span
from plans.engine.pool_terms import PoolTerms, TargetBy

ZERO = Decimal(0)
WEIGHT_DIGITS = Decimal("0.00000001")


@dataclass(frozen=True, kw_only=True)
class Stint:
    """A membership on the account: its days, role and link, dedication and role weight (ratios)."""

    span: Span
    role: str
    link: str
    dedication: Decimal
    role_weight: Decimal
    pool_eligible: bool = True
    opt_out_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Promise:
    """A pay package: its days, and the period's part of the yearly pool target, in pool currency."""

    span: Span
    period_target: Decimal


@dataclass(frozen=True, kw_only=True)
class Service:
    """The dedication a person gives, over a span, to any account that has a pool, this one included."""

    span: Span
    dedication: Decimal


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """
    All that is known of a person who served the account in the period.

    `employed` are the spans of employment; `on_leave` those that do not count as days.
    """

    key: str
    stints: Sequence[Stint]
    services: Sequence[Service]
    promises: Sequence[Promise]
    employed: Sequence[Span]
    on_leave: Sequence[Span] = ()
    ceiling: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class PoolMember:
    """A candidate judged: the figures of the guideline, the part of the pool's target, or why there is none."""

    key: str
    role: str
    link: str
    dedication: Decimal
    eligible_days: int
    role_weight: Decimal
    target: Decimal
    ceiling: Decimal | None
    eligible: bool
    reason: str


@money.exactly
def pool_member(*, candidate: Candidate, period: Span, terms: PoolTerms) -> PoolMember:
    """
    Return a candidate's figures for the pool of a period.

    Days count while the person is a member with a right to the pool, employed and not on
    leave. Dedication and role weight are those of the last stint; when they changed
    inside the period, dedication is the day-weighted mean that gives the same weight.

    Units: days, ratios; `target` is money of the period, not rounded.
    Source: docs/reference/formulas.md, "Pool members".
    """
    stints = sorted(candidate.stints, key=lambda stint: stint.span.since)
    last, pieces = stints[-1], list(_pieces(candidate, stints=stints, period=period))
    days = sum(piece.days for piece in pieces)
    worked = sum((piece.stint.dedication * piece.stint.role_weight * piece.days for piece in pieces), ZERO)
    mean = (worked / days / last.role_weight).quantize(WEIGHT_DIGITS) if days else last.dedication
    reason = _why_not(candidate, last=last, days=days, period=period, terms=terms)
    return PoolMember(
        key=candidate.key,
        role=last.role,
        link=last.link,
        dedication=mean,
        eligible_days=days,
        role_weight=last.role_weight,
        target=ZERO if reason else _target(candidate, pieces=pieces, period=period, terms=terms),
        ceiling=candidate.ceiling,
        eligible=not reason,
        reason=reason,
    )


def period_part(*, yearly: Decimal, number: int, periods: int, currency: str) -> Decimal:
    """
    Return the part of a yearly amount that the `number`-th of so many periods carries.

    Even parts by largest remainder, the earlier period first, so that they sum to the year.
    """
    return money.split(yearly, [1] * periods, currency=currency, keys=range(periods))[number - 1]


@dataclass(frozen=True)
class _Piece:
    """A stretch of days in which nothing about a member changes."""

    since: date
    days: int
    stint: Stint


def _pieces(candidate: Candidate, *, stints: Sequence[Stint], period: Span) -> Iterable[_Piece]:
    spans = [stint.span for stint in stints] + [s.span for s in candidate.services]
    spans += [p.span for p in candidate.promises] + [*candidate.employed, *candidate.on_leave, period]
    bounds = {day for span in spans for day in (span.since, span.until) if day is not None}
    edges = sorted(day for day in bounds if day in period or day == period.until)
    for since, until in pairwise(edges):
        stint = next((stint for stint in stints if since in stint.span), None)
        if stint is None or not stint.pool_eligible or not _in_any(since, candidate.employed):
            continue
        if not _in_any(since, candidate.on_leave):
            yield _Piece(since=since, days=(until - since).days, stint=stint)


def _target(candidate: Candidate, *, pieces: Sequence[_Piece], period: Span, terms: PoolTerms) -> Decimal:
    by_days = TargetBy.DAYS in terms.target_by
    days = period.days if by_days else sum(piece.days for piece in pieces)
    total = Fraction(0)
    for piece in pieces:
        promised = sum((p.period_target for p in candidate.promises if piece.since in p.span), ZERO)
        total += Fraction(promised) * _scale(candidate, piece=piece, terms=terms) * Fraction(piece.days, days)
    return money.CONTEXT.divide(Decimal(total.numerator), Decimal(total.denominator))


def _scale(candidate: Candidate, *, piece: _Piece, terms: PoolTerms) -> Fraction:
    here = Fraction(piece.stint.dedication)
    if TargetBy.DEDICATION in terms.target_by:
        return here
    if TargetBy.SHARE_OF_DEDICATION not in terms.target_by:
        return Fraction(1)
    everywhere = sum(Fraction(s.dedication) for s in candidate.services if piece.since in s.span)
    return here / everywhere if everywhere else Fraction(0)


def _why_not(candidate: Candidate, *, last: Stint, days: int, period: Span, terms: PoolTerms) -> str:
    if not last.pool_eligible:
        why = last.opt_out_reason or Word("not entitled to the pool")
        return Sentence("takes no part: %(why)s", why=why)
    ends = [day for span in candidate.employed if (day := span.last) is not None]
    employed_at_end = period.last is not None and _in_any(period.last, candidate.employed)
    if terms.eligibility.employed_on_last_day and not employed_at_end:
        if not ends:
            return Sentence("not employed in the period")
        return Sentence("left on %(day)s", day=Day(max(ends)))
    if days < max(terms.eligibility.least_days, 1):
        least = max(terms.eligibility.least_days, 1)
        return Sentence("%(days)s of at least %(least)s days on the account", days=days, least=least)
    return ""


def _in_any(day: date, spans: Iterable[Span]) -> bool:
    return any(day in span for span in spans)
