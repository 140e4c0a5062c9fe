"""
The secrets of keys: random, said once, kept as SHA-256.

A secret has 256 random bits, so a fast digest is enough: there is nothing to guess. Its beginning names the
installation's kind and the key, so that a leaked one can be found and revoked without knowing the rest.
"""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings

LIVE, TEST = "kc_live_", "kc_test_"
NAMED = 8
RANDOM_BYTES = 32
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def secret_made() -> str:
    """Return a new secret: `kc_live_` (`kc_test_` in a demo company), eight letters that name it, the random part."""
    begin = TEST if settings.DEMO_MODE else LIVE
    named = "".join(secrets.choice(ALPHABET) for _letter in range(NAMED))
    return f"{begin}{named}_{secrets.token_hex(RANDOM_BYTES)}"


def is_secret(text: str) -> bool:
    """Tell whether a text looks like the secret of a key."""
    return text.startswith((LIVE, TEST))


def secret_prefix(secret: str) -> str:
    """Return the part of a secret that may be shown."""
    return secret[: len(LIVE) + NAMED]


def secret_digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
