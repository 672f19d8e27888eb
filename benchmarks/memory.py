"""How much memory a process has held at most."""

import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """Answer the most memory that this process has had resident, in MB.

    Linux keeps it for the program that runs now. `getrusage` also counts what the process was before it
    became this program, a copy of its parent, and so is asked only elsewhere, where it answers in bytes.
    """
    if _STATUS.exists():
        lines = _STATUS.read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
