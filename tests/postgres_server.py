"""A PostgreSQL server for the tests that need one, from Debian's binaries, on a socket in a temporary folder."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))

_names = count(1)


class PostgresServer:
    """A running server; ``new_database`` returns the URL of an empty database."""

    def __init__(self, socket_folder: Path, user: str) -> None:
        self._connection = f"host={socket_folder} user={user}"
        self._query = f"?host={socket_folder}&user={user}"

    def new_database(self) -> str:
        name = f"ledger_{os.getpid()}_{next(_names)}"
        with psycopg.connect(f"{self._connection} dbname=postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql+psycopg:///{name}{self._query}"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server in a folder of its own; skips the test, with the reason, where PostgreSQL is not installed.

    Not in pytest's folders: those are closed to other users, and a socket's path has 107 bytes at most.
    """
    if not BINARIES:
        pytest.skip("PostgreSQL is not installed (Debian package postgresql)")
    binaries, user = BINARIES[-1].parent, _server_user()
    with TemporaryDirectory(prefix="aiqa-pg-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if user:
            shutil.chown(folder, user)
        data = folder / "data"
        _run(user, [binaries / "initdb", "-D", data, "-A", "trust", "-U", "aiqa", "--no-sync", "-E", "UTF8"])
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
        server = [binaries / "pg_ctl", "-D", data, "-w"]
        _run(user, [*server, "-l", folder / "log", "-o", options, "start"])
        try:
            yield PostgresServer(folder, "aiqa")
        finally:
            _run(user, [*server, "-m", "immediate", "stop"])


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")


def _run(user: str | None, command: Sequence[object]) -> None:
    subprocess.run(
        [str(part) for part in command], user=user, cwd="/", check=True, stdout=subprocess.DEVNULL, timeout=60
    )
