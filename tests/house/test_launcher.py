"""The launcher's own acts that need no running system."""

import socket

import pytest

from kamcomp.embedded.launcher import door_open
from kamcomp.embedded.places import CannotStart


class TestDoorOpen:
    def test_two_starts_at_the_same_moment_get_two_ports(self, monkeypatch):
        monkeypatch.delenv("KAMCOMP_PORT", raising=False)

        with door_open() as first, door_open() as second:
            assert first.getsockname()[1] != second.getsockname()[1]

    def test_refuses_a_port_that_is_named_and_taken(self, monkeypatch):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            monkeypatch.setenv("KAMCOMP_PORT", str(port))

            with pytest.raises(CannotStart, match=f"port {port} is taken by another program"):
                door_open()
