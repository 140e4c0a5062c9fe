"""The setting of documents: Typst with the fonts that come along, started once a process and document."""

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import typst

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
FONTS = ("fontpkg_inter", "manimgx_fonts")
"""Inter, and Noto for what Inter has no letters for: names come from everywhere."""


def pdf_set(*, document: str, said: str, at: int) -> bytes:
    """
    Return a tagged PDF of a document of the templates folder.

    `said` is what it sets, as JSON, and never read as markup; `at` is the moment that stands in
    the file, in seconds: the same words give the same bytes.
    """
    compiled = _compiler(document).compile(
        format="pdf", sys_inputs={"said": said}, pdf_standards="ua-1", timestamp=at
    )
    if not isinstance(compiled, bytes):
        raise TypeError(f"One document was expected of {document}.")
    return compiled


@lru_cache(maxsize=4)
def _compiler(document: str) -> typst.Compiler:
    """Return the compiler, started once a process: reading the fonts is most of its work."""
    path = TEMPLATES / document
    return typst.Compiler(
        str(path),
        root=str(path.parent),
        font_paths=[str(folder) for folder in _font_folders()],
        ignore_system_fonts=True,
    )


def _font_folders() -> Sequence[Path]:
    found = []
    for package in FONTS:
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise LookupError(f"The fonts of {package} are not installed: make the environment again.")
        found.append(Path(spec.submodule_search_locations[0]))
    return found
