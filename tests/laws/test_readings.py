"""The law of receipts: a statement is read for the first time once."""

import pytest
from django.db import transaction
from django.utils import timezone

from payouts.models import StatementReading
from tests.laws.breaking import refused
from tests.payouts.company import company

pytestmark = pytest.mark.django_db


class TestReading:
    def test_is_kept_once_a_statement(self):
        made = company()
        what = {"person": made.people["PM"], "period": made.quarters["2026-Q3"]}
        StatementReading.objects.create(first_read_at=timezone.now(), **what)

        with refused("statement_readings_one_a_statement"), transaction.atomic():
            StatementReading.objects.create(first_read_at=timezone.now(), **what)
