"""
The payouts of a locked run computed again: what each is short of, or was paid too much, is proposed.

What was paid too much longer ago than the plan takes back is borne by the company, but for earlier
corrections of it, and for what a later run of the year would settle by itself.
Rule: docs/reference/formulas.md, "Corrections" and "Clawback".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from kamcomp import money
from kamcomp.identity.models import User
from kamcomp.refusal import Listing, Sentence
from kamcomp.sentences import Numeral, renamed
from payouts.choices import AdjustmentKind, AdjustmentStatus
from payouts.engine.kept import inputs_digest
from payouts.models import Adjustment, Payout, Run
from payouts.selectors.inputs.reads import accumulates
from payouts.selectors.recalculation import REASONS_SHOWN, Recalculated
from payouts.selectors.run_console import PAYOUT_TABLE, fact_names
from payouts.selectors.runs import period_assignments
from payouts.services.adjustments import Corrects, adjustment_propose
from payouts.services.clawbacks import is_beyond_look_back
from payouts.services.late_facts.found import CORRECTING, LateFacts, Noted
from plans.engine.document import plan_from_document
from plans.models import PlanVersion
from teams.models import Person

ZERO = Decimal(0)


@dataclass
class Corrected:
    """
    What corrections of a payout come to: those approved or posted, and those that nobody has decided.

    Of each, `_alone` is the part of leaves that count a period alone. Units: money in the plan's currency.
    """

    decided: Decimal = ZERO
    decided_alone: Decimal = ZERO
    waiting: Decimal = ZERO
    waiting_alone: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class Reach:
    """
    How far a locked run's payouts by a version are taken back.

    `is_late`: they lie further back than the plan takes back. `accumulates`: runs of the same year settle
    what is due to date, of those `still_on` the version in the open period.
    """

    is_late: bool
    accumulates: bool
    still_on: frozenset[UUID]


@dataclass(frozen=True, kw_only=True)
class Due:
    """
    What the decided corrections of a payout leave to be proposed: the `amount`, and what the company bears.

    `alone` is the part of the amount that no later run settles; `floored` tells that what is taken back had a limit.
    """

    amount: Decimal
    alone: Decimal
    borne: Decimal
    floored: bool


def payouts_corrected(
    found: LateFacts,
    *,
    run: Run,
    version: PlanVersion,
    people: Sequence[Recalculated],
    by: User,
    at: datetime,
) -> None:
    """
    Propose in the open period what payouts of a locked run by a version are short of, or were paid too much.

    While a correction that has a limit waits for a decision and is out of date, nothing is proposed beside it: if
    only one of the two were approved, nobody could tell later what was owed. It is noted instead.
    """
    before = _corrected_before(run=run, version=version)
    reach = _reach(found, run=run, version=version, at=at)
    noted = Noted(table=PAYOUT_TABLE, rule="payout_late_facts")
    names = {each.person_id for each in people if each.due != each.paid or each.person_id in before}
    persons = {person.pk: person for person in Person.objects.filter(pk__in=names)}
    called = fact_names() if persons else {}
    for each in people:
        corrected = before.get(each.person_id, Corrected())
        due = _due(each, corrected=corrected, reach=reach)
        amount = due.amount - corrected.waiting
        if amount and corrected.waiting and due.floored:
            _outdated_noted(found, noted, each, run=run, version=version, corrected=corrected, due=due)
            continue
        if due.borne:
            _borne_noted(found, noted, each, run=run, version=version, amount=due.borne)
        if not amount:
            continue
        found.proposed.append(
            adjustment_propose(
                period=found.period,
                kind=AdjustmentKind.CORRECTION,
                amount=amount,
                currency=version.currency,
                reason=_reason(run, each.reasons, called=called),
                person=persons[each.person_id],
                plan_version=version,
                corrects=Corrects(
                    period=run.period,
                    payout=each.payout,
                    line=each.line,
                    due=each.due,
                    posted_before=each.paid + corrected.decided + corrected.waiting,
                    alone=due.alone - corrected.waiting_alone,
                    inputs=each.inputs,
                    input_digest=inputs_digest(each.inputs) if each.inputs else "",
                ),
                by=by,
                at=at,
            )
        )
    paid = Payout.objects.filter(run=run, plan_version=version).values_list("pk", flat=True)
    noted.settle_others(among=paid, by=by, at=at)


def _reach(found: LateFacts, *, run: Run, version: PlanVersion, at: datetime) -> Reach:
    same_year = found.period.fiscal_year == run.period.fiscal_year
    on_it = period_assignments(period=found.period).filter(plan_version=version) if same_year else None
    return Reach(
        is_late=is_beyond_look_back(period=run.period, version=version, on=at.date()),
        accumulates=accumulates(plan_from_document(version.document)),
        still_on=frozenset() if on_it is None else frozenset(on_it.values_list("person_id", flat=True)),
    )


def _due(each: Recalculated, *, corrected: Corrected, reach: Reach) -> Due:
    """
    Return what is due of a payout beside its decided corrections, and what of that is not taken back.

    What leaves that count to date are due of somebody still on the version is never borne: the next run would take
    it all at once. Of the rest, nothing is taken of what a late run paid, only what was added to it since.
    """
    whole = each.due - each.paid - corrected.decided
    alone = each.alone - corrected.decided_alone if reach.accumulates else ZERO
    if not reach.is_late:
        return Due(amount=whole, alone=alone, borne=ZERO, floored=False)
    settles = reach.accumulates and each.person_id in reach.still_on
    by_itself, added = (whole - alone, corrected.decided_alone) if settles else (ZERO, corrected.decided)
    rest = max(whole - by_itself, -max(added, ZERO))
    borne = by_itself + rest - whole
    return Due(
        amount=whole + borne,
        alone=alone + borne if reach.accumulates else ZERO,
        borne=borne,
        floored=bool(alone) or not settles,
    )


def _corrected_before(*, run: Run, version: PlanVersion) -> dict[UUID, Corrected]:
    """Return what corrections of a run's payouts come to, by person; shares of pools apart."""
    rows = Adjustment.objects.filter(
        corrects_period=run.period,
        plan_version=version,
        kind__in=CORRECTING,
        person__isnull=False,
        corrects_pool=None,
    ).exclude(status=AdjustmentStatus.REJECTED)
    found: defaultdict[UUID, Corrected] = defaultdict(Corrected)
    for person_id, status, amount, alone in rows.values_list("person_id", "status", "amount", "alone"):
        settled, of_it = (money.settle(each, currency=version.currency) for each in (amount, alone))
        corrected = found[person_id]
        if status == AdjustmentStatus.PROPOSED:
            corrected.waiting += settled
            corrected.waiting_alone += of_it
        else:
            corrected.decided += settled
            corrected.decided_alone += of_it
    return dict(found)


