"""
Pull a whole list of kamcomp's REST interface into a file, page by page; once more after it broke off, it goes on.

    KAMCOMP_KEY=kc_live_... python3 examples/pull/pull.py URL FILE [--limit 500]

URL is that of a list with its filters (http://127.0.0.1:8000/api/v1/payout-lines?period=2026-Q3). FILE gets a row a
line, as compact JSON, byte for byte what the NDJSON of the same list is. Beside it, FILE.at says how far it came: the
address, the cursor, and how long the file was then. It is written after the rows of each page, so what was written
later is cut off when the pull goes on: no row is left out and none is there twice. A pull that came to its end begins
anew. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

SECONDS = 60
TRIES = 5
BUSY = (429, 503)


class List:
    """A list of the interface, asked on one connection that is opened anew when it breaks."""

    def __init__(self, *, url: str, key: str) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.netloc, timeout=SECONDS)
        self.path, self.asked = parts.path, dict(parse_qsl(parts.query))
        self.headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}

    def page(self, **more: str) -> dict[str, Any]:
        """
        Return a page, waiting where the server says that it is too busy.

        :raises SystemExit: for any other answer, with what the problem says.
        """
        address = f"{self.path}?{urlencode({**self.asked, **more})}"
        for number in range(1, TRIES + 1):
            try:
                self.connection.request("GET", address, headers=self.headers)
                answer = self.connection.getresponse()
                said = json.loads(answer.read())
            except (OSError, http.client.HTTPException):
                self.connection.close()
                if number == TRIES:
                    raise
                time.sleep(number)
                continue
            if answer.status == 200:
                return dict(said)
            if answer.status not in BUSY or number == TRIES:
                break
            time.sleep(int(answer.headers.get("Retry-After", "1")))
        raise SystemExit(f"{answer.status}: {said.get('detail', said)}")


def pull(*, url: str, key: str, file: Path, limit: int) -> None:
    """Pull what is not there yet; from the beginning where the last pull came to its end, or was another one's."""
    note = file.with_name(f"{file.name}.at")
    at = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    if (
        at.get("url") != url
        or at["cursor"] is None
        or not file.is_file()
        or file.stat().st_size < at["bytes"]
    ):
        at = {"cursor": "", "bytes": 0}
    rows = List(url=url, key=key)
    with file.open("r+b" if file.is_file() else "w+b") as stream:
        stream.truncate(at["bytes"])
        stream.seek(at["bytes"])
        while at["cursor"] is not None:
            page = rows.page(limit=str(limit), **({"cursor": at["cursor"]} if at["cursor"] else {}))
            stream.write(b"".join(map(line, page["data"])))
            stream.flush()
            at = {"url": url, "cursor": page["next_cursor"], "bytes": stream.tell()}
            put(note, json.dumps(at))


def line(row: dict[str, Any]) -> bytes:
    """Return a row as a line."""
    return f"{json.dumps(row, separators=(',', ':'), ensure_ascii=False)}\n".encode()


def put(file: Path, text: str) -> None:
    """Write a small file, whole or not at all."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)


def main() -> int:
    """Pull, and say what came: how many rows, and the SHA-256 of the file."""
    parser = argparse.ArgumentParser(description="Pull a whole list into a file; go on where it broke off.")
    parser.add_argument("url")
    parser.add_argument("file", type=Path)
    parser.add_argument("--limit", type=int, default=500, help="rows a page, at most 500")
    asked = parser.parse_args()
    if not os.environ.get("KAMCOMP_KEY"):
        parser.error("say the key in KAMCOMP_KEY: it is not said on a command line, which others can see")
    pull(url=asked.url, key=os.environ["KAMCOMP_KEY"], file=asked.file, limit=asked.limit)
    digest, count = hashlib.sha256(), 0
    with asked.file.open("rb") as stream:
        for each in stream:
            digest.update(each)
            count += 1
    print(f"{count} rows, SHA-256 {digest.hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
