"""A payee disputes a line, somebody else upholds it, a third approves, and the next statement pays it: all on pages."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from kamcomp.policy.services import setting_put
from payouts.models import Adjustment, Dispute, LedgerEntry, Payout
from tests.payouts.books import locked
from tests.payouts.company import AT, LATER, calculated_run, company

pytestmark = pytest.mark.django_db


def page(made, name, url):
    client = Client()
    client.force_login(made.user(name))
    return client.get(url).content.decode()


def send(made, name, url, **typed):
    client = Client()
    client.force_login(made.user(name))
    return client.post(url, typed)


def test_dispute_to_adjustment_to_the_next_statement():
    made = company()
    # The pages' clock is the machine's, so the window of this quarter must not end.
    setting_put(key="dispute_window_days", value=99_999, since=AT.date(), by=made.user("maren"), at=AT)
    locked(made, calculated_run(made, amounts={"KAM": "6457.50", "PM": "1000.00"}), at=AT)
    payout = Payout.objects.get(person=made.people["PM"])
    statement = "payouts:statement-show"

    # Priya disputes the line, and sees by when she is answered.
    send(
        made,
        "priya",
        reverse("payouts:line-dispute", args=[payout.pk, 1]),
        kind="dispute",
        claim="The July invoice is missing",
        claimed="200.00",
    )
    dispute = Dispute.objects.get()
    case = reverse("payouts:dispute-show", args=[dispute.pk])
    assert "Answer due" in page(made, "priya", case)
    assert "Answer 1 question or dispute" in page(made, dispute.assigned_to.username, "/")

    # Jonas upholds three quarters of it; Anders, a second person, approves.
    send(
        made,
        "jonas",
        reverse("payouts:dispute-act", args=[dispute.pk, "uphold"]),
        answer="Half of July was missing",
        amount="150.00",
    )
    adjustment = Adjustment.objects.get()
    refused = send(made, "jonas", reverse("payouts:adjustment-decide", args=[adjustment.pk]), act="approve")
    assert refused.status_code == 422
    send(made, "anders", reverse("payouts:adjustment-decide", args=[adjustment.pk]), act="approve")
    assert "Partly upheld" in page(made, "priya", case)
    send(made, "priya", reverse("payouts:dispute-act", args=[dispute.pk, "close"]))

    # The next quarter pays it, the statement says why, and the books carry it.
    run = calculated_run(made, period="2026-Q4", amounts={"KAM": "1.00", "PM": "500.00"})
    locked(made, run, at=LATER)
    person = made.people["PM"].pk
    next_one = page(made, "priya", reverse(statement, args=[person, "2026-Q4"]))
    assert "Correction for 2026-Q3" in next_one
    assert "+€150.00" in next_one
    assert "Half of July was missing" in next_one
    entries = LedgerEntry.objects.filter(adjustment=adjustment, account="payable")
    assert [entry.amount for entry in entries] == [Decimal("-150.000000")]
    assert "€1,000.00" in page(made, "priya", reverse(statement, args=[person, "2026-Q3"]))
