"""A server that can be told, in a thread; and an endpoint that a compensation admin made."""

from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.utils import timezone

from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from kamcomp.webhooks.services import webhook_endpoint_make


class Told:
    """What a server was told, and what it answers: a status, and headers."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/told"
        self.status, self.headers, self.got = 200, {}, []


@pytest.fixture
def server(settings) -> Iterator[Told]:
    """Serve on this machine, which the settings allow."""
    settings.WEBHOOKS_INTERNAL = ["127.0.0.0/8"]

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_said):
            pass

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            told.got.append((dict(self.headers.items()), body))
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Told(serving.server_port)
    thread = Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield told
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def maren(db):
    return user_make(username="maren", roles=[Role.COMP_ADMIN], since=date(2026, 1, 1), by=None)


@pytest.fixture
def made(server, maren):
    """Return an endpoint that hears all that pools do, and its secret."""
    return webhook_endpoint_make(
        name="Payroll", url=server.url, events=["allocation.submitted"], by=maren, at=timezone.now()
    )
