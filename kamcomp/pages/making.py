"""
What the pages need that is not kept in the repository: the type face as a small web font, and compiled translations.

The font is cut out of the variable Inter of the `fontpkg-inter` wheel: Latin, the weight axis
kept, the optical size pinned. Cutting takes two seconds, so the font is kept beside the
environment it came from; translations are compiled when their text changed.
Run by `make run`, by the tests, and in the image: python -m kamcomp.pages.making
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PROJECT = Path(__file__).resolve().parents[2]
FONT = "inter-latin.woff2"
LATIN = [
    *range(0x20, 0x7F), *range(0xA0, 0x180), 0x218, 0x219, 0x21A, 0x21B, 0x1E9E,
    *range(0x2010, 0x2015), 0x2018, 0x2019, 0x201A, 0x201C, 0x201D, 0x201E, 0x2020, 0x2022, 0x2026,
    0x202F, 0x2030, 0x2039, 0x203A, 0x20AC, 0x20BA, 0x20B9, 0x20BD, 0x2116, 0x2122, 0x2190, 0x2191, 0x2192,
    0x2193, 0x2212, 0x2215, 0x2248, 0x2260, 0x2264, 0x2265, 0x25B2, 0x25B8, 0x25BC, 0x25BE, 0x2713,
]  # fmt: skip
OPTICAL_SIZE = 14
LIGHTEST, HEAVIEST = 400, 700


def made_folder() -> Path:
    """Return the folder of what is made: in the project's state folder, or where KAMCOMP_STATE says."""
    return Path(os.environ.get("KAMCOMP_STATE") or PROJECT / ".kamcomp").absolute() / "made"


def made() -> Path:
    """Make what is missing or out of date, and return the folder."""
    folder = made_folder()
    _font_put(folder / "static" / "kamcomp" / FONT)
    for text in sorted(PROJECT.glob("locale/*/LC_MESSAGES/django.po")):
        _translations_compile(text, folder / text.relative_to(PROJECT).with_suffix(".mo"))
    return folder


def _font_put(path: Path) -> None:
    cut = hashlib.sha256(repr((LATIN, OPTICAL_SIZE, LIGHTEST, HEAVIEST, version("fontpkg-inter"))).encode())
    kept = Path(sys.prefix) / "share" / "kamcomp" / f"inter-{cut.hexdigest()[:12]}.woff2"
    stamp = path.with_suffix(".from")
    if path.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == kept.name:
        return
    if kept.is_file():
        data = kept.read_bytes()
    else:
        data = _font_cut()
        if os.access(sys.prefix, os.W_OK):
            _whole(kept, data)
    _whole(path, data)
    _whole(stamp, kept.name.encode())


def _font_cut() -> bytes:
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    found = find_spec("fontpkg_inter")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("fontpkg-inter is not installed: make the environment again.")
    source = Path(found.submodule_search_locations[0]) / "files" / "Inter[opsz,wght].ttf"
    font = TTFont(source)
    options = Options()
    options.layout_features = ["kern", "mark", "mkmk", "ccmp", "locl", "calt", "tnum"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=LATIN)
    # Cut before pinning: an instance leaves out variations of glyphs that no longer move.
    subsetter.subset(font)
    font = instantiateVariableFont(font, {"opsz": OPTICAL_SIZE, "wght": (LIGHTEST, HEAVIEST)})
    font.flavor = "woff2"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / FONT
        font.save(target)
        return target.read_bytes()


def _translations_compile(text: Path, compiled: Path) -> None:
    digest = hashlib.sha256(text.read_bytes()).hexdigest()
    stamp = compiled.with_suffix(".from")
    if compiled.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return
    with text.open("rb") as stream:
        catalogue = read_po(stream)
    with tempfile.TemporaryFile() as target:
        write_mo(target, catalogue)
        target.seek(0)
        _whole(compiled, target.read())
    _whole(stamp, digest.encode())


def _whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=path.parent)) / path.name
    part.write_bytes(data)
    part.chmod(0o644)
    part.replace(path)
    shutil.rmtree(part.parent, ignore_errors=True)


if __name__ == "__main__":
    made()
