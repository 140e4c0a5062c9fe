"""
Examples of the description: what each operation is sent and answers, told of one company in one quarter.

An example is made from the shape that is described, field by field: ids of the right kind, money, days of the quarter,
and what examples.yaml says of a field by its name. So a new field has one at once, and no example departs from its
shape; tests/api/test_examples.py holds each against it. Why filters have none: whoever tries an operation in a browser
would send them all.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

from kamcomp.api.problems import MEDIA_TYPE
from kamcomp.api.public_ids import example_id
from kamcomp.api.resources import Resource, all_resources

BASE = "/api/v1"
FILE = Path(__file__).with_name("examples.yaml")
JSON, CSV, NDJSON = "application/json", "text/csv", "application/x-ndjson"
MONEY = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?) ([A-Z]{3})")
ID = re.compile(r"<?id:([a-z]+)>?")
ID_PATTERN = re.compile(r"\^\(?([a-z]+)_")
Described = dict[str, Any]
UNTOLD: Any = object()
"""Nothing is told of a field: its shape alone says what an example is."""


@cache
def told() -> dict[str, Any]:
    """Return what is told of the company."""
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def example_told(name: str) -> Any:
    """Return a document that is told whole: `plan`, `case` or `answer`."""
    return _said(told()[name])


def examples_laid(result: Described, generator: Any, request: Any, public: bool) -> Described:
    """Lay examples into every operation; a hook of drf-spectacular, which gives the arguments."""
    laying = Laying(schemas=result["components"]["schemas"], kept={})
    by_name = {each.name: each for each in all_resources()}
    for path, methods in result["paths"].items():
        name = re.split("[/:]", path.removeprefix(f"{BASE}/"))[0]
        resource = by_name.get(name)
        for operation in methods.values():
            laying.addressed(operation, resource)
            laying.sent(operation, resource, external="by-external-id" in path)
            laying.answered(operation, resource if path == f"{BASE}/{name}" else None)
    result["components"]["examples"] = dict(sorted(laying.kept.items()))
    return result


@dataclass(frozen=True, kw_only=True)
class Laying:
    """Examples as they are laid: the shapes they are made from, and those `kept` under a name for many places."""

    schemas: Mapping[str, Described]
    kept: dict[str, Described]

    def addressed(self, operation: Described, resource: Resource | None) -> None:
        """Lay examples into what an address holds."""
        for each in operation.get("parameters", ()):
            if each["in"] == "path":
                pattern = str(each["schema"].get("pattern", ""))
                own = told()["fields"].get(each["name"]) or (_key(resource) if resource else "")
                each["example"] = id_of(pattern) if ID_PATTERN.match(pattern) else own

    def sent(self, operation: Described, resource: Resource | None, *, external: bool) -> None:
        """Lay an example into what is sent, where its act has none of its own."""
        for media in operation.get("requestBody", {}).get("content", {}).values():
            if "examples" in media:
                continue
            row = _row(resource)
            if external and resource is not None:
                value: Any = {name: text for name, text in row.items() if name != resource.upsert}
            elif media["schema"].get("$ref", "").endswith("/SentRows"):
                value = {"rows": [row], "dry_run": True}
            else:
                value = self.of(media["schema"])
            media["examples"] = {"example": {"value": value}}

    def answered(self, operation: Described, listed: Resource | None) -> None:
        """Lay examples into what is answered: problems, rows and pages by name, files of a list as text."""
        for status, response in operation["responses"].items():
            for media_type, media in response.get("content", {}).items():
                if "examples" in media:
                    continue
                if media_type == MEDIA_TYPE:
                    media["examples"] = {
                        "example": self._named(f"Problem{status}", self.problem(int(status)))
                    }
                elif media_type == JSON:
                    media["examples"] = {"example": self._answer(media["schema"])}
                elif listed is not None and media_type in (CSV, NDJSON):
                    (row,) = self.of(media_schema(operation))["data"]
                    text = csv_text(listed, row) if media_type == CSV else ndjson_text(listed, row)
                    media["examples"] = {"example": {"value": text}}

    def problem(self, status: int) -> Described:
        """Return a problem of a status."""
        said = told()["problems"][status]
        title = HTTPStatus(status).phrase
        request_id = told()["fields"]["request_id"]
        whole = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "instance": f"{BASE}/payouts",
            "errors": [],
        }
        return {**whole, "request_id": request_id, **_said(said)}

    def of(self, schema: Mapping[str, Any], component: str = "", field: str = "") -> Any:
        """Return an example of a shape: that of a `field` of a `component`, if it is one."""
        said = _told_of(component, field)
        if said is None and _can_be_null(schema):
            return None
        if choices := schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf"):
            return self.of(choices[0], component, field)
        if "$ref" in schema:
            return self._component(schema["$ref"].rpartition("/")[2], said)
        if "enum" in schema:
            return _one_of(schema["enum"], said)
        if found := ID_PATTERN.match(str(schema.get("pattern", ""))):
            return said if str(said).startswith(f"{found[1]}_") else id_of(schema["pattern"])
        return self._plain(schema, component, field) if said is UNTOLD else said

    def _plain(self, schema: Mapping[str, Any], component: str, field: str) -> Any:
        """Return an example of a shape of which nothing is told."""
        if "default" in schema:
            return schema["default"]
        kinds = schema.get("type", ())
        kind = next((each for each in ([kinds] if isinstance(kinds, str) else kinds) if each != "null"), "")
        if kind == "array":
            return [self.of(schema["items"], component)]
        plain: Described = {"integer": 1, "number": 1, "boolean": True, "string": field.replace("_", " ")}
        return plain.get(kind, {})

    def _component(self, name: str, said: Any) -> Any:
        schema = self.schemas[name]
        if "enum" in schema:
            return _one_of(schema["enum"], said)
        if isinstance(said, Mapping):
            return said
        if name.endswith("Money"):
            return {"amount": "6315.00", "currency": "EUR"}
        properties = schema.get("properties", {})
        wanted = schema.get("required") or [each for each in properties if each in told()["of"].get(name, ())]
        return {each: self.of(properties[each], name, each) for each in properties if each in wanted}

    def _answer(self, schema: Mapping[str, Any]) -> Described:
        named = next(iter(schema.get("anyOf", ())), schema).get("$ref", "").rpartition("/")[2]
        return self._named(named, self.of(schema)) if named else {"value": self.of(schema)}

    def _named(self, name: str, value: Any) -> Described:
        self.kept[name] = {"value": value}
        return {"$ref": f"#/components/examples/{name}"}


def media_schema(operation: Described) -> Described:
    """Return the shape of what an operation answers as JSON."""
    found: Described = operation["responses"]["200"]["content"][JSON]["schema"]
    return found


def id_of(pattern: str) -> str:
    """Return an example of ids of a pattern; where both forms are allowed, that of the things of this prefix."""
    prefix = ID_PATTERN.match(pattern)[1]  # type: ignore[index]  # asked of patterns of ids alone
    found = example_id(prefix, numbered=prefix in _numbered())
    return found if re.search(pattern, found) else example_id(prefix, numbered=prefix not in _numbered())


def csv_text(resource: Resource, row: Mapping[str, Any]) -> str:
    """Return a file of one row."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([head for each in resource.fields for head in each.heads])
    writer.writerow([cell for each in resource.fields for cell in each.cells(row[each.name])])
    return text.getvalue()


