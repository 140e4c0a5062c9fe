"""
Ingredients from contracts: what fell due and was renewed, and how the value in force at
the start of a window stood at its end.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from scorecards.engine.facts import ZERO, Contract, Subject
from scorecards.engine.ingredients.values import Ingredients, Reading, absent, known, total
from scorecards.engine.windows import months_moved


def renewals(reading: Reading) -> Ingredients:
    """
    Measure the value of contracts whose last day lies in the window, and the part renewed.

    A contract counts where it falls due, however early it was renewed; it is renewed for
    at most its own value; a renewal under notice does not count.
    """
    if not reading.cuts.facts.contracts:
        return absent("no contracts are known", "contract_value_due", "contract_value_renewed")
    held = list(reading.cuts.contracts(reading.subject, on=reading.window.last))
    renewing: dict[str, list[Contract]] = {}
    for contract in reading.cuts.facts.contracts:
        if contract.renews is not None and not _under_notice(contract, reading):
            renewing.setdefault(contract.renews, []).append(contract)
    due = renewed = ZERO
    for contract in held:
        if contract.until - timedelta(days=1) in reading.window:
            value = _value(contract, reading)
            due += value
            renewed += min(value, total(_value(later, reading) for later in renewing.get(contract.code, ())))
    return known(contract_value_due=due, contract_value_renewed=renewed)


def retention(reading: Reading) -> Ingredients:
    """
    Measure the value in force the day before the window, and how it changed by its last day.

    A contract and those that renew it are one chain. A chain worth more at the end has
    expanded, one worth less has contracted, one worth nothing has churned; a chain that
    was not there at the start is expansion of a customer who was.
    """
    names = ("contract_opening", "contract_expansion", "contract_contraction", "contract_churned")
    if not reading.cuts.facts.contracts:
        return absent("no contracts are known", *names)
    opening, closing = _chains(reading, reading.subject)
    expansion = contraction = churned = ZERO
    for chain in sorted(opening | closing):
        before, after = opening.get(chain, ZERO), closing.get(chain, ZERO)
        expansion += max(after - before, ZERO)
        contraction += before - after if ZERO < after < before else ZERO
        churned += before if after <= 0 else ZERO
    return known(
        contract_opening=total(opening.values()),
        contract_expansion=expansion,
        contract_contraction=contraction,
        contract_churned=churned,
    )


def programme_churn(reading: Reading) -> Ingredients:
    """Measure opening value and churn of everyone else: the programme without the subject."""
    names = ("programme_opening", "programme_churned")
    if not reading.cuts.facts.contracts:
        return absent("no contracts are known", *names)
    own = {contract.code for contract in reading.cuts.contracts(reading.subject, on=reading.window.last)}
    opening, closing = _chains(reading, Subject.company(), without=frozenset(own))
    if not opening:
        return absent("no other account of the programme had a contract at the start", *names)
    lost = (value for chain, value in opening.items() if closing.get(chain, ZERO) <= 0)
    return known(programme_opening=total(opening.values()), programme_churned=total(lost))


def named_churn(reading: Reading) -> Ingredients:
    """Read the newest named benchmark of churn that was known by the window's end."""
    rows = [
        row
        for row in reading.cuts.facts.benchmarks
        if row.metric == "M16" and row.as_of <= reading.window.last
    ]
    if not rows:
        return absent(
            f"no benchmark of churn (M16) with a day up to {reading.window.last}", "benchmark_churn"
        )
    return known(benchmark_churn=max(rows, key=lambda row: (row.as_of, row.source)).value)


def _chains(
    reading: Reading, subject: Subject, *, without: frozenset[str] = frozenset()
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Return the value in force the day before the window and on its last day, by chain."""
    first = {contract.code: contract for contract in reading.cuts.facts.contracts}
    opening: dict[str, Decimal] = {}
    closing: dict[str, Decimal] = {}
    before = reading.window.since - timedelta(days=1)
    for contract in reading.cuts.contracts(subject, on=reading.window.last):
        if contract.code in without:
            continue
        chain = _chain(contract, first)
        for day, sums in ((before, opening), (reading.window.last, closing)):
            if contract.since <= day < contract.until:
                sums[chain] = sums.get(chain, ZERO) + _value(contract, reading)
    return opening, closing


def _chain(contract: Contract, contracts: dict[str, Contract]) -> str:
    """Return the code of the first contract of a chain of renewals."""
    seen = {contract.code}
    while contract.renews in contracts and contract.renews not in seen:
        contract = contracts[contract.renews]
        seen.add(contract.code)
    return contract.code


def _under_notice(contract: Contract, reading: Reading) -> bool:
    return contract.notice_on is not None and contract.notice_on <= reading.window.last


def _value(contract: Contract, reading: Reading) -> Decimal:
    value = contract.value
    if reading.conventions.contract_value == "per_year":
        value = _per_year(contract)
    return reading.cuts.amount(value, contract.currency)


def _per_year(contract: Contract) -> Decimal:
    """
    Return a term's value for twelve months: by whole months where it has them, else by
    days of 365. A contract without an end states a year's value already.
    """
    if contract.until == date.max:
        return contract.value
    months = (contract.until.year - contract.since.year) * 12 + contract.until.month - contract.since.month
    if months > 0 and months_moved(day=contract.since, months=months) == contract.until:
        return contract.value * 12 / months
    return contract.value * 365 / (contract.until - contract.since).days
