"""
When the deals of a chunk are earned: booked, invoiced, paid, renewed, at the year's end.

Read only for plans whose commissions name such events, or count collected cash or contract
value. A payment reaches every line of its invoice in proportion; a contract's value counts
with the first line that names it; a contract that renews another does so on the day it is
signed. What nobody could know yet (payments of a source that says nothing of collections,
a contract that is not there) is missing, never zero.
Rule: docs/reference/formulas.md, "When a deal is earned".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from kamcomp.money import CONTEXT
from payouts.selectors.inputs.reach import Reach
from payouts.selectors.inputs.reads import PlanReads
from plans.engine.conventions import CreditBase, EarningEvent
from plans.engine.inputs import DEAL_DAY

ZERO, ONE = Decimal(0), Decimal(1)
DAY = timedelta(days=1)
Invoice = tuple[str, str]
LineKey = tuple[str, str, int]

KNOWN = "{0}.recorded_at <= %(known_at)s AND ({0}.superseded_at IS NULL OR {0}.superseded_at > %(known_at)s)"

REACHED = f"""
        SELECT t.source, t.source_id FROM scorecards_transaction t
         WHERE t.date >= %(dealt_since)s AND t.date < %(until)s AND {KNOWN.format("t")}
        UNION
        SELECT t.source, t.source_id FROM scorecards_transaction t
         WHERE t.booked_on >= %(dealt_since)s AND t.booked_on < %(until)s AND {KNOWN.format("t")}
        UNION
        SELECT p.source, p.source_id FROM scorecards_collection p
         WHERE p.collected_on >= %(since)s AND p.collected_on < %(until)s AND {KNOWN.format("p")}
        UNION
        SELECT t.source, t.source_id FROM scorecards_contract k
          JOIN scorecards_transaction t ON t.contract_id = k.renewed_from AND {KNOWN.format("t")}
         WHERE k.renewed_from <> '' AND coalesce(k.signed_on, k.start_on) >= %(since)s
           AND coalesce(k.signed_on, k.start_on) < %(until)s AND {KNOWN.format("k")}
"""
"""The invoices that something happened to in a window: dealt, booked, collected, or their contract renewed."""

COLLECTED = f"""
    SELECT p.source, p.source_id, p.collected_on, sum(p.amount) FROM scorecards_collection p
     WHERE (p.source, p.source_id) IN (SELECT * FROM unnest(%(sources)s::text[], %(ids)s::text[]))
       AND p.collected_on >= %(since)s AND p.collected_on < %(until)s AND {KNOWN.format("p")}
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

BILLED = f"""
    SELECT t.source, t.source_id, sum(t.revenue) FROM scorecards_transaction t
     WHERE (t.source, t.source_id) IN (SELECT * FROM unnest(%(sources)s::text[], %(ids)s::text[]))
       AND {KNOWN.format("t")}
     GROUP BY 1, 2
"""

COLLECTING = f"""
    SELECT s FROM unnest(%(sources)s::text[]) s
     WHERE EXISTS (SELECT FROM scorecards_collection p WHERE p.source = s AND {KNOWN.format("p")})
"""

CONTRACTS = f"""
    SELECT k.contract_id, k.value, k.currency,
           (SELECT min(coalesce(r.signed_on, r.start_on)) FROM scorecards_contract r
             WHERE r.renewed_from = k.contract_id AND {KNOWN.format("r")}
               AND (r.notice_on IS NULL OR r.notice_on >= %(until)s)),
           (SELECT ARRAY[t.source, t.source_id, t.line::text] FROM scorecards_transaction t
             WHERE t.contract_id = k.contract_id AND {KNOWN.format("t")}
             ORDER BY coalesce(t.booked_on, t.date), t.source COLLATE "C", t.source_id COLLATE "C", t.line LIMIT 1)
      FROM scorecards_contract k
     WHERE k.contract_id = ANY(%(contracts)s) AND {KNOWN.format("k")}
"""


@dataclass(frozen=True)
class Deal:
    """An invoice line as far as it matters when it is earned; `invoiced_on` is None while it is only booked."""

    key: LineKey
    invoiced_on: date | None
    booked_on: date | None
    contract_id: str
    revenue: Decimal

    @property
    def invoice(self) -> Invoice:
        """Return the invoice of the line."""
        return self.key[:2]

    @property
    def dealt_on(self) -> date:
        """Return the day the deal was made: booked, or invoiced where no other day is said."""
        found = self.booked_on or self.invoiced_on
        assert found is not None
        return found


@dataclass(frozen=True)
class ContractTerms:
    """A contract's value, the day it was renewed, and the first line that names it."""

    value: Decimal
    currency: str
    renewed_on: date | None
    first_line: LineKey | None


@dataclass(frozen=True)
class Happening:
    """An event that reached `part` of a deal on a day; None: nobody can know."""

    on: date
    event: str
    part: Decimal


