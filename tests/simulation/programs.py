"""What actors do: producers and consumers of each kind, those who look, and the earlier service."""

from collections.abc import Callable
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common.dynamodb import serialised
from tests.simulation.lambdas import call, table_name
from tests.simulation.simulation import Answer, Caller

QUEUE = "jobs"
# The name of the actor that is the earlier service.
EARLIER = "earlier"
PATH = {"queue_name": QUEUE}
# How many times a caller asks if it gets no answer.
_REPETITIONS = 4
Program = Callable[[Caller], None]


def enqueue(caller: Caller, n: int, **more: Any) -> Answer:
    """Enqueue item `n`."""
    body = {"queue_name": QUEUE, "payload": {"n": n}, **more}
    return call(caller, "enqueue", "enqueue", {"n": n}, body=body)


def dequeue(caller: Caller, *, lease_s: float | None = None, attempt: str = "", wait: float = 0) -> Answer:
    """Dequeue once."""
    query = {} if lease_s is None else {"lease_seconds": str(lease_s)}
    if attempt:
        query["attempt_id"] = attempt
    if wait:
        query["wait"] = str(wait)
    return call(caller, "dequeue", "dequeue", {"attempt": attempt}, path=PATH, query=query)


def end(caller: Caller, how: str, item: dict[str, Any], **more: Any) -> Answer:
    """End a lease, or extend it: `how` is ack, nack or extend."""
    handler = {"ack": "acknowledge", "nack": "give_back", "extend": "extend"}[how]
    known = {"item_id": item["id"], "lease_id": item["lease_id"], "n": item["payload"]["n"]}
    query = {"id": item["id"], "lease_id": item["lease_id"], **more}
    return call(caller, how, handler, known, path=PATH, query=query)


def produces(*numbers: int, dedup: bool = False) -> Program:
    """Enqueue items one after the other; with a dedup id, ask again where no answer came."""

    def program(caller: Caller) -> None:
        for n in numbers:
            more = {"dedup_id": f"d{n}"} if dedup else {}
            for _ in range(_REPETITIONS if dedup else 1):
                if enqueue(caller, n, **more).status not in (None, 503):
                    break

    return program


def consumes(times: int) -> Program:
    """Dequeue plainly."""

    def program(caller: Caller) -> None:
        for _ in range(times):
            dequeue(caller)

    return program


def attempts(name: str, times: int, lease_s: float | None = None, *, ending: str = "ack") -> Program:
    """Dequeue under attempt ids: ask again under the same id until the answer is an item or an empty queue.

    An id is used until it has got an item, as docs/queues.md says.
    """

    def program(caller: Caller) -> None:
        number = 0
        for _ in range(times):
            answer = _persistent(partial(dequeue, caller, lease_s=lease_s, attempt=f"{name}{number}"))
            if answer.status == 200:
                number += 1
                if lease_s is not None and ending:
                    _persistent(partial(end, caller, ending, answer.body))

    return program


def leases(times: int, lease_s: float, *does: str) -> Program:
    """Dequeue on a lease, and then do what `does` says: "extend", "ack", "nack", in this order."""

    def program(caller: Caller) -> None:
        for _ in range(times):
            answer = dequeue(caller, lease_s=lease_s)
            if answer.status != 200:
                continue
            for how in does:
                more = {"lease_seconds": str(lease_s)} if how == "extend" else {}
                _persistent(partial(end, caller, how, answer.body, **more))

    return program


def extended_attempt(name: str, lease_s: float) -> Program:
    """Dequeue under an attempt id, extend the lease, and repeat the dequeue, as after a lost response."""

    def program(caller: Caller) -> None:
        item = dequeue(caller, lease_s=lease_s, attempt=name)
        if item.status == 200 and end(caller, "extend", item.body, lease_seconds="10800").status == 200:
            dequeue(caller, lease_s=lease_s, attempt=name)

    return program


