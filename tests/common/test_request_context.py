"""The context of a request goes along into every thread that works for it."""

import ast
import logging
import math
import time
from collections.abc import Iterator
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest

from common import logs, request_context
from common.parallel import in_order
from common.request_context import Pool, RequestContext
from local.deployment import PROJECT
from pipe_queue.store import queues as store
from support.client import ApiClient

SERVICES = [*(path.parent for path in PROJECT.glob("*/handlers.py")), PROJECT / "common"]
# What starts threads without the request's context, and the one module that may use it.
_PLAIN = {"ThreadPoolExecutor", "Thread", "Timer", "threading.local", "start_new_thread"}


def in_a_pool(_number: int) -> tuple[str, float]:
    request_context.update(retry_until=5.0)
    return request_context.current().request_id, request_context.remaining_s()


def by_a_pool() -> list[tuple[str, float]]:
    with Pool(2) as pool:
        return list(pool.map(in_a_pool, range(3)))


def in_turn() -> list[tuple[str, float]]:
    return list(in_order(in_a_pool, range(3), threads=2, ahead=2))


@pytest.mark.parametrize("run", [by_a_pool, in_turn])
def test_threads_get_a_copy_of_their_starter_s_context(run: Any) -> None:
    with request_context.updated(request_id="r1"), request_context.deadline():
        found = run()
        assert request_context.current().retry_until == 0.0
    assert [request_id for request_id, _ in found] == ["r1"] * 3
    assert all(0 < left_s < request_context.RESPOND_WITHIN_S for _, left_s in found)


def test_outside_a_request_nothing_is_carried() -> None:
    # Each in a new context: without a request, changes would stay in the context of the tests' thread.
    assert Context().run(in_a_pool, 1)[1] == math.inf
    assert Context().run(request_context.current) == RequestContext()


def test_a_log_line_of_a_thread_has_the_request_s_id(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    with request_context.updated(request_id="r1"), Pool(1) as pool:
        pool.submit(logs.logger.log, logging.WARNING, "from a thread").result()
    assert '"message": "from a thread", "request_id": "r1"' in capsys.readouterr().err


def names_used(path: Path) -> Iterator[str]:
    """The names that a file mentions in its code."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def test_services_start_threads_and_make_contexts_only_in_request_context() -> None:
    files = [path for folder in SERVICES for path in folder.rglob("*.py")]
    assert len(files) > 50
    found = {path.name for path in files if {*_PLAIN, "ContextVar"} & set(names_used(path))}
    assert found == {"request_context.py"}


def test_counting_the_queues_ends_in_time(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.post("/pipe/queue", json={"queue_name": "stacks"}).status_code == 200
    assert api.get("/pipe/queues").json() == {"stacks": 0}
    listed = store.listed

    def listed_late(*after: str) -> list[Any]:
        rows = list(listed(*after))
        request_context.update(respond_by=time.monotonic() + 1)
        return rows

    monkeypatch.setattr(store, "listed", listed_late)
    answer = api.get("/pipe/queues")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
