"""
The calculator: a case document in, an answer document out.

The estimator, the designer's probe, the command line, the REST endpoint and the golden
tests all call `calculate`. It answers exactly what the case asks: payouts where there
are people and a plan, a pool, metrics, control figures. What the plan or the case does
not say is answered with its name, never with a number. Pure.
Rule: docs/reference/calculator.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal, DecimalException, localcontext
from typing import Any

import numpy as np

from kamcomp.columns import EXACT
from kamcomp.money import CONTEXT, to_decimals
from kamcomp.refusal import Refusal
from kamcomp.trace import NO_TRACE, RecordingTrace, Trace, plain
from payouts.engine.allocation import matrix_keys, matrix_least
from payouts.engine.case import Case, CasePool, case_from_document
from payouts.engine.case_inputs import (
    BALANCES,
    CaseContradicts,
    CaseIncomplete,
    case_calendar,
    case_inputs,
    case_results,
    opening_balances,
)
from payouts.engine.clawback import overpaid
from payouts.engine.conversion import Rate, payroll_amounts, rate_for
from payouts.engine.evaluation import Outcome, evaluate
from payouts.engine.filling import fill
from payouts.engine.pool_case import (
    PoolCase,
    SharedBudget,
    allocation_rule,
    case_members,
    funded_by_rule,
    nodes_read,
    pool_figures,
)
from payouts.engine.pool_members import PoolMember
from payouts.engine.team_result import node_ratios
from plans.engine.codec import DocumentError, DocumentInvalid
from plans.engine.document import plan_digest
from plans.engine.inputs import Balances, Calendar, Inputs, payee_inputs
from plans.engine.plan import Plan
from plans.engine.pool_terms import FundingRule
from scorecards.engine.facts import Subject
from scorecards.engine.ingredients import ingredients_from_facts, ingredients_given
from scorecards.engine.library import metric_rule
from scorecards.engine.metric import MetricResult, MetricState, metric_result
from scorecards.engine.rates import Rates
from scorecards.engine.windows import Window

ANSWER_FORMAT = "kamcomp.answer/1"
Answer = dict[str, Any]


class FiguresOutOfRange(Refusal):
    """Figures of a case are so large or small that they cannot be computed exactly."""


def calculate(document: Any, *, explain: bool = False) -> Answer:
    """
    Return the answer to a case document; with `explain`, each figure with its trace.

    Decimals in and out are strings. A payee whose figures cannot be computed appears with
    the problems and without a number, while the others are paid.

    :raises DocumentInvalid: with JSON pointers, if the case or its plan is not well formed,
        or if nothing it asks for can be computed.
    :raises Refusal: naming what is missing or contradicts.
    """
    case = case_from_document(document)
    try:
        return _answered(case, explain)
    except DecimalException as error:
        raise FiguresOutOfRange(
            "The case holds figures too large to be computed exactly (%(error)s): check their size.",
            error=type(error).__name__,
        ) from error


def _answered(case: Case, explain: bool) -> Answer:
    answer: Answer = {"format": ANSWER_FORMAT, "name": case.name}
    with localcontext(CONTEXT):
        if case.people:
            answer["payouts"] = payouts_answered(case=case, explain=explain)
        if case.pool is not None:
            answer["pool"] = pool_answered(case=case, explain=explain)
        if case.metrics:
            answer["metrics"] = [
                metric_answered(case=case, number=i, explain=explain) for i in range(len(case.metrics))
            ]
        if case.controls:
            answer["controls"] = [_control(case, i, explain) for i in range(len(case.controls))]
    if len(answer) == 2:
        detail = "The case asks for nothing: give people and a plan, a pool, metrics or controls."
        raise DocumentInvalid([DocumentError("", "nothing_asked", detail)])
    return answer


# Payouts ---------------------------------------------------------------------------------------------------


def payouts_answered(*, case: Case, explain: bool) -> list[Answer]:
    """
    Return each paid period's payouts, balances carried from one to the next.

    :raises CaseIncomplete: if the case has no plan or calendar, or names no period to pay.
    :raises DocumentInvalid: if no payee of a period can be computed, with every reason.
    """
    plan = _plan(case)
    if case.calendar is None or not case.calendar.pay:
        raise CaseIncomplete("/calendar/pay: the case names no period to pay.")
    balances: Balances | None = None
    answers, year = [], None
    for name in case.calendar.pay:
        calendar = case_calendar(case=case, pay=name)
        balances = opening_balances(case=case, calendar=calendar) if balances is None else balances
        if year not in (None, calendar.year):
            balances = dataclasses.replace(balances, posted=0 * balances.posted)
        answer, balances = _period(case, plan, calendar, balances, explain)
        answers.append(answer)
        year = calendar.year
    return answers


def _period(
    case: Case, plan: Plan, calendar: Calendar, balances: Balances, explain: bool
) -> tuple[Answer, Balances]:
    inputs = case_inputs(case=case, plan=plan, calendar=calendar, balances=balances)
    outcome = evaluate(plan=plan, inputs=inputs, numbers=EXACT)
    _check_paid(outcome)
    answer: Answer = {
        "period": calendar.current.name,
        "plan": plan.code,
        "plan_digest": plan_digest(plan),
        "currency": plan.currency,
        "people": [_person(case, plan, inputs, outcome, i, explain) for i in range(len(outcome.payees))],
    }
    if case.restated:
        answer["restated"] = _restated(case, plan, inputs, calendar, outcome)
    return answer, outcome.closing


def _check_paid(outcome: Outcome) -> None:
    if outcome.blocked.any() and outcome.blocked.all():
        errors = [
            DocumentError(
                f"/people/{outcome.payees[outcome.payee[problem.row]]}", problem.code, problem.detail
            )
            for problem in outcome.problems
        ]
        raise DocumentInvalid(list(dict.fromkeys(errors)))


def _person(case: Case, plan: Plan, inputs: Inputs, outcome: Outcome, i: int, explain: bool) -> Answer:
    person: Answer = {"person": outcome.payees[i]}
    if outcome.blocked[i]:
        return person | {"problems": _problems(outcome, i)}
    person |= {
        "due": plain(outcome.due[i]),
        "difference": plain(outcome.payout[i] + outcome.closing.carried[i]),
        "payout": plain(outcome.payout[i]),
        "payable": plain(outcome.payable[i]),
        "lines": _lines(outcome, i),
        "payment": [{"effect": line.effect, "amount": plain(line.amount[i])} for line in outcome.payment],
        "closing": {
            **{name: plain(getattr(outcome.closing, name)[i]) for name in BALANCES},
            **(
                {"held": [plain(amount) for amount in outcome.closing.held[i]]}
                if plan.payment.holdback
                else {}
            ),
        },
        "ratio": plain(_plan_ratio(outcome, i)),
    }
    payroll = next(each for each in case.people if each.id == outcome.payees[i]).payroll_currency
    if payroll is not None:
        person["payroll"] = _payroll(case, plan, outcome, i, payroll)
    if explain:
        person["trace"] = payee_trace(plan=plan, inputs=inputs, payee=outcome.payees[i]).tree()
    return person


def payee_trace(*, plan: Plan, inputs: Inputs, payee: str) -> RecordingTrace:
    """Return the trace of one payee: the same evaluation, on that payee's inputs alone."""
    trace = RecordingTrace()
    evaluate(plan=plan, inputs=payee_inputs(inputs, payee), numbers=EXACT, trace=trace)
    return trace


