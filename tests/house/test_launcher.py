"""The launcher's own acts that need no running system."""

import os
import pwd
import shutil
import socket
import tempfile
from pathlib import Path

import pytest
import redis

from kamcomp.embedded.bootstrap import PLACES, USAGE
from kamcomp.embedded.launcher import door_open
from kamcomp.embedded.places import CannotStart, Place, forget, passable
from kamcomp.embedded.services import services_up
from kamcomp.embedded.valkey import binary_found


class TestUsage:
    def test_names_the_commands_that_lead_somewhere(self):
        named = {line.split()[0] for line in USAGE.splitlines() if line.startswith("  ")}

        assert named == {*PLACES, "stop"}


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


@pytest.fixture
def folder(request):
    """A state folder that any user can reach, or one that is closed to others."""
    made = Path(tempfile.mkdtemp(prefix="kamcomp-house-"))
    made.chmod(request.param)
    yield made
    forget(place=Place(kind="house", folder=made))
    shutil.rmtree(made)


class TestValkey:
    @pytest.mark.skipif(os.getuid() != 0, reason="only root can run a service as somebody else")
    @pytest.mark.parametrize(("folder", "user"), [(0o711, "nobody"), (0o700, "root")], indirect=["folder"])
    def test_runs_as_somebody_other_than_root_who_can_reach_it(self, folder, user):
        nobody = pwd.getpwnam("nobody").pw_uid
        if user == "nobody" and not passable(path=binary_found(), uid=nobody):
            pytest.skip("this checkout lies in a closed folder, where nobody but root reaches the program")
        place = Place(kind="house", folder=folder)
        place.make()
        # A start as root before left its files there.
        (folder / "valkey" / "appendonlydir").mkdir(parents=True)

        with services_up(place=place, environ={}) as services:
            valkey = next(child for child in services.children if child.name == "Valkey")
            owner = Path(f"/proc/{valkey.process.pid}").stat().st_uid
            with redis.Redis.from_url(services.environ["REDIS_URL"]) as client:
                client.set("bell", "rung")
                assert client.get("bell") == b"rung"

        assert pwd.getpwuid(owner).pw_name == user
        with (
            services_up(place=place, environ={}) as services,
            redis.Redis.from_url(services.environ["REDIS_URL"]) as client,
        ):
            assert client.get("bell") == b"rung"
