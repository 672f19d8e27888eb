"""The example worker, run as its user runs it, against the gateway."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from auth import site_keys
from auth.site_keys import PIPE, Holder
from local.deployment import PROJECT, Deployment
from local.gateway import Gateway
from local.invocation import Invoker
from local.server import HOST, Server
from support.client import ApiClient
from support.proxy import Mode, Proxy
from tests.pipe_queue.callers import create, enqueue, stats

WORKER = PROJECT / "examples" / "pipe_worker.py"
# Adds the payload to the file `begun`, waits for the file `go`, and then adds it to the file `done`.
JOB = """
import json, pathlib, sys, time
folder, payload = pathlib.Path(sys.argv[1]), json.load(sys.stdin)
with (folder / "begun").open("a") as begun:
    print(payload["n"], file=begun)
while not (folder / "go").exists():
    time.sleep(0.05)
with (folder / "done").open("a") as done:
    print(payload["n"], file=done)
sys.exit(payload.get("status", 0))
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a worker on the queue "stacks", with a job that waits for `go`; ends it after the test."""
    workers: list[subprocess.Popen[str]] = []

    def started(base_url: str, *options: str, command: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
        job = command or (sys.executable, "-c", JOB, str(tmp_path))
        worker = subprocess.Popen(
            [sys.executable, str(WORKER), base_url, "stacks", *options, "--", *job],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        workers.append(worker)
        return worker

    yield started
    for worker in workers:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        if worker.stderr and not worker.stderr.closed:
            worker.communicate()


@pytest.fixture
def proxy(gateway_url: str) -> Iterator[Proxy]:
    """Stands between a worker and the gateway."""
    proxy = Proxy(urlsplit(gateway_url).port or 0, delay_s=0)
    yield proxy
    proxy.stop()


def lines(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def wait_for(condition: Callable[[], Any], timeout_s: float = 25) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.05)


def test_it_works_through_the_queue_in_order(api: ApiClient, start: Start, tmp_path: Path) -> None:
    create(api)
    for number in range(3):
        enqueue(api, payload={"n": number})
    (tmp_path / "go").touch()
    worker = start(api.base_url, "--until-empty", "--wait", "0")
    assert worker.wait(25) == 0
    assert lines(tmp_path / "done") == [0, 1, 2]
    assert stats(api) == (0, 0, 0)


def test_a_job_of_a_worker_that_is_killed_is_done_by_another(
    api: ApiClient, start: Start, tmp_path: Path
) -> None:
    create(api)
    enqueue(api, payload={"n": 7})
    first = start(api.base_url, "--lease-seconds", "2")
    wait_for(lambda: lines(tmp_path / "begun") == [7])
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert stats(api)[1] == 1
    (tmp_path / "go").touch()
    second = start(api.base_url, "--lease-seconds", "2", "--wait", "1")
    wait_for(lambda: lines(tmp_path / "done") == [7])
    wait_for(lambda: stats(api) == (0, 0, 0))
    second.terminate()
    assert second.wait(25) == 0
    assert lines(tmp_path / "begun") == [7, 7]


def test_a_job_longer_than_its_lease_is_done_once(api: ApiClient, start: Start, tmp_path: Path) -> None:
    create(api)
    enqueue(api, payload={"n": 7})
    workers = [start(api.base_url, "--lease-seconds", "1", "--wait", "0.2") for _ in range(2)]
    wait_for(lambda: lines(tmp_path / "begun") == [7])
    time.sleep(2.5)
    (tmp_path / "go").touch()
    wait_for(lambda: stats(api) == (0, 0, 0))
    for worker in workers:
        worker.terminate()
        assert worker.wait(25) == 0
    assert lines(tmp_path / "begun") == [7]


def test_a_job_that_fails_goes_back_and_becomes_a_dead_letter(
    api: ApiClient, start: Start, tmp_path: Path
) -> None:
    create(api, max_receives=2)
    enqueue(api, payload={"n": 7, "status": 1})
    (tmp_path / "go").touch()
    worker = start(api.base_url, "--until-empty", "--wait", "0")
    assert worker.wait(25) == 0
    assert lines(tmp_path / "done") == [7, 7]
    assert stats(api) == (0, 0, 1)


def test_it_gives_up_on_a_job_that_fails_again_and_again(
    api: ApiClient, start: Start, tmp_path: Path
) -> None:
    create(api)
    enqueue(api, payload={"n": 7, "status": 1})
    enqueue(api, payload={"n": 8})
    (tmp_path / "go").touch()
    worker = start(api.base_url, "--until-empty", "--wait", "0", "--give-up-after", "3")
    _, told = worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert lines(tmp_path / "done") == [7, 7, 7, 8]
    assert stats(api) == (0, 0, 1)
    assert "HAS FAILED 3 TIMES" in told
    assert '{"n": 7, "status": 1}' in told


def test_it_waits_while_the_queue_is_paused(api: ApiClient, start: Start, tmp_path: Path) -> None:
    create(api)
    enqueue(api, payload={"n": 7})
    (tmp_path / "go").touch()
    api.put("/pipe/queue/stacks", json={"paused": True})
    worker = start(api.base_url, "--until-empty", "--wait", "0")
    assert worker.stderr is not None
    assert "Queue is paused: stacks" in worker.stderr.readline()
    assert worker.poll() is None
    api.put("/pipe/queue/stacks", json={"paused": False})
    assert worker.wait(60) == 0
    assert lines(tmp_path / "done") == [7]


def test_it_rests_longer_after_each_failure(api: ApiClient, start: Start, tmp_path: Path) -> None:
    create(api)
    enqueue(api, payload={"n": 7, "status": 1})
    (tmp_path / "go").touch()
    worker = start(api.base_url, "--wait", "0")
    wait_for(lambda: len(lines(tmp_path / "done")) > 1)
    time.sleep(2)
    # the rests are at most 0.5 s, 1 s, 2 s, ..., and at least half of that
    assert len(lines(tmp_path / "done")) <= 5
    worker.terminate()
    assert worker.wait(25) == 0
    assert stats(api) == (1, 0, 0)


def test_an_empty_queue_is_not_asked_over_and_over(
    api: ApiClient, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    create(api)
    worker = start(api.base_url, "--wait", "0")
    wait_for(lambda: polls(caplog) > 0)
    time.sleep(2)
    assert polls(caplog) <= 4
    worker.terminate()
    assert worker.wait(25) == 0


def polls(caplog: pytest.LogCaptureFixture) -> int:
    routes = [vars(record).get("fields", {}).get("route", "") for record in caplog.records]
    return sum(route.endswith("/dequeue") for route in routes)


def test_a_stage_that_asks_for_keys_gets_one(
    api: ApiClient, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(api)
    enqueue(api, payload={"n": 7})
    (tmp_path / "go").touch()
    monkeypatch.setenv("WRITE_ACCESS", "protected")
    without = start(api.base_url, "--until-empty", "--wait", "0")
    assert without.wait(25) == 2
    assert "Unauthorized" in without.communicate()[1]
    site_keys.forget()
    monkeypatch.setenv("SITE_KEY", site_keys.hand_out(Holder(PIPE, "pipe1")))
    assert start(api.base_url, "--until-empty", "--wait", "0").wait(25) == 0
    assert lines(tmp_path / "done") == [7]


def test_it_waits_while_the_api_is_away(
    api: ApiClient, deployment: Deployment, start: Start, tmp_path: Path
) -> None:
    create(api)
    enqueue(api, payload={"n": 7})
    (tmp_path / "go").touch()
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    worker = start(f"http://{HOST}:{port}/{deployment.base_path}", "--until-empty", "--wait", "0")
    time.sleep(1.5)
    assert worker.poll() is None
    server = Server(port, Gateway(deployment, Invoker()))
    server.start()
    assert worker.wait(25) == 0
    server.stop()
    assert lines(tmp_path / "done") == [7]
    assert "the API cannot be reached (ConnectionError)" in worker.communicate()[1]


@pytest.mark.parametrize("mode", [Mode.SHRUNK, Mode.SHORT, Mode.CUT])
def test_it_asks_again_where_an_answer_was_cut(
    api: ApiClient, start: Start, tmp_path: Path, proxy: Proxy, mode: Mode
) -> None:
    create(api)
    for number in (7, 8):
        enqueue(api, payload={"n": number})
    worker = start(f"{proxy.url}{urlsplit(api.base_url).path}", "--until-empty", "--wait", "0")
    wait_for((tmp_path / "begun").exists)
    proxy.switch(mode)
    (tmp_path / "go").touch()
    wait_for(lambda: stats(api)[0] + stats(api)[1] < 2)
    time.sleep(0.5)
    proxy.switch(Mode.CALM)
    assert worker.wait(25) == 0
    assert lines(tmp_path / "done") == [7, 8]


def test_a_queue_that_is_not_there(api: ApiClient, start: Start) -> None:
    worker = start(api.base_url)
    assert worker.wait(25) == 2
    assert "Queue does not exist: stacks" in worker.communicate()[1]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--help"], 0, "what to run for each job"),
        (["localhost:4000", "stacks", "--", "true"], 2, "base_url must begin with http:// or https://"),
        (["http://127.0.0.1:1/api", "stacks"], 2, "required: command"),
        (["http://127.0.0.1:1/api", "s", "--", "/no/program"], 2, "the command cannot be run: /no/program"),
    ],
)
def test_the_command_line_arguments(arguments: list[str], status: int, said: str) -> None:
    told = subprocess.run(
        [sys.executable, str(WORKER), *arguments], capture_output=True, text=True, check=False
    )
    assert told.returncode == status
    assert said in told.stdout + told.stderr


def test_the_payload_reaches_the_command_as_it_is(api: ApiClient, start: Start, tmp_path: Path) -> None:
    create(api)
    payload = {"n": 1, "text": "é", "list": [1.5, None]}
    enqueue(api, payload=payload)
    out = tmp_path / "out"
    keep = (sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())", str(out))
    assert start(api.base_url, "--until-empty", "--wait", "0", command=keep).wait(25) == 0
    assert json.loads(out.read_text()) == payload
