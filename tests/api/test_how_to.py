"""The page "Use the API": each of its curl commands is run and answers as it says; what takes a message takes it."""

import re
import shlex
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from kamcomp.webhooks.models import WebhookEvent, WebhookSecret
from kamcomp.webhooks.signing import body_of, headers_of, salt_made, secret_of

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "use-the-api.md"
HOST = "http://localhost:8000"
TEXT = PAGE.read_text("utf-8")
COMMANDS = re.findall(r"^# (\d{3})\n(curl .+?)(?=\n# \d{3}\n|\n```)", TEXT, re.MULTILINE | re.DOTALL)
TAKES = re.search(r"```python\n(from standardwebhooks.+?)```", TEXT, re.DOTALL)


def asked(command: str, names: dict[str, str]):
    """Return the answer to a curl command, read as a shell reads it."""
    for name, value in names.items():
        command = command.replace(f"${name}", value)
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    method, path, headers, body = "GET", "", {}, ""
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            path = word.removeprefix(HOST)
    kind = headers.pop("Content-Type", "application/json")
    return Client().generic(method, path, body, content_type=kind, headers=headers)


@pytest.mark.parametrize(("status", "command"), COMMANDS)
def test_answers_as_the_page_says(caller, status, command):
    maren = caller("maren")
    names = {"KEY": maren.secret, "CLIENT": maren.key.prefix}
    for name, path in (("POOL", "pools?account=KES"), ("DRAFT", "drafts")):
        if f"${name}" in command:
            names[name] = maren.rows(path)[0]["id"]

    answer = asked(command, names)

    assert answer.status_code == int(status), b"" if answer.streaming else answer.content


def test_the_page_has_commands_to_run():
    assert len(COMMANDS) >= 15


def test_takes_a_message_once_as_the_page_says():
    salt, at = salt_made(), timezone.now()
    event = WebhookEvent(type="run.completed", key="a", at=at, data={"run_id": "run_x"})
    body, taken = body_of(event=event), []
    headers = headers_of(event=event, body=body, secrets_in_force=[WebhookSecret(salt=salt)], at=at)
    names = {"secret": secret_of(salt=salt), "body": body, "headers": headers, "seen": set()}
    names["take"] = lambda *message: taken.append(message)

    for _time in range(2):
        exec(TAKES[1], names)

    assert taken == [("run.completed", {"run_id": "run_x"})]
