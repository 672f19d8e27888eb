"""The program inside a sandbox: a process without secrets that forks once per job.

`common.sandbox` starts it and defines jobs. The template process loads the libraries once and then only
forks and waits. Each job runs in a fork of its own, under limits, and sees no input but its own.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from common import logs
from common.errors import ApiError

# Data on a job's socket to the caller: frames with a kind, a length and that many bytes.
FRAME = struct.Struct(">cI")
DATA, DONE, REFUSED, FAILED, DIED = b"D", b"Z", b"R", b"F", b"X"
# Data on a job's socket to the job: the length of its order, the order in JSON, then the input.
ORDER_LENGTH = struct.Struct(">I")

_PIECE_BYTES = 1024**2
# Errors of sending after the caller has closed its end of the socket.
_CALLER_GONE = (BrokenPipeError, ConnectionResetError)
_STATUS_FILE = Path("/proc/self/statm")
# The option of `prctl` for the signal at the parent's end; only on Linux.
_PR_SET_PDEATHSIG = 1


class Input:
    """The input of a job, read from its socket."""

    def __init__(self, job: socket.socket) -> None:
        self._job = job

    def read(self, size: int, /) -> bytes:
        """Return the next `size` bytes, fewer only if the input ends."""
        return bytes(self.read_all(size))

    def read_all(self, size: int) -> bytearray:
        """Return the next `size` bytes, fewer only if the input ends. Memory grows with what arrives."""
        content = bytearray()
        while len(content) < size:
            piece = self._job.recv(min(_PIECE_BYTES, size - len(content)))
            if not piece:
                break
            content += piece
        return content


Job = Callable[[dict[str, Any], Input], Iterable[bytes | memoryview]]


def main(modules: list[str]) -> None:
    """Load `modules`, then fork once per job until the socket on standard input closes."""
    for module in modules:
        importlib.import_module(module)
    warnings.simplefilter("ignore")
    # The loaded modules are frozen, so that no job's garbage collector touches and copies their memory.
    gc.collect()
    gc.freeze()
    _Template(socket.socket(fileno=0)).run()


class _Template:
    """Forks a process per job, and reports on the job's socket if a signal ended the process."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._jobs: dict[int, socket.socket] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        # Wakes the poll when a process ends.
        self._woken, waker = socket.socketpair()
        self._woken.settimeout(0)
        waker.settimeout(0)
        signal.set_wakeup_fd(waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._poll.register(self._woken, select.POLLIN)
        self._waker = waker
        self._nowhere = os.open(os.devnull, os.O_WRONLY)

    def run(self) -> None:
        """Take jobs until the control socket closes, then end those that still run."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._woken.fileno():
                    self._reap()
                elif descriptor != self._control.fileno():
                    self._end_abandoned(descriptor)
                elif not self._take_job():
                    for process in self._jobs:
                        os.kill(process, signal.SIGKILL)
                    return

    def _take_job(self) -> bool:
        """Fork for the job whose socket comes over the control socket; False when that has closed."""
        message, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not message:
            return False
        job = socket.socket(fileno=descriptors[0])
        process = os.fork()
        if not process:
            self._become_worker(job)
        self._jobs[process] = job
        # Without events the poll reports only a hang-up.
        self._poll.register(job, 0)
        return True

    def _become_worker(self, job: socket.socket) -> NoReturn:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for other in (self._control, self._woken, self._waker, *self._jobs.values()):
            other.close()
        # Libraries' messages about a file do not belong in the server's log.
        os.dup2(self._nowhere, sys.stderr.fileno())
        _work(job)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
        for process in list(self._jobs):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                job = self._jobs.pop(process)
                self._poll.unregister(job)
                if os.WIFSIGNALED(status):
                    _tell_death(job, os.WTERMSIG(status))
                job.close()

    def _end_abandoned(self, descriptor: int) -> None:
        """End the process of a job whose caller has closed its end."""
        for process, job in self._jobs.items():
            if job.fileno() == descriptor:
                os.kill(process, signal.SIGKILL)


def _tell_death(job: socket.socket, number: int) -> None:
    """Send the signal that ended a job's process. A caller that does not read must not block the template."""
    content = json.dumps({"signal": number}).encode()
    job.settimeout(0)
    with contextlib.suppress(OSError):
        job.send(FRAME.pack(DIED, len(content)) + content)


def _work(job: socket.socket) -> NoReturn:
    """Do one job in the process that was forked for it, then end the process."""
    status = 1
    try:
        _die_with_parent()
        source = Input(job)
        order = json.loads(source.read(*ORDER_LENGTH.unpack(source.read(ORDER_LENGTH.size))))
        _limit(**order["limits"])
        _run(job, order, source)
        status = 0
    except _CALLER_GONE:
        # The caller is gone.
        status = 2
    finally:
        os._exit(status)


def _run(job: socket.socket, order: dict[str, Any], source: Input) -> None:
    try:
        for piece in _function(order["function"])(order["arguments"], source):
            _send(job, DATA, piece)
        _send(job, DONE)
    except MemoryError:
        _send(job, FAILED, json.dumps({"error": "MemoryError", "where": ""}).encode())
    except _CALLER_GONE:
        raise
    except Exception as error:  # noqa: BLE001 - a job may fail in as many ways as there are broken files
        _send(job, *_failure(error))


def _failure(error: Exception) -> tuple[bytes, bytes]:
    if isinstance(error, ApiError):
        return REFUSED, json.dumps({"status": error.status, "sentence": error.body}).encode()
    return FAILED, json.dumps(logs.failure(error)).encode()


def _function(name: str) -> Job:
    module, _, function = name.rpartition(".")
    found: Job = getattr(importlib.import_module(module), function)
    return found


def _send(job: socket.socket, kind: bytes, content: bytes | memoryview = b"") -> None:
    view = memoryview(content).cast("B") if content else memoryview(b"")
    for start in range(0, max(1, len(view)), _PIECE_BYTES):
        part = view[start : start + _PIECE_BYTES]
        job.sendall(FRAME.pack(kind, len(part)))
        job.sendall(part)


def _die_with_parent() -> None:
    """Let the kernel end this process when the template ends; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit(memory_bytes: int, cpu_s: int, wall_s: int) -> None:
    """Limit what this process may use. The kernel ends it, or refuses memory, beyond a limit.

    Parameters
    ----------
    memory_bytes
        Beyond what the template holds. Only where the system tells how much that is, which is Linux.
    cpu_s, wall_s
        Seconds of computing, of all threads together, and on the clock.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(wall_s)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    # No core dump.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _STATUS_FILE.exists():
        held = int(_STATUS_FILE.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + memory_bytes, held + memory_bytes))
    # Open files stay open. No other file and no connection can be opened.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
