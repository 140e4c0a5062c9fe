"""
A backup while everybody works, and a restore that proves itself equal.

A backup is a folder: the dump, the roles (a dump holds none), and a manifest with the digests of every table and
the list of every rule, read in the very snapshot that was dumped. A restore goes into an empty database only, in
one transaction, and is compared with the manifest before it is called done. Rules: docs/how-to/operate.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from errno import EEXIST, ENOTEMPTY
from pathlib import Path
from signal import SIGXFSZ
from tempfile import mkdtemp
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connections
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from kamcomp.backups.digests import differences, rows_digests, rules_found, whole_digest
from kamcomp.backups.tools import Tool, ToolFailed, tool_begin, tool_end, tool_found
from kamcomp.grants import app_role
from kamcomp.jobs.choices import JobStatus
from kamcomp.jobs.models import Job
from kamcomp.refusal import Refusal

FORMAT = "kamcomp.backup/1"
DUMP, ROLES, MANIFEST = "database.dump", "roles.sql", "manifest.json"
KIND = "backup"
READ_SIZE = 1 << 20
ABANDONED_SECONDS = 86_400
NAMED = 10


class OwnerMissing(Refusal):
    """The address of the role that owns the tables is not given."""


class BackupNotWritten(Refusal):
    """The folder of the backup cannot be written; nothing of it was kept."""


class BackupDamaged(Refusal):
    """A backup is not what it was when it was made, or is none."""


class DatabaseNotEmpty(Refusal):
    """A restore would meet what is there."""


class RolesMissing(Refusal):
    """The server does not have the roles the backup needs."""


class RestoreDiffers(Refusal):
    """What was restored is not what was kept."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A backup: its folder and what its manifest says."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def rows(self) -> int:
        """Return how many rows it holds."""
        return sum(int(table["rows"]) for table in self.manifest["tables"].values())


def backup_make(*, to: Path, at: datetime) -> Backup:
    """
    Dump the database as it is at one moment into a new folder below `to`, with roles and manifest.

    Writers are not held up. The folder appears under its name only when it is whole. Of two that begin in one
    second, on two machines perhaps, the first that is whole has the name.

    :raises OwnerMissing: if DATABASE_OWNER_URL is not set.
    :raises ToolMissing: if there is no pg_dump that is not older than the server.
    :raises ToolFailed: if pg_dump fails.
    :raises BackupNotWritten: if the disk does not take it.
    """
    address = _owner_address()
    folder = to / f"kamcomp-{at:%Y%m%dT%H%M%SZ}"
    part = None
    try:
        if folder.exists():
            raise _name_taken(folder)
        to.mkdir(parents=True, exist_ok=True)
        _abandoned_removed(to, at=at)
        part = Path(mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=to))
        manifest = _dumped(address=address, folder=part, at=at)
        _private(part / ROLES, _roles_script(owner=str(address["user"])))
        _private(part / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
        part.rename(folder)
        _synced(to)
    except OSError as error:
        if error.errno in (ENOTEMPTY, EEXIST):
            raise _name_taken(folder) from error
        raise BackupNotWritten(
            f"{folder} could not be written ({error.strerror}): nothing of it was kept."
        ) from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    Job.objects.create(
        kind=KIND, status=JobStatus.DONE, started_at=at, finished_at=datetime.now(tz=at.tzinfo),
        result={"folder": folder.name, "digest": manifest["digest"], "bytes": manifest["dump"]["bytes"]},
    )  # fmt: skip
    return Backup(folder=folder, manifest=manifest)


def backup_restore(*, folder: Path) -> Backup:
    """
    Restore a backup into the empty database of DATABASE_OWNER_URL, and compare it with the manifest.

    :raises BackupDamaged: if the folder is no backup, or its dump is not the one that was made.
    :raises DatabaseNotEmpty: if the database holds a table.
    :raises RolesMissing: if the server lacks a role, or the owner is another than the backup's.
    :raises ToolMissing: if there is no pg_restore that is not older than the backup and the server.
    :raises ToolFailed: if pg_restore fails; the database is then as empty as before.
    :raises RestoreDiffers: if a row, a rule or a right is not as it was kept.
    """
    address = _owner_address()
    manifest = _manifest_read(folder=folder)
    with _session(address) as connection:
        _refuse_unless_ready(connection=connection, manifest=manifest, folder=folder)
        newest = max(_major(connection), int(manifest["pg_dump"]))
    tool = tool_found(name="pg_restore", at_least=newest)
    options = ["--single-transaction", "--exit-on-error", "--no-owner", str(folder / DUMP)]
    tool_end(tool=tool, process=tool_begin(tool=tool, options=options, address=address))
    with _session(address) as connection, connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        connection.commit()
        found = differences(kept=manifest, rows=rows_digests(cursor=cursor), rules=rules_found(cursor=cursor))
    if found:
        more = f", and {len(found) - NAMED} more" if len(found) > NAMED else ""
        raise RestoreDiffers(f"what was restored is not what was kept: {'; '.join(found[:NAMED])}{more}.")
    return Backup(folder=folder, manifest=manifest)


def _abandoned_removed(to: Path, *, at: datetime) -> None:
    """
    Remove what backups left that were killed: in a day nothing was written into it.

    Another backup may be at the same, or end its own and so give the folder its name, between any two steps; and
    what cannot be looked into is left. No backup fails for it.
    """
    for left in to.glob(".kamcomp-*.part"):
        with suppress(OSError):
            if at.timestamp() - _written_last(left) > ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _written_last(folder: Path) -> float:
    """Return when the folder or a file in it was written last: a folder's own moment stays while its dump grows."""
    return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))


