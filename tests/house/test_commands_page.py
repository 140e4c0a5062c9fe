"""The page of commands says what the commands take."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from kamcomp.commands_page import commands_page, part

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md"


def test_the_page_is_what_the_commands_say() -> None:
    said = "print it anew: manage.py commands > docs/reference/commands.md"

    assert PAGE.read_text(encoding="utf-8") == commands_page(), said


class TestPart:
    def test_shows_options_arguments_and_subcommands(self) -> None:
        parser = ArgumentParser(add_help=False)
        parser.add_argument("--days", type=int, default=3, help="how many | none")
        acts = parser.add_subparsers(dest="act")
        tell = acts.add_parser("tell", help="tell it")
        tell.add_argument("file", nargs="?")
        tell.add_argument("--by", required=True, metavar="USER", choices=["ada", "ben"])
        tell.add_argument("--loud", action="store_true")

        said = "".join(part(parser=parser, words="story", own=parser._actions))

        assert said == (
            "\n| option | needed | says |\n|---|---|---|\n"
            "| `--days DAYS` | no | how many \\| none; 3 if left out |\n"
            "\n### story tell\n\nTell it.\n"
            "\n| option | needed | says |\n|---|---|---|\n"
            "| `FILE` | no |  |\n"
            "| `--by USER` | yes | one of ada, ben |\n"
            "| `--loud` | no |  |\n"
        )

    @pytest.mark.parametrize(
        "word", ["## payouts\n", "### payouts pool submit\n", "### payouts lock\n", "## import\n"]
    )
    def test_knows_every_level(self, word: str) -> None:
        assert word in commands_page()
