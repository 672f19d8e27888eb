"""Faults beneath botocore's retries: what goes wrong between a Lambda and DynamoDB.

A fault replaces the sending of one attempt at a request. botocore sees what it would see of a real fault, and
retries in the same way. The engine may have executed the attempt or not.
"""

import io
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from common import aws
from pipe_queue.retries import READ_TIMEOUT_S

DONE = 200
WRITES = ("UpdateItem", "DeleteItem", "TransactWriteItems", "PutItem", "BatchWriteItem")


@dataclass(frozen=True)
class Faults:
    """What goes wrong, and how often.

    Attributes
    ----------
    kind
        "none"; "lost": executed, the answer lost; "unsent": lost before execution; "throttled"; "conflict":
        of transactions; "broken": a 5xx answer, executed or not; "slow": a delete that comes late.
    rate
        The share of attempts that have the fault, 0 to 1.
    tokens
        Whether the engine honours client tokens. The put of a new item needs that. Without it, no attempt
        of such a put is executed and then answered with a fault, because botocore would repeat it.
    delay_s
        How late a slow request is executed; how long a lost answer is waited for.
    """

    kind: str = "none"
    rate: float = 0.0
    tokens: bool = True
    delay_s: float = 0.0


@dataclass(frozen=True)
class Kill:
    """Where a process dies: at its `nth` request of `operation`, before it is sent or once it is answered."""

    operation: str
    when: str
    nth: int = 1


class Wire:
    """What lies between the process's DynamoDB clients and the engine.

    Parameters
    ----------
    note
        Told of each write to an item that the engine did: "put", "update" or "delete", and the item's id.
    """

    def __init__(self, note: Callable[[str, str], None]) -> None:
        self._note = note
        self._session = URLLib3Session()
        self.faults = Faults()
        self.kill: Kill | None = None
        self.random = random.Random(0)
        self.counts: dict[str, int] = {}
        client = aws.client("dynamodb", read_timeout_s=READ_TIMEOUT_S)
        client.meta.events.register("before-send.dynamodb", self.send)

    def send(self, request: Any, **_: Any) -> Any:
        """Send an attempt, or do what goes wrong with it."""
        operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
        body = json.loads(request.body)
        self.counts[operation] = self.counts.get(operation, 0) + 1
        self._die_if(operation, "before")
        if self.random.random() < self.faults.rate:
            return self._fault(request, operation, body)
        return self._executed(request, operation, body)

    def _executed(self, request: Any, operation: str, body: Any) -> AWSResponse:
        response = self._session.send(request)
        if response.status_code == DONE:
            self._note(*_write_to_item(operation, body))
        self._die_if(operation, "after")
        return response

    def _fault(self, request: Any, operation: str, body: Any) -> AWSResponse | None:
        kind = self.faults.kind
        spared = not self.faults.tokens and _is_token_put(operation, body)
        if kind == "lost" and not spared:
            self._executed(request, operation, body)
            time.sleep(self.faults.delay_s)
            raise ReadTimeoutError(endpoint_url=request.url)
        if kind == "unsent":
            raise ConnectionClosedError(endpoint_url=request.url)
        if kind == "throttled":
            return _answer(request, 400, "ProvisionedThroughputExceededException")
        if kind == "conflict" and operation in WRITES:
            return _conflict(request, operation, body)
        if kind == "broken":
            if self.random.random() < 0.5 and not spared:
                self._executed(request, operation, body)
            return _answer(request, 500, "InternalServerError")
        if kind == "slow" and operation == "DeleteItem":
            time.sleep(self.faults.delay_s)
        return self._executed(request, operation, body)

    def _die_if(self, operation: str, when: str) -> None:
        if self.kill is None or (self.kill.operation, self.kill.when) != (operation, when):
            return
        if self.counts[operation] >= self.kill.nth:
            os.kill(os.getpid(), signal.SIGKILL)


class _Raw(io.BytesIO):
    """A response body as botocore reads it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def _answer(request: Any, status: int, code: str, **more: Any) -> AWSResponse:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "injected", **more}
    headers: Any = {"Content-Type": "application/x-amz-json-1.0"}
    return AWSResponse(request.url, status, headers, _Raw(json.dumps(body).encode()))


def _conflict(request: Any, operation: str, body: Any) -> AWSResponse:
    if operation != "TransactWriteItems":
        return _answer(request, 400, "TransactionConflictException")
    reasons = [{"Code": "TransactionConflict", "Message": "injected"} for _ in body["TransactItems"]]
    return _answer(request, 400, "TransactionCanceledException", CancellationReasons=reasons)


def _is_token_put(operation: str, body: Any) -> bool:
    """Return whether it is the put of a new item without a dedup id. Only its token identifies it."""
    return operation == "TransactWriteItems" and [list(action) for action in body["TransactItems"]] == [
        ["Put"]
    ]


def _write_to_item(operation: str, body: Any) -> tuple[str, str]:
    """Return what a request does to an item, and the item's id ("" if none); the first action names it."""
    action = body["TransactItems"][0] if "TransactItems" in body else {operation: body}
    ((kind, arguments),) = action.items()
    key = arguments.get("Key") or arguments.get("Item") or {}
    row, _, item_id = key.get("sk", {}).get("S", "").partition("#")
    written = row == "ITEM" and operation in WRITES
    return kind.lower().removesuffix("item"), item_id if written else ""
