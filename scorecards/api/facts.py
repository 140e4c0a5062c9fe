"""Facts from the company's systems: invoice lines and contracts. They come in as files do, and are never edited."""

from kamcomp.api import filters as by
from kamcomp.api.fields import day, moment, money, ratio, ref, text, whole
from kamcomp.api.resources import Resource, register
from scorecards.models import Contract, Transaction

TRANSACTIONS = Resource(
    name="transactions",
    noun="transaction",
    prefix="txn",
    model=Transaction,
    about="Invoice lines: revenue and cost as given; a credit note is negative.",
    fields=(
        ref("id", "txn", "pk"),
        text("source"),
        text("source_id"),
        whole("line"),
        day("date", about="The day it is invoiced; null while it is only booked."),
        day("booked_on"),
        ref("node_id", "node"),
        ref("segment_id", "seg"),
        text("product", "product__code"),
        ratio("quantity", about="As given."),
        money("revenue"),
        money("cost"),
        text("contract_id"),
        text("deal_kind"),
        moment("recorded_at"),
        moment("superseded_at", about="Until when it was believed; null: still."),
    ),
    filters=(
        by.by_text("source"),
        by.by_text("source_id"),
        by.by_text("contract_id"),
        by.by_id("node", "node", "node_id", code="node__code"),
        by.by_day("date_from", "date__gte", about="Invoiced on this day or later."),
        by.by_day("date_to", "date__lte", about="Invoiced on this day or before."),
    ),
    orders={"recorded_at": "recorded_at"},
    fact=True,
    changed="recorded_at",
    kind="transactions",
    total="revenue",
)
CONTRACTS = Resource(
    name="contracts",
    noun="contract",
    prefix="ctr",
    model=Contract,
    about="Contracts of accounts: their days and the value of the whole term.",
    fields=(
        ref("id", "ctr", "pk"),
        text("external_id", "contract_id"),
        ref("node_id", "node"),
        day("start_on"),
        day("end_on", about="Last day, included."),
        money("value"),
        text("renewed_from"),
        day("notice_on"),
        day("signed_on"),
        moment("recorded_at"),
        moment("superseded_at", about="Until when it was believed; null: still."),
    ),
    filters=(
        by.by_text("external_id", "contract_id"),
        by.by_id("node", "node", "node_id", code="node__code"),
        by.by_day("ends_from", "end_on__gte", about="Ends on this day or later."),
        by.by_day("ends_to", "end_on__lte", about="Ends on this day or before."),
    ),
    orders={"recorded_at": "recorded_at", "external_id": "contract_id"},
    fact=True,
    changed="recorded_at",
    kind="contracts",
    total="value",
)

register(TRANSACTIONS, CONTRACTS)
