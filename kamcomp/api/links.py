"""
Links of the description: what of an answer leads where, so that programs (and tests of sequences) can follow it.

A list leads to its first row; a row to its parts, to its acts with the ETag it came with, and to the things whose ids
it carries. Made from the declarations of resources, after everything else is described.
"""

from __future__ import annotations

from typing import Any

from kamcomp.api.resources import Resource, all_resources

BASE = "/api/v1"
ETAG = {"header.If-Match": "$response.header.ETag"}
Described = dict[str, Any]


def links_laid(result: Described, generator: Any, request: Any, public: bool) -> Described:
    """Lay links into the answers of lists and rows; a hook of drf-spectacular, which gives the arguments."""
    paths: dict[str, Described] = result["paths"]
    things: dict[str, Resource] = {}
    for each in all_resources():
        if each.has_items:
            things.setdefault(
                each.prefix, each
            )  # a person's id leads to people, not to what else is told by it
    for each in all_resources():
        listed, row = f"{BASE}/{each.name}", f"{BASE}/{each.name}/{{key}}"
        if listed in paths:
            found = {
                **_below(paths, row, "/data/0/id", tagged=False),
                **_others(each, paths, things, "/data/0/"),
            }
            _lay(paths[listed]["get"], found)
        if row in paths:
            below = _below(paths, row, "/id", tagged=True)
            del below[paths[row]["get"]["operationId"]]
            _lay(paths[row]["get"], {**below, **_others(each, paths, things, "/")})
    return result


def _below(paths: dict[str, Described], row: str, pointer: str, *, tagged: bool) -> Described:
    """Return links to a row and what stands below it; `tagged` where the ETag of the answer is the row's own."""
    found = {}
    for path, methods in paths.items():
        if path == row or path.startswith((f"{row}/", f"{row}:")):
            for operation in methods.values():
                matched = tagged and any(each["name"] == "If-Match" for each in operation["parameters"])
                found[operation["operationId"]] = _link(operation, pointer, **(ETAG if matched else {}))
    return found


def _others(
    resource: Resource, paths: dict[str, Described], things: dict[str, Resource], at: str
) -> Described:
    """Return links to the things whose ids a row carries."""
    found = {}
    for field in resource.fields:
        other = things.get(field.prefix)
        path = f"{BASE}/{other.name}/{{key}}" if other is not None and field.name != "id" else ""
        if path in paths:
            found[field.name] = _link(paths[path]["get"], f"{at}{field.name}")
    return found


def _link(operation: Described, pointer: str, **more: str) -> Described:
    return {
        "operationId": operation["operationId"],
        "parameters": {"key": f"$response.body#{pointer}", **more},
    }


def _lay(operation: Described, found: Described) -> None:
    if found:
        operation["responses"]["200"]["links"] = found
