"""
Late facts of locked periods: every payout and pool that depends on them is corrected in the open period.

Nothing locked is edited. Each locked period is computed again on the facts known now; what
is due so far minus what has been posted so far (earlier corrections included) is proposed
as an adjustment, linked to the payout and line, or pool, it corrects. A second person
decides. Asked twice, it proposes nothing new.
Rule: docs/reference/formulas.md, "Corrections".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from kamcomp import money
from kamcomp.approvals.choices import FindingStatus, Severity
from kamcomp.approvals.models import Finding
from kamcomp.audit.context import act
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Listing, Refusal, Sentence
from kamcomp.sentences import Numeral
from payouts.choices import AdjustmentKind, AdjustmentStatus, RunStatus
from payouts.engine.accumulation import corrections
from payouts.engine.kept import inputs_digest
from payouts.engine.pool_budget import budgets_shared
from payouts.engine.pool_case import (
    PoolCase,
    case_from_document,
    funded_by_rule,
    nodes_read,
    pool_granted,
)
from payouts.models import Adjustment, Pool, Run
from payouts.selectors.adjustments import open_period
from payouts.selectors.inputs.reads import accumulates
from payouts.selectors.pool_corrections import corrections_not_taken
from payouts.selectors.pool_facts import PoolPlan, contributions, period_pool_plans, pool_case, pool_facts
from payouts.selectors.recalculation import REASONS_SHOWN, Recalculated, Recalculation, run_versions
from payouts.selectors.rederived import Kept
from payouts.selectors.run_console import PAYOUT_TABLE
from payouts.selectors.run_needs import run_needs
from payouts.selectors.team_results import TeamResults
from payouts.selectors.variable_paid import variable_paid
from payouts.services.adjustments import PROPOSERS, Corrects, adjustment_propose
from payouts.services.clawbacks import is_beyond_look_back
from payouts.services.pools import POOL_TABLE
from payouts.services.runs import database_clock
from plans.engine.document import plan_from_document
from plans.engine.pool_terms import Less
from plans.models import PlanVersion
from scorecards.services import results_compute
from teams.models import Person

ZERO = Decimal(0)
CORRECTING = (AdjustmentKind.CORRECTION, AdjustmentKind.CLAWBACK)
YEARS_BACK = 1
"""Locked periods of the open period's fiscal year and of so many before it are computed again."""


class NotTheOpenPeriod(Refusal):
    """Corrections go to the calendar's open period, and to no other."""


