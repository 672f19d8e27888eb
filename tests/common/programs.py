"""Programs of the tests that run in a process of their own, because they change settings of the process."""

import json
import subprocess
import sys
from typing import Any

from local.deployment import PROJECT


def result_of(module: str, timeout_s: float) -> dict[str, Any]:
    """Run a module for at most `timeout_s`; return the JSON object in the last line of its output."""
    ran = subprocess.run(
        [sys.executable, "-m", module],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=timeout_s,
    )
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found
