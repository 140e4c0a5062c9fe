"""
Where the embedded services keep their things: one state folder for running, one for tests, each with
its own lock, environment, data and sockets, so that neither ever waits for or disturbs the other.

Standard library only: the bootstrap needs these before anything is installed.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
LONGEST_SOCKET_FOLDER = 80  # a socket's whole path may have 107 bytes, and PostgreSQL's has 16 of its own
SYSTEM_STATE = Path("/var/lib")


class CannotStart(Exception):
    """The services cannot be started; the message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Place:
    """The state folder of one kind of use: `run` or `test`."""

    kind: str
    folder: Path

    @property
    def lock(self) -> Path:
        """Return the file that one process at a time holds locked."""
        return self.folder / "lock"

    @property
    def environment(self) -> Path:
        """Return the folder of the virtual environment: our own, or the ready one that KAMCOMP_ENVIRONMENT names."""
        ready = os.environ.get("KAMCOMP_ENVIRONMENT")
        return Path(ready) if ready else self.folder / "environment"

    @property
    def python(self) -> Path:
        """Return the environment's interpreter."""
        return self.environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def logs(self) -> Path:
        """Return the folder of the services' logs."""
        return self.folder / "logs"

    @property
    def settings(self) -> Path:
        """Return the file with the running services' addresses, present while they run."""
        return self.folder / "settings.json"

    @property
    def children(self) -> Path:
        """Return the file that names the processes started here, so that the next start can wait for them."""
        return self.folder / "children.json"

    def make(self) -> None:
        """Make the state folder, closed to others' writes."""
        self.logs.mkdir(parents=True, exist_ok=True)


def place_for(*, kind: str) -> Place:
    """Return the place for `run` or `test`: under KAMCOMP_STATE if it is set, else in the project's own folder."""
    base = Path(os.environ.get("KAMCOMP_STATE") or PROJECT / ".kamcomp").absolute()
    return Place(kind=kind, folder=base / kind)


def sockets_folder(*, place: Place) -> Path:
    """
    Return the short folder for the sockets of this place, made if need be and checked to be our own.

    A socket's path is limited to about 107 bytes, so it cannot be in the project, whose path may be long.

    :raises CannotStart: if somebody else made a folder of that name, or no short folder is to be had.
    """
    bases = [Path(tempfile.gettempdir()), Path("/tmp")]
    name = hashlib.sha256(str(place.folder).encode()).hexdigest()[:10]
    for base in bases:
        folder = base / f"kamcomp-{os.getuid()}" / name
        if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and base.is_dir():
            _own_folder(folder=folder.parent)
            _own_folder(folder=folder)
            return folder
    raise CannotStart(
        f"No folder with a short path was found for the sockets (tried {bases[0]} and {bases[1]})."
    )


def _own_folder(*, folder: Path) -> None:
    # Root's folder is passable, because the database in it runs as another user.
    mode = 0o711 if os.getuid() == 0 else 0o700
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=mode)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise CannotStart(
            f"{folder} belongs to somebody else; remove it, or set TMPDIR to a folder of your own."
        )
    folder.chmod(mode)


def passable(*, path: Path, uid: int) -> bool:
    """Return whether the user `uid` can reach `path` through all the folders above it."""
    for folder in path.resolve().parents:
        found = folder.stat()
        if not found.st_mode & stat.S_IXOTH and found.st_uid != uid:
            return False
    return True


def database_home(*, place: Place, uid: int | None) -> Path:
    """
    Return the folder that holds the database's data for this place.

    It is in the state folder, unless the database runs as another user (`uid`) who cannot reach that:
    then it is a folder of its own under the system's state folder, whose name is remembered here so that
    the next start and `reset` find it.
    """
    remembered = place.folder / "database-home"
    if remembered.is_file():
        return Path(remembered.read_text(encoding="utf-8").strip())
    if uid is None or passable(path=place.folder / "postgresql", uid=uid):
        return place.folder / "postgresql"
    home = SYSTEM_STATE / f"kamcomp-{secrets.token_hex(8)}"
    remembered.write_text(f"{home}\n", encoding="utf-8")
    return home


def forget(*, place: Place) -> None:
    """Remove everything kept at this place except its environment, and the database's own folder elsewhere."""
    remembered = place.folder / "database-home"
    if remembered.is_file():
        home = Path(remembered.read_text(encoding="utf-8").strip())
        if home.parent == SYSTEM_STATE and home.name.startswith("kamcomp-"):
            shutil.rmtree(home, ignore_errors=True)
    for entry in place.folder.iterdir() if place.folder.is_dir() else ():
        if entry in (place.environment, place.lock):
            continue
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def private_write(*, path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    new.replace(path)


def secrets_of(*, place: Place) -> dict[str, str]:
    """Return the passwords and the signing key of this place, made at first use and kept."""
    path = place.folder / "secrets.json"
    if path.is_file():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    made = {name: secrets.token_urlsafe(24) for name in ("superuser", "owner", "app")}
    made["secret_key"] = secrets.token_urlsafe(48)
    private_write(path=path, text=json.dumps(made))
    return made
