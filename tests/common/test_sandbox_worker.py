"""The program inside a sandbox, run in this process: its frames, its limits, and the jobs it forks."""

import json
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from common import sandbox_worker
from common.sandbox_worker import DATA, DIED, DONE, FAILED, FRAME, ORDER_LENGTH, REFUSED, Input

JOBS = "tests.common.sandbox_jobs"
LIMITS = {"memory_bytes": 2**30, "cpu_s": 60, "wall_s": 60}


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The caller's end and the job's end of a job's socket."""
    caller, job = socket.socketpair()
    with caller, job:
        caller.settimeout(10)
        yield caller, job


def frames(caller: socket.socket) -> list[tuple[bytes, bytes]]:
    """Return the frames that a job sent, up to the end of its socket."""
    found = []
    source = Input(caller)
    while head := source.read(FRAME.size):
        kind, size = FRAME.unpack(head)
        found.append((kind, source.read(size)))
    return found


def order(function: str, **arguments: Any) -> bytes:
    text = json.dumps({"function": f"{JOBS}.{function}", "arguments": arguments, "limits": LIMITS}).encode()
    return ORDER_LENGTH.pack(len(text)) + text


def result_of(sockets: tuple[socket.socket, socket.socket], function: str, **arguments: Any) -> Any:
    """Run a job here and return its frames."""
    caller, job = sockets
    sandbox_worker._run(job, {"function": f"{JOBS}.{function}", "arguments": arguments}, Input(job))
    job.close()
    return frames(caller)


def test_a_job_sends_its_output_in_frames(sockets: tuple[socket.socket, socket.socket]) -> None:
    sockets[0].sendall(b"abc")
    assert result_of(sockets, "reverse", size=3) == [(DATA, b"cba"), (DATA, b"!"), (DONE, b"")]


def test_input_that_ends_early_is_shorter(sockets: tuple[socket.socket, socket.socket]) -> None:
    caller, job = sockets
    caller.sendall(b"ab")
    caller.shutdown(socket.SHUT_WR)
    assert Input(job).read(5) == b"ab"


def test_a_refusal_keeps_its_status_and_sentence(sockets: tuple[socket.socket, socket.socket]) -> None:
    *_, (kind, content) = result_of(sockets, "refuse", status=413)
    assert (kind, json.loads(content)) == (REFUSED, {"status": 413, "sentence": "not like this"})


def test_another_error_is_a_failure_without_its_message(sockets: tuple[socket.socket, socket.socket]) -> None:
    *_, (kind, content) = result_of(sockets, "fail")
    assert (kind, set(json.loads(content))) == (FAILED, {"error", "where"})


def test_a_lack_of_memory_is_a_failure(
    sockets: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lack(*_: Any) -> Iterator[bytes]:
        raise MemoryError

    monkeypatch.setattr(sandbox_worker, "_function", lambda _name: lack)
    assert result_of(sockets, "reverse")[-1] == (FAILED, b'{"error": "MemoryError", "where": ""}')


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The statuses with which a job's process would have ended."""
    statuses: list[int] = []

    def end(status: int) -> None:
        statuses.append(status)
        raise SystemExit(status)

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(sandbox_worker, "_die_with_parent", lambda: None)
    monkeypatch.setattr(sandbox_worker, "_limit", lambda **_: None)
    return statuses


def test_a_job_s_process_ends_with_status_0(
    sockets: tuple[socket.socket, socket.socket], ended: list[int]
) -> None:
    caller, job = sockets
    caller.sendall(order("reverse", size=1) + b"a")
    with pytest.raises(SystemExit):
        sandbox_worker._work(job)
    job.close()
    assert (ended, frames(caller)[-1]) == ([0], (DONE, b""))


def test_a_job_whose_caller_is_gone_ends_with_status_2(
    sockets: tuple[socket.socket, socket.socket], ended: list[int]
) -> None:
    caller, job = sockets
    caller.sendall(order("reverse", size=1) + b"a")
    caller.shutdown(socket.SHUT_RD)
    with pytest.raises(SystemExit):
        sandbox_worker._work(job)
    assert ended == [2]


def test_a_job_may_open_no_file_and_has_a_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: dict[int, tuple[int, int]] = {}
    alarms: list[int] = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, pair: limits.update({kind: pair}))
    monkeypatch.setattr(signal, "alarm", alarms.append)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    sandbox_worker._limit(memory_bytes=1000, cpu_s=3, wall_s=4)
    assert limits[resource.RLIMIT_NOFILE] == (0, 0)
    assert limits[resource.RLIMIT_CPU] == (3, 3)
    assert limits[resource.RLIMIT_CORE] == (0, 0)
    assert limits[resource.RLIMIT_AS][0] > 1000
    assert alarms == [4]


@pytest.fixture
def signals() -> Iterator[None]:
    """The signal handlers of this process, put back after the test."""
    before = signal.getsignal(signal.SIGCHLD)
    yield
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, before)


def serve_while(calls: Callable[[socket.socket], None]) -> None:
    """Run the template in this thread while `calls` uses its control socket in another."""
    control, other = socket.socketpair()

    def run() -> None:
        with control:
            calls(control)

    caller = Thread(target=run)
    caller.start()
    template = sandbox_worker._Template(other)
    try:
        template.run()
    finally:
        caller.join()
        for opened in (other, template._woken, template._waker):
            opened.close()
        os.close(template._nowhere)


def started(control: socket.socket, content: bytes) -> socket.socket:
    """Start a job and return the caller's end of its socket."""
    caller, job = socket.socketpair()
    caller.settimeout(20)
    socket.send_fds(control, [b"j"], [job.fileno()])
    job.close()
    caller.sendall(content)
    return caller


def test_the_template_forks_for_each_job_and_tells_of_a_crash(signals: None) -> None:
    found: list[list[tuple[bytes, bytes]]] = []

    def calls(control: socket.socket) -> None:
        for content in (order("reverse", size=2) + b"ab", order("crash")):
            with started(control, content) as caller:
                found.append(frames(caller))

    serve_while(calls)
    assert found[0] == [(DATA, b"ba"), (DATA, b"!"), (DONE, b"")]
    assert found[1][-1] == (DIED, json.dumps({"signal": int(signal.SIGSEGV)}).encode())


def test_the_program_loads_its_modules_first(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr("common.sandbox_worker.gc.freeze", lambda: loaded.append("frozen"))
    monkeypatch.setattr("common.sandbox_worker.socket.socket", lambda fileno: fileno)
    monkeypatch.setattr(
        sandbox_worker,
        "_Template",
        lambda control: SimpleNamespace(run=lambda: loaded.append(f"run {control}")),
    )
    # Last, because monkeypatch imports what it patches.
    monkeypatch.setattr("common.sandbox_worker.importlib.import_module", loaded.append)
    sandbox_worker.main(["one", "two"])
    assert loaded == ["one", "two", "frozen", "run 0"]
