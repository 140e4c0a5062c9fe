"""Several people import at once: the same file is written once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from psycopg2.extensions import connection as RawConnection

from kamcomp.imports.models import ImportBatch
from kamcomp.imports.previews import Preview
from kamcomp.imports.services import ImportUnderWay
from teams.models import Person
from tests.imports import company

WRITERS = 6


@pytest.mark.django_db(transaction=True)
def test_a_file_waits_its_turn_and_says_so(app_connection: Callable[[], RawConnection]) -> None:
    other = app_connection().cursor()
    other.execute("SELECT pg_advisory_xact_lock(hashtext('kamcomp import people'))")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")

    with pytest.raises(ImportUnderWay, match="Another people file is being imported"):
        company.commit("people", company.PEOPLE)

    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
    assert not Person.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_file_from_several_hands_is_written_once() -> None:
    start = Barrier(WRITERS)

    def commit(_number: int) -> Preview:
        start.wait()
        try:
            return company.commit("people", company.PEOPLE)
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        shown = list(pool.map(commit, range(WRITERS)))

    assert sum(preview.already is None for preview in shown) == 1
    assert ImportBatch.objects.count() == 1
    assert Person.objects.count() == 3
