"""Gives a process a part of a core, as Lambda does after the init phase.

Why: a Lambda of 512 MB has 0.29 of a core. A process that needs 100 ms of CPU time then takes about 350 ms,
but not exactly: the kernel gives it its part of each 100 ms at once, and then stops it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Memory (MB) with which a Lambda has one core (AWS, "Configure Lambda function memory").
MB_PER_CORE = 1769
_PERIOD_US = 100_000
# Where the kernel's control groups of the CPU are: version 1, then version 2.
_V1, _V2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")


def cores(memory_mb: float) -> float:
    """Return how much of a core, or how many cores, a Lambda with this memory (MB) has."""
    return memory_mb / MB_PER_CORE


@contextmanager
def group(share: float) -> Iterator[Path | None]:
    """Make a control group whose processes have a share of a core. None where this user may not make one."""
    quota = round(share * _PERIOD_US)
    for root, files in (
        (_V1, {"cpu.cfs_period_us": _PERIOD_US, "cpu.cfs_quota_us": quota}),
        (_V2, {"cpu.max": f"{quota} {_PERIOD_US}"}),
    ):
        folder = root / f"cold-starts-{os.getpid()}"
        try:
            folder.mkdir()
            for name, value in files.items():
                (folder / name).write_text(str(value))
        except OSError:
            if folder.exists():
                folder.rmdir()
            continue
        try:
            yield folder
        finally:
            folder.rmdir()
        return
    yield None


def confine(pid: int, folder: Path) -> None:
    """Move a process into a control group."""
    (folder / "cgroup.procs").write_text(str(pid))
