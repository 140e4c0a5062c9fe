"""Programs of others: the pulling client of the examples, killed on its way, and one made from the description."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from tests.api.caller import told
from tests.api.clients.made import python_made

pytestmark = pytest.mark.django_db
PULL = Path(__file__).resolve().parents[2] / "examples" / "pull" / "pull.py"
LOOK_SECONDS = 0.05


class Counting(WSGIRequestHandler):
    """Counts each request instead of telling of it."""

    def log_message(self, *_said):
        self.server.answered += 1


@pytest.fixture
def server():
    """The interface on loopback; it answers in this test's own transaction, while `answer` looks after a program."""
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Counting) as made:
        made.timeout, made.answered = LOOK_SECONDS, 0
        yield made


def answer(server: WSGIServer, program: subprocess.Popen, requests: float = math.inf) -> None:
    """Answer so many requests of a program, or all until it ends; the test's connection stays open."""
    ends = (request_started, request_finished)
    for each in ends:
        each.disconnect(close_old_connections)
    while program.poll() is None and server.answered < requests:
        server.handle_request()
    for each in ends:
        each.connect(close_old_connections)


class TestPull:
    def test_goes_on_after_it_was_killed_without_a_gap_or_a_double(self, caller, server, tmp_path):
        maren, file = caller("maren"), tmp_path / "trail.ndjson"
        *rows, _summary = told(maren.get("audit-events?format=ndjson")).splitlines(keepends=True)

        def pulling(limit):
            address = f"http://127.0.0.1:{server.server_port}/api/v1/audit-events"
            environ = {**os.environ, "KAMCOMP_KEY": maren.secret}
            return subprocess.Popen([sys.executable, PULL, address, file, "--limit", limit], env=environ)

        with pulling("20") as killed:
            answer(server, killed, requests=4)
            killed.kill()
        came = json.loads((tmp_path / "trail.ndjson.at").read_text())["bytes"]
        assert len(b"".join(rows[:60])) <= came <= len(b"".join(rows[:80])) < len(b"".join(rows))
        with file.open("ab") as stream:
            stream.write(rows[-1] + b'{"torn":')
        with pulling("500") as again:
            answer(server, again)
        whole = file.read_bytes()
        with pulling("500") as anew:
            answer(server, anew)

        assert (again.returncode, anew.returncode) == (0, 0)
        assert whole == file.read_bytes() == b"".join(rows)


class TestPython:
    def test_a_client_that_is_generated_from_the_description_does_what_it_says(
        self, caller, server, tmp_path
    ):
        maren = caller("maren")
        payouts = maren.rows("payouts")
        program = python_made(tmp_path, generator=Path(sys.executable).with_name("openapi-python-client"))
        environ = {"KAMCOMP_AT": f"http://127.0.0.1:{server.server_port}", "KAMCOMP_KEY": maren.secret}

        with subprocess.Popen(
            [sys.executable, program], env={**os.environ, **environ}, stdout=PIPE
        ) as running:
            answer(server, running)
            said = json.loads(running.stdout.read())

        assert said == {
            "pulled": [[row["id"], row["amount"]["amount"], row["amount"]["currency"]] for row in payouts],
            "shown": payouts[0]["employee_id"],
            "missing": "not_found",
            "tried": [[0, "import_row"]],
        }
