"""What a first load weighs: all of it, its scripts, its type face."""

import pytest

MOST, MOST_SCRIPT, MOST_FONT = 130_000, 40_000, 60_000


@pytest.mark.parametrize(("who", "path"), [("", "/"), ("ingrid.solheim", "/pools"), ("maren.holt", "/")])
def test_a_first_load_is_small(demo, who, path):
    with demo.seat(who) as seat:
        seat.go(path)
        sizes = {}
        for answer in seat.answers:
            kind = answer.request.resource_type
            sizes[kind] = sizes.get(kind, 0) + answer.request.sizes()["responseBodySize"]

    assert sum(sizes.values()) <= MOST, sizes
    assert sizes.get("script", 0) <= MOST_SCRIPT, sizes
    assert 0 < sizes.get("font", 0) <= MOST_FONT, sizes


def test_text_is_sent_packed(demo):
    with demo.seat("") as seat:
        seat.go("/")
        packed = {
            answer.request.resource_type: answer.headers.get("content-encoding") for answer in seat.answers
        }

    assert {packed["document"], packed["script"], packed["stylesheet"]} == {"gzip"}
