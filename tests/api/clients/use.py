"""
A program that knows the interface by the generated client only: it pulls, shows, is refused, and tries a batch.

mypy checks it against the client (`make api-check`); what it prints is compared with what the interface says.
Where the interface is and the key: KAMCOMP_AT, KAMCOMP_KEY.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from kamcomp_client import AuthenticatedClient
from kamcomp_client.api.payouts import payout_list, payout_show
from kamcomp_client.api.targets import target_batch
from kamcomp_client.models import BatchOutcome, Payout, PayoutPage, Problem, SentRows, SentRowsRowsItem
from kamcomp_client.types import UNSET, Unset

NOWHERE = "pay_00000000000000000000000000"


def payouts(client: AuthenticatedClient) -> Iterator[Payout]:
    """Return every payout, a page of one after the other."""
    cursor: str | Unset = UNSET
    while True:
        page = payout_list.sync(client=client, limit=1, cursor=cursor)
        if not isinstance(page, PayoutPage):
            raise SystemExit(f"a page was expected: {page}")
        yield from page.data
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def tried(client: AuthenticatedClient) -> BatchOutcome | Problem | None:
    """Return what would come of a target of a metric there is not."""
    row = {
        "metric_code": "NONE",
        "account_code": "KES",
        "from": "2027-01-01",
        "to": "2027-03-31",
        "target": "1.00",
    }
    body = SentRows(rows=[SentRowsRowsItem.from_dict(row)], dry_run=True)
    return target_batch.sync(client=client, body=body, idempotency_key="tried-by-a-client")


def main() -> None:
    """Print what came."""
    client = AuthenticatedClient(base_url=os.environ["KAMCOMP_AT"], token=os.environ["KAMCOMP_KEY"])
    pulled = [[each.id, each.amount.amount, each.amount.currency] for each in payouts(client)]
    shown = payout_show.sync(client=client, key=pulled[0][0])
    missing = payout_show.sync(client=client, key=NOWHERE)
    outcome = tried(client)
    if (
        not isinstance(shown, Payout)
        or not isinstance(missing, Problem)
        or not isinstance(outcome, BatchOutcome)
    ):
        raise SystemExit(f"others were expected: {shown} {missing} {outcome}")
    told = {
        "pulled": pulled,
        "shown": shown.employee_id,
        "missing": missing.code,
        "tried": [[each.index, each.code] for each in outcome.errors],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
