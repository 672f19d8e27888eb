"""Untrusted files are decoded in a sandbox: a process of its own that holds no secrets, under limits.

Image decoders are large C programs that trust the file. A hostile file can make them read or write foreign
memory, use all memory or never end. In a sandbox that harms nobody but its sender: the process has a clean
environment, no credentials and no other caller's data, and it ends at its limits. One template process loads
the libraries once and is forked for each job.

Why: without it, one hostile file could read the credentials of the function. It costs 12 ms a job, and 0.17 s
once per process.
"""

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from common import logs, request_context
from common.errors import TooLarge, Unavailable, Unprocessable
from common.sandbox_worker import DATA, DIED, DONE, FRAME, ORDER_LENGTH, REFUSED

# More jobs at once would need more memory and gain no time.
JOBS_AT_ONCE = 4
# Additional time in which the kernel ends a job that exceeds its limit.
_GRACE_S = 2
_PIECE_BYTES = 1024**2
_WAIT_FOR_ROOM_S = 20
_STOP_TIMEOUT_S = 5
# An ending template closes its jobs' sockets shortly before it exits.
_ENDING_S = 0.5

# The only variables that the template gets: the path of the interpreter's libraries, and the processor type
# for numpy's BLAS.
_PASSED_ON = ("LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
# One thread, so that the template can fork; few arenas, so that a job reserves little memory.
_FIXED = {
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
_PROGRAM = "import sys; sys.path[:] = {path!r}; from common.sandbox_worker import main; main({modules!r})"
_NO_TIME = "Try again later: too little time was left to convert the image."
_RESTARTED = "Try again later: the image decoder has to be started again."


@dataclass(frozen=True)
class Limits:
    """What a job may use.

    Attributes
    ----------
    memory_bytes
        Memory beyond that of the loaded libraries.
    cpu_s
        Seconds of computing, of all threads together.
    wall_s
        Seconds on the clock.
    output_bytes
        Bytes of output.
    """

    memory_bytes: int
    cpu_s: int
    wall_s: int
    output_bytes: int


class Overrun(Unprocessable):
    """The job passed a limit, or its process died: 422."""


class _TookTooLong(Overrun):
    """The job exceeded its time limit, either wall-clock (`on_the_clock`) or CPU."""

    def __init__(self, *, on_the_clock: bool) -> None:
        super().__init__("The file cannot be converted: decoding it takes too long.")
        self.on_the_clock = on_the_clock


class _Silent(Exception):
    """A job's socket closed before the job reported its result."""


class Sandbox:
    """Runs jobs in processes without secrets.

    Parameters
    ----------
    modules
        What the template process imports, so that no job has to.
    """

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = list(modules)
        self._room = BoundedSemaphore(JOBS_AT_ONCE)
        self._lock = Lock()
        self._template: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        atexit.register(self.stop)

    def run(
        self, function: str, arguments: dict[str, Any], pieces: Iterable[bytes], limits: Limits
    ) -> bytearray:
        """Return the output of a job.

        Parameters
        ----------
        function
            `module.function`, which gets the arguments and a `common.sandbox_worker.Input` and returns the
            pieces of the output. It may raise the errors of `common.errors`.
        arguments
            What the function gets; JSON values only.
        pieces
            The input. An exception while it is read ends the job and is raised here.
        limits
            What the job may use.

        Raises
        ------
        Unprocessable, TooLarge
            If the function refuses the input.
        Overrun
            If the job passed a limit, or its process died.
        Unavailable
            If no job can be started in time, or too little time is left after the input was read.
        """
        with self._free_slot(), self._job() as job:
            given, template = _in_time(limits), self._template
            job.settimeout(given.wall_s + _GRACE_S)
            order = {"function": function, "arguments": arguments, "limits": _enforced(given)}
            all_sent = False
            try:
                all_sent = _send(job, order, pieces)
                return _received(job, limits.output_bytes)
            except TimeoutError as error:
                # The job's own alarm should have ended it by now, so the template no longer forks.
                self._forget(template)
                raise Unavailable(_RESTARTED) from error
            except _TookTooLong as error:
                # The cause is not the file, but its slow source or the requests before it.
                if error.on_the_clock and (not all_sent or given.wall_s < limits.wall_s):
                    raise Unavailable(_NO_TIME) from error
                raise
            except _Silent as error:
                self._check_template()
                raise Overrun("The file cannot be converted: its decoder ended without a result.") from error

    def stop(self) -> None:
        """End the template process and every job."""
        with self._lock:
            if self._control and self._template:
                self._control.close()
                self._template.wait(_STOP_TIMEOUT_S)
            self._template = self._control = None

    @contextlib.contextmanager
    def _free_slot(self) -> Iterator[None]:
        if not self._room.acquire(timeout=max(0, min(request_context.remaining_s(), _WAIT_FOR_ROOM_S))):
            raise Unavailable("Try again later: too many images are being converted.")
        try:
            yield
        finally:
            self._room.release()

    @contextlib.contextmanager
    def _job(self) -> Iterator[socket.socket]:
        """Pass one end of a new socket pair to the template, which forks a process for it."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, self._lock:
                try:
                    socket.send_fds(self._running_control(), [b"j"], [theirs.fileno()])
                except OSError as error:
                    self._forget_template()
                    raise Unavailable(_RESTARTED) from error
            yield ours

    def _running_control(self) -> socket.socket:
        if self._template and self._template.poll() is not None:
            self._forget_template()
        if self._control is None:
            self._control, theirs = socket.socketpair()
            with theirs:
                self._template = _start(theirs, self._modules)
        return self._control

    def _check_template(self) -> None:
        """Raise Unavailable if the template process has ended. Then the file is not the cause."""
        with self._lock:
            template = self._template
        with contextlib.suppress(subprocess.TimeoutExpired):
            if template:
                template.wait(_ENDING_S)
            raise Unavailable(_RESTARTED)

    def _forget(self, template: "subprocess.Popen[bytes] | None") -> None:
        """End a template process, unless another request has done so already."""
        with self._lock:
            if self._template is template:
                self._forget_template()

    def _forget_template(self) -> None:
        if self._control:
            self._control.close()
        if self._template:
            self._template.kill()
            self._template.wait(_STOP_TIMEOUT_S)
        self._template = self._control = None


def _start(control: socket.socket, modules: list[str]) -> "subprocess.Popen[bytes]":
    # -I and -S: the interpreter ignores the user's variables and folders. -B: it writes no bytecode.
    program = _PROGRAM.format(path=[str(Path(entry).resolve()) for entry in sys.path], modules=modules)
    return subprocess.Popen(  # noqa: S603 - the interpreter that runs this, and a program of ours
        [sys.executable, "-I", "-S", "-B", "-c", program],
        stdin=control.fileno(),
        stdout=subprocess.DEVNULL,
        env={**_FIXED, **{name: os.environ[name] for name in _PASSED_ON if name in os.environ}},
        cwd="/",
        # Ctrl-C at the terminal reaches only the server, which then stops the sandbox.
        start_new_session=True,
    )


def _in_time(limits: Limits) -> Limits:
    """Return the limits, with the wall-clock time cut to what the request has left.

    Raises
    ------
    Unavailable
        If the request has less than a second left.
    """
    left_s = min(limits.wall_s, request_context.remaining_s())
    if left_s < 1:
        raise Unavailable(_NO_TIME)
    return replace(limits, wall_s=int(left_s))


def _enforced(limits: Limits) -> dict[str, int]:
    """Return the limits that the kernel enforces on the job's process."""
    return {name: limit for name, limit in asdict(limits).items() if name != "output_bytes"}


def _send(job: socket.socket, order: dict[str, Any], pieces: Iterable[bytes]) -> bool:
    """Send a job its order and its input; return whether all was sent."""
    content = json.dumps(order).encode()
    # A job that ended early no longer reads. What it sent before says why.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        job.sendall(ORDER_LENGTH.pack(len(content)) + content)
        for piece in pieces:
            job.sendall(piece)
        return True
    return False


def _received(job: socket.socket, most_bytes: int) -> bytearray:
    """Return the output of a job, or raise its failure."""
    output = bytearray()
    while True:
        kind, size = FRAME.unpack(_exactly(job, FRAME.size))
        if kind == DATA:
            if size > most_bytes - len(output):
                raise Overrun("The file cannot be converted: the result would be too large.")
            _read_into(job, output, size)
        elif kind == DONE:
            return output
        else:
            _raise_failure(kind, json.loads(_exactly(job, size)))


def _read_into(job: socket.socket, output: bytearray, size: int) -> None:
    while size:
        try:
            piece = job.recv(min(size, _PIECE_BYTES))
        except ConnectionResetError as error:
            raise _Silent from error
        if not piece:
            raise _Silent
        output += piece
        size -= len(piece)


def _exactly(job: socket.socket, size: int) -> bytes:
    content = bytearray()
    _read_into(job, content, size)
    return bytes(content)


def _raise_failure(kind: bytes, failure: dict[str, Any]) -> None:
    if kind == REFUSED:
        refusal = TooLarge if failure["status"] == TooLarge.status else Unprocessable
        raise refusal(failure["sentence"])
    logs.logger.warning("sandboxed job failed", extra={"fields": {"failure": failure}})
    if kind == DIED and failure["signal"] in (signal.SIGALRM, signal.SIGXCPU, signal.SIGKILL):
        raise _TookTooLong(on_the_clock=failure["signal"] == signal.SIGALRM)
    if kind == DIED:
        raise Overrun("The file cannot be converted: its decoder crashed on it.")
    if failure["error"] == "MemoryError":
        raise Overrun("The file cannot be converted: decoding it takes too much memory.")
    raise Overrun("The file cannot be converted: it is broken in a way that its decoder does not know.")
