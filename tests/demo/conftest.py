"""The demo company, told once for all tests of this folder, and taken back after them."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.utils import timezone


@pytest.fixture(scope="package")
def halden(django_db_setup: None, django_db_blocker) -> Iterator[list[str]]:
    """Tell the story in a transaction of its own; return its chapters. The tests only read."""
    from payouts.demo.story import told

    chapters: list[str] = []
    with django_db_blocker.unblock(), transaction.atomic():
        told(say=chapters.append, at=timezone.now())
        yield chapters
        transaction.set_rollback(True)
