"""Child processes that end when this process ends.

A child prints one line of JSON when it is ready, and then waits for the end of its standard input. The
operating system closes that pipe when the parent ends, even by SIGKILL, so no child is left running.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from local.deployment import PROJECT

_STOP_TIMEOUT_S = 15


class ChildFailed(Exception):
    """A child ended before it was ready."""


class Child:
    """A running `python -m {module}`.

    Parameters
    ----------
    module
        A module whose main calls `stay_until_parent_ends`.
    environment
        Added to this process's environment.

    Raises
    ------
    ChildFailed
        If it ends before it is ready.
    """

    def __init__(self, module: str, environment: Mapping[str, str] | None = None) -> None:
        self.module = module
        # A new session: Ctrl-C at the terminal reaches only the parent, which then stops its children.
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PROJECT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        line = self._output.readline()
        if not line:
            self.stop()
            raise ChildFailed(f"{module} ended with status {self._process.returncode} before it was ready")
        self.ready: dict[str, Any] = json.loads(line)

    @property
    def _output(self) -> Any:
        return self._process.stdout

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it is still running."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Stop it and wait for its end."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()


def stay_until_parent_ends(ready: dict[str, Any]) -> None:
    """Report `ready` to the parent, then wait until the parent closes the pipe or ends. Runs in a child."""
    print(json.dumps(ready), flush=True)
    sys.stdin.read()
