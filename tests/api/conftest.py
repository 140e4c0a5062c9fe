"""The two teams of the visibility tests, told once; and a caller with a key for each of their people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from kamcomp.identity.models import User
from tests.api.caller import Caller
from tests.identity.matrix import company, evidence_of, objects_of
from tests.visibility.two_teams import TwoTeams


@pytest.fixture(scope="package")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[TwoTeams]:
    """Make both teams in a transaction of their own, taken back after the tests of this folder."""
    with django_db_blocker.unblock(), transaction.atomic():
        told_company = company()
        objects_of(told_company)
        evidence_of(told_company)
        connection.check_constraints()  # once, or each test would do it anew and take it back
        yield told_company
        transaction.set_rollback(True)


@pytest.fixture
def caller(made: TwoTeams, db: None) -> Any:
    """Return a maker of callers by user name."""
    return lambda name, scopes=None: Caller(User.objects.get(username=name), scopes)
