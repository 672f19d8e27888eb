"""The file system as a Lambda function sees it: only `/tmp` can be written, and there is no `/dev/shm`."""

import os
import shutil
import subprocess
from functools import cache

# In a mount namespace of its own, so that nothing of it is seen outside. `/tmp` becomes a mount first: then
# the next line leaves it writable.
_SCRIPT = """
mount --bind /tmp /tmp &&
mount -o remount,bind,ro / &&
mount -t tmpfs -o ro,size=4k none /dev/shm &&
exec "$@"
"""


def confined(command: list[str]) -> list[str]:
    """Return the command line that runs `command` confined; `command` itself where that is not possible."""
    return [*_prefix(), *command]


@cache
def possible() -> bool:
    """Return whether this system lets us confine a command: Linux, as root or with user namespaces."""
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*_confinement(), "true"], capture_output=True, check=False).returncode == 0


def _prefix() -> list[str]:
    return _confinement() if possible() else []


def _confinement() -> list[str]:
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *as_root, "sh", "-c", _SCRIPT, "sh"]