@dataclass
class LateFacts:
    """What late facts came to: the adjustments proposed, and what somebody has to look at."""

    period: Period
    proposed: list[Adjustment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@act
def late_facts(*, period: Period, by: User, at: datetime) -> LateFacts:
    """
    Propose in the open `period` what late facts of locked periods changed, payout by payout and pool by pool.

    A pool that should have been larger adds to the account's pool of the open period; one
    that should have been smaller is borne by the company, unless its plan says otherwise; so is
    what was paid too much longer ago than a plan's clawback looks back, unless the next run would
    settle it. Earlier corrections are taken back whenever they prove wrong.

    :raises NotTheOpenPeriod: if `period` is not where corrections go.
    :raises PeriodUnderReview: if its run has been reviewed already.
    """
    role_check(user=by, roles=PROPOSERS, on=at.date(), act="Correcting late facts")
    open_now = open_period(calendar=period.calendar)
    if open_now.pk != period.pk:
        raise NotTheOpenPeriod(
            "Corrections of %(calendar)s go to %(open_now)s, not to %(period)s.",
            calendar=period.calendar,
            open_now=open_now,
            period=period,
        )
    again, found = Recalculation(known_at=database_clock()), LateFacts(period=period)
    for run in _locked_runs(period=period):
        results_compute(
            period=run.period,
            needed=run_needs(period=run.period),
            by=by,
            at=again.known_at,
            variable_paid=variable_paid(period=run.period, known_at=again.known_at),
        )
        kept: dict[UUID, Sequence[Kept]] = {}
        for version in run_versions(run=run):
            kept[version.pk], people = again.version_again(run=run, version=version)
            _payouts_corrected(found, run=run, version=version, people=list(people), by=by, at=at)
        _pools_corrected(found, run=run, kept=kept, known_at=again.known_at, by=by, at=at)
    found.notes += again.problems
    return found


def _locked_runs(*, period: Period) -> list[Run]:
    runs = Run.objects.filter(
        calendar_id=period.calendar_id,
        is_current=True,
        status=RunStatus.LOCKED,
        period__days__startswith__lt=period.days.lower,
        period__fiscal_year__gte=period.fiscal_year - YEARS_BACK,
    )
    return list(runs.select_related("period__calendar", "calendar").order_by("period__days"))


def _payouts_corrected(
    found: LateFacts,
    *,
    run: Run,
    version: PlanVersion,
    people: Sequence[Recalculated],
    by: User,
    at: datetime,
) -> None:
    before = _corrected_before(run=run, version=version)
    final = _is_final(found.period, run=run, version=version, at=at)
    names = {each.person_id for each in people if each.due != each.paid or each.person_id in before}
    persons = {person.pk: person for person in Person.objects.filter(pk__in=names)}
    for each in people:
        corrected = before.get(each.person_id, ZERO)
        posted = each.paid + corrected
        for correction in corrections(
            due={run.period.code: each.due}, posted={run.period.code: posted}, currency=version.currency
        ):
            amount = max(correction.amount, -max(corrected, ZERO)) if final else correction.amount
            if amount != correction.amount:
                borne = amount - correction.amount
                found.notes.append(_borne_put(each, run=run, version=version, amount=borne))
            if not amount:
                continue
            found.proposed.append(
                adjustment_propose(
                    period=found.period,
                    kind=AdjustmentKind.CORRECTION,
                    amount=amount,
                    currency=version.currency,
                    reason=_reason(run, each.reasons),
                    person=persons[each.person_id],
                    plan_version=version,
                    corrects=Corrects(
                        period=run.period,
                        payout=each.payout,
                        line=each.line,
                        due=each.due,
                        posted_before=posted,
                        inputs=each.inputs,
                        input_digest=inputs_digest(each.inputs) if each.inputs else "",
                    ),
                    by=by,
                    at=at,
                )
            )


def _is_final(period: Period, *, run: Run, version: PlanVersion, at: datetime) -> bool:
    """
    Tell whether what a locked run paid too much stays paid: it lies further back than the plan takes back.

    Where a plan accumulates, the runs of the same year settle what is due to date by themselves.
    """
    if period.fiscal_year == run.period.fiscal_year and accumulates(plan_from_document(version.document)):
        return False
    return is_beyond_look_back(period=run.period, version=version, on=at.date())


def _borne_put(each: Recalculated, *, run: Run, version: PlanVersion, amount: Decimal) -> str:
    """Return what the company bears of a payout in words, and keep it as the payout's one open finding about it."""
    words = Sentence(
        "%(person)s was paid %(amount)s %(currency)s too much in %(period)s, longer ago than %(plan)s takes back. The "
        "company bears it.",
        person=each.employee_id,
        amount=Numeral.plain(amount),
        currency=version.currency,
        period=run.period.code,
        plan=version,
    )
    if each.payout is not None:
        Finding.objects.update_or_create(
            subject_table=PAYOUT_TABLE,
            subject_id=str(each.payout.pk),
            rule="payout_late_facts",
            status=FindingStatus.OPEN,
            defaults={"message": words, "severity": Severity.TO_LOOK_AT},
        )
    return words


def _corrected_before(*, run: Run, version: PlanVersion) -> dict[UUID, Decimal]:
    """Return what has been proposed or decided as corrections of a run's payouts, by person; shares of pools apart."""
    rows = (
        Adjustment.objects.filter(
            corrects_period=run.period,
            plan_version=version,
            kind__in=CORRECTING,
            person__isnull=False,
            corrects_pool=None,
        )
        .exclude(status=AdjustmentStatus.REJECTED)
        .values_list("person_id")
        .annotate(total=Sum("amount"))
    )
    return {person_id: money.settle(total, currency=version.currency) for person_id, total in rows}


def _pools_corrected(
    found: LateFacts,
    *,
    run: Run,
    kept: Mapping[UUID, Sequence[Kept]],
    known_at: datetime,
    by: User,
    at: datetime,
) -> None:
    pools = list(
        Pool.objects.filter(run=run)
        .select_related("account__node", "plan_version__plan", "period")
        .order_by("account__node__code")
    )
    cases = _pool_cases_again(found, run=run, pools=pools, kept=kept, known_at=known_at)
    decided, waiting = _pools_corrected_before(pools=pools)
    for pool in pools:
        if (case := cases.get(pool.account.node.code)) is None:
            continue
        before = case_from_document(pool.inputs)
        due, less = pool_granted(case=case), before.terms.less
        posted = pool_granted(case=before) + money.settle(decided[pool.pk], currency=pool.currency)
        open_amount = money.settle(waiting[pool.pk], currency=pool.currency)
        if due == posted + open_amount:
            continue
        if open_amount:
            _outdated_noted(found, pool=pool, due=due, posted=posted, waiting=open_amount)
        else:
            _pool_corrected(found, pool=pool, less=less, due=due, posted=posted, by=by, at=at)


def _pool_cases_again(
    found: LateFacts,
    *,
    run: Run,
    pools: Sequence[Pool],
    kept: Mapping[UUID, Sequence[Kept]],
    known_at: datetime,
) -> dict[str, PoolCase]:
    """
    Return the cases of a run's pools on the facts known now, by account code; noted is which have none, and why.

    A budget holds what it held at the review. While one of its pools cannot be computed, nobody knows what
    the others get of it: they wait, and are noted too.
    """
    plans = {pool.account.node.code: _pool_plan(pool) for pool in pools}
    funding = contributions(plans=list(plans.values()), period=run.period, known_at=known_at)
    teams = TeamResults(run=run, kept=kept)
    cases: dict[str, PoolCase] = {}
    unknown: dict[str, Pool] = {}
    for pool in pools:
        key, plan = pool.account.node.code, plans[pool.account.node.code]
        try:
            case = pool_case(
                plan=plan,
                facts=pool_facts(plans=[plan], period=run.period)[pool.account_id],
                period=run.period,
                results=teams.of(
                    version=plan.version, account=plan.account, nodes=nodes_read(terms=plan.terms)
                ),
                contribution=funding.get(pool.account_id),
                correction=ZERO,
            )
            funded_by_rule(case=case)
        except Refusal as refusal:
            found.notes.append(
                Sentence(
                    "The pool of %(pool)s could not be computed again: %(refusal)s",
                    pool=pool,
                    refusal=refusal,
                )
            )
            if plan.terms.funding.budget:
                unknown[plan.terms.funding.budget] = pool
            continue
        cases[key] = case
    for key in sorted(cases):
        budget = cases[key].terms.funding.budget
        if budget in unknown:
            found.notes.append(
                Sentence(
                    "The pool of %(key)s shares the budget %(budget)s with that of %(unknown)s, and waits for it.",
                    key=key,
                    budget=budget,
                    unknown=unknown[budget],
                )
            )
            del cases[key]
    return budgets_shared(cases=cases, available=_budgets_kept(pools))


def _budgets_kept(pools: Sequence[Pool]) -> dict[str, Decimal]:
    """Return what each budget held when it funded a run's pools, by code, as the pools keep it."""
    available = {}
    for pool in pools:
        case = case_from_document(pool.inputs)
        if case.budget is not None and case.terms.funding.budget is not None:
            available[case.terms.funding.budget] = case.budget.available
    return available


def _pools_corrected_before(
    *, pools: Sequence[Pool]
) -> tuple[defaultdict[UUID, Decimal], defaultdict[UUID, Decimal]]:
    """
    Return what corrections of each pool come to: those approved or posted, and those nobody has decided.

    What a locked pool could not take of a correction was not posted, and is due from the next. What an upheld
    dispute of a share pays stands on its own, unless it was upheld because the facts follow.
    """
    decided: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
    waiting: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
    prior = Adjustment.objects.filter(corrects_pool__in=pools, kind__in=CORRECTING).exclude(
        status=AdjustmentStatus.REJECTED
    )
    left = corrections_not_taken(accounts=[pool.account_id for pool in pools])
    for key, pool_id, status, amount in prior.values_list("pk", "corrects_pool_id", "status", "amount"):
        counted = waiting if status == AdjustmentStatus.PROPOSED else decided
        counted[pool_id] += amount + left.get(key, ZERO)
    return decided, waiting


def _outdated_noted(found: LateFacts, *, pool: Pool, due: Decimal, posted: Decimal, waiting: Decimal) -> None:
    words = Sentence(
        "A correction of %(waiting)s %(currency)s for the pool of %(pool)s waits for a decision, "
        "but %(due)s is due on the facts known now: reject it, then ask for late facts again.",
        waiting=waiting,
        currency=pool.currency,
        pool=pool,
        due=due - posted,
    )
    _note_put(pool=pool, message=words)
    found.notes.append(words)


def _pool_corrected(
    found: LateFacts, *, pool: Pool, less: Less, due: Decimal, posted: Decimal, by: User, at: datetime
) -> None:
    amount = due - posted
    if amount < ZERO and less is Less.COMPANY:
        words = Sentence(
            "The pool of %(pool)s would be %(due)s %(currency)s on the facts known now; %(posted)s was "
            "funded. The company bears %(borne)s.",
            pool=pool,
            due=due,
            currency=pool.currency,
            posted=posted,
            borne=-amount,
        )
        _note_put(pool=pool, message=words)
        found.notes.append(words)
        return
    receiver = _open_pool(pool=pool, period=found.period, by=by)
    if receiver is None:
        words = Sentence(
            "%(amount)s %(currency)s of the pool of %(pool)s find no pool in %(period)s: decide by hand.",
            amount=amount,
            currency=pool.currency,
            pool=pool,
            period=found.period,
        )
        _note_put(pool=pool, message=words)
        found.notes.append(words)
        return
    found.proposed.append(
        adjustment_propose(
            period=found.period,
            kind=AdjustmentKind.CORRECTION,
            amount=amount,
            currency=pool.currency,
            reason=Sentence(
                "Late facts of %(period)s: the pool would be %(due)s, %(posted)s was funded",
                period=pool.period,
                due=due,
                posted=posted,
            ),
            pool=receiver,
            plan_version=pool.plan_version,
            corrects=Corrects(period=pool.period, pool=pool, due=due, posted_before=posted),
            by=by,
            at=at,
        )
    )


def _open_pool(*, pool: Pool, period: Period, by: User) -> Pool | None:
    """Return the account's pool of the open period, planned if it is not there yet; None where no plan funds one."""
    plans = {plan.account.pk: plan for plan in period_pool_plans(period=period)}
    plan = plans.get(pool.account_id)
    if plan is None or plan.plan.currency != pool.currency:
        return None
    receiver, _made = Pool.objects.get_or_create(
        account=pool.account,
        period=period,
        defaults={"plan_version": plan.version, "currency": pool.currency, "created_by": by},
    )
    return receiver


def _pool_plan(pool: Pool) -> PoolPlan:
    plan = plan_from_document(pool.plan_version.document)
    case = case_from_document(pool.inputs)
    return PoolPlan(account=pool.account, version=pool.plan_version, plan=plan, terms=case.terms)


def _note_put(*, pool: Pool, message: str) -> None:
    Finding.objects.get_or_create(
        subject_table=POOL_TABLE,
        subject_id=str(pool.pk),
        rule="pool_late_facts",
        message=message,
        status=FindingStatus.OPEN,
        defaults={"severity": Severity.TO_LOOK_AT},
    )


def _reason(run: Run, reasons: Sequence[str]) -> str:
    """Return why a payout is corrected; without a changed input, what is reversed is an earlier correction."""
    if not reasons:
        return Sentence(
            "Late facts of %(period)s: what was paid is right again, so its earlier corrections are reversed",
            period=run.period,
        )
    shown = Listing(reasons[:REASONS_SHOWN], "; ")
    more = (
        Sentence("; and %(more)s more", more=len(reasons) - REASONS_SHOWN)
        if len(reasons) > REASONS_SHOWN
        else ""
    )
    return Sentence("Late facts of %(period)s: %(shown)s%(more)s", period=run.period, shown=shown, more=more)
