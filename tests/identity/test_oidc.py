"""Signing in by a company's own OpenID Connect provider: a real one, in a process of its own, and a real web server."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from tests.identity.oidc_provider import CLIENT, LISTENS, SECRET

pytestmark = pytest.mark.django_db(transaction=True)
PROVIDER = Path(__file__).with_name("oidc_provider.py")
START_SECONDS = 60
GUNICORN = (sys.executable, "-m", "gunicorn", "--no-control-socket")


@dataclass
class Running:
    """Where kamcomp and the provider listen."""

    address: str
    provider: str
    stop_provider: Callable[[], None]

    def to_provider(self, browser: requests.Session) -> str:
        """Go from the sign-in page to where the provider asks, and return that address."""
        page = browser.get(f"{self.address}/sign-in")
        assert "Sign in with your Halden account" in page.text
        login = f"{self.address}/account/oidc/company/login/?process=login"
        return onward(browser.get(login, allow_redirects=False))

    def vouched(self, asked: str, email: str, *, verified: bool = True) -> str:
        """Let the provider answer as somebody, and return the address it sends them back to."""
        said = f"{asked}&as={email}&verified={int(verified)}"
        return onward(requests.get(said, allow_redirects=False, timeout=30))

    def sign_in(self, browser: requests.Session, email: str, *, verified: bool = True) -> requests.Response:
        """Go through the whole round as somebody, and return the last answer."""
        return browser.get(self.vouched(self.to_provider(browser), email, verified=verified))


def onward(answer: requests.Response) -> str:
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    for _look in range(START_SECONDS * 5):
        if ready():
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.2)
    pytest.fail(f"asked in vain for {START_SECONDS} s:\n{log.read_text()}")


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


@pytest.fixture
def running(worker_environment: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    """Start the provider and a web server that knows it."""
    web_port, provider_port = free_port(), free_port()
    address, provider = f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{provider_port}"
    environ = {
        **worker_environment,
        "KAMCOMP_HTTPS": "0",
        "KAMCOMP_OIDC_SERVER": f"{provider}/o",
        "KAMCOMP_OIDC_CLIENT": CLIENT,
        "KAMCOMP_OIDC_SECRET": SECRET,
        "KAMCOMP_OIDC_NAME": "Halden account",
    }
    callback = f"{address}/account/oidc/company/login/callback/"
    commands = (
        (
            "provider",
            [sys.executable, str(PROVIDER), str(provider_port), callback],
            {"PATH": environ["PATH"]},
        ),
        (
            "web",
            [
                sys.executable,
                "-m",
                "gunicorn",
                "--no-control-socket",
                "--bind",
                f"127.0.0.1:{web_port}",
                "kamcomp.wsgi",
            ],
            environ,
        ),
    )
    processes, logs = [], []
    try:
        for name, command, variables in commands:
            logs.append(tmp_path / f"{name}.log")
            with logs[-1].open("wb") as stream:
                processes.append(
                    subprocess.Popen(command, env=variables, stdout=stream, stderr=subprocess.STDOUT)
                )
        wait_for(lambda: LISTENS in logs[0].read_text(), processes[0], logs[0])
        wait_for(lambda: answers(address), processes[1], logs[1])
        yield Running(address=address, provider=provider, stop_provider=processes[0].kill)
    finally:
        for process in processes:
            process.terminate()
            process.wait(timeout=30)


@pytest.mark.slow
class TestOpenIdConnect:
    def test_lets_in_whom_it_vouches_for_and_nobody_else(self, running):
        user_make(
            username="maren",
            email="maren@halden.example",
            first_name="Maren",
            last_name="Holt",
            roles=[Role.COMP_ADMIN],
            since=date(2026, 1, 1),
            by=None,
        )

        asked = running.to_provider(requests.Session())
        query = parse_qs(urlsplit(asked).query)
        assert asked.startswith(f"{running.provider}/o/authorize")
        assert query["code_challenge_method"] == ["S256"]
        assert query["state"]

        browser = requests.Session()
        page = running.sign_in(browser, "maren@halden.example")
        assert page.url == f"{running.address}/"
        assert "Maren Holt" in page.text
        again = requests.Session()
        assert "Maren Holt" in running.sign_in(again, "maren@halden.example").text

        for email, verified in (("eve@halden.example", True), ("maren@halden.example", False)):
            stranger = requests.Session()
            if not verified:
                User.objects.filter(username="maren").first().socialaccount_set.all().delete()
            answer = running.sign_in(stranger, email, verified=verified)
            assert "Maren Holt" not in answer.text
            assert (
                "sessionid" not in stranger.cookies or "Sign in" in stranger.get(f"{running.address}/").text
            )
        assert User.objects.count() == 1

    def test_takes_no_answer_it_did_not_ask_for_and_says_when_none_comes(self, running):
        asked = running.to_provider(requests.Session())
        back = running.vouched(asked, "maren@halden.example")

        elsewhere = requests.Session()
        answer = elsewhere.get(back)

        assert answer.status_code in (401, 403)
        assert "Sign in" in elsewhere.get(f"{running.address}/").text

        running.stop_provider()

        answer = requests.get(f"{running.address}/account/oidc/company/login/", timeout=30)

        assert answer.status_code == 503
        assert "does not answer" in answer.text
