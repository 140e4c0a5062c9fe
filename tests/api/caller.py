"""A program with a key, as it asks the REST interface; used by `make api-check` too, where there is no pytest."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from kamcomp.api.models import ApiKey
from kamcomp.api.resources import all_scopes
from kamcomp.api.secrets import secret_digest, secret_made, secret_prefix
from kamcomp.identity.models import User

ROLES = {
    "comp_admin": "maren",
    "kam": "paul",
    "payee": "sofia",
    "finance": "jonas",
    "executive": "anders",
    "hr_legal": "sigrid",
    "auditor": "ada",
    "api_client": "robot",
}


class Caller:
    """A program with a key, as it asks: JSON out, JSON in."""

    def __init__(self, user: User, scopes: list[str] | None = None) -> None:
        self.user, self.secret = user, secret_made()
        self.key = ApiKey.objects.create(
            user=user,
            name="a test",
            prefix=secret_prefix(self.secret),
            digest=secret_digest(self.secret),
            scopes=all_scopes() if scopes is None else scopes,
            expires_at=timezone.now() + timedelta(days=30),
        )
        self.client = Client(raise_request_exception=False)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the answer; a header is said as if_match for If-Match."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        given = {"authorization": f"Bearer {self.secret}", **said}
        return getattr(self.client, method)(f"/api/v1/{path}", headers=given, **sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("get", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("post", path, {} if body is None else body, **headers)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return the rows of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            sign = "&" if "?" in path else "?"
            page = self.get(f"{path}{sign}cursor={cursor}" if cursor else path).json()
            found += page["data"]
            if not page["has_more"]:
                return found
            cursor = page["next_cursor"]


def told(answer: Any) -> bytes:
    """Return the whole body of an answer, streamed or not."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content
