"""The demo company, told once for all tests of this folder, and taken back after them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the database made for these tests, also where one file of them runs alone, and the company told once."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.django_db)
            item.add_marker(pytest.mark.xdist_group("halden"))


@pytest.fixture(scope="package")
def halden(django_db_setup: None, django_db_blocker) -> Iterator[list[str]]:
    """Tell the story in a transaction of its own; return its chapters. The tests only read."""
    from payouts.demo.story import told

    chapters: list[str] = []
    with django_db_blocker.unblock(), transaction.atomic():
        told(say=chapters.append, at=timezone.now())
        connection.check_constraints()  # once, or each test would do it anew and take it back
        yield chapters
        transaction.set_rollback(True)
