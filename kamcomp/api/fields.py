"""
Fields of a resource: where a value stands in the database, and how JSON and files carry it.

Money is `{"amount": "6457.50", "currency": "EUR"}` with the digits of its currency, further ones only where they
are not zero; other decimals are strings without tail zeros; days are ISO dates, and a span is told by its first and
last day, both included; instants are RFC 3339 in UTC. Files carry money as two columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import TextChoices
from rest_framework import serializers

from kamcomp.api.public_ids import id_pattern, public_id
from kamcomp.money import MINOR_DIGITS

Shown = Callable[..., Any]
Documented = Callable[[bool], serializers.Field]
DECIMAL = r"\A-?[0-9]+(\.[0-9]+)?\Z"


class MoneySerializer(serializers.Serializer):
    """An amount as a decimal string, with the digits of its currency."""

    amount = serializers.RegexField(DECIMAL, help_text="A decimal: 6457.50")
    currency = serializers.CharField(help_text="ISO 4217: EUR", min_length=3, max_length=3)


@dataclass(frozen=True, kw_only=True)
class Field:
    """
    One field: its name, the columns it is made of (`sources`, as paths), and what `shown` makes of their values.

    `documented` is what the description of the interface says of it, told whether it can be null; `columns` are its
    columns in a file, and `flat` its values there. `prefix` is that of the ids it carries.
    """

    name: str
    sources: tuple[str, ...]
    shown: Shown
    documented: Documented
    columns: tuple[str, ...] = ()
    flat: Callable[[Any], Sequence[Any]] | None = None
    currency: str = ""
    prefix: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        """Return the names of its columns in a file."""
        return self.columns or (self.name,)

    def cells(self, shown: Any) -> Sequence[Any]:
        """Return what stands in its columns of a file."""
        return self.flat(shown) if self.flat else (shown,)


def as_is(value: Any) -> Any:
    """Return a value that JSON carries as it is."""
    return value


def decimal_text(value: Decimal | None) -> str | None:
    """Return a decimal without tail zeros; `-0` is 0."""
    if value is None:
        return None
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def amount_text(value: Decimal, currency: str) -> str:
    """Return an amount with the digits of its currency, and further ones where they are not zero."""
    digits = MINOR_DIGITS.get(currency, 2)
    whole, _, part = f"{value:f}".partition(".")
    part = part.rstrip("0").ljust(digits, "0")
    return f"{whole}.{part}" if part else whole


def money_shown(value: Decimal | None, currency: str | None) -> dict[str, str] | None:
    """Return an amount of money; nothing where there is none."""
    if value is None:
        return None
    return {"amount": amount_text(value, currency or ""), "currency": currency or ""}


def moment_text(value: datetime | None) -> str | None:
    """Return an instant as RFC 3339 in UTC, to the microsecond."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day_text(value: date | None) -> str | None:
    """Return a day as ISO 8601."""
    return None if value is None else value.isoformat()


def last_day_text(value: Any) -> str | None:
    """Return the last day of a half-open span; nothing where it has no end."""
    return None if value is None or value.upper is None else (value.upper - timedelta(days=1)).isoformat()


def first_day_text(value: Any) -> str | None:
    """Return the first day of a span."""
    return None if value is None else day_text(value.lower)


def ref(name: str, prefix: str, source: str = "", *, about: str = "") -> Field:
    """Return a field with the id of another thing: `person_id` from the column `person_id`."""

    def shown(pk: Any) -> str | None:
        return None if pk is None else public_id(prefix, pk)

    def documented(null: bool) -> serializers.Field:
        about_id = f"An id that begins with {prefix}_. {about}".strip()
        return serializers.RegexField(f"^{id_pattern(prefix)}$", help_text=about_id, allow_null=null)

    return Field(name=name, sources=(source or name,), shown=shown, documented=documented, prefix=prefix)


def refs(name: str, prefix: str, source: str = "", *, about: str = "") -> Field:
    """Return a field with the ids of several other things, from a column that keeps them as an array."""

    def documented(_null: bool) -> serializers.Field:
        one = serializers.RegexField(f"^{id_pattern(prefix)}$")
        return serializers.ListField(child=one, help_text=f"Ids that begin with {prefix}_. {about}".strip())

    return Field(
        name=name,
        sources=(source or name,),
        shown=lambda pks: [public_id(prefix, pk) for pk in pks],
        documented=documented,
        flat=lambda shown: ("; ".join(shown),),
    )


