"""
A column that keeps the pieces of a sentence beside its English text, so that a page words it in the reader's language.

`message = TextField()` and `said = SaidField(of="message")`: whoever stores a `Sentence` as the message stores its
literal and values too. A message without pieces, and a row of before there were any, is shown as it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from kamcomp.sentences import Listing, Sentence, Word, sentence_again, sentence_document


class SaidField(models.JSONField):
    """The literal and the values of the sentence that another field holds as text; null where it has none."""

    def __init__(self, *, of: str = "", **options: Any) -> None:
        """Keep the name of the field whose sentence it is."""
        self.of = of
        super().__init__(**{"null": True, "editable": False, **options})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Return the column as migrations know it: plain JSON."""
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.JSONField", arguments, options

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Return the pieces of the sentence that is being stored; those there are of a text that was read."""
        text = getattr(model_instance, self.of)
        if isinstance(text, Sentence | Listing | Word):
            setattr(model_instance, self.attname, sentence_document(text))
        return super().pre_save(model_instance, add)


def spoken(text: str, said: Any) -> str:
    """Return a stored text with its pieces, as `worded` takes it; one without them is somebody's own words."""
    again = sentence_again(said) if said else text
    own = Sentence("%(text)s", text=text)
    return again if isinstance(again, Sentence | Listing | Word) and again == text else own
