"""
`make api-check`: the running interface held against its description by schemathesis, as three roles.

Run on services and a database of its own, with the two teams of the tests in it. schemathesis is installed in a folder
beside, because nothing else needs it. Arguments go to `schemathesis run`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import venv
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django

SCHEMATHESIS = "schemathesis==4.32.5"
PROJECT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("KAMCOMP_STATE") or PROJECT / ".kamcomp") / "api-check"
ROLES = {"comp_admin": "maren", "kam": "paul", "payee": "sofia"}


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


def program() -> str:
    """Return the path of schemathesis, installed if it is not there yet."""
    found = FOLDER / "venv" / "bin" / "schemathesis"
    if not found.is_file():
        venv.create(FOLDER / "venv", with_pip=True, clear=True)
        subprocess.run([FOLDER / "venv" / "bin" / "pip", "install", "-q", SCHEMATHESIS], check=True)
    return str(found)


def keys() -> dict[str, str]:
    """Return a secret for each role, of a company that is made if it is not there yet."""
    from kamcomp.identity.models import User
    from tests.api.conftest import Caller
    from tests.identity.matrix import company, objects_of

    if not User.objects.filter(username="robot").exists():
        objects_of(company())
    return {role: Caller(User.objects.get(username=name)).secret for role, name in ROLES.items()}


def main(arguments: list[str]) -> int:
    """Check as each role; return how many failed."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    settings.API_PER_MINUTE, settings.ALLOWED_HOSTS = 1_000_000, ["127.0.0.1"]
    settings.SECURE_SSL_REDIRECT = False
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    failed = 0
    for role, secret in keys().items():
        print(f"As {role}:", flush=True)
        command = [program(), "run", str(PROJECT / "docs" / "reference" / "openapi.yaml")]
        command += [
            "--url",
            f"http://127.0.0.1:{server.server_port}",
            "-H",
            f"Authorization: Bearer {secret}",
        ]
        failed += subprocess.run([*command, *arguments], check=False, cwd=FOLDER).returncode != 0
    server.shutdown()
    return failed


if __name__ == "__main__":
    sys.path.insert(0, str(PROJECT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamcomp.settings")
    FOLDER.mkdir(parents=True, exist_ok=True)
    django.setup()
    sys.exit(main(sys.argv[1:]))
