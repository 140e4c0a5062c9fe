"""
Documents and frozen dataclasses: one definition for reading, writing and the JSON Schema.

A plan or a case is a JSON document, and inside the engine a tree of frozen dataclasses.
The dataclasses are the definition: this module reads a document into them, writes them
back with every default visible, and derives the published JSON Schema. A document that
went in comes out with the same values and the same digits. Pure: no input or output.
Rule: docs/reference/formulas.md, "Documents".
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

from jsonschema import Draft202012Validator

from kamcomp.refusal import Listing, Refusal, Sentence, Word
from kamcomp.sentences import ours
from kamcomp.trace import decimal_text

DECIMAL_PATTERN = r"^-?[0-9]{1,18}(\.[0-9]{1,18})?$"
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
Record = TypeVar("Record")
UNSAID = {"unsaid": True}
"""Metadata of a field that documents mention only where it differs from its default; see `write`."""


@dataclass(frozen=True)
class DocumentError:
    """One thing wrong in a document: where (a JSON pointer), a stable code, and a sentence."""

    pointer: str
    code: str
    detail: str

    @property
    def said(self) -> Sentence:
        """Return the sentence with its place, for pages to word."""
        return Sentence("%(at)s: %(detail)s", at=self.pointer or "/", detail=ours(self.detail))


class DocumentInvalid(Refusal):
    """A document does not follow its schema or the laws of what it describes."""

    def __init__(self, errors: typing.Sequence[DocumentError]) -> None:
        self.errors = tuple(errors)
        super().__init__(Listing((error.said for error in self.errors), "; "))


class Written(Protocol):
    """A dataclass with a document form of its own (a curve point is an array)."""

    SCHEMA: ClassVar[dict[str, Any]]

    @classmethod
    def from_document(cls, document: Any) -> Any: ...

    def to_document(self) -> Any: ...


def read(record: type[Record], document: Any) -> Record:
    """
    Return a document as an instance of `record`.

    :raises DocumentInvalid: with every place where the document departs from the schema.
    """
    errors = schema_errors(schema(record), document)
    if errors:
        raise DocumentInvalid(errors)
    return typing.cast(Record, _read(record, document))


def read_sound(record: type[Record], document: Any) -> Record:
    """Return a document that was held against the schema of `record` just before as an instance of it."""
    return typing.cast(Record, _read(record, document))


def write(value: Any) -> Any:
    """
    Return a value as a JSON-ready document with every default written out.

    A field that came after documents were signed (`UNSAID`) is left out while it has its default: what
    says nothing new keeps its digest.
    """
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "to_document"):
        return value.to_document()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        written = {"kind": kind} if (kind := kind_of(type(value))) else {}
        said = [f for f in dataclasses.fields(value) if not _is_unsaid(f, getattr(value, f.name))]
        return written | {key_of(f): write(getattr(value, f.name)) for f in said}
    if isinstance(value, tuple | list):
        return [write(item) for item in value]
    if isinstance(value, Mapping):
        return {key: write(item) for key, item in value.items()}
    return value


@cache
def _schema_text(record: type) -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    body = _schema_of(record, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": record.__name__,
        **body,
        "$defs": dict(sorted(definitions.items())),
    }


def schema(record: type) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a dataclass and everything in it."""
    return _schema_text(record)


def schema_errors(document_schema: Mapping[str, Any], document: Any) -> list[DocumentError]:
    """Return what is wrong with a document by its schema, each with a JSON pointer."""
    found: list[DocumentError] = []
    for error in _validator(document_schema).iter_errors(document):
        found.extend(_deepest(error))
    found.extend(_texts_unsound(document, ""))
    return sorted(set(found), key=lambda error: (error.pointer, error.detail))


