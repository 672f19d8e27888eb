"""What a job in the sandbox can do, and what its end means to the caller."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common import request_context
from common.errors import ApiError, TooLarge, Unavailable, Unprocessable
from common.sandbox import JOBS_AT_ONCE, Limits, Overrun, Sandbox
from local.deployment import PROJECT

MIB = 1024**2
LIMITS = Limits(memory_bytes=64 * MIB, cpu_s=20, wall_s=60, output_bytes=64 * MIB)
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc as Linux has them")

Run = Callable[..., bytearray]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(["tests.common.sandbox_jobs"])
    yield made
    made.stop()


@pytest.fixture
def run(sandbox: Sandbox) -> Run:
    def run(job: str, pieces: Iterable[bytes] = (), limits: Limits = LIMITS, **arguments: Any) -> bytearray:
        return sandbox.run(f"tests.common.sandbox_jobs.{job}", arguments, pieces, limits)

    return run


def test_a_job_gets_its_input_and_returns_its_output(run: Run) -> None:
    pieces = [b"ab", b"", b"c" * 3 * MIB]
    assert run("reverse", pieces, size=3 * MIB + 2) == b"c" * 3 * MIB + b"ba!"


def test_a_job_may_leave_its_input_unread(run: Run) -> None:
    assert run("read_nothing", (bytes(MIB) for _ in range(20))) == b"done"


def test_input_that_fails_to_come_ends_the_job(run: Run) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"
        raise Unprocessable("cut off")

    with pytest.raises(Unprocessable, match="cut off"):
        run("reverse", pieces(), size=2)


@pytest.mark.parametrize(("status", "kind"), [(422, Unprocessable), (413, TooLarge)])
def test_a_refusal_comes_through(run: Run, status: int, kind: type[ApiError]) -> None:
    with pytest.raises(kind, match="not like this"):
        run("refuse", status=status)


@pytest.mark.parametrize(
    ("job", "limits", "sentence"),
    [
        ("fail", {}, "it is broken in a way that its decoder does not know"),
        ("crash", {}, "its decoder crashed on it"),
        ("leave", {}, "its decoder ended without a result"),
        ("compute", {"cpu_s": 1}, "decoding it takes too long"),
        ("wait", {"wall_s": 1}, "decoding it takes too long"),
        ("count", {"output_bytes": 3 * MIB}, "the result would be too large"),
        pytest.param("allocate", {"memory_bytes": MIB}, "decoding it takes too much memory", marks=linux),
    ],
)
def test_a_job_that_dies_or_passes_a_limit_is_a_422(
    run: Run, job: str, limits: dict[str, int], sentence: str
) -> None:
    with pytest.raises(Overrun, match=rf"^The file cannot be converted: {sentence}\.$"):
        run(job, limits=Limits(**{**vars(LIMITS), **limits}), size=200 * MIB, pieces_of_output=9, pieces=[])
    assert run("read_nothing") == b"done"


@pytest.mark.parametrize("left_s", [0.5, 1.5])
def test_a_request_without_time_is_no_fault_of_the_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, left_s: float
) -> None:
    monkeypatch.setattr(request_context, "remaining_s", lambda: left_s)
    with pytest.raises(Unavailable, match="too little time"):
        run("wait")


def test_input_that_comes_too_slowly_is_no_fault_of_the_file(run: Run) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"
        time.sleep(3)
        yield b"b"

    with pytest.raises(Unavailable, match="too little time"):
        run("reverse", pieces(), limits=replace(LIMITS, wall_s=1), size=2)


def test_a_request_with_little_time_still_ends_a_job_that_computes_too_long(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_context, "remaining_s", lambda: 30)
    with pytest.raises(Overrun, match="takes too long"):
        run("compute", limits=replace(LIMITS, cpu_s=1))


@linux
def test_a_job_within_its_memory_succeeds(run: Run) -> None:
    assert run("allocate", size=32 * MIB) == str(32 * MIB).encode()


def test_a_job_can_use_threads(run: Run) -> None:
    assert run("use_threads") == b"01234567"


@pytest.mark.parametrize("mode", ["r", "w"])
def test_a_job_opens_no_file(run: Run, tmp_path: Path, mode: str) -> None:
    file = tmp_path / "file"
    file.write_text("as it was")
    with pytest.raises(Overrun):
        run("open_file", path=str(file), mode=mode)
    assert file.read_text() == "as it was"


def test_a_job_connects_to_nothing(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(Overrun):
        run("connect", port=server.getsockname()[1])


@linux
def test_nothing_of_the_server_is_in_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    canary = secrets.token_hex(20)
    in_memory = bytearray(canary.encode())
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", canary)
    made = Sandbox(["tests.common.sandbox_jobs"])
    try:
        # another caller's upload, which goes through the same template
        uploaded = made.run(
            "tests.common.sandbox_jobs.reverse", {"size": len(in_memory)}, [bytes(in_memory)], LIMITS
        )
        assert uploaded[::-1][1:] == in_memory
        environment = json.loads(made.run("tests.common.sandbox_jobs.environment", {}, [], LIMITS))
        memory = made.run("tests.common.sandbox_jobs.dump_memory", {}, [], LIMITS)
    finally:
        made.stop()
    assert set(environment) <= {
        *("HOME", "LC_ALL", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX"),
        *("LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"),
    }
    assert len(memory) > MIB
    assert canary.encode() not in memory
    assert canary[::-1].encode() not in memory


def test_jobs_run_side_by_side_in_processes_of_their_own(run: Run) -> None:
    with ThreadPoolExecutor(2 * JOBS_AT_ONCE) as pool:
        results = list(pool.map(lambda _: run("pid"), range(12)))
        contents = list(pool.map(lambda n: run("reverse", [b"%d" % n], size=len(str(n))), range(30)))
    assert len({bytes(result) for result in results}) == 12
    assert contents == [str(number)[::-1].encode() + b"!" for number in range(30)]


def test_one_that_crashes_harms_no_other(run: Run) -> None:
    def crash(_: int) -> str:
        with pytest.raises(Overrun):
            run("crash")
        return "crashed"

    with ThreadPoolExecutor(2 * JOBS_AT_ONCE) as pool:
        crashed = pool.map(crash, range(10))
        done = pool.map(lambda _: run("reverse", [b"abc"], size=3), range(10))
        assert [*crashed, *done] == ["crashed"] * 10 + [b"cba!"] * 10


def test_a_template_that_ended_is_started_again(sandbox: Sandbox, run: Run) -> None:
    run("pid")
    template = sandbox._template
    assert template
    os.kill(template.pid, signal.SIGKILL)
    template.wait(10)
    assert run("read_nothing") == b"done"


def test_a_template_that_ends_in_the_middle_of_a_job_is_no_fault_of_the_file(
    sandbox: Sandbox, run: Run
) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"
        template = sandbox._template
        assert template
        os.kill(template.pid, signal.SIGKILL)
        template.wait(10)

    with pytest.raises(Unavailable):
        run("wait", pieces(), limits=replace(LIMITS, wall_s=2))


def test_a_template_that_hangs_is_started_again(sandbox: Sandbox, run: Run) -> None:
    run("pid")
    template = sandbox._template
    assert template
    os.kill(template.pid, signal.SIGSTOP)
    with pytest.raises(Unavailable, match="started again"):
        run("read_nothing", limits=replace(LIMITS, wall_s=1))
    assert run("read_nothing") == b"done"


def test_a_template_that_cannot_load_its_modules_is_no_fault_of_the_file() -> None:
    made = Sandbox(["tests.common.sandbox_ending"])
    try:
        with pytest.raises(Unavailable):
            made.run("tests.common.sandbox_jobs.pid", {}, [], LIMITS)
    finally:
        made.stop()


def running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ends(process: int) -> bool:
    until = time.monotonic() + 20
    while running(process) and time.monotonic() < until:
        time.sleep(0.02)
    return not running(process)


def workers(sandbox: Sandbox) -> list[int]:
    template = sandbox._template
    assert template
    return [
        int(pid) for pid in Path(f"/proc/{template.pid}/task/{template.pid}/children").read_text().split()
    ]


@linux
def test_a_job_whose_caller_has_gone_is_ended(sandbox: Sandbox, run: Run) -> None:
    found: list[int] = []

    def pieces() -> Iterator[bytes]:
        yield b"a"
        while not found:
            found.extend(workers(sandbox))
        raise Unprocessable("the caller has gone")

    with pytest.raises(Unprocessable, match="the caller has gone"):
        run("compute", pieces())
    assert all(map(ends, found))


SERVER = """
import os, sys
from common.sandbox import Sandbox
from tests.common.test_sandbox import LIMITS
sandbox = Sandbox(["tests.common.sandbox_jobs"])
def pieces():
    yield b"a"
    print(sandbox._template.pid, flush=True)
sandbox.run("tests.common.sandbox_jobs.compute", {}, pieces(), LIMITS)
"""


@linux
def test_nothing_stays_when_the_server_is_killed() -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER], cwd=PROJECT, stdout=subprocess.PIPE)
    assert server.stdout
    template = int(server.stdout.readline())
    children = Path(f"/proc/{template}/task/{template}/children")
    until = time.monotonic() + 20
    while not (found := children.read_text().split()) and time.monotonic() < until:
        time.sleep(0.02)
    server.kill()
    server.wait()
    server.stdout.close()
    assert found
    assert all(ends(process) for process in (template, *map(int, found)))
