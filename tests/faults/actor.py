"""A process that plays Lambdas: producers and consumers that call the handlers, and write down what they see.

It takes jobs as lines of JSON on its standard input, and answers each with one on its standard output. Each
event is written to the job's file at once, so the file is complete even if the process is killed.
"""

import json
import os
import queue
import random
import sys
import threading
import time
import types
from pathlib import Path
from typing import Any

from pipe_queue import clock, handlers, leases
from tests.events import Answer, call
from tests.faults.injection import Faults, Kill, Wire

# Loops give up after this, so that a defect shows as items that are lost, not as a test that hangs.
GIVE_UP_S = 900.0
# How deep producers let the queue become, and how long they wait for consumers that may be dead.
DEPTH = 16
DEEP_FOR_S = 0.5


class Actor:
    """The process's jobs, and its histories."""

    def __init__(self) -> None:
        self._file = os.open(os.devnull, os.O_WRONLY)
        self._local = threading.local()
        self._wire = Wire(self._note)

    def run(self, job: dict[str, Any]) -> Any:
        """Do a job; return its result."""
        self._set_up(job)
        return getattr(self, job["do"])(job)

    def call(self, job: dict[str, Any]) -> Any:
        """Call a handler once."""
        answer = call(getattr(handlers, job["handler"]), **job["event"])
        return {"status": answer.status, "body": answer.body}

    def count(self, job: dict[str, Any]) -> Any:
        """Call a handler once; return how many requests it sent to DynamoDB, by operation."""
        self._wire.counts.clear()
        self.call(job)
        return dict(self._wire.counts)

    def produce(self, job: dict[str, Any]) -> None:
        """Enqueue the items of `numbers` in `threads` threads. Wait while the queue is too deep."""
        numbers = iter(job["numbers"])
        consumed = Path(job["consumed"])
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    number = next(numbers, None)
                    _wait_until_shallow(consumed, number)
                if number is None:
                    return
                self._enqueue(job, number)

        threads = [threading.Thread(target=work) for _ in range(job["threads"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def consume(self, job: dict[str, Any]) -> None:
        """Dequeue until the queue is empty and the file `stop` is there."""
        chance = random.Random(job.get("seed", 0))
        stop = Path(job["stop"])
        end = time.monotonic() + GIVE_UP_S
        while time.monotonic() < end:
            last = stop.exists()
            status = self._dequeue(job, chance)
            if status == 404 and last:
                return
            if status == 200:
                _append(Path(job["consumed"]), b".")
            else:
                time.sleep(chance.uniform(0.02, 0.1))

    def _enqueue(self, job: dict[str, Any], number: int) -> None:
        body = {"queue_name": job["queue"], "payload": _payload(number, job.get("size", 0))}
        if job.get("dedup"):
            # A producer that got no response repeats its request with the same id.
            body["dedup_id"] = f"d{number}"
        for _ in range(20 if job.get("dedup") else 1):
            answer = self._timed("enqueue", handlers.enqueue, {"body": body}, number)
            if answer.status == 200:
                return

    def _dequeue(self, job: dict[str, Any], chance: random.Random) -> int:
        path = {"queue_name": job["queue"]}
        query = {"lease_seconds": str(job["lease_s"])} if "lease_s" in job else {}
        if job.get("attempts"):
            query["attempt_id"] = f"{os.getpid()}-{time.monotonic_ns()}"
        for _ in range(20 if job.get("attempts") else 1):
            answer = self._timed("dequeue", handlers.dequeue, {"path": path, "query": query}, None)
            if answer.status != 503:
                break
        if answer.status == 200 and "lease_s" in job:
            time.sleep(job.get("work_s", 0) if chance.random() < job.get("slow_share", 0) else 0)
            self._acknowledge(path, answer.body)
        return answer.status

    def _acknowledge(self, path: dict[str, str], item: dict[str, Any]) -> None:
        body = {"id": item["id"], "lease_id": item["lease_id"]}
        for _ in range(20):
            answer = self._timed("ack", handlers.acknowledge, {"path": path, "body": body}, None, item)
            if answer.status != 503:
                return

    def _timed(
        self, what: str, handler: Any, event: dict[str, Any], number: int | None, item: Any = None
    ) -> Answer:
        """Call a handler, and write down what was asked, what happened on the wire, and what was answered."""
        call_id = f"{os.getpid()}-{time.monotonic_ns()}-{random.random()}"
        self._local.call_id = call_id
        self._write({"call": call_id, "what": what, "n": number, "start": time.monotonic()})
        answer = call(handler, **event)
        body = item or answer.body
        known = isinstance(body, dict)
        self._write(
            {
                "call": call_id,
                "end": time.monotonic(),
                "wall_ms": time.time() * 1000,
                "status": answer.status,
                "id": body.get("id") if known else None,
                "n": _number(body["payload"]) if known and "payload" in body else number,
                "lease_id": body.get("lease_id") if known else None,
                "lease_until": body.get("lease_until") if known else None,
            }
        )
        return answer

    def _note(self, write: str, item_id: str) -> None:
        if item_id:
            self._write({"call": getattr(self._local, "call_id", ""), "wire": write, "item": item_id})

    def _write(self, record: dict[str, Any]) -> None:
        os.write(self._file, (json.dumps(record) + "\n").encode())

    def _set_up(self, job: dict[str, Any]) -> None:
        os.close(self._file)
        self._file = os.open(job.get("history", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        offsets_s = job.get("clocks_s", [0.0])
        self._wire.faults = Faults(**job.get("faults", {}))
        self._wire.kill = Kill(**job["kill"]) if job.get("kill") else None
        self._wire.random.seed(job.get("seed", 0))
        self._wire.counts.clear()
        vars(clock)["time"] = types.SimpleNamespace(time=lambda: time.time() + random.choice(offsets_s))
        vars(leases)["PLAIN_LEASE_MS"] = job.get("plain_lease_ms", 40_000)
        vars(leases)["SURE_FOR_S"] = job.get("plain_lease_ms", 40_000) / 2000


def _wait_until_shallow(consumed: Path, number: int | None) -> None:
    """Wait while the queue is deep: both engines slow down with the depth, DynamoDB does not."""
    end = time.monotonic() + DEEP_FOR_S
    while number is not None and number - consumed.stat().st_size > DEPTH and time.monotonic() < end:
        time.sleep(0.01)


def _append(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, data)
    os.close(descriptor)


def _payload(number: int, size: int) -> dict[str, Any]:
    return {"n": number, "x": "x" * size}


def _number(payload: Any) -> int:
    """Return the number of the item that has this payload; -1 if no item has it, or if it was changed."""
    intact = isinstance(payload, dict) and set(payload["x"]) <= {"x"}
    return int(payload["n"]) if intact else -1


def main() -> None:
    """Do jobs until the parent closes the pipe."""
    actor = Actor()
    print(json.dumps("ready"), flush=True)  # noqa: T201 - the pipe to the parent
    jobs: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(jobs,), daemon=True).start()
    while True:
        print(json.dumps(actor.run(json.loads(jobs.get()))), flush=True)  # noqa: T201 - see above


def _read(jobs: "queue.SimpleQueue[str]") -> None:
    """Pass the jobs on, and end the process when its parent ends, even in the middle of a job."""
    for line in sys.stdin:
        jobs.put(line)
    os._exit(0)


if __name__ == "__main__":
    main()
