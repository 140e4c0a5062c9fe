"""
What a body holds: exactly what the description says of it, and nothing else.

The REST framework takes 5 for "5", "yes" for true, and leaves out what it does not know. A program that sends such a
thing has a fault, which it is told; and whatever the description allows gets past here, to the rules of the act.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from kamcomp.api.filters import NO_NUL, day_said

SAYS_SOMETHING = r"^[^\x00]*[^\s\x00-\x1f\x7f-\x9f][^\x00]*$"
"""Some letter, figure or sign is in it."""
JSON_TYPES: tuple[tuple[type[serializers.Field], type, str], ...] = (
    (serializers.BooleanField, bool, "true or false"),
    (serializers.IntegerField, int, "a whole number"),
    (serializers.CharField, str, "a string"),
    (serializers.ChoiceField, str, "a string"),
    (serializers.DateField, str, "a string"),
)


class StrictSerializer(serializers.Serializer):
    """A body that has no field but those that are named, each of the very type that is described."""

    def to_internal_value(self, data: Any) -> Any:
        """
        Return what was sent.

        :raises ValidationError: with every field there is not, or that is another than described.
        """
        typed: Any = None
        faults: Any = self._faults(data) if isinstance(data, Mapping) else {}
        try:
            typed = super().to_internal_value(data)
        except serializers.ValidationError as error:
            faults = {**error.detail, **faults} if isinstance(error.detail, dict) else error.detail
        if faults:
            raise serializers.ValidationError(faults)
        return typed

    def _faults(self, data: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in data.items():
            field = self.fields.get(name)
            if field is None:
                found[name] = [ErrorDetail("There is no such field.", code="field_unknown")]
            elif why := fault_of(field, value):
                found[name] = [ErrorDetail(why, code="invalid")]
        return found


def fault_of(field: serializers.Field, value: Any) -> str:
    """Return what is wrong with a value that the REST framework would bend until it fits; nothing if it fits."""
    if value is None:
        return ""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return next(filter(None, (fault_of(field.child, each) for each in value)), "")
    for kind, wanted, words in JSON_TYPES:
        if isinstance(field, kind):
            return _fault_of_type(value, wanted, words) or _fault_of_text(field, value)
    return ""


def text_pattern(field: serializers.Field) -> str:
    """Return the pattern of a text in a body, for those that have none of their own."""
    if type(field) is not serializers.CharField or not isinstance(field.root, StrictSerializer):
        return ""
    return NO_NUL if field.allow_blank else SAYS_SOMETHING


def _fault_of_type(value: Any, wanted: type, words: str) -> str:
    whole = wanted is int and isinstance(value, float) and value.is_integer()
    return "" if type(value) is wanted or whole else f"Send {words}."


def _fault_of_text(field: serializers.Field, value: Any) -> str:
    if isinstance(field, serializers.DateField):
        try:
            day_said(value)
        except ValueError:
            return "A day is written 2026-01-31."
    if not isinstance(field, serializers.CharField):
        return ""
    if field.max_length is not None and len(value) > field.max_length:
        return f"At most {field.max_length} characters."
    if isinstance(field, serializers.RegexField) and value != value.strip():
        return "Send it without blanks around it."
    pattern = text_pattern(field)
    return "" if not pattern or re.search(pattern, value) else "Say something: a letter, a figure or a sign."
