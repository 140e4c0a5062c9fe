"""JSON that is sent to kamcomp is read strictly: what could mean two things is refused."""

import pytest

from kamcomp.documents import DocumentUnreadable, document_of


class TestDocumentOf:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('{"rate": "1", "rate": "2"}', "the key 'rate' twice"),
            ('{"a": [{"b": 1, "b": 1}]}', "the key 'b' twice"),
            ('{"a": NaN}', "has NaN, which is no number"),
            ('{"a": -Infinity}', "has -Infinity, which"),
            ("[" * 100_000, "nested more deeply"),
            ('{"a": ' + "9" * 5_000 + "}", "thousands of digits"),
            ('{"a": "\\u0000"}', "NUL"),
            ('{"\\ud800": 1}', "half of a character"),
            ('{\n"a": }', "line 2, column 6"),
            (b"\xff\xfe{", "byte 1 is not UTF-8"),
        ],
    )
    def test_refuses_by_name(self, text, words):
        with pytest.raises(DocumentUnreadable, match=words):
            document_of(text)

    def test_reads_a_text_with_a_byte_order_mark(self):
        assert document_of(b'\xef\xbb\xbf{"a": ["1.50", null, "\xc3\xa9"]}') == {"a": ["1.50", None, "é"]}
