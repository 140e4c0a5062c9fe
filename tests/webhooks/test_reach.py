"""Nobody who names an address is led into our own network: by no spelling, no name, no redirect."""

import socket
import time
from threading import Thread

import pytest

from kamcomp.webhooks import reach
from kamcomp.webhooks.reach import AddressInside, HostUnknown, UrlUnusable, post, target_of

INSIDE = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.255.255.254", "0",
    "0.0.0.0", "localhost", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1",
    "100.64.0.1", "169.254.169.254", "169.254.0.1", "0xa9fea9fe", "192.0.0.8", "198.18.0.1", "192.0.2.1",
    "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:169.254.169.254]", "[::ffff:10.0.0.1]", "[fe80::1]", "[fc00::1]", "[fd12::1]", "[ff02::1]",
    "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[::7f00:1]",
    "[2001:db8::1]",
]  # fmt: skip
UNUSABLE = [
    "ftp://8.8.8.8/", "file:///etc/passwd", "gopher://8.8.8.8/", "//8.8.8.8/", "8.8.8.8", "https://", "https:///a",
    "https://user@8.8.8.8/", "https://user:word@8.8.8.8/", "https://8.8.8.8/#part", "https://8.8.8.8:99999/",
    "https://8.8.8.8/\r\nHost: inside", "https://8.8.8.8/a b", "https://[::1", "https://8.8.8.8/ä", "http://8.8.8.8/",
    "https://8.8.8.8/" + "a" * 600,
]  # fmt: skip


@pytest.fixture
def canary():
    """Listen on this machine; whoever comes is counted."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        yield listening


def nobody_came(canary):
    with pytest.raises(BlockingIOError):
        canary.accept()


def resolved(monkeypatch, *answers):
    """Let names be resolved to these, one after the other; return the names that were asked for."""
    asked, left = [], list(answers)

    def ask(host, port, **_said):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return asked


class TestTarget:
    def test_is_never_inside(self, canary):
        port = canary.getsockname()[1]

        for host in INSIDE:
            for scheme in ("https", "http"):
                with pytest.raises((AddressInside, HostUnknown)):
                    target_of(f"{scheme}://{host}:{port}/")
                assert not post(url=f"{scheme}://{host}:{port}/", headers={}, body=b"").delivered
        nobody_came(canary)

    @pytest.mark.parametrize("url", UNUSABLE)
    def test_is_an_https_address(self, url):
        with pytest.raises((UrlUnusable, HostUnknown)):
            target_of(url)

    @pytest.mark.parametrize("host", ["8.8.8.8", "1.1.1.1", "[2606:4700::1111]", "[64:ff9b::808:808]"])
    def test_may_be_public(self, host):
        found = target_of(f"https://{host}/a?b=c")

        assert (found.port, found.path, found.tls) == (443, "/a?b=c", True)

    def test_is_refused_if_one_of_its_addresses_is_inside(self, monkeypatch):
        def ask(_host, port, **_said):
            return [(socket.AF_INET, 1, 6, "", (each, port)) for each in ("8.8.8.8", "10.0.0.1")]

        monkeypatch.setattr(socket, "getaddrinfo", ask)

        with pytest.raises(AddressInside, match=r"10\.0\.0\.1, which is not a public address"):
            target_of("https://example.com/")

    def test_of_a_network_of_ones_own_is_named_in_the_settings(self, settings):
        settings.WEBHOOKS_INTERNAL = ["10.1.0.0/16"]

        assert target_of("http://10.1.2.3/").port == 80
        assert target_of("https://[::ffff:10.1.2.3]/").tls
        with pytest.raises(AddressInside, match="KAMCOMP_WEBHOOKS_INTERNAL"):
            target_of("https://10.2.0.1/")


class TestPost:
    def test_looks_again_at_a_name_that_was_public_before(self, monkeypatch, canary):
        port = canary.getsockname()[1]
        resolved(monkeypatch, "8.8.8.8", "127.0.0.1")
        target_of(f"https://rebound.example.com:{port}/")

        outcome = post(url=f"https://rebound.example.com:{port}/", headers={}, body=b"")

        assert "not a public address" in outcome.error
        nobody_came(canary)

    def test_connects_to_the_address_it_looked_at(self, monkeypatch, server):
        port = int(server.url.split(":")[2].partition("/")[0])
        asked = resolved(monkeypatch, "127.0.0.1")
        connected = []
        real = socket.create_connection

        def connect(address, timeout):
            connected.append(address)
            with socket.socket() as plain:
                plain.settimeout(timeout)
                plain.connect(address)
                return plain.dup()

        monkeypatch.setattr(socket, "create_connection", connect)
        outcome = post(url=f"http://payroll.example.com:{port}/", headers={}, body=b"{}")
        monkeypatch.setattr(socket, "create_connection", real)

        assert (outcome.status_code, asked) == (200, ["payroll.example.com"])
        assert connected == [("127.0.0.1", port)]
        assert server.got[0][0]["Host"] == f"payroll.example.com:{port}"

    def test_follows_no_redirect(self, server, canary):
        server.status, server.headers = 302, {"location": f"http://127.0.0.1:{canary.getsockname()[1]}/"}

        outcome = post(url=server.url, headers={}, body=b"")

        assert (outcome.status_code, outcome.delivered) == (302, False)
        nobody_came(canary)

    def test_asks_no_proxy(self, server, canary, monkeypatch):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{canary.getsockname()[1]}")

        assert post(url=server.url, headers={}, body=b"").delivered
        nobody_came(canary)

    @pytest.mark.parametrize(
        ("begun", "status", "error"),
        [(b"", None, "No answer in time."), (b"HTTP/1.0 200 OK\r\n\r\n", 200, "")],
    )
    def test_ends_with_one_that_drips(self, begun, status, error, canary, settings, monkeypatch):
        settings.WEBHOOKS_INTERNAL = ["127.0.0.1/32"]
        monkeypatch.setattr(reach, "WHOLE_SECONDS", 0.5)
        canary.setblocking(True)

        def drip():
            with canary.accept()[0] as caller:
                caller.sendall(begun)
                for _turn in range(100):
                    try:
                        caller.sendall(b"H")
                    except OSError:
                        return
                    time.sleep(0.05)

        thread = Thread(target=drip, daemon=True)
        thread.start()
        outcome = post(url=f"http://127.0.0.1:{canary.getsockname()[1]}/", headers={}, body=b"")
        thread.join(timeout=10)

        assert (outcome.status_code, outcome.error) == (status, error)
        assert outcome.milliseconds < 4_000

    def test_says_what_an_unencrypted_server_is(self, server):
        outcome = post(url=server.url.replace("http:", "https:"), headers={}, body=b"")

        assert outcome.error.startswith("SSLError")
        assert server.got == []
