"""
Help rendered from docs/: what `?` says about a page, and every document to read, without a network.

The help of a page is docs/help/NAME.md, NAME being its address name without the room ("run-show"); NAME.de.md is the
same in German. A page without help of its own gets docs/help/every-page.md. Documents link each other as files do;
those links become addresses under /help/, and whatever is not a document of ours stays words. HTML inside a document
is shown as text, so a document can carry no script.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

DOCS = Path(__file__).resolve().parents[2] / "docs"
OF_ANY_PAGE = "every-page"
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
PAGE = re.compile(r"(?:[a-z-]+/)?[A-Za-z0-9]+(?:[-.][A-Za-z0-9]+)*")
REMARK = re.compile(r"^<!--.*?-->\n", re.MULTILINE)


def _parser() -> MarkdownIt:
    """Return the reader of documents; tables and code scroll by themselves, so that no page does."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    rules = {
        "table_open": '<div class="scroll" tabindex="0" role="region" aria-label="{words}"><table>\n',
        "table_close": "</table></div>\n",
    }
    for name, html in rules.items():
        parser.add_render_rule(name, lambda *_any, html=html: html.format(words=escape(_("Table"))))
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("image", lambda _self, tokens, idx, *_any: escape(tokens[idx].content))
    return parser


def _fence(_self: RendererHTML, tokens: Sequence[Token], idx: int, *_any: object) -> str:
    return f'<pre tabindex="0"><code>{escape(tokens[idx].content)}</code></pre>\n'


PARSER = _parser()


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document: its title, and its text as HTML."""

    title: str
    html: SafeString
    language: str


def help_of(*, view_name: str, language: str) -> Document | None:
    """Return the help of the page of an address name, in the reader's language if it is written in it."""
    name = view_name.rpartition(":")[2]
    names = [name, OF_ANY_PAGE] if NAME.fullmatch(name) else [OF_ANY_PAGE]
    tries = [(f"help/{each}{mark}", mark) for each in names for mark in (f".{language}", "")]
    for page, mark in tries:
        found = document(page=page)
        if found is not None:
            return Document(title=found.title, html=found.html, language=language if mark else "en")
    return None


def document(*, page: str) -> Document | None:
    """Return the document docs/PAGE.md, or None. Only names are taken, never a way out of docs/."""
    if not PAGE.fullmatch(page):
        return None
    path = DOCS / f"{page}.md"
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    return _rendered(page, changed)


@lru_cache(maxsize=256)
def _rendered(page: str, _changed: int) -> Document:
    tokens = PARSER.parse(REMARK.sub("", (DOCS / f"{page}.md").read_text(encoding="utf-8")))
    title = tokens[1].content if tokens and tokens[0].type == "heading_open" else page
    body = tokens[3:] if tokens and tokens[0].type == "heading_open" else tokens
    folder = posixpath.dirname(page)
    for token in body:
        for inner in token.children or ():
            _address(inner, folder)
    html = PARSER.renderer.render(body, PARSER.options, {})
    return Document(title=title, html=SafeString(html), language="en")


def _address(token: Token, folder: str) -> None:
    """Make a link to another document an address of ours; a link to anything else of the project leads nowhere."""
    if token.type != "link_open":
        return
    target = str(token.attrGet("href") or "")
    if target.startswith(("https:", "http:", "#", "/")):
        return
    file, _, place = target.partition("#")
    page = posixpath.normpath(posixpath.join(folder, file)).removesuffix(".md")
    if PAGE.fullmatch(page) and (DOCS / f"{page}.md").is_file():
        token.attrSet("href", reverse("help", args=[page]) + (f"#{place}" if place else ""))
    else:
        token.attrSet("href", reverse("help-index"))
