"""
The words of the pages, gathered from templates and code, and held against a translation.

Templates, calls of gettext and sentences of refusals are read with babel's extractor, so that no system tool is
needed; the labels of every `TextChoices` and of forms made of them are read from the
classes, since their words stand in the code as plain text.
Used by `manage.py messages`, and by a test that no word lacks its translation.
"""

from __future__ import annotations

import importlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.db.models import TextChoices
from django.utils.translation.template import templatize

from kamcomp.imports.kinds import all_kinds
from kamcomp.pages.refusals import spoken
from kamcomp.pages.told import told

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("kamcomp", "teams", "scorecards", "plans", "payouts")
KEYWORDS = {
    "_": None, "__": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
WIDTH = 110
NOT_SHOWN = {"RateSet", "Frequency"}
Words = str | tuple[str, str]


def words_of_pages() -> dict[Words, list[str]]:
    """Return every text that is shown, with where it stands (no line numbers: they would change every day)."""
    found: dict[Words, list[str]] = {}
    for path in sorted(
        each for each in (PROJECT / "templates").rglob("*.*") if each.suffix in (".html", ".txt")
    ):
        _note(found, path, _of_template(path.read_text(encoding="utf-8")))
    for room in ROOMS:
        for path in sorted((PROJECT / room).rglob("*.py")):
            _note(found, path, _of_code(path.read_bytes()))
            _note(found, path, spoken(path))
    for words, place in [*_of_choices(), *_of_kinds(), *told()]:
        found.setdefault(words, []).append(place)
    return found


def po_path(language: str) -> Path:
    """Return the file of a language's translations."""
    return PROJECT / "locale" / language / "LC_MESSAGES" / "django.po"


def po_read(language: str) -> Catalog:
    """Return a language's translations as they stand."""
    with po_path(language).open("rb") as stream:
        return read_po(stream, locale=language)


def missing(language: str) -> list[Words]:
    """Return the words that have no translation in a language, in order."""
    known = po_read(language)
    found = []
    for words in words_of_pages():
        message = known.get(words if isinstance(words, str) else words[0])
        given = (
            [] if message is None else [message.string] if isinstance(message.string, str) else message.string
        )
        if not given or not all(given) or (message is not None and message.fuzzy):
            found.append(words)
    return sorted(found, key=str)


def po_written(language: str) -> str:
    """Return the file of a language with every word there is, translations kept, words gone left out."""
    known, new = po_read(language), Catalog(locale=language, fuzzy=False, header_comment="")
    for words, places in sorted(words_of_pages().items(), key=lambda pair: str(pair[0])):
        before: Message | None = known.get(words if isinstance(words, str) else words[0])
        new.add(words, string=before.string if before else None, locations=[(place, 0) for place in places])
    target = io.BytesIO()
    write_po(target, new, width=WIDTH, omit_header=True, sort_output=True, include_lineno=False)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    header += f'"Language: {language}\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    return header + target.getvalue().decode()


def _note(found: dict[Words, list[str]], path: Path, words: Iterator[Words]) -> None:
    place = path.relative_to(PROJECT).as_posix()
    for each in words:
        places = found.setdefault(each, [])
        if place not in places:
            places.append(place)


def _of_template(text: str) -> Iterator[Words]:
    code = templatize(text)
    # What is left of the template is filler and no code: only the calls are kept.
    calls = re.findall(
        r"\b(?:gettext|ngettext|pgettext|npgettext|_)\((?:[^()'\"]|u?'(?:\\.|[^'\\])*'|u?\"(?:\\.|[^\"\\])*\")*\)",
        code,
    )
    yield from _of_code("\n".join(calls).encode())


def _of_code(code: bytes) -> Iterator[Words]:
    if b"gettext" not in code and b"_(" not in code:
        return
    for _line, words, _comments, _context in extract("python", io.BytesIO(code), keywords=KEYWORDS):
        yield words if isinstance(words, str) else (words[0], words[1])


def _of_kinds() -> Iterator[tuple[Words, str]]:
    for kind in all_kinds():
        yield kind.title, "kamcomp/imports/kinds.py"


def _of_choices() -> Iterator[tuple[Words, str]]:
    for config in apps.get_app_configs():
        if config.name.split(".")[0] not in ROOMS:
            continue
        try:
            module = importlib.import_module(f"{config.name}.choices")
        except ModuleNotFoundError:
            continue
        for name, kind in sorted(vars(module).items()):
            if isinstance(kind, type) and issubclass(kind, TextChoices) and kind is not TextChoices:
                if name in NOT_SHOWN or kind.__module__ != module.__name__:
                    continue
                for label in kind.labels:
                    yield str(label), f"{config.name.replace('.', '/')}/choices.py"
                    if name.endswith("Status"):
                        yield str(label).lower(), f"{config.name.replace('.', '/')}/choices.py"