def _texts_unsound(value: Any, place: str) -> Iterator[DocumentError]:
    """Yield the texts that no digest, no database or no calendar can take."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            yield DocumentError(
                place,
                "invalid",
                Sentence("%(short)s has a NUL character or half of a character.", short=_short(value)),
            )
        elif value.startswith("9999-") and re.match(DATE_PATTERN, value):
            yield DocumentError(
                place,
                "invalid",
                Sentence("%(value)s is no last day: leave it out where there is no end.", value=value),
            )
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts_unsound(inner, place + pointer([key]))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _texts_unsound(inner, place + pointer([position]))


def _validator(document_schema: Mapping[str, Any]) -> Any:
    return Draft202012Validator(document_schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def pointer(path: typing.Iterable[str | int]) -> str:
    """Return a JSON pointer (RFC 6901) for a path of keys and positions."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _deepest(error: Any) -> list[DocumentError]:
    """Return the errors of the branch of a union that the document meant: the one that fits best."""
    if error.validator in ("anyOf", "oneOf") and error.context:
        branches: dict[int, list[Any]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        best = min(branches.values(), key=_misfit)
        if _misfit(best) < (2, 0):
            return [item for inner in best for item in _deepest(inner)]
    return [_document_error(error)]


def _misfit(errors: list[Any]) -> tuple[int, int]:
    wrong_kind = any(error.validator == "const" for error in errors)
    wrong_type = any(error.validator == "type" and len(error.path) == 0 for error in errors)
    return (2 if wrong_type or wrong_kind else 0, len(errors))


def _document_error(error: Any) -> DocumentError:
    path = list(error.absolute_path)
    codes = {
        "required": "missing",
        "additionalProperties": "unknown_field",
        "enum": "not_a_choice",
        "const": "not_a_choice",
        "pattern": "not_a_number",
        "type": "wrong_type",
    }
    code = codes.get(error.validator, "invalid")
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        strange = sorted(key for key in error.instance if key not in known)
        return DocumentError(
            pointer=pointer([*path, strange[0]]),
            code=code,
            detail=Sentence(
                "%(strange)s is not a field here; the fields are %(known)s.",
                strange=repr(strange[0]),
                known=", ".join(sorted(known)),
            ),
        )
    if error.validator == "required":
        gone = sorted(key for key in error.validator_value if key not in error.instance)
        return DocumentError(
            pointer=pointer([*path, gone[0]]),
            code=code,
            detail=Sentence("%(gone)s is missing.", gone=repr(gone[0])),
        )
    if error.validator == "enum":
        return DocumentError(
            pointer=pointer(path),
            code=code,
            detail=Sentence(
                "%(instance)s is not one of %(allowed)s.",
                instance=repr(error.instance),
                allowed=", ".join(map(str, error.validator_value)),
            ),
        )
    if error.validator == "pattern":
        what = (
            Word("a date like 2027-01-31")
            if error.validator_value == DATE_PATTERN
            else Word("a decimal number in a string")
        )
        what = (
            what
            if error.validator_value in (DATE_PATTERN, DECIMAL_PATTERN)
            else Word("of the form asked for")
        )
        code = code if error.validator_value == DECIMAL_PATTERN else "invalid"
        return DocumentError(
            pointer=pointer(path),
            code=code,
            detail=Sentence("%(instance)s is not %(what)s.", instance=repr(error.instance), what=what),
        )
    return DocumentError(pointer=pointer(path), code=code, detail=_sentence(error))


def _sentence(error: Any) -> str:
    if error.validator == "format":
        return Sentence("%(instance)s is not a day of the calendar.", instance=repr(error.instance))
    if (
        error.validator == "type"
        and error.validator_value == "string"
        and isinstance(error.instance, int | float)
    ):
        return Sentence(
            "%(instance)s must be written as a string, so that no digit is lost.",
            instance=repr(error.instance),
        )
    if error.validator in ("anyOf", "oneOf"):
        return Sentence("%(short)s has none of the forms allowed here.", short=_short(error.instance))
    if error.validator == "minItems":
        return (
            Sentence("needs at least %(count)s items.", count=error.validator_value)
            if error.validator_value > 1
            else Sentence("needs at least %(count)s item.", count=1)
        )
    if error.validator == "type":
        return Sentence(
            "%(short)s is not of type %(type)s.", short=_short(error.instance), type=error.validator_value
        )
    return f"{_short(error.instance)}: {error.message.split(' ', 1)[-1]}."


def _short(instance: Any) -> str:
    text = repr(instance)
    return text if len(text) < 60 else text[:57] + "..."


def _is_unsaid(field: dataclasses.Field[Any], value: Any) -> bool:
    return bool(field.metadata.get("unsaid")) and value == field.default


def key_of(field: dataclasses.Field[Any]) -> str:
    """Return what a field is called in a document."""
    return str(field.metadata.get("key", field.name))


@cache
def hints_of(record: type) -> dict[str, Any]:
    """Return what each field of a record holds, by its name."""
    return {name: hint for name, hint in get_type_hints(record).items() if get_origin(hint) is not ClassVar}


def members_of(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union; of anything else, itself."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _read(hint: Any, document: Any) -> Any:
    members = members_of(hint)
    if document is None and type(None) in members:
        return None
    if len(members) > 1:
        return _read(chosen_of(members, document), document)
    if hasattr(hint, "from_document"):
        return hint.from_document(document)
    if hint is Decimal:
        return Decimal(document)
    if hint is date:
        return date.fromisoformat(document)
    if get_origin(hint) is tuple:
        items = get_args(hint)
        return tuple(_read(items[0], item) for item in document)
    if get_origin(hint) in (dict, Mapping):
        return {key: _read(get_args(hint)[1], item) for key, item in document.items()}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(document)
    if dataclasses.is_dataclass(hint):
        hints = hints_of(typing.cast(type, hint))
        given = {f.name: document[key_of(f)] for f in dataclasses.fields(hint) if key_of(f) in document}
        return typing.cast(Any, hint)(**{name: _read(hints[name], value) for name, value in given.items()})
    return document


def chosen_of(members: tuple[Any, ...], document: Any) -> Any:
    """Return the member of a union that a document means: by its kind, else by its JSON type."""
    choices = [member for member in members if member is not type(None)]
    if not isinstance(document, Mapping):
        return next(
            member for member in choices if not dataclasses.is_dataclass(member) or _is_written(member)
        )
    for member in choices:
        if get_origin(member) in (dict, Mapping):
            return member
    if "kind" in document and any(kind_of(member) for member in choices):
        return next(member for member in choices if kind_of(member) == document["kind"])
    return next(member for member in choices if dataclasses.is_dataclass(member) and _fits(member, document))


def kind_of(record: Any) -> str | None:
    """Return the constant `kind` that tells a record's documents from those of its siblings, if it has one."""
    fields = {f.name for f in dataclasses.fields(record)} if dataclasses.is_dataclass(record) else set()
    return None if "kind" in fields else getattr(record, "kind", None)


def _is_written(member: Any) -> bool:
    return hasattr(member, "from_document")


def _fits(member: Any, document: Mapping[str, Any]) -> bool:
    fields = dataclasses.fields(member)
    required = {key_of(f) for f in fields if is_required(f)}
    return required <= set(document) <= {key_of(f) for f in fields}


def is_required(field: dataclasses.Field[Any]) -> bool:
    """Tell whether a document has to say a field."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _schema_of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    members = members_of(hint)
    if len(members) > 1:
        return {"anyOf": [_schema_of(member, definitions) for member in members]}
    if hint is type(None):
        return {"type": "null"}
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    if hasattr(hint, "SCHEMA"):
        return _defined(hint, dict(hint.SCHEMA), definitions)
    if get_origin(hint) is tuple:
        items = [item for item in get_args(hint) if item is not Ellipsis]
        size = {} if Ellipsis in get_args(hint) else {"minItems": len(items), "maxItems": len(items)}
        return {"type": "array", "items": _schema_of(items[0], definitions), **size}
    if get_origin(hint) in (dict, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(get_args(hint)[1], definitions)}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"type": "string", "enum": [str(word) for word in hint]}
    if dataclasses.is_dataclass(hint):
        return _object_schema(typing.cast(type, hint), definitions)
    return {}


def _object_schema(record: type, definitions: dict[str, Any]) -> dict[str, Any]:
    if record.__name__ in definitions:
        return {"$ref": f"#/$defs/{record.__name__}"}
    definitions[record.__name__] = {}
    hints, properties, required = hints_of(record), {}, []
    if kind := kind_of(record):
        properties["kind"] = {"const": kind}
        required += [] if getattr(record, "kind_may_be_left_out", False) else ["kind"]
    for field in dataclasses.fields(record):
        properties[key_of(field)] = _field_schema(field, hints[field.name], definitions)
        if is_required(field):
            required.append(key_of(field))
    body = {
        "type": "object",
        "description": " ".join((record.__doc__ or "").split()),
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    return _defined(record, body, definitions)


def _field_schema(field: dataclasses.Field[Any], hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    body = _schema_of(hint, definitions)
    if field.default is not dataclasses.MISSING:
        body = {**body, "default": write(field.default)}
    elif field.default_factory is not dataclasses.MISSING:
        body = {**body, "default": write(field.default_factory())}
    if about := field.metadata.get("about"):
        body = {**body, "description": about}
    return body


def _defined(record: type, body: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if definitions.get(record.__name__) not in ({}, body, None):
        raise TypeError(f"two records of a document are called {record.__name__}")
    definitions[record.__name__] = body
    return {"$ref": f"#/$defs/{record.__name__}"}


_PLAIN: dict[Any, dict[str, Any]] = {
    Decimal: {"type": "string", "pattern": DECIMAL_PATTERN},
    date: {"type": "string", "pattern": DATE_PATTERN, "format": "date"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    str: {"type": "string"},
    Any: {},
}
