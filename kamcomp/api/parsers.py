"""How the REST interface reads what is sent to it: JSON, strictly."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from kamcomp.documents import DocumentUnreadable, document_of


class DocumentParser(JSONParser):
    """JSON in UTF-8, as `kamcomp.documents` reads it: no key twice, no NaN."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """
        Return the document of a request.

        :raises ParseError: with the sentence that says what cannot be read; answered with status 400.
        """
        try:
            return document_of(stream.read())
        except DocumentUnreadable as error:
            raise ParseError(f"The document {error}.") from error