def _borne_noted(
    found: LateFacts, noted: Noted, each: Recalculated, *, run: Run, version: PlanVersion, amount: Decimal
) -> None:
    words = Sentence(
        "%(person)s was paid %(amount)s %(currency)s too much in %(period)s, longer ago than %(plan)s takes back. The "
        "company bears it.",
        person=each.employee_id,
        amount=Numeral.plain(amount),
        currency=version.currency,
        period=run.period.code,
        plan=version,
    )
    _noted(found, noted, each, words)


def _outdated_noted(
    found: LateFacts,
    noted: Noted,
    each: Recalculated,
    *,
    run: Run,
    version: PlanVersion,
    corrected: Corrected,
    due: Due,
) -> None:
    words = Sentence(
        "A correction of %(waiting)s %(currency)s for %(person)s, %(period)s waits for a decision, but %(due)s is due "
        "on the facts known now: reject it, then ask for late facts again.",
        waiting=Numeral.plain(corrected.waiting),
        currency=version.currency,
        person=each.employee_id,
        period=run.period.code,
        due=Numeral.plain(due.amount),
    )
    _noted(found, noted, each, words)


def _noted(found: LateFacts, noted: Noted, each: Recalculated, words: Sentence) -> None:
    found.notes.append(words)
    if each.payout is not None:
        noted.put(subject_id=each.payout.pk, message=words)


def _reason(run: Run, reasons: Sequence[str], *, called: Mapping[str, str]) -> str:
    """
    Return why a payout is corrected, metrics and accounts by their names.

    Without a changed input, what is reversed is an earlier correction.
    """
    if not reasons:
        return Sentence(
            "Late facts of %(period)s: what was paid is right again, so its earlier corrections are reversed",
            period=run.period,
        )
    shown = Listing([renamed(each, names=called) for each in reasons[:REASONS_SHOWN]], "; ")
    more = (
        Sentence("; and %(more)s more", more=len(reasons) - REASONS_SHOWN)
        if len(reasons) > REASONS_SHOWN
        else ""
    )
    return Sentence("Late facts of %(period)s: %(shown)s%(more)s", period=run.period, shown=shown, more=more)
