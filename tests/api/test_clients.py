"""Programs of others: the pulling client of the examples, killed on its way, and one made from the description."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from tests.api.clients.made import python_made
from tests.api.conftest import told

pytestmark = pytest.mark.django_db
PULL = Path(__file__).resolve().parents[2] / "examples" / "pull" / "pull.py"
LOOK_SECONDS = 0.05


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_message(self, *_said):
        pass


@pytest.fixture
def server():
    """The interface on loopback; it answers in this test's own transaction, while `answer` looks after a program."""
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as made:
        made.timeout = LOOK_SECONDS
        yield made


def answer(server: WSGIServer, program: subprocess.Popen, until: Callable[[], bool] = lambda: False) -> None:
    """Answer a program's requests until it has ended, or something is so; the test's connection stays open."""
    ends = (request_started, request_finished)
    for each in ends:
        each.disconnect(close_old_connections)
    while program.poll() is None and not until():
        server.handle_request()
    for each in ends:
        each.connect(close_old_connections)


class TestPull:
    def test_goes_on_after_it_was_killed_without_a_gap_or_a_double(self, caller, server, tmp_path):
        maren, file = caller("maren"), tmp_path / "lines.ndjson"
        *rows, _summary = told(maren.get("payout-lines?format=ndjson")).splitlines(keepends=True)
        note = tmp_path / "lines.ndjson.at"

        def pulling(*limit):
            address = f"http://127.0.0.1:{server.server_port}/api/v1/payout-lines"
            environ = {**os.environ, "KAMCOMP_KEY": maren.secret}
            return subprocess.Popen([sys.executable, PULL, address, file, *limit], env=environ)

        def came_far():
            return note.is_file() and json.loads(note.read_text())["bytes"] >= len(b"".join(rows)) // 2

        with pulling("--limit", "1") as killed:
            answer(server, killed, came_far)
            killed.kill()
        assert 0 < json.loads(note.read_text())["bytes"] < len(b"".join(rows))
        with file.open("ab") as stream:
            stream.write(b"".join(rows[-2:]) + b'{"torn":')
        with pulling("--limit", "2") as again:
            answer(server, again)

        assert again.returncode == 0
        assert file.read_bytes() == b"".join(rows)
        assert json.loads(note.read_text())["cursor"] is None


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