def ndjson_text(resource: Resource, row: Mapping[str, Any]) -> str:
    """Return a file of one row, and the line it ends with."""
    line = f"{json.dumps(row)}\n"
    totals = [row[resource.total]] if resource.total and row[resource.total] else []
    digest = sha256(line.encode()).hexdigest()
    return line + json.dumps({"_summary": {"rows": 1, "totals": totals, "sha256": digest}}) + "\n"


@cache
def _numbered() -> frozenset[str]:
    return frozenset(each.prefix for each in all_resources() if each.prefix and each.numbered)


def _key(resource: Resource) -> str:
    """Return the company's own key of the example of a resource."""
    own = told()["of"].get(_component_of(resource), {}).get("external_id", "")
    return str(_row(resource).get(resource.upsert) or own)


def _component_of(resource: Resource) -> str:
    return resource.documented().__name__.removesuffix("Serializer")


def _row(resource: Resource | None) -> dict[str, Any]:
    return dict(told()["rows"].get(resource.kind, {})) if resource is not None else {}


def _told_of(component: str, field: str) -> Any:
    """Return what is told of a field; None where it is told that there is none."""
    of = told()["of"].get(component, {})
    return _said(of[field] if field in of else told()["fields"].get(field, UNTOLD))


def _can_be_null(schema: Mapping[str, Any]) -> bool:
    return {"type": "null"} in schema.get("oneOf", ()) or "null" in schema.get("type", ())


def _one_of(words: Sequence[Any], said: Any) -> Any:
    """Return the word that is told, if it is one of these; else the first."""
    return said if said in words else next(filter(None, words))


def _said(value: Any) -> Any:
    """Return what is told as JSON carries it."""
    if isinstance(value, Mapping):
        return {name: _said(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_said(each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return _text_said(value)
    return value


def _text_said(text: str) -> Any:
    if text == "=plan":
        return _said(told()["plan"])
    if text == "=row":
        return told()["rows"]["transactions"]
    if found := MONEY.fullmatch(text):
        return {"amount": found[1], "currency": found[2]}
    return ID.sub(lambda each: example_id(each[1], numbered=each[1] in _numbered()), text)
