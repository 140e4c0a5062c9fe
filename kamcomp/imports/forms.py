"""What people send from the pages of imports: a file with its kind, columns, mended cells."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.mends import CellMend
from kamcomp.imports.models import ImportBatch, ImportUpload
from kamcomp.imports.selectors import kind_titles, sources_known
from kamcomp.pages.tables import FilterForm

LEFT_OUT = ""
CELL, WAS, GONE = "cell", "was", "gone"


class BatchFilter(FilterForm):
    """Imports of a kind, in a state."""

    kind = forms.ChoiceField(label=_("Kind"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(name, __(title)) for name, title in kind_titles()]
        self.fields["kind"].choices = [("", __("All")), *kinds]  # type: ignore[attr-defined]
        labels = [(value, __(label)) for value, label in BatchStatus.choices]
        self.fields["status"].choices = [("", __("All")), *labels]  # type: ignore[attr-defined]

    def filtered(self, rows: Any) -> Any:
        """Return the imports of the kind and state chosen."""
        kind, status = self.cleaned_data["kind"], self.cleaned_data["status"]
        rows = rows.filter(kind=kind) if kind else rows
        return rows.filter(status=status) if status else rows


class UploadFile(forms.Form):
    """A file, what it holds, and which system it comes from."""

    kind = forms.ChoiceField(label=_("What it holds"))
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX with a header line, up to 20 MB; a plan document is JSON."),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.json"}),
    )
    source = forms.CharField(
        label=_("Comes from"),
        required=False,
        max_length=80,
        help_text=_("The system's name, so that its columns are known the next time. May stay empty."),
        widget=forms.TextInput(attrs={"list": "sources"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        self.fields["kind"].choices = [(name, __(title)) for name, title in kind_titles()]  # type: ignore[attr-defined]
        self.sources = sources_known()


def columns_typed(*, post: QueryDict, upload: ImportUpload) -> dict[str, str]:
    """Return what each column of the file was chosen to be."""
    return {name: post.get(f"column-{number}", LEFT_OUT) for number, name in enumerate(upload.header)}


def constants_typed(*, post: QueryDict, names: tuple[str, ...]) -> dict[str, str]:
    """Return what stands in every row of columns that the file does not have."""
    typed = {name: post.get(f"constant-{name}", "").strip() for name in names}
    return {name: text for name, text in typed.items() if text}


def mends_typed(*, post: QueryDict, upload: ImportUpload) -> list[CellMend]:
    """Return the cells that differ from what the sender's page had, and the rows ticked to be left out."""
    found = []
    for key, text in post.items():
        what, _dash, place = key.partition("-")
        line, _dash, number = place.partition("-")
        if not (line.isascii() and line.isdigit()):
            continue
        if what == GONE:
            found.append(CellMend(line=int(line)))
        elif what == CELL and number.isascii() and number.isdigit() and int(number) < len(upload.header):
            before = post.get(f"{WAS}-{place}", "")
            if str(text) != before:
                column = upload.header[int(number)]
                found.append(CellMend(line=int(line), column=column, before=before, text=str(text)))
    return found


def mended_sentence(batch: ImportBatch) -> str:
    """Return in words what was mended before the commit; nothing where nothing was."""
    cells = sum(1 for each in batch.mends if each["column"])
    rows = len(batch.mends) - cells
    parts = []
    if cells:
        words = ngettext("%(count)s cell mended on the page", "%(count)s cells mended on the page", cells)
        parts.append(words % {"count": cells})
    if rows:
        words = ngettext("%(count)s row left out", "%(count)s rows left out", rows)
        parts.append(words % {"count": rows})
    return ", ".join(parts)
