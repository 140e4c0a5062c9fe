"""
`make api-check`: the running interface held against its description.

    make api-check [ARGS="description clients schemathesis"] [ARGS="schemathesis --max-examples 20"]

The description is the committed one; the clients that are generated from it pass their type checkers and work; and
schemathesis, all its checks and sequences of requests too, finds no fault as three roles. The server is the one that
`make run` starts, on services and a database of their own, with the two teams of the tests in it, anew each time. What
schemathesis is given has the ids of that company's rows in its examples, and a way from `me` to each, so that what it
sends meets rows. What only this needs is installed in a folder beside.

A role's name (comp_admin, kam, payee) leaves the others out; what is no step's and no
role's name goes to `schemathesis run`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import django
import yaml

TOOLS = ("schemathesis==4.32.5", "openapi-python-client==0.29.1", "mypy==2.4.1")
PROJECT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("KAMCOMP_STATE") or PROJECT / ".kamcomp") / "api-check"
DESCRIPTION = PROJECT / "docs" / "reference" / "openapi.yaml"
CONFIG = Path(__file__).with_name("schemathesis.toml")
ROLES = {"comp_admin": "maren", "kam": "paul", "payee": "sofia"}
OURS = {"HR-1042": "SOFIA", "MERIDIAN": "KES"}
"""What the description's examples call the employee and the account, and what the company of the tests does."""
STEPS = ("description", "clients", "schemathesis")


def tool(name: str) -> Path:
    """Return the path of a tool, installed if it is not there yet."""
    found = FOLDER / "venv" / "bin" / name
    if not found.is_file():
        venv.create(FOLDER / "venv", with_pip=True, clear=True)
        subprocess.run([FOLDER / "venv" / "bin" / "pip", "install", "-q", *TOOLS], check=True)
    return found


def keys() -> dict[str, str]:
    """Return a secret for each role, of a company that is made if it is not there yet."""
    from kamcomp.identity.models import User
    from tests.api.caller import Caller
    from tests.identity.matrix import company, evidence_of, objects_of

    if not User.objects.filter(username="robot").exists():
        made = company()
        objects_of(made)
        evidence_of(made)
    return {role: Caller(User.objects.get(username=name)).secret for role, name in ROLES.items()}


def description() -> list[str]:
    """Compare the description with the committed one; return what is wrong."""
    from io import StringIO

    from django.core.management import call_command

    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out, stderr=StringIO())
    if out.getvalue() == DESCRIPTION.read_text(encoding="utf-8"):
        return []
    return [
        "docs/reference/openapi.yaml is another: manage.py spectacular --file docs/reference/openapi.yaml"
    ]


def clients(at: str, secrets: dict[str, str]) -> list[str]:
    """Generate the clients, check their types, use them; return what is wrong."""
    from tests.api.clients import made

    folder, key = FOLDER / "clients", secrets["comp_admin"]
    folder.mkdir(exist_ok=True)
    program = made.python_made(folder, generator=tool("openapi-python-client"))
    made.python_typed(folder, checker=tool("mypy"))
    by_python = made.told([tool("python"), program], at=at, key=key, folder=folder)
    print(f"The Python client pulled {len(by_python['pulled'])} payouts.")
    if absent := made.typescript_absent():
        print(f"No TypeScript client: {absent}.")
        return []
    by_typescript = made.told(["node", made.typescript_made(folder)], at=at, key=key, folder=folder)
    print(f"The TypeScript client pulled {len(by_typescript['pulled'])} payouts.")
    return [] if by_typescript == by_python else [f"the clients differ: {by_python} {by_typescript}"]


def met(role: str, *, plain: bool = False) -> Path:
    """
    Return the description as a role can follow it: its examples, and links of `me`, have ids of rows it sees.

    In a `plain` one reads have no parameters that may be left out: a list has rows then, and they have ids to follow.
    """
    from django.utils import timezone

    from kamcomp.api.public_ids import example_id
    from kamcomp.api.resources import all_resources
    from kamcomp.identity.models import User
    from kamcomp.visibility import viewer_of

    viewer = viewer_of(user=User.objects.get(username=ROLES[role]), on=timezone.localdate())
    text, links = DESCRIPTION.read_text(encoding="utf-8"), {}
    for resource in all_resources():
        pk = resource.rows(viewer=viewer).values_list("pk", flat=True).first() if resource.has_items else None
        if pk is not None:
            own = resource.id_of(pk)
            text = text.replace(example_id(resource.prefix, numbered=resource.numbered), own)
            links[resource.noun] = {"operationId": f"{resource.noun}_show", "parameters": {"key": own}}
    for told, ours in OURS.items():
        text = text.replace(told, ours)
    described = yaml.load(text, Loader=yaml.CSafeLoader)
    described["paths"]["/api/v1/me"]["get"]["responses"]["200"]["links"] = links
    for methods in described["paths"].values() if plain else ():
        if "get" in methods:
            said = methods["get"].get("parameters", [])
            methods["get"]["parameters"] = [each for each in said if each.get("required")]
    file = FOLDER / f"openapi-{role}{'-plain' * plain}.json"
    file.write_text(json.dumps(described, default=str), encoding="utf-8")
    return file


def schemathesis(at: str, secrets: dict[str, str], arguments: list[str]) -> list[str]:
    """Hold every endpoint against the description, then sequences that find rows, as each role; return what failed."""
    failed = []
    for role, secret in secrets.items():
        for described, phases in ((met(role), []), (met(role, plain=True), ["--phases", "stateful"])):
            print(f"As {role}, {described.name}:", flush=True)
            command = [tool("schemathesis"), "--config-file", CONFIG, "run", described, "--url", at]
            command += ["-H", f"Authorization: Bearer {secret}", *phases]
            if subprocess.run([*command, *arguments], check=False, cwd=FOLDER).returncode != 0:
                failed.append(f"schemathesis found faults as {role}, by {described.name}")
    return failed


def main(arguments: list[str]) -> int:
    """Do the steps that are asked for, or all; return 1 if one found something."""
    from benchmarks.web import web_up

    steps = [each for each in STEPS if each in arguments] or STEPS
    roles = [each for each in ROLES if each in arguments] or ROLES
    rest = [each for each in arguments if each not in (*STEPS, *ROLES)]
    wrong = description() if "description" in steps else []
    with web_up() as web:
        secrets = keys()
        if "clients" in steps:
            wrong += clients(web.at, secrets)
        if "schemathesis" in steps:
            wrong += schemathesis(web.at, {role: secrets[role] for role in roles}, rest)
    print("\n".join(wrong) or "The interface is as it is described.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.path.insert(0, str(PROJECT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamcomp.settings")
    FOLDER.mkdir(parents=True, exist_ok=True)
    django.setup()
    sys.exit(main(sys.argv[1:]))
