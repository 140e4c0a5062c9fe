"""Where the browser is, or why there is none: Debian's chromium, installed where that is possible."""

import os
import shutil
import subprocess

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INSTALL_SECONDS = 600


def chromium_path() -> str:
    """Return the browser's path; install it where that needs nobody's leave; else skip, in CI fail."""
    found = _found() or (_install() and _found())
    if found:
        return found
    reason = (
        "there is no Chromium here: install it (apt-get install chromium), or name it in KAMCOMP_CHROMIUM"
    )
    if os.environ.get("KAMCOMP_CI") == "1":
        pytest.fail(f"{reason}; the browser tests are never skipped in CI")
    pytest.skip(reason)


def _found() -> str | None:
    named = os.environ.get("KAMCOMP_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def _install() -> bool:
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        return False
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        try:
            done = subprocess.run(
                ["apt-get", "--quiet", *words],
                env=environ,
                capture_output=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        if done.returncode != 0:
            return False
    return True