def fails(times: int) -> Program:
    """Dequeue `times` times, each on a lease that runs out."""

    def program(caller: Caller) -> None:
        for _ in range(times):
            dequeue(caller, lease_s=1.0)
            caller.simulation.now_s += 2.0

    return program


def fails_behind_another(caller: Caller) -> None:
    """Exhaust both items of a queue, and put the first back as if it had never been handed out."""
    first = dequeue(caller, lease_s=60)
    dequeue(caller, lease_s=1)
    call(caller, "nack", "give_back", {}, path=PATH, query={k: first.body[k] for k in ("id", "lease_id")})
    call(caller, "redrive", "redrive", {}, path=PATH, query={"id": first.body["id"]})
    caller.simulation.now_s += 2.0


def in_turn(*programs: Program) -> Program:
    """Do one after the other."""

    def program(caller: Caller) -> None:
        for one in programs:
            one(caller)

    return program


def asks(*what: tuple[str, str, dict[str, Any]]) -> Program:
    """Call handlers one after the other. Each is given as a name for the record, the handler, the event."""

    def program(caller: Caller) -> None:
        for name, handler, event in what:
            call(caller, name, handler, {}, **event)

    return program


DELETES = ("delete", "delete_queue", {"path": PATH})
MAKES = ("create", "create_queue", {"body": {"queue_name": QUEUE}})
CHANGES = ("change", "change_queue", {"path": PATH, "body": {"max_receives": 3}})
PAUSES = ("pause", "change_queue", {"path": PATH, "body": {"paused": True}})
REDRIVES = ("redrive", "redrive", {"path": PATH})
LISTS_DEAD = ("dead_letters", "list_dead_letters", {"path": PATH})
COUNTS = ("stats", "get_stats", {"path": PATH})
LISTS: tuple[str, str, dict[str, Any]] = ("queues", "list_queues", {})


def earlier_makes(caller: Caller) -> None:
    """Make the queue as the earlier service did."""
    row = {
        "pk": f"QUEUE#{QUEUE}",
        "sk": "METADATA",
        "item_type": "QUEUE_ITEM",
        "created_at": 1_700_000_000_000,
        "queue_name": QUEUE,
    }
    _request(caller, "put_item", Item=serialised(row))


def earlier_enqueues(n: int, ms: int = 1_700_000_000_000) -> Program:
    """Enqueue an item as the earlier service did."""

    def program(caller: Caller) -> None:
        item_id = f"{ms:013d}_{n:08x}"
        row = {
            "pk": f"QUEUE#{QUEUE}",
            "sk": f"ITEM#{item_id}",
            "item_type": "QUEUE_ITEM",
            "id": item_id,
            "payload": {"n": n},
            "created_at": ms,
            "sender": "earlier",
        }

        def put() -> Answer:
            try:
                _request(caller, "put_item", Item=serialised(row))
            except (BotoCoreError, ClientError):
                return Answer(503)
            return Answer(200, {"id": item_id})

        caller.call("enqueue", put, n=n)

    return program


def earlier_deletes(caller: Caller) -> None:
    """Delete the queue as the earlier service did: its items, then the queue itself."""

    def delete() -> Answer:
        values = serialised({":pk": f"QUEUE#{QUEUE}", ":item": "ITEM#"})
        page = _request(
            caller,
            "query",
            KeyConditionExpression="pk = :pk AND begins_with(sk, :item)",
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        for row in page["Items"]:
            _request(caller, "delete_item", Key={"pk": row["pk"], "sk": row["sk"]})
        _request(caller, "delete_item", Key=serialised({"pk": f"QUEUE#{QUEUE}", "sk": "METADATA"}))
        return Answer(200)

    caller.call("delete", delete)


def _request(caller: Caller, operation: str, **arguments: Any) -> dict[str, Any]:
    return caller.simulation.request(operation, {"TableName": table_name(), **arguments})


def _persistent(ask: Callable[[], Answer]) -> Answer:
    answer = Answer(None)
    for _ in range(_REPETITIONS):
        answer = ask()
        if answer.status not in (None, 503):
            break
    return answer
