"""
A program of another system that is told: a process of its own, as badly behaved as programs on the way are.

It loses messages, hangs up, answers late, and forgets to say that it took one; what it has seen before it does not
take again, and what is older than what it knows it leaves. Its secrets come in a file, so that they can change while
it runs; `GET /` says what it knows.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

WAYS = ("take", "lose", "hang up", "take and say nothing", "late")


class Subscriber(BaseHTTPRequestHandler):
    """Takes messages into `known`, by pool the newest version."""

    secrets: Path
    dice: random.Random
    known: dict[str, int] = {}
    seen: set[str] = set()
    counts: Counter[str] = Counter()

    def log_message(self, *_said: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Say what is known."""
        self._answer(200, {"known": self.known, "seen": len(self.seen), "counts": self.counts})

    def do_POST(self) -> None:
        """Take a message, or behave badly."""
        body = self.rfile.read(int(self.headers["content-length"]))
        way = self.dice.choice(WAYS)
        self.counts[way] += 1
        if way == "hang up":
            self.close_connection = True
            return
        if way == "lose":
            self._answer(503, {})
            return
        try:
            message = self._verified(body)
        except WebhookVerificationError:
            self.counts["unverified"] += 1
            self._answer(401, {})
            return
        if way == "late":
            time.sleep(0.05)
        self._take(self.headers["webhook-id"], message["data"])
        if way == "take and say nothing":
            self.close_connection = True
            return
        self._answer(200, {})

    def _verified(self, body: bytes) -> Any:
        secret = self.secrets.read_text(encoding="utf-8")
        return Webhook(secret).verify(body, dict(self.headers.items()))

    def _take(self, name: str, data: dict[str, Any]) -> None:
        if name in self.seen:
            self.counts["repeated"] += 1
            return
        self.seen.add(name)
        self.known[data["pool_id"]] = max(self.known.get(data["pool_id"], 0), data["version"])

    def _answer(self, status: int, said: object) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    Subscriber.secrets, Subscriber.dice = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Subscriber)
    print(server.server_port, flush=True)
    server.serve_forever()
