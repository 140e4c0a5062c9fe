"""Commands print words as they are."""

import io

from rich.table import Table

from kamcomp.terminal import console_on


class TestConsoleOn:
    def test_leaves_brackets_alone(self):
        out, table = io.StringIO(), Table("reason")
        table.add_row("cut [see mail] and [/] :smile:")

        console_on(out).print(table)
        console_on(out).print("agreed [/red] with [bold]")

        assert "cut [see mail] and [/] :smile:" in out.getvalue()
        assert "agreed [/red] with [bold]" in out.getvalue()

    def test_does_not_cut_dates_in_a_file(self):
        out = io.StringIO()
        table = Table(*"abcdefgh")
        table.add_row(*["2026-01-01"] * 8)

        console_on(out).print(table)

        assert out.getvalue().count("2026-01-01") == 8
