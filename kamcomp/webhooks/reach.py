"""
The way out to somebody else's address, without being led back in.

Whoever names an address could name our own network: the database, the cloud's own service, a printer. So a name is
resolved first, each of its addresses has to be a public one, and the connection goes to the address that was looked
at, not to the name again. Networks of one's own that may be told are named in the settings. Redirects are not
followed, no proxy is asked, answers are read only in part and for seconds only. Threat: docs/reference/threats.md, T26.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from kamcomp.refusal import Refusal

PORTS = {"https": 443, "http": 80}
CONNECT_SECONDS, WHOLE_SECONDS = 5.0, 10.0
READ_BYTES = 2_000
LONGEST = 500
NAT64 = ip_network("64:ff9b::/96")
LOCAL = (ip_network("64:ff9b:1::/48"), ip_network("fec0::/10"))
"""A network's own translation and the site-local addresses of old, which not every Python counts as private."""
PROTOCOLS = ip_network("192.0.0.0/24")
"""Assignments of IETF protocols, which not every Python counts as private."""
Address = IPv4Address | IPv6Address


class UrlUnusable(Refusal):
    """An address of a webhook is an https address without a user, a password or a fragment."""


class HostUnknown(Refusal):
    """The name in an address leads nowhere."""


class AddressInside(Refusal):
    """An address leads into a network that is not public, and is not named in the settings."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a delivery goes: the name and port that are said, and the address that was looked at."""

    host: str
    port: int
    path: str
    tls: bool
    address: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a try: the status and the beginning of the answer, or why there was none."""

    status_code: int | None = None
    answer: str = ""
    error: str = ""
    milliseconds: int = 0

    @property
    def delivered(self) -> bool:
        """Tell whether the other side has it."""
        return self.status_code is not None and 200 <= self.status_code < 300


def is_inside(address: Address) -> bool:
    """Tell whether an address is not a public one, or carries one that is not (mapped, 6to4, Teredo, NAT64)."""
    carried = _carried(address)
    if any(is_inside(each) for each in carried):
        return True
    if carried and isinstance(address, IPv6Address) and address.ipv4_mapped:
        return False
    if address in NAT64:
        return False
    if address in PROTOCOLS or any(address in each for each in LOCAL):
        return True
    return not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified


def target_of(url: str) -> Target:
    """
    Return where an address leads, resolved now.

    :raises UrlUnusable: if it is not such an address.
    :raises HostUnknown: if its name leads nowhere.
    :raises AddressInside: if it leads, or one of its addresses does, where it must not.
    """
    scheme, host, port, path = _parts(url)
    found = _resolved(host, port)
    for address in found:
        if is_inside(address) and not _is_allowed(address):
            raise AddressInside(
                "%(host)s leads to %(address)s, which is not a public address. Networks of your own that may be "
                "told are named in KAMCOMP_WEBHOOKS_INTERNAL.",
                host=host,
                address=address,
            )
    if scheme == "http" and not all(_is_allowed(address) for address in found):
        raise UrlUnusable(
            "%(url)s is not encrypted: begin with https://. Only networks named in KAMCOMP_WEBHOOKS_INTERNAL "
            "are told by http.",
            url=url,
        )
    return Target(host=host, port=port, path=path, tls=scheme == "https", address=str(found[0]))


def post(*, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Send a body to an address and return what came of it; nothing that goes wrong on the way is raised."""
    began = time.monotonic()

    def outcome(*, status: int | None = None, answer: str = "", error: str = "") -> Outcome:
        spent = int((time.monotonic() - began) * 1000)
        return Outcome(status_code=status, answer=answer[:LONGEST], error=error[:300], milliseconds=spent)

    try:
        response, said = _exchanged(target_of(url), headers=headers, body=body)
    except Refusal as refusal:
        return outcome(error=str(refusal))
    except TimeoutError:
        return outcome(error="No answer in time.")
    except (OSError, HTTPException, ValueError) as error:
        return outcome(error=f"{type(error).__name__}: {error}")
    return outcome(status=response.status, answer=said.decode("utf-8", errors="replace").replace("\x00", ""))


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else host.encode("idna").decode()
    except ValueError as error:
        raise UrlUnusable("%(url)s cannot be read: %(error)s.", url=url, error=error) from None
    unsound = not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST
    if parts.scheme not in PORTS or not host or parts.username is not None or parts.fragment or unsound:
        raise UrlUnusable(
            "%(url)s cannot be told: it has to look like https://example.com/path, without a user, a "
            "password or a #.",
            url=url,
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or PORTS[parts.scheme], path


def _resolved(host: str, port: int) -> Sequence[Address]:
    try:
        rows = _names_asked(host, port)
    except (OSError, UnicodeError) as error:
        raise HostUnknown("%(host)s leads nowhere: %(error)s.", host=host, error=error) from None
    return [ip_address(str(place[0]).partition("%")[0]) for *_kind, place in rows]


def _names_asked(host: str, port: int) -> list[Any]:
    """
    Return the addresses of a name, which may be asked for within a transaction: so for seconds only.

    :raises TimeoutError: an OSError, if the servers of names stay silent; the thread that asks ends by itself.
    """
    found: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            found.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    return found.result(timeout=CONNECT_SECONDS)


def _carried(address: Address) -> list[Address]:
    """Return the IPv4 addresses that an IPv6 one carries within it."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]


def _is_allowed(address: Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((mapped or address) in ip_network(each) for each in settings.WEBHOOKS_INTERNAL)


class _Pinned(HTTPConnection):
    """A connection to the address that was looked at, which says the name that was asked for."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self.target, self.default_port = target, PORTS["https" if target.tls else "http"]

    def connect(self) -> None:
        """Connect, encrypted unless the target is not."""
        plain = socket.create_connection((self.target.address, self.target.port), CONNECT_SECONDS)
        if not self.target.tls:
            self.sock = plain
            return
        try:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.target.host)
        except BaseException:
            plain.close()
            raise


def _exchanged(target: Target, *, headers: Mapping[str, str], body: bytes) -> tuple[HTTPResponse, bytes]:
    connection = _Pinned(target)
    try:
        connection.connect()
        line = (
            connection.sock
        )  # an answer that closes takes it from the connection, and is still read from it
        with _within(WHOLE_SECONDS, lambda: line.shutdown(socket.SHUT_RDWR)) as is_late:
            try:
                connection.request("POST", target.path, body=body, headers=dict(headers))
                response = connection.getresponse()
                return response, response.read(READ_BYTES)
            except (OSError, HTTPException, ValueError):
                if is_late():
                    raise TimeoutError from None
                raise
    finally:
        connection.close()


@contextmanager
def _within(seconds: float, cut: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Cut a connection off after so many seconds, however slowly the other side drips."""
    late = threading.Event()

    def end() -> None:
        late.set()
        try:
            cut()
        except OSError:
            return

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late.is_set
    finally:
        timer.cancel()
