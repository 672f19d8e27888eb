"""Run commands with the file system of a Lambda function: only `/tmp` is writable, and `/dev/shm` is not.

Otherwise a library that writes elsewhere would first fail in AWS.
"""

import os
import shutil
import subprocess
from functools import cache

# This runs in its own mount namespace, so the rest of the machine is not affected. `/tmp` becomes a mount
# of its own first, so that it stays writable when the next line makes everything else read-only.
_SCRIPT = """
mount --bind /tmp /tmp &&
mount -o remount,bind,ro / &&
mount -t tmpfs -o ro,size=4k none /dev/shm &&
exec "$@"
"""


def confined(command: list[str]) -> list[str]:
    """Return the command line that runs `command` confined, or `command` if the system cannot confine it."""
    return [*_prefix(), *command]


@cache
def possible() -> bool:
    """Return whether this system can confine a command. It needs Linux, and root or user namespaces."""
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*_confinement(), "true"], capture_output=True, check=False).returncode == 0


def _prefix() -> list[str]:
    return _confinement() if possible() else []


def _confinement() -> list[str]:
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *as_root, "sh", "-c", _SCRIPT, "sh"]