def _problems(outcome: Outcome, i: int) -> list[Answer]:
    found = [p for p in outcome.problems if outcome.payee[p.row] == i]
    named = [{"node": p.node, "code": p.code, "detail": p.detail} for p in found]
    return [each for n, each in enumerate(named) if each not in named[:n]]


def _lines(outcome: Outcome, i: int) -> list[Answer]:
    lines: list[Answer] = []
    for row in np.flatnonzero(outcome.payee == i).tolist():
        for line in outcome.earned:
            shown: Answer = {"stint": outcome.stints[row], "code": line.code, "effect": line.effect}
            if line.ratio is not None:
                shown["ratio"] = plain(line.ratio[row])
            if line.weighted is not None:
                shown["weighted"] = plain(line.weighted[row])
            lines.append(shown | {"amount": plain(line.amount[row])})
    for total in outcome.settlement:
        if total.amount[i] != 0:
            lines.append({"code": "PLAN", "effect": total.effect, "amount": plain(total.amount[i])})
    return lines


def _plan_ratio(outcome: Outcome, i: int) -> Decimal:
    """Return the share of target incentive the payee's first stint earned in the weighted tree."""
    row = int(np.flatnonzero(outcome.payee == i)[0]) if (outcome.payee == i).any() else -1
    weighted = [line.weighted[row] for line in outcome.earned if line.weighted is not None and row >= 0]
    return sum(weighted, Decimal(0))


def _payroll(case: Case, plan: Plan, outcome: Outcome, i: int, currency: str) -> Answer:
    rates = {
        (rate.source, rate.target): Rate(
            key=rate.rate_set, base=rate.source, quote=rate.target, value=rate.rate
        )
        for rate in case.rates
        if rate.rate_set == "payroll"
    }
    rate = rate_for(rates=rates, base=plan.currency, quote=currency)
    amount = payroll_amounts(
        amounts=outcome.payable[i : i + 1], currency=plan.currency, rate=rate, payroll_currency=currency
    )
    return {"currency": currency, "rate": plain(rate.value), "amount": plain(amount[0])}


