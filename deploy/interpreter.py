"""Find a Python of the version that Lambda runs."""

import os
import subprocess
from functools import cache

from deploy.libraries import PYTHON_VERSION

_PROGRAM = f"python{PYTHON_VERSION}"
_TIMEOUT_S = 30


class PythonNotFound(Exception):
    """The machine has no Python of the version that Lambda runs."""


@cache
def lambda_python() -> str:
    """Return the path of a Python of the version that Lambda runs.

    Raises
    ------
    PythonNotFound
        If the PATH has none.
    """
    # pyenv puts every version on the PATH, but runs only the versions that PYENV_VERSION names.
    chosen = {**os.environ, "PYENV_VERSION": PYTHON_VERSION}
    for environment in (dict(os.environ), chosen):
        path = _executable(environment)
        if path:
            return path
    raise PythonNotFound(
        f"{_PROGRAM} is needed to test the artifacts as Lambda runs them, and it is not on the PATH."
    )


def _executable(environment: dict[str, str]) -> str | None:
    command = [_PROGRAM, "-c", "import sys; print(sys.executable)"]
    try:
        ran = subprocess.run(
            command, env=environment, capture_output=True, check=False, text=True, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout.strip() if ran.returncode == 0 else None