@dataclass
class Earnings:
    """What is known of the events of deals in a window, until `until`; `since` is its first day."""

    since: date
    until: date
    years: Sequence[tuple[date, date]] = ()
    billed: Mapping[Invoice, Decimal] = field(default_factory=dict)
    collected: Mapping[Invoice, Sequence[tuple[date, Decimal]]] = field(default_factory=dict)
    collecting: frozenset[str] = frozenset()
    contracts: Mapping[str, ContractTerms] = field(default_factory=dict)

    def happenings(self, deal: Deal) -> Iterator[Happening]:
        """Yield what happened to a deal in the window, its own day among it."""
        for each in self._all(deal):
            if self.since <= each.on < self.until:
                yield each

    def _all(self, deal: Deal) -> Iterator[Happening]:
        yield Happening(deal.dealt_on, EarningEvent.BOOKING, ONE)
        if deal.invoiced_on is not None:
            yield Happening(deal.invoiced_on, DEAL_DAY, ONE)
            yield Happening(deal.invoiced_on, EarningEvent.INVOICE, ONE)
            if self.billed.get(deal.invoice) == 0:
                yield Happening(deal.invoiced_on, EarningEvent.PAYMENT, ONE)
        for day, amount in self.collected.get(deal.invoice, ()):
            if billed := self.billed.get(deal.invoice):
                yield Happening(day, EarningEvent.PAYMENT, CONTEXT.divide(amount, billed))
        contract = self.contracts.get(deal.contract_id)
        if contract is not None and contract.renewed_on is not None:
            yield Happening(contract.renewed_on, EarningEvent.RENEWAL, ONE)
        for since, until in self.years:
            if since <= deal.dealt_on < until:
                yield Happening(until - DAY, EarningEvent.YEAR_END, ONE)

    def knows(self, deal: Deal, event: str) -> bool:
        """Tell whether it can be known how far an event of a deal has come."""
        if event == EarningEvent.PAYMENT:
            return deal.key[0] in self.collecting
        if event == EarningEvent.RENEWAL:
            return not deal.contract_id or deal.contract_id in self.contracts
        return True

    def contract_value(self, deal: Deal) -> tuple[Decimal, str] | None:
        """
        Return what a deal brings of its contract's value, and the currency of it.

        The whole value comes with the first line that names the contract; a line of no contract
        brings nothing. None if the contract is not known.
        """
        if not deal.contract_id:
            return ZERO, ""
        contract = self.contracts.get(deal.contract_id)
        if contract is None:
            return None
        return (contract.value, contract.currency) if contract.first_line == deal.key else (ZERO, "")


def events_read(*, reads: PlanReads) -> frozenset[str]:
    """Return the events that a plan's commissions are earned on; none if the day of the invoice line is all."""
    events = {str(event) for event in reads.events}
    if CreditBase.COLLECTED in reads.credit_bases:
        events.add(EarningEvent.PAYMENT)
    if events or CreditBase.CONTRACT_VALUE in reads.credit_bases:
        events.add(DEAL_DAY)
    return frozenset(events)


def dealt_since(*, reads: PlanReads, reach: Reach, since: date) -> date:
    """Return from when on deals matter: those of a whole year are earned at its end."""
    if EarningEvent.YEAR_END not in reads.events:
        return since
    return min([since, *(first for first, last in fiscal_years(reach=reach) if last > since)])


def fiscal_years(*, reach: Reach) -> list[tuple[date, date]]:
    """Return the days of the fiscal years in reach, half-open."""
    return [(year.periods[0].since, year.periods[-1].until) for year in reach.calendar.years]


def earnings(
    *, deals: Iterable[Deal], reach: Reach, since: date, until: date, known_at: datetime
) -> Earnings:
    """Return what is known of the events of these deals in the days of a window; five queries at most."""
    found = {deal.key: deal for deal in deals}
    invoices = sorted({deal.invoice for deal in found.values()})
    values: dict[str, Any] = {
        "sources": [source for source, _id in invoices],
        "ids": [source_id for _source, source_id in invoices],
        "contracts": sorted({deal.contract_id for deal in found.values()} - {""}),
        "since": since,
        "until": until,
        "known_at": known_at,
    }
    collected: dict[Invoice, list[tuple[date, Decimal]]] = defaultdict(list)
    for source, source_id, day, amount in _rows(COLLECTED, values):
        collected[source, source_id].append((day, amount))
    return Earnings(
        since=since,
        until=until,
        years=fiscal_years(reach=reach),
        billed={(source, source_id): total for source, source_id, total in _rows(BILLED, values)},
        collected=collected,
        collecting=frozenset(source for (source,) in _rows(COLLECTING, values)),
        contracts={
            contract_id: ContractTerms(value, currency, renewed_on, _line_key(first))
            for contract_id, value, currency, renewed_on, first in _rows(CONTRACTS, values)
        },
    )


def _line_key(first: Sequence[str] | None) -> LineKey | None:
    return None if first is None else (first[0], first[1], int(first[2]))


def _rows(sql: str, values: Mapping[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
