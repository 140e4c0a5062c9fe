"""Webhooks: what programs of other systems are told, signed, and told again until they have it."""
