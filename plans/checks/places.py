"""Places where people work: whether a reminder of local law holds there. Pure."""

from __future__ import annotations

EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
    ]
)
COVERED = frozenset(
    [
        "US",
        "FR",
        "DE",
        "GB",
        "IE",
        "NL",
        "BE",
        "ES",
        "IT",
        "CH",
        "DK",
        "CA",
        "BR",
        "MX",
        "IN",
        "CN",
        "JP",
        "AU",
        "SG",
    ]
)
"""Countries with reminders of their own; members of the European Union share one more."""


def is_in(place: str, where: str) -> bool:
    """Tell whether a place lies in a country, a part of one, or in the European Union (EU)."""
    if where == "EU":
        return place.partition("-")[0] in EU
    return place == where or place.startswith(f"{where}-")


def country(place: str) -> str:
    """Return the country of a place."""
    return place.partition("-")[0]
