"""A simulated PIPE: it reports its status and works through a queue in one of three ways."""

import time
import uuid
from functools import partial
from typing import Any

import requests

from benchmarks.night.actors import ATTEMPTS, ON_LEASES, Actor, until_answered
from benchmarks.night.calls import OK, SERVER_ERROR, status_of
from support.queue_history import Call as QueueCall

_DEQUEUE = "POST /pipe/queue/{queue_name}/dequeue"
_NACKED_SHARE = 0.05
_STATUS_EACH = 4


class Pipe(Actor):
    """A PIPE machine. With an attempt id it repeats its dequeue until a response comes."""

    def __init__(self, name: str, queue: str, *rest: Any) -> None:
        super().__init__(*rest)
        self._name = name
        self.queue = queue

    def step(self) -> None:
        """Report a status now and then, and process the next item."""
        if self.dice.randrange(_STATUS_EACH) == 0:
            self._tell_status()
        self.work()

    def work(self) -> int:
        """Dequeue and process the next item; return the status of the dequeue."""
        query = self._query()
        path = f"/pipe/queue/{self.queue}/dequeue"
        began = time.monotonic()
        if "attempt_id" in query:
            answer = until_answered(
                partial(self.caller.ask, _DEQUEUE, path, params=query), self.night.ask_again_s
            )
        else:
            answer = self.caller.ask(_DEQUEUE, path, params=query)
        item = answer.json() if answer is not None and answer.status_code == OK else None
        handed = self._note("dequeue", began, answer, item)
        if item is not None and self.queue == ON_LEASES:
            self._end_lease(item, handed)
        return status_of(answer)

    def _query(self) -> dict[str, Any]:
        attempt = {"attempt_id": uuid.UUID(int=self.dice.getrandbits(128)).hex}
        if self.queue == ON_LEASES:
            return {"lease_seconds": self.night.lease_s, **attempt}
        return attempt if self.queue == ATTEMPTS else {}

    def _end_lease(self, item: dict[str, Any], handed: QueueCall) -> None:
        how = "nack" if self.dice.random() < _NACKED_SHARE and not self.night.stopped.is_set() else "ack"
        body = {"id": item["id"], "lease_id": item["lease_id"]}
        began, now_ms = time.monotonic(), time.time() * 1000
        route, path = f"POST /pipe/queue/{{queue_name}}/{how}", f"/pipe/queue/{self.queue}/{how}"
        answer = until_answered(partial(self.caller.ask, route, path, json=body), self.night.ask_again_s)
        if how == "ack":
            self._note("ack", began, answer, item)
        else:
            # from now on another consumer may have the item
            handed.lease_until = now_ms

    def _note(
        self, what: str, began: float, answer: requests.Response | None, item: dict[str, Any] | None
    ) -> QueueCall:
        item = item or {}
        status = status_of(answer)
        call = QueueCall(
            what,
            began,
            item.get("payload", {}).get("n"),
            time.monotonic(),
            # `support.queue_history` takes None for "not known"
            status if 0 < status < SERVER_ERROR else None,
            item.get("id"),
            item.get("lease_id"),
            item.get("lease_until"),
            time.time() * 1000,
        )
        self.expected.queues[self.queue].append(call)
        return call

    def _tell_status(self) -> None:
        details = {"number": self.dice.randrange(10**9)}
        body = {"pipe_id": self._name, "status": "processing", "details": details}
        answer = self.caller.ask("POST /pipe/status", "/pipe/status", json=body)
        self.expected.statuses[self._name].note(details, status_of(answer))
