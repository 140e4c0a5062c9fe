"""After personal fields are erased, everything that was computed, kept, posted and sealed still verifies."""

from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command

from kamcomp.audit.selectors import audit_faults
from kamcomp.audit.services import audit_seal
from payouts.services.verify import verify_run
from teams.models import PersonDetails
from teams.tasks import people_erase
from tests.visibility.two_teams import reviewed, two_teams

pytestmark = pytest.mark.django_db


def test_the_books_verify_after_everybody_is_erased(capsys):
    made = reviewed(two_teams())
    before = verify_run(run=made.run)
    assert (before.equal, before.payouts) == (True, 3)
    audit_seal(at=datetime(2026, 11, 1, tzinfo=UTC))
    PersonDetails.objects.update(retain_until=date(2020, 1, 1))

    people_erase()
    call_command("people", "erase-due")

    assert not PersonDetails.objects.exclude(legal_name="", payroll_number="").exists()
    after = verify_run(run=made.run)
    assert (after.equal, after.payouts, after.lines) == (True, before.payouts, before.lines)
    assert list(audit_faults()) == []
    assert "0 people past their retention date" in capsys.readouterr().out
