"""A million payout lines pulled from the running server: as one NDJSON stream, and page by page by cursor."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import Asked, Figure, at_least, at_most, median, spread
from benchmarks.periods import kept_use
from benchmarks.web import Watched, Web, key_made, watched, web_up

TITLE = "A million lines by the REST interface"
ABOUT = (
    "The payout lines of twenty-four months (a million at the usual size), pulled over loopback from the server as "
    "`make run` starts it: two processes of four threads. One process serves a stream, so that a stream has one core; "
    "PostgreSQL and the client share the other. By cursor it is `examples/pull/pull.py`, 500 rows a page, killed "
    "in the middle and started again. The files are read again afterwards: every line, in order, and their SHA-256."
)
LINES_A_PERSON = 6 * 24
LIST = "payout-lines"
PULL = Path(__file__).resolve().parent.parent / "examples" / "pull" / "pull.py"
BLOCK = 1 << 20
PAGES = 30


@dataclass(frozen=True)
class Held:
    """What a pulled file holds: rows, whether each comes after the last one, their SHA-256, the summary's word."""

    rows: int
    ascending: bool
    sha256: str
    summary: dict[str, Any]


def measure(asked: Asked) -> list[Figure]:
    """Return rates, memory, queries a page, and whether every line came once."""
    kept_use(people=max(-(-asked.people * 5 // LINES_A_PERSON), 80))
    from payouts.models import PayoutLine

    lines, key = PayoutLine.objects.count(), key_made()
    with tempfile.TemporaryDirectory() as folder, web_up(key=key) as web:
        whole, paged = Path(folder) / "whole.ndjson", Path(folder) / "paged.ndjson"
        streams = [streamed(web, whole) for _turn in range(min(asked.pairs, 3))]
        stream, size = held(whole), whole.stat().st_size
        with watched(web) as paging:
            seconds, cursor = pulled(web, paged, half=size // 2)
        pages = held(paged)
        first, middle = page_seconds(web, {}), page_seconds(web, {"cursor": cursor})
    counted = queries(key, {}), queries(key, {"cursor": cursor})
    whole_and_once = stream.rows == lines and stream.ascending and stream.summary["rows"] == lines
    same = stream.sha256 == pages.sha256 == stream.summary["sha256"]
    return [
        Figure(what="lines", value=f"{lines:,} ({size / 1e6:,.0f} MB)"),
        *_of_streams(lines, streams),
        Figure(
            what="stream: lines that are missing, twice or out of order",
            value="0" if whole_and_once else "some", goal="0", reached=whole_and_once,
        ),
        Figure(what="by cursor, killed and gone on", value=f"{lines / seconds:,.0f} lines a second, {seconds:.0f} s"),
        Figure(
            what="SHA-256 of the stream, as its summary says it, and of the pages",
            value="the same" if same else "others", goal="the same", reached=same,
        ),
        at_most("memory of a web process, paging", [paging.peak], 256, unit="MB", digits=0),
        Figure(
            what="queries of the first page and of one in the middle", value=f"{counted[0]} and {counted[1]}",
            goal="as many", reached=counted[0] == counted[1],
        ),
        Figure(what="a page of 500", value=f"{1000 * median(first):.0f} ms"),
        at_most("a page in the middle / the first", [median(middle) / median(first)], 1.25),
    ]  # fmt: skip


def _of_streams(lines: int, streams: list[tuple[float, Watched]]) -> Iterator[Figure]:
    yield at_least(
        "streamed", [lines / wall for wall, _web in streams], 20_000, unit="lines a second", digits=0
    )
    yield Figure(
        what="- for each processor second of the web process",
        value=f"{spread([lines / web.processor for _wall, web in streams], digits=0)} lines",
    )
    yield at_most(
        "memory of a web process, streaming", [web.peak for _, web in streams], 256, unit="MB", digits=0
    )
    yield at_most("- at the end / after a tenth", [web.growth for _wall, web in streams], 1.1)


def streamed(web: Web, file: Path) -> tuple[float, Watched]:
    """Stream the list into a file; return the seconds, and what the server took."""
    connection = web.connection()
    with watched(web) as took, file.open("wb", buffering=0) as stream:
        started = time.perf_counter()
        connection.request(
            "GET", f"/api/v1/{LIST}", headers={**web.headers, "Accept": "application/x-ndjson"}
        )
        answer = connection.getresponse()
        while block := answer.read(BLOCK):
            stream.write(block)
        wall = time.perf_counter() - started
    connection.close()
    return wall, took


def pulled(web: Web, file: Path, *, half: int) -> tuple[float, str]:
    """Pull by cursor, kill the client after half of the bytes, go on; return the seconds, and where it was killed."""
    started, note = time.perf_counter(), file.with_name(f"{file.name}.at")
    with _pulling(web, file) as client:
        while client.poll() is None and not (
            note.is_file() and json.loads(note.read_text())["bytes"] >= half
        ):
            time.sleep(0.05)
        client.kill()
    cursor = json.loads(note.read_text())["cursor"]
    with _pulling(web, file) as client:
        client.wait()
    return time.perf_counter() - started, str(cursor)


def _pulling(web: Web, file: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(PULL), web.url(LIST), str(file)],
        env={**os.environ, "KAMCOMP_KEY": web.key}, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def held(file: Path) -> Held:
    """Read a pulled file: lines stand by payout and number, so that each once is each after the one before."""
    digest, rows, ascending, before, summary = hashlib.sha256(), 0, True, ("", 0), {}
    with file.open("rb") as stream:
        for each in stream:
            row = json.loads(each)
            if "_summary" in row:
                summary = row["_summary"]
                continue
            digest.update(each)
            here = (row["payout_id"], row["number"])
            ascending, before, rows = ascending and before < here, here, rows + 1
    return Held(rows=rows, ascending=ascending, sha256=digest.hexdigest(), summary=summary)


def page_seconds(web: Web, asked: dict[str, str]) -> list[float]:
    """Return what a page of 500 takes, some times over."""
    from urllib.parse import urlencode

    connection, found = web.connection(), []
    for _page in range(PAGES):
        started = time.perf_counter()
        connection.request("GET", f"/api/v1/{LIST}?{urlencode({'limit': 500, **asked})}", headers=web.headers)
        connection.getresponse().read()
        found.append(time.perf_counter() - started)
    connection.close()
    return found


def queries(key: str, asked: dict[str, str]) -> int:
    """Return how many queries a page asks, within this process."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="127.0.0.1", headers={"authorization": f"Bearer {key}"})
    client.get("/api/v1/me")
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(f"/api/v1/{LIST}", {"limit": "500", **asked})
    if answer.status_code != 200:
        raise RuntimeError(f"a page was answered {answer.status_code}")
    return len(seen)
