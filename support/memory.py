"""The peak memory of a process."""

import os
import resource
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

_STATUS = Path("/proc/self/status")
_SAMPLED_EVERY_S = 0.01


def peak_mb() -> float:
    """Return the most memory that this process has had resident, in MB.

    On Linux the value comes from /proc, which counts only the program that runs now. `getrusage` also counts
    the time before, when the process was still a copy of its parent. So it is used only on other systems,
    where it returns bytes.
    """
    if _STATUS.exists():
        lines = _STATUS.read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


class PeakWithChildren:
    """Samples the memory of this process and its descendants inside the block. Linux only.

    Memory that processes share is counted once: the samples are sums of proportional set sizes.

    Attributes
    ----------
    mb
        The largest sample, in MB.
    """

    def __init__(self) -> None:
        self.mb = 0.0
        self._over = Event()
        self._thread = Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(_SAMPLED_EVERY_S):
            self.mb = max(self.mb, sum(map(_proportional_mb, _tree(os.getpid()))))


def _tree(process: int) -> list[int]:
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        found = [int(child) for child in children]
        # A child that a thread started is listed with that thread.
        for task in Path(f"/proc/{process}/task").iterdir():
            if int(task.name) != process:
                found += map(int, (task / "children").read_text().split())
    except OSError:
        return [process]
    return [process, *(member for child in found for member in _tree(child))]


def _proportional_mb(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
