"""Several people import at once: the same file is written once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from kamcomp.imports.models import ImportBatch
from kamcomp.imports.previews import Preview
from teams.models import Person
from tests.imports import company

WRITERS = 6


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
