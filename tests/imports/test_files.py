"""What a file may be: encodings, delimiters, field counts, and archives that are no spreadsheets."""

import io
import subprocess
import sys
import zipfile

import openpyxl
import pytest
import xlsxwriter

from kamcomp.imports import bounded
from kamcomp.imports.files import read_table
from kamcomp.imports.findings import FileUnreadable

PROJECT = bounded.PROJECT
HEADER = "employee_id,name\n"


def table(text: str, encoding: str = "utf-8"):
    return read_table(text.encode(encoding))


def workbook(rows: list[list[object]]) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            sheet.write(number, place, value)
    book.close()
    return stream.getvalue()


def archive(parts: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return stream.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    source = zipfile.ZipFile(io.BytesIO(content))
    parts = {entry: source.read(entry) for entry in source.namelist()}
    return archive(parts | {name: part})


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_reads_unicode(self, encoding: str) -> None:
        read = table(HEADER + "007,Zoë Müller\n", encoding)

        assert read.header == ["employee_id", "name"]
        assert read.columns == [["007"], ["Zoë Müller"]]
        assert read.lines == [2]

    @pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
    def test_reads_utf16_of_either_order(self, order: str) -> None:
        mark = b"\xff\xfe" if order == "utf-16-le" else b"\xfe\xff"

        assert read_table(mark + "a,b\n1,2\n".encode(order)).columns == [["1"], ["2"]]

    def test_names_the_line_of_another_encoding(self) -> None:
        mixed = b"employee_id,name\nE1,Zo\xc3\xab\nE2,Andr\xe9\n"

        with pytest.raises(FileUnreadable, match=r"line 3: the byte 0xE9 is not UTF-8"):
            read_table(mixed)

    def test_refuses_utf32_and_nul(self) -> None:
        with pytest.raises(FileUnreadable, match="UTF-32"):
            read_table("a,b\n".encode("utf-32"))
        with pytest.raises(FileUnreadable, match="NUL"):
            read_table(b"a,b\n1,\x002\n")

    def test_refuses_an_empty_file(self) -> None:
        with pytest.raises(FileUnreadable, match="is empty"):
            read_table(b" \n")


class TestShape:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_finds_the_delimiter(self, delimiter: str) -> None:
        text = HEADER.replace(",", delimiter) + delimiter.join(["E1", '"a, b; c"']) + "\n"

        assert table(text).columns == [["E1"], ["a, b; c"]]

    def test_a_trailing_comma_is_a_finding_never_a_shift(self) -> None:
        read = table(HEADER + "E1,Ada,\nE2,Ben\n")

        assert read.columns == [["E2"], ["Ben"]]
        assert read.lines == [3]
        assert str(read.findings[0]).startswith("line 2: 'E1,Ada,' has 3 fields where the header has 2")

    def test_a_missing_field_is_a_finding(self) -> None:
        assert "has 1 fields where the header has 2" in str(table(HEADER + "E1\n").findings[0])

    def test_a_header_with_a_trailing_comma_is_refused(self) -> None:
        with pytest.raises(FileUnreadable, match=r"line 1: column 3 has no name"):
            table("employee_id,name,\nE1,Ada,\n")

    def test_a_header_twice_is_refused(self) -> None:
        with pytest.raises(FileUnreadable, match=r"name: stands 2 times in the header"):
            table("employee_id,name,name\nE1,Ada,Ada\n")

    def test_counts_lines_through_quoted_line_breaks(self) -> None:
        read = table('a,b\n1,"two\nlines"\n2,x\n')

        assert read.lines == [2, 4]

    def test_an_open_quote_is_refused_with_its_line(self) -> None:
        with pytest.raises(FileUnreadable, match="line 3: cannot be read as CSV"):
            table('a,b\n1,2\n3,"open\n')

    def test_passes_over_empty_lines_and_crlf(self) -> None:
        assert table("a,b\r\n1,2\r\n\r\n3,4\r\n").lines == [2, 4]


class TestWorkbooks:
    def test_reads_cells_as_csv_would_write_them(self) -> None:
        from datetime import date

        stream = io.BytesIO()
        book = openpyxl.Workbook()
        book.active.append(["id", "amount", "day", "flag", "note"])
        book.active.append(["007", 1200.1, date(2026, 1, 31), True, None])
        book.active.append([7, 0.0000001, None, False, "x"])
        book.save(stream)

        read = read_table(stream.getvalue())

        assert read.columns[0] == ["007", "7"]
        assert read.columns[1] == ["1200.1", "0.0000001"]
        assert read.columns[2] == ["2026-01-31", ""]
        assert read.columns[3] == ["true", "false"]
        assert read.columns[4] == ["", "x"]

    def test_a_formula_is_a_finding(self) -> None:
        stream = io.BytesIO()
        book = openpyxl.Workbook()
        book.active.append(["id", "amount"])
        book.active.append(["E1", "=1+1"])
        book.save(stream)

        read = read_table(stream.getvalue())

        assert str(read.findings[0]) == "line 2, amount: '=1+1' is a formula: paste its value"

    def test_a_cell_beyond_the_header_is_a_finding(self) -> None:
        read = read_table(workbook([["id", "name"], ["E1", "Ada", "more"]]))

        assert "has 3 fields where the header has 2" in str(read.findings[0])

    def test_too_many_rows_are_refused(self) -> None:
        content = workbook([["id"], *([number] for number in range(30))])

        with pytest.raises(FileUnreadable, match="more than 20 rows: save it as CSV"):
            read_table(content, sheet_rows=20)


class TestNastyArchives:
    def test_a_bomb_is_refused_before_it_is_unpacked(self) -> None:
        bomb = archive({"xl/worksheets/sheet1.xml": b"\x00" * (21 * 1024 * 1024)})

        with pytest.raises(FileUnreadable, match=r"unpacks to 22020096 bytes"):
            read_table(bomb)

    def test_a_tight_ratio_is_refused(self) -> None:
        with pytest.raises(FileUnreadable, match="packed more than 100 to 1"):
            read_table(archive({"xl/worksheets/sheet1.xml": b"\x00" * (5 * 1024 * 1024)}))

    def test_many_parts_are_refused(self) -> None:
        with pytest.raises(FileUnreadable, match="has 201 parts"):
            read_table(archive({f"p{number}": b"x" for number in range(201)}))

    @pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml", "c:evil.xml"])
    def test_a_part_outside_is_refused(self, name: str) -> None:
        with pytest.raises(FileUnreadable, match="points outside"):
            read_table(archive({name: b"x"}))

    def test_two_parts_of_one_name_are_refused(self) -> None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as made:
            made.writestr("xl/worksheets/sheet1.xml", b"1")
            with pytest.warns(UserWarning, match="Duplicate"):
                made.writestr("xl/worksheets/sheet1.xml", b"2")

        with pytest.raises(FileUnreadable, match="two parts of one name"):
            read_table(stream.getvalue())

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    @pytest.mark.parametrize("part", ["[Content_Types].xml", "xl/sharedStrings.xml"])
    def test_a_document_type_is_refused_in_any_part(self, part: str, encoding: str) -> None:
        evil = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode(encoding)

        with pytest.raises(FileUnreadable, match="DOCTYPE"):
            read_table(with_part(workbook([["id"], ["E1"]]), part, evil))

    def test_a_zip_that_is_no_workbook_is_refused(self) -> None:
        with pytest.raises(FileUnreadable, match="cannot be read as a workbook"):
            read_table(archive({"hello.txt": b"hello"}))

    def test_a_broken_archive_is_refused(self) -> None:
        with pytest.raises(FileUnreadable, match="not an XLSX archive"):
            read_table(b"PK\x03\x04 and nothing else")

    def test_the_old_spreadsheet_form_is_refused(self) -> None:
        with pytest.raises(FileUnreadable, match="old form"):
            read_table(b"\xd0\xcf\x11\xe0 rest")


class TestReadBounded:
    def test_gives_its_process_no_address_no_password_and_no_key(self, monkeypatch) -> None:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY"):
            monkeypatch.setenv(name, "a secret")

        assert "a secret" not in bounded._environment().values()

    def test_refuses_what_takes_too_long(self, monkeypatch) -> None:
        content = workbook([["id"], ["E1"]])
        assert read_table(content).columns == [["E1"]]
        monkeypatch.setattr(bounded, "PATIENCE_SECONDS", 0.01)

        with pytest.raises(FileUnreadable, match="takes more memory or time to read"):
            read_table(content)

    def test_refuses_what_ends_its_process(self) -> None:
        # Its own bounds are never above those it was started under: here one second of computing.
        content = workbook([["id", "name"], *([number, f"name {number}"] for number in range(60_000))])
        done = subprocess.run(
            ["sh", "-c", 'ulimit -t 1; exec "$0" -m kamcomp.imports.bounded', sys.executable],
            input=b'{"most_rows": 100000}\n' + content, capture_output=True, cwd=PROJECT, check=False,
        )  # fmt: skip

        assert done.returncode != 0
        assert done.stdout == b""

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems do not bound the address space")
    @pytest.mark.parametrize(
        ("act", "ending"),
        [
            ("bytearray(2 * 1024 ** 3)", "MemoryError"),
            ("open('written', 'w').write('x' * 9999)", "File too large"),
            ("[open('/dev/null') for _ in range(100)]", "Too many open files"),
        ],
    )
    def test_holds_its_process_within_bounds(self, act: str, ending: str, tmp_path) -> None:
        program = (
            "import signal; from kamcomp.imports import bounded as b\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"import os; os.chdir({str(tmp_path)!r})\n"
            "for bound in b.BOUNDS.items(): b._bounded(*bound)\n" + act
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=False
        )

        assert ending in done.stderr
