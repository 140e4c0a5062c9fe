"""What the acts of the money tell programs: each once, with ids that lead there, and no name or amount."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kamcomp.api.public_ids import public_id
from kamcomp.imports.models import ImportUpload
from kamcomp.webhooks.models import WebhookEvent
from payouts.choices import DisputeKind
from payouts.models import Payout, PayoutLine, Pool
from payouts.selectors.disputes import Subject
from payouts.services.disputes import dispute_open
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from tests.payouts.books import locked
from tests.payouts.company import AT, LATER, calculated_run, company

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    return company()


def events():
    return {event.type: event.data for event in WebhookEvent.objects.order_by("pk")}


class TestEvents:
    def test_are_told_from_the_pool_to_the_pay_day_once_each(self, made):
        run = locked(made, calculated_run(made))
        pool = Pool.objects.get(run=run)
        jonas = Client()
        jonas.force_login(made.user("jonas"))
        paid = b"run,payroll_number,amount,currency,paid_on\n2026-Q3/1,P-KAM,6457.50,EUR,2026-10-30\n"
        page = reverse("payouts:reconciliation")
        jonas.post(page, {"file": SimpleUploadedFile("paid.csv", paid)}, follow=True)
        upload = ImportUpload.objects.latest("created_at")
        jonas.post(reverse("imports:upload-act", args=[upload.pk, "commit"]))
        payout = Payout.objects.get(run=run, person=made.people["KAM"])
        dispute = dispute_open(
            subject=Subject(payout=payout, line=PayoutLine.objects.filter(payout=payout).first()),
            kind=DisputeKind.QUESTION,
            claim="Why?",
            by=made.user("ingrid"),
            at=AT,
        )

        told = events()
        of_run = {
            "run_id": public_id("run", run.pk),
            "period_id": public_id("prd", run.period_id),
            "period_code": "2026-Q3",
        }
        assert list(told) == [
            "allocation.submitted", "payout.approved", "statement.published", "payout.paid", "dispute.opened",
        ]  # fmt: skip
        assert WebhookEvent.objects.count() == 5
        assert told["allocation.submitted"]["pool_id"] == public_id("pool", pool.pk)
        assert told["payout.approved"] == told["statement.published"] == of_run | {"number": 1}
        assert told["payout.paid"].items() > of_run.items()
        assert told["payout.paid"]["people"] == 1
        assert told["dispute.opened"]["dispute_id"] == public_id("dsp", dispute.pk)
        assert "6457" not in json.dumps(told)

    def test_are_told_of_a_run_when_it_is_calculated(self, made):
        run = run_request(period=made.quarters["2026-Q4"], by=made.user("maren"), at=LATER)
        assert events() == {}

        run_look(run_id=run.pk)

        run.refresh_from_db()
        assert events()["run.completed"]["status"] == run.status
        assert events()["run.completed"]["run_id"] == public_id("run", run.pk)
