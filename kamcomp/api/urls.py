"""
The addresses under /api/: those of every resource, made from its declaration, and a few of their own.

An address with `:name` is an act; what is not there is answered with a problem, never with a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.http.response import HttpResponseBase
from django.urls import URLPattern, include, path, re_path

from kamcomp.api import docs, oauth
from kamcomp.api.acts import Act, Part
from kamcomp.api.me import MeShow
from kamcomp.api.problems import nowhere
from kamcomp.api.resources import Resource, all_resources
from kamcomp.api.sandbox import SandboxReset
from kamcomp.api.sending import RowsSend
from kamcomp.api.views import ACT, BATCH, EXTERNAL, ITEM, LIST, PART, ResourceView

app_name = "api"
ID = "(?P<key>[a-z]{2,8}_[0-9a-z]{13,26})"


def _addresses(resource: Resource) -> Iterator[URLPattern]:
    name, read = resource.name, {"GET": resource.reads, "HEAD": resource.reads}
    makes = {act.method: act for act in resource.acts if not act.on_row and not act.name}
    yield path(name, _view(resource, LIST, makes, read), name=f"{name}-list")
    if resource.kind:
        yield path(f"{name}:batch", _view(resource, BATCH, {}, {}, "post"), name=f"{name}-batch")
    for act in resource.acts:
        if act.name:
            yield _act_address(resource, act)
    if resource.external:
        methods = ("get", "put") if resource.upsert else ("get",)
        yield path(
            f"{name}/by-external-id/<path:external>",
            _view(resource, EXTERNAL, {}, read, *methods),
            name=f"{name}-external",
        )
    if resource.has_items:
        changes = {act.method: act for act in resource.acts if act.on_row and not act.name}
        yield re_path(f"^{name}/{ID}$", _view(resource, ITEM, changes, read), name=f"{name}-item")
    for part in resource.parts:
        scopes = {"GET": part.scope or resource.reads}
        view = _view(resource, PART, {}, scopes, "get", part=part)
        yield re_path(f"^{name}/{ID}/{part.name}$", view, name=f"{name}-{part.name}")


def _act_address(resource: Resource, act: Act) -> URLPattern:
    view = _view(resource, ACT, {act.method: act}, {}, act.method)
    name = f"{resource.name}-{act.name}"
    if act.on_row:
        return re_path(f"^{resource.name}/{ID}:{act.name}$", view, name=name)
    return path(f"{resource.name}:{act.name}", view, name=name)


def _view(
    resource: Resource,
    place: str,
    acts: dict[str, Act],
    read: dict[str, str],
    *methods: str,
    part: Part | None = None,
) -> Callable[..., HttpResponseBase]:
    """Return the view of one address; it answers the methods that are said, or reads and the acts there are."""
    writes = {each.upper(): resource.writes for each in (*acts, *methods) if each not in ("get", "head")}
    return ResourceView.as_view(
        resource=resource,
        place=place,
        acts=acts,
        part=part,
        scopes={**read, **writes},
        http_method_names=list(dict.fromkeys(methods or ("get", "head", *acts))),
    )


resources = [address for resource in all_resources() for address in _addresses(resource)]
described = [
    path("openapi.yaml", docs.openapi, name="openapi"),
    path("oauth/token", oauth.token, name="oauth-token"),
    path("docs", docs.swagger, name="swagger"),
    path("redoc", docs.redoc, name="redoc"),
]
own = [
    path("me", MeShow.as_view(), name="me"),
    path("batches:send", RowsSend.as_view(), name="batches-send"),
    path("sandbox:reset", SandboxReset.as_view(), name="sandbox-reset"),
]
urlpatterns = [
    path("v1/", include([*own, *described, *resources])),
    re_path("", nowhere, name="nowhere"),
]