def text(name: str, source: str = "", *, about: str = "") -> Field:
    """Return a field of text."""
    return Field(
        name=name,
        sources=(source or name,),
        shown=as_is,
        documented=lambda null: serializers.CharField(help_text=about, allow_null=null, allow_blank=True),
    )


WORDS: dict[str, type[TextChoices]] = {}
"""The words of states that fields carry, by the name that the description gives them."""


def choice(name: str, choices: type[TextChoices], source: str = "") -> Field:
    """Return a field of one of the words of a status."""
    WORDS[f"{choices.__name__}Enum"] = choices
    return Field(
        name=name,
        sources=(source or name,),
        shown=as_is,
        documented=lambda null: serializers.ChoiceField(
            choices=choices.choices, allow_null=null, allow_blank="" in choices.values
        ),
    )


def whole(name: str, source: str = "", *, about: str = "") -> Field:
    """Return a field of a whole number."""
    return Field(
        name=name,
        sources=(source or name,),
        shown=as_is,
        documented=lambda null: serializers.IntegerField(help_text=about, allow_null=null),
    )


def flag(name: str, source: str = "", *, about: str = "") -> Field:
    """Return a field that is true or false."""
    return Field(
        name=name,
        sources=(source or name,),
        shown=as_is,
        documented=lambda null: serializers.BooleanField(help_text=about, allow_null=null),
    )


def day(name: str, source: str = "", *, about: str = "") -> Field:
    """Return a field of a day."""
    return Field(
        name=name,
        sources=(source or name,),
        shown=day_text,
        documented=lambda null: serializers.DateField(help_text=about, allow_null=null),
    )


def first_day(name: str, source: str) -> Field:
    """Return a field of the first day of a span."""
    return Field(
        name=name,
        sources=(source,),
        shown=first_day_text,
        documented=lambda _null: serializers.DateField(help_text="The first day, included.", allow_null=True),
    )


def last_day(name: str, source: str) -> Field:
    """Return a field of the last day of a span, included; null is an open end."""
    return Field(
        name=name,
        sources=(source,),
        shown=last_day_text,
        documented=lambda _null: serializers.DateField(
            help_text="The last day, included; null: open.", allow_null=True
        ),
    )


def moment(name: str, source: str = "", *, about: str = "") -> Field:
    """Return a field of an instant."""
    return Field(
        name=name,
        sources=(source or name,),
        shown=moment_text,
        documented=lambda null: serializers.DateTimeField(help_text=about, allow_null=null),
    )


def ratio(name: str, source: str = "", *, about: str = "") -> Field:
    """Return a field of a decimal that is no money: a share, a rate, a measured value; 1 is 100 %."""
    return Field(
        name=name,
        sources=(source or name,),
        shown=decimal_text,
        documented=lambda null: serializers.RegexField(
            DECIMAL, help_text=about or "A decimal; 1 is 100 %.", allow_null=null
        ),
    )


def money(name: str, source: str = "", *, currency: str = "currency", about: str = "") -> Field:
    """Return a field of money; `currency` is the column of its currency."""
    return Field(
        name=name,
        sources=(source or name, currency),
        shown=money_shown,
        documented=lambda null: MoneySerializer(help_text=about, allow_null=null),
        columns=(name, f"{name}_currency"),
        flat=lambda shown: (shown["amount"], shown["currency"]) if shown else ("", ""),
        currency=currency,
    )


def amounts(name: str, source: str = "", *, about: str = "") -> Field:
    """Return a field of sums by currency, from a column that keeps them as texts by currency."""

    def shown(value: Mapping[str, str] | None) -> list[dict[str, str]]:
        return [{"amount": value[code], "currency": code} for code in sorted(value)] if value else []

    return Field(
        name=name,
        sources=(source or name,),
        shown=shown,
        documented=lambda _null: MoneySerializer(many=True, help_text=about),
        flat=lambda shown: ("; ".join(f"{each['amount']} {each['currency']}" for each in shown),),
    )


def document(name: str, source: str = "", *, about: str = "") -> Field:
    """Return a field that carries a whole JSON document, as it is kept."""
    return Field(
        name=name,
        sources=(source or name,),
        shown=as_is,
        documented=lambda _null: serializers.JSONField(help_text=about),
        flat=lambda shown: ("",),
    )


def texts(name: str, source: str = "", *, about: str = "") -> Field:
    """Return a field of several texts."""
    return Field(
        name=name,
        sources=(source or name,),
        shown=lambda value: list(value or ()),
        documented=lambda _null: serializers.ListField(child=serializers.CharField(), help_text=about),
        flat=lambda shown: ("; ".join(shown),),
    )
