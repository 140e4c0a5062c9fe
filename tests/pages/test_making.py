"""What set-up makes: a small type face with the characters of our languages, and translations that work."""

import os
import subprocess
import sys
from pathlib import Path

from fontTools.ttLib import TTFont

from kamcomp.pages.making import FONT, made

PROJECT = Path(__file__).resolve().parents[2]
MOST_BYTES = 60_000


class TestMade:
    def test_font_is_small_and_knows_our_characters(self):
        path = made() / "static" / "kamcomp" / FONT
        font = TTFont(path)

        assert path.stat().st_size <= MOST_BYTES
        assert [axis.axisTag for axis in font["fvar"].axes] == ["wght"]
        assert all(ord(sign) in font.getBestCmap() for sign in "Aaäöüßéłőñ€£¥−–→·0123456789")

    def test_is_made_in_an_empty_place_and_only_once(self, tmp_path):
        environ = {**os.environ, "KAMCOMP_STATE": str(tmp_path)}
        command = [sys.executable, "-m", "kamcomp.pages.making"]

        subprocess.run(command, cwd=PROJECT, env=environ, check=True)
        font = tmp_path / "made" / "static" / "kamcomp" / FONT
        first = font.stat().st_mtime_ns
        subprocess.run(command, cwd=PROJECT, env=environ, check=True)

        assert (tmp_path / "made" / "locale" / "de" / "LC_MESSAGES" / "django.mo").is_file()
        assert font.stat().st_mtime_ns == first
