"""
The reference of the plan language: every record and field of a plan document, as Markdown.

It is made from the published JSON Schema, which is made from the records, so that page,
schema and reading cannot differ. Pure.
Rule: docs/reference/formulas.md, "Documents"; the page is docs/reference/plan-language.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plans.engine.codec import DATE_PATTERN, DECIMAL_PATTERN
from plans.engine.document import plan_schema

HEADING = "## Every field"
TEXTS = {DECIMAL_PATTERN: "decimal in a string", DATE_PATTERN: "day, `YYYY-MM-DD`"}
TYPES = {
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
}


def plan_reference() -> str:
    """Return the generated part of the page: one section a record of the plan document, each field in a row."""
    records = plan_schema()["$defs"]
    return f"{HEADING}\n\n" + "\n".join(_record(name, records[name]) for name in _by_use(records))


def _by_use(records: Mapping[str, Any]) -> list[str]:
    """Return the names of the records in the order a reader of a plan meets them: the plan, then what it holds."""
    found, waiting = [], ["Plan"]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting += [each for each in _named_in(records[name]) if each not in found]
    return found


def _named_in(part: Any) -> list[str]:
    if isinstance(part, list):
        return [name for each in part for name in _named_in(each)]
    if not isinstance(part, Mapping):
        return []
    here = [part["$ref"].rpartition("/")[2]] if "$ref" in part else []
    return here + [name for value in part.values() for name in _named_in(value)]


def _record(name: str, body: Mapping[str, Any]) -> str:
    lines = [f"### {name}", "", body["description"], ""]
    if "properties" in body:
        lines += ["| field | takes | default |", "|---|---|---|"]
        required = body.get("required", [])
        lines += [_field(key, part, key in required) for key, part in body["properties"].items()]
        lines.append("")
    return "\n".join(lines)


def _field(key: str, part: Mapping[str, Any], required: bool) -> str:
    default = "required" if required else f"`{json.dumps(part.get('default'), ensure_ascii=False)}`"
    if "const" in part and not required:
        default = "may be left out"
    return f"| `{key}` | {_takes(part)} | {default} |"


def _takes(part: Mapping[str, Any]) -> str:
    """Return what a field takes, in words."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in part:
        return " or ".join(_takes(each) for each in part["anyOf"])
    if "enum" in part:
        return ", ".join(f"`{word}`" for word in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    if part.get("type") == "array":
        return f"list of {_takes(part['items'])}"
    if isinstance(part.get("additionalProperties"), Mapping):
        return f"by name: {_takes(part['additionalProperties'])}"
    return TEXTS.get(part.get("pattern", ""), TYPES[part["type"]])
