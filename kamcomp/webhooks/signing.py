"""
Signatures of deliveries, by Standard Webhooks: HMAC-SHA256 over id, moment and body, with each secret that is in force.

A secret is derived from a row's random salt and the installation's own key. So none can be read in the database or a
backup of it, and none needs to be kept to be used.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from django.utils.crypto import salted_hmac
from standardwebhooks import Webhook

from kamcomp.api.public_ids import public_id
from kamcomp.webhooks.models import WebhookEvent, WebhookSecret

BEGIN = "whsec_"
SALT_BYTES = 32
DERIVED = "kamcomp.webhooks.signing"


def salt_made() -> str:
    """Return 256 random bits, in hexadecimal."""
    return secrets.token_hex(SALT_BYTES)


def secret_of(*, salt: str) -> str:
    """Return the secret that follows from a salt: `whsec_` and 256 bits in base 64."""
    derived = salted_hmac(DERIVED, salt, algorithm="sha256").digest()
    return BEGIN + base64.b64encode(derived).decode()


def body_of(*, event: WebhookEvent) -> bytes:
    """Return what an endpoint is sent of an event: the same bytes each time."""
    said = {
        "type": event.type,
        "timestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": event.data,
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def headers_of(
    *, event: WebhookEvent, body: bytes, secrets_in_force: Iterable[WebhookSecret], at: datetime
) -> dict[str, str]:
    """Return the headers of a delivery: the event's id, the moment, and a signature for each secret."""
    name, moment = public_id("msg", event.pk), at.astimezone(UTC)
    signed = [
        Webhook(secret_of(salt=each.salt)).sign(name, moment, body.decode()) for each in secrets_in_force
    ]
    return {
        "content-type": "application/json",
        "user-agent": "kamcomp-webhooks/1",
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signed),
    }