def _name_taken(folder: Path) -> BackupNotWritten:
    return BackupNotWritten(f"{folder} is there already: wait a second, or name another folder.")


# Making ---------------------------------------------------------------------------------------------------


def _dumped(*, address: Mapping[str, Any], folder: Path, at: datetime) -> dict[str, Any]:
    """Dump one snapshot, read its digests meanwhile in the same snapshot, and return the manifest."""
    with _session(address) as connection, connection.cursor() as cursor:
        major = _major(connection)
        tool = tool_found(name="pg_dump", at_least=major)
        connection.commit()
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        options = [
            "--format",
            "custom",
            "--snapshot",
            snapshot,
            "--file",
            str(folder / DUMP),
        ]
        _private(folder / DUMP, "")
        process = tool_begin(tool=tool, options=options, address=address)
        try:
            rows, rules = rows_digests(cursor=cursor), rules_found(cursor=cursor)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        _ended(tool, process)
    return {
        "format": FORMAT,
        "taken_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "postgresql": major,
        "pg_dump": tool.major,
        "roles": {"owner": str(address["user"]), "app": app_role()},
        "dump": {"file": DUMP, "bytes": (folder / DUMP).stat().st_size, "sha256": _sha256(folder / DUMP)},
        "digest": whole_digest(rows=rows),
        "tables": rows,
        "rules": rules,
    }


def _ended(tool: Tool, process: Any) -> None:
    try:
        tool_end(tool=tool, process=process)
    except ToolFailed as failure:
        if "No space left" in str(failure) or process.returncode == -SIGXFSZ:
            raise BackupNotWritten(
                f"the disk is full, and nothing of the backup was kept: {failure}"
            ) from failure
        raise


def _roles_script(*, owner: str) -> str:
    """Return the statements that make the two roles on a new server; passwords are given when it is run."""
    return f"""\
-- The roles of this backup: a dump holds none. Run once as a superuser of the new server:
--   psql --set owner_password=... --set app_password=... --file {ROLES} postgres
-- and make the empty database:  CREATE DATABASE ... OWNER {owner};
CREATE ROLE {_quoted(owner)} LOGIN NOSUPERUSER NOCREATEROLE CREATEDB PASSWORD :'owner_password';
CREATE ROLE {_quoted(app_role())} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'app_password';
"""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# Restoring ------------------------------------------------------------------------------------------------


def _manifest_read(*, folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        held = _sha256(folder / DUMP)
    except (OSError, ValueError) as error:
        raise BackupDamaged(f"{folder} is not a backup, or not a whole one: {error}.") from error
    if manifest.get("format") != FORMAT:
        raise BackupDamaged(f"{folder / MANIFEST} is not of the form {FORMAT}.")
    if held != manifest["dump"]["sha256"]:
        raise BackupDamaged(
            f"{folder / DUMP} has the SHA-256 {held[:16]}..., it was made with "
            f"{manifest['dump']['sha256'][:16]}...: take another backup."
        )
    return dict(manifest)


def _refuse_unless_ready(*, connection: Any, manifest: Mapping[str, Any], folder: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_database(), count(*) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')"
        )
        database, tables = cursor.fetchone()
        if tables:
            raise DatabaseNotEmpty(
                f"the database {database} holds {tables} tables and sequences: a restore goes into an empty one. "
                "Make one (CREATE DATABASE ... OWNER ...) and let DATABASE_URL and DATABASE_OWNER_URL name it."
            )
        roles = manifest["roles"]
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(roles.values())])
        missing = sorted({*roles.values()} - {name for (name,) in cursor.fetchall()})
        cursor.execute("SELECT current_user")
        (user,) = cursor.fetchone()
    if missing:
        raise RolesMissing(f"the server has no role {', '.join(missing)}: run {folder / ROLES} there first.")
    if user != roles["owner"]:
        raise RolesMissing(
            f"DATABASE_OWNER_URL names the role {user}, the backup's tables belong to {roles['owner']}."
        )


# Both -----------------------------------------------------------------------------------------------------


def _owner_address() -> dict[str, Any]:
    """
    Return how the owner role reaches the database, as libpq's parameters.

    :raises OwnerMissing: if it is not given.
    """
    if "owner" not in settings.DATABASES:
        raise OwnerMissing(
            "DATABASE_OWNER_URL is not set: backups are made and restored as the role that owns the tables."
        )
    parameters = connections["owner"].get_connection_params()
    return {
        name: value for name, value in parameters.items() if name not in ("cursor_factory", "client_encoding")
    }


@contextmanager
def _session(address: Mapping[str, Any]) -> Iterator[Any]:
    """Yield a connection of the owner that waits for as long as a backup takes."""
    connection = psycopg2.connect(**{**address, "application_name": "kamcomp backup"})
    try:
        with connection.cursor() as cursor:
            for setting in ("idle_in_transaction_session_timeout", "statement_timeout"):
                cursor.execute(sql.SQL("SET {} TO 0").format(sql.Identifier(setting)))
        connection.commit()
        yield connection
    finally:
        connection.close()


def _major(connection: Any) -> int:
    return int(connection.server_version) // 10_000


def _private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _synced(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(READ_SIZE):
            digest.update(piece)
    return digest.hexdigest()
