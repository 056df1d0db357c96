"""A RabbitMQ of our own for the tests that need one: Debian's program, loopback only, in a temporary folder."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.servers import free_port

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START_WITHIN_S = 90.0
AMQP_GREETING = b"AMQP\x00\x00\x09\x01"


def missing_rabbitmq() -> str | None:
    """Return why RabbitMQ cannot be started here, None where it can."""
    if not PROGRAM.exists():
        return "RabbitMQ is not installed (Debian: rabbitmq-server)"
    if _epmd() is None:
        return "Erlang's epmd is not on the path (Debian: erlang-base)"
    return None


class RabbitmqServer:
    """A broker with the guest user; a context manager. Nothing of it outlives the block, its name server neither."""

    def __init__(self) -> None:
        self._port, self._distribution_port, self._epmd_port = free_port(), free_port(), free_port()
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Celery broker URL."""
        return f"amqp://guest:guest@127.0.0.1:{self._port}//"

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="aiqa-rabbit-"))
        self._write_configuration()
        with (self._folder / "console.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(PROGRAM)],
                env=self._environment(),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill the broker and its name server, and remove the folder."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
        self._stop_name_server()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _stop_name_server(self) -> None:
        """End epmd, which refuses until it has noticed that the broker is gone."""
        epmd = _epmd()
        for _ in range(50 if epmd else 0):
            asked = [str(epmd), "-kill"]
            done = subprocess.run(asked, env=self._environment(), capture_output=True, check=False, timeout=20)
            if b"living nodes" not in done.stdout + done.stderr:
                return
            time.sleep(0.1)

    def _write_configuration(self) -> None:
        (self._folder / "plugins").write_text("[].\n")
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self._port}\n"
            "distribution.listener.interface = 127.0.0.1\n"
            "vm_memory_high_watermark.absolute = 512MB\n"
            "disk_free_limit.absolute = 50MB\n"
        )

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"aiqa{self._port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
        }

    def _wait(self) -> None:
        """Return when the broker speaks AMQP: a wrong protocol header is answered with the right one (AMQP 4.2.2)."""
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"RabbitMQ ended: {(self._folder / 'console.log').read_text()[-2000:]}")
            if _greets(self._port):
                return
            time.sleep(0.2)
        raise RuntimeError(f"RabbitMQ does not answer: {(self._folder / 'console.log').read_text()[-2000:]}")


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"HELO\x00\x00\x00\x00")
            return connection.recv(8) == AMQP_GREETING
    except OSError:
        return False


def _epmd() -> str | None:
    inside = sorted(Path("/usr/lib/erlang").glob("erts-*/bin/epmd"))
    return shutil.which("epmd") or (str(inside[-1]) if inside else None)