def _restated(case: Case, plan: Plan, inputs: Inputs, calendar: Calendar, outcome: Outcome) -> list[Answer]:
    """Return, per payee, what the corrected results would have paid and what was overpaid."""
    places = {(r.metric, r.level, r.subject, r.segment, r.period, r.window): r for r in case.restated}
    kept = tuple(
        r for r in case.results if (r.metric, r.level, r.subject, r.segment, r.period, r.window) not in places
    )
    corrected_case = dataclasses.replace(case, results=(*kept, *case.restated))
    corrected = evaluate(
        plan=plan,
        inputs=case_inputs(case=corrected_case, plan=plan, calendar=calendar, balances=inputs.balances),
        numbers=EXACT,
    )
    _check_paid(corrected)
    owed = overpaid(paid=outcome.payout, recomputed=corrected.payout, currency=plan.currency)
    return [
        {
            "person": payee,
            "paid": plain(outcome.payout[i]),
            "recomputed": plain(corrected.payout[i]),
            "overpaid": plain(owed[i]),
        }
        for i, payee in enumerate(outcome.payees)
        if not (outcome.blocked[i] or corrected.blocked[i])
    ]


def _plan(case: Case) -> Plan:
    if case.plan is None:
        raise CaseIncomplete("/plan: the case has no plan.")
    return case.plan


# Pool ------------------------------------------------------------------------------------------------------


def pool_answered(*, case: Case, explain: bool) -> Answer:
    """
    Return the case's pool: funded, guideline shares, limits, and an allocation of the wishes if given.

    :raises CaseIncomplete: if the plan has no pool section, or its budget holds nothing known.
    :raises CaseContradicts: if the case gives a budget that the plan does not name, or the pool twice.
    """
    plan, asked = _plan(case), case.pool
    assert asked is not None
    if plan.pool is None:
        raise CaseIncomplete("/plan/pool: the plan has no pool section.")
    trace: Trace = RecordingTrace() if explain else NO_TRACE
    calendar = case_calendar(case=case, pay=asked.period)
    members = tuple(
        PoolMember(
            key=member.id, role=member.role, link=member.link, dedication=member.dedication,
            eligible_days=member.eligible_days, role_weight=member.role_weight, target=member.target,
            ceiling=member.ceiling, eligible=True, reason="",
        )
        for member in asked.members
    )  # fmt: skip
    pool = PoolCase(
        terms=plan.pool,
        members=members,
        period_days=calendar.current.days,
        currency=plan.currency,
        results=_pool_results(case, plan, calendar, trace),
        contribution=asked.contribution,
        budget=_pool_budget(plan.pool.funding.budget, asked),
    )
    figures = pool_figures(case=pool, trace=trace)
    answer: Answer = {
        "account": asked.account,
        "period": asked.period,
        "currency": plan.currency,
        "target": plain(figures.target_amount),
        "result": plain(figures.result_ratio),
        "funded": plain(figures.funded),
        **({"asked": plain(funded_by_rule(case=pool))} if pool.budget else {}),
        "withheld": plain(figures.withheld),
        "guideline": plain(figures.guideline),
        "limits": {
            key: {"low": plain(each.low), "high": plain(each.high)} for key, each in figures.limits.items()
        },
    }
    if asked.wishes is not None:
        answer["allocation"] = plain(_wished(pool, figures.shared, figures.limits, asked.wishes))
    if isinstance(trace, RecordingTrace):
        answer["trace"] = trace.tree()
    return answer


def _pool_budget(named: str | None, asked: CasePool) -> SharedBudget | None:
    if named is None and asked.budget is not None:
        raise CaseContradicts(
            "/pool/budget: the plan's pool names no budget (pool.funding.budget): leave it out."
        )
    if named is not None and asked.budget is None:
        raise CaseIncomplete(
            "/pool/budget: the pool shares the budget %(named)s: say what it has available.", named=named
        )
    if asked.budget is None:
        return None
    if asked.account in asked.budget.others:
        raise CaseContradicts(
            "/pool/budget/others: %(account)s is the pool asked about, not another one.",
            account=asked.account,
        )
    return SharedBudget(available=asked.budget.available, pool=asked.account, others=asked.budget.others)


