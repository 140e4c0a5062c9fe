"""
The plan document: reading it, refusing it with reasons, and writing it out in full.

`plan_from_document` takes what a person wrote (defaults left out, branches without a
kind, level and accumulation said once on a branch) and returns the plan; `plan_document`
writes it back with every convention visible. Writing and reading again gives the same
document. Pure.
Rule: docs/reference/formulas.md, "Documents" and "What a node inherits".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from plans.engine.codec import DocumentError, DocumentInvalid, read, read_sound, schema, schema_errors, write
from plans.engine.conventions import Level
from plans.engine.laws import law_errors
from plans.engine.plan import Plan

INHERITED = ("level", "segment", "accumulation", "years")
READ_WITH_NODE = ("level", "segment")


def plan_from_document(document: Any) -> Plan:
    """
    Return the plan a document describes.

    :raises DocumentInvalid: with every departure from the schema, or every broken law.
    """
    errors = schema_errors(plan_schema(), document)
    if errors:
        raise DocumentInvalid(errors)
    plan = read(Plan, spelled_out(document))
    if broken := law_errors(plan):
        raise DocumentInvalid(broken)
    return plan


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return the document of a plan with every default written out."""
    document: dict[str, Any] = write(plan)
    return document


def written_out(document: Any) -> dict[str, Any]:
    """
    Return a document with every default written out, of a plan that may still break laws: a working draft.

    :raises DocumentInvalid: with every departure from the schema.
    """
    errors = schema_errors(plan_schema(), document)
    if errors:
        raise DocumentInvalid(errors)
    return plan_document(read_sound(Plan, spelled_out(document)))


def broken_laws(document: Mapping[str, Any]) -> list[DocumentError]:
    """Return every law that a document which follows the schema breaks, in the order of the document."""
    return law_errors(read(Plan, spelled_out(document)))


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of `kamcomp.plan/1`."""
    return schema(Plan)


def canonical_bytes(document: Any) -> bytes:
    """Return a document as canonical JSON: sorted keys, no spaces, UTF-8. What a digest is taken of."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def plan_digest(plan: Plan) -> str:
    """Return the SHA-256 of a plan's full document, in hexadecimal: what people sign."""
    return hashlib.sha256(canonical_bytes(plan_document(plan))).hexdigest()


def written_digest(document: Mapping[str, Any]) -> str:
    """Return the digest of a document that is written out in full already, as `written_out` leaves it."""
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


def spelled_out(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with what nodes inherit from their branch said on each of them."""
    spelled = dict(document)
    spelled["incentive"] = _node_spelled_out(document.get("incentive", {}), {})
    spelled["commissions"] = [
        _readings_spelled_out({"level": Level.INDIVIDUAL.value, **leaf})
        for leaf in document.get("commissions", [])
    ]
    return spelled


def _node_spelled_out(node: Mapping[str, Any], inherited: Mapping[str, Any]) -> dict[str, Any]:
    spelled = {**inherited, **node}
    passed_on = {key: spelled[key] for key in INHERITED if key in spelled}
    if "children" in spelled:
        spelled["children"] = [_node_spelled_out(child, passed_on) for child in spelled["children"]]
    return _readings_spelled_out(spelled)


def _readings_spelled_out(node: dict[str, Any]) -> dict[str, Any]:
    """Return a node whose gate, modifiers and axes read at the node's level unless they say otherwise."""
    level = {key: node[key] for key in READ_WITH_NODE if node.get(key) is not None}
    for key in ("gate", "x", "y", "axis_reading"):
        if isinstance(node.get(key), Mapping):
            node[key] = {**level, **node[key]}
    if "modifiers" in node:
        node["modifiers"] = [{**level, **modifier} for modifier in node["modifiers"]]
    return node