def _wished(pool: PoolCase, total: Decimal, limits: Mapping[str, Any], wishes: Mapping[str, Decimal]) -> Any:
    absent = sorted(set(limits) ^ set(wishes))
    if absent:
        raise CaseIncomplete(
            "/pool/wishes: %(absent)s needs a wish as a member, and only members have one.",
            absent=", ".join(absent),
        )
    members, rule = case_members(case=pool), allocation_rule(terms=pool.terms)
    return fill(
        total=total,
        wishes=wishes,
        limits=limits,
        currency=pool.currency,
        matrix=matrix_keys(members=members),
        matrix_least=matrix_least(total=total, members=members, rule=rule, currency=pool.currency),
    )


def _pool_results(case: Case, plan: Plan, calendar: Calendar, trace: Trace) -> dict[str, Decimal]:
    """Return the team result of each plan node that the pool's funding reads."""
    terms, asked = plan.pool, case.pool
    assert terms is not None
    assert asked is not None
    if terms.funding.rule not in (FundingRule.TARGETS_TIMES_RESULT, FundingRule.BUCKETS):
        return {}
    subject = {"individual": "", "team": asked.account, "region": asked.region or "", "company": "company"}
    inputs = team_inputs(case=case, plan=plan, calendar=calendar, subject=subject)
    return node_ratios(plan=plan, inputs=inputs, nodes=sorted(nodes_read(terms=terms)), trace=trace)


def team_inputs(*, case: Case, plan: Plan, calendar: Calendar, subject: dict[str, str]) -> Inputs:
    """Return inputs of one row that stands for an account's team: results, and nobody's pay facts."""
    bare = case_inputs(
        case=dataclasses.replace(case, people=()), plan=plan, calendar=calendar,
        balances=Balances(**{name: EXACT.zeros(0) for name in BALANCES}),
    )  # fmt: skip
    return dataclasses.replace(
        bare,
        stints=("team",),
        payees=("team",),
        payee=np.zeros(1, dtype=np.int64),
        parameters={},
        ratings={},
        milestones={},
        results=case_results(case=case, plan=plan, calendar=calendar, subjects=[subject]),
        balances=Balances(**{name: EXACT.zeros(1) for name in BALANCES}),
    )


# Metrics and controls --------------------------------------------------------------------------------------


def metric_answered(*, case: Case, number: int, explain: bool) -> Answer:
    """
    Return a metric measured from the case's facts, or made from ingredients given with the question.

    :raises DocumentInvalid: if the metric has no value, with the reason.
    """
    asked = case.metrics[number]
    rule = metric_rule(code=asked.metric)
    trace: Trace = RecordingTrace() if explain else NO_TRACE
    if asked.ingredients is not None:
        ingredients = ingredients_given(values=asked.ingredients)
    else:
        if case.currency is None:
            raise CaseIncomplete(
                "/currency: amounts of facts are counted in a currency, which the case does not name."
            )
        rates = {(rate.source, rate.target): rate.rate for rate in case.rates if rate.rate_set == "plan"}
        ingredients = ingredients_from_facts(
            facts=case.facts,
            subject=_subject(case, number),
            window=Window(asked.since, _day_after(asked.to)),
            wanted=rule.ingredients,
            currency=case.currency,
            rates=Rates(rates),
        )
    result = metric_result(
        rule=rule, ingredients=ingredients, minimum_sample=asked.minimum_sample, trace=trace
    )
    if result.state is not MetricState.FINAL:
        detail = f"{rule.code} {rule.name} has no value ({result.state}): {result.reason}."
        raise DocumentInvalid([DocumentError(f"/metrics/{number}", str(result.state), detail)])
    return _metric(result, rule.name, trace)


def _metric(result: MetricResult, name: str, trace: Trace) -> Answer:
    answer: Answer = {
        "metric": result.code,
        "name": name,
        "unit": result.unit,
        "value": plain(result.value),
        "numerator": plain(result.numerator),
        "denominator": plain(result.denominator),
    }
    if result.value is not None and result.unit in ("ratio", "ratio_points"):
        answer["percent"] = plain(to_decimals(result.value * 100, 2))
    if isinstance(trace, RecordingTrace):
        answer["trace"] = trace.tree()
    return answer


def _subject(case: Case, number: int) -> Subject:
    asked = case.metrics[number]
    if asked.person is not None:
        return Subject.of_person(asked.person)
    if asked.account is None:
        raise CaseIncomplete(
            "/metrics/%(number)s: say whose metric it is: an account or a person.", number=number
        )
    return Subject.account(asked.account)


def _day_after(day: Any) -> Any:
    return type(day).fromordinal(day.toordinal() + 1)


def _control(case: Case, number: int, explain: bool) -> Answer:
    question = case.controls[number]
    trace: Trace = RecordingTrace() if explain else NO_TRACE
    answer: Answer = {"control": question.kind} | plain(question.answer(trace))
    if isinstance(trace, RecordingTrace):
        answer["trace"] = trace.tree()
    return answer
