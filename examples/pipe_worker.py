#!/usr/bin/env python3
"""Works through a queue: runs a command for each job, and never loses one.

    python examples/pipe_worker.py http://127.0.0.1:4000/api smartstacks -- python stack.py

The command gets the job's payload as JSON on its standard input. Exit status 0 means that the job is done.
With any other status the job goes back to its old place in the queue, before all others, and the worker
pauses; the pause gets longer with each failure in a row. With --give-up-after 3, a job that has failed three
times becomes a dead letter, and the worker continues with the next jobs.

While the command runs, the worker has a lease on the job and renews it. If this machine dies, the lease runs
out and another worker gets the job. If the queue is paused or the API cannot be reached, the worker waits and
tries again. After Ctrl-C or SIGTERM it finishes its current job and stops. If the stage requires a key, set
the environment variable SITE_KEY. Needs the library `requests`.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import requests

OK, NOT_FOUND, CONFLICT, TOO_MANY = 200, 404, 409, 429
SERVER_ERROR = 500
# Raised when no response comes, or only part of one.
AWAY = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.JSONDecodeError,
)
TIMEOUT_S = 20
LONGEST_PAUSE_S = 60.0
# The shortest time between polls of an empty queue.
POLL_EVERY_S = 1.0
# Time between polls of a paused queue.
PAUSED_S = 10.0
# After this many failures of one job the worker warns.
LOUD_AFTER = 3
# Characters of a payload that are shown.
SHOWN = 200
# Renewals during one lease. More than one, so that a lost response does not end the lease.
RENEWALS = 3

Item = dict[str, Any]


class Refused(Exception):
    """The API rejected the request. Retrying does not help."""


class LeaseLost(Exception):
    """The lease expired before the API could be reached. Another worker may have the job."""


class Stopped(Exception):
    """The user stopped the worker."""


class Queue:
    """A queue as a worker uses it.

    Parameters
    ----------
    base_url
        The URL of the API, like "http://127.0.0.1:4000/api".
    name
        The name of the queue.
    stopped
        Set when the worker should stop. Calls that are waiting then end.
    """

    def __init__(self, base_url: str, name: str, stopped: threading.Event) -> None:
        self._url = f"{base_url.rstrip('/')}/pipe/queue/{quote(name, safe='')}"
        self._session = requests.Session()
        if os.environ.get("SITE_KEY"):
            self._session.headers["x-site-key"] = os.environ["SITE_KEY"]
        self._stopped = stopped
        self._attempt_id = uuid.uuid4().hex

    def check(self) -> None:
        """Wait until the API responds; raise `Refused` if it has no such queue."""
        answer = self._ask("GET", "/stats", until=float("inf"))
        if answer.status_code != OK:
            raise Refused(answer.text)

    def give_up_after(self, times: int) -> None:
        """Set how often a job is handed out before it becomes a dead letter."""
        answer = self._ask("PUT", "", until=float("inf"), json={"max_receives": times})
        if answer.status_code != OK:
            raise Refused(answer.text)

    def lease(self, lease_s: float, wait_s: float) -> Item | None:
        """Lease and return the next job; None if none came within `wait_s`. Wait for a paused queue."""
        # A poll with the same attempt id can be repeated: it returns the job of a lost response again. The id
        # is used until it got a job, because a late request may still take one.
        query = {"lease_seconds": lease_s, "wait": wait_s, "attempt_id": self._attempt_id}
        told = ""
        while True:
            answer = self._ask(
                "POST", "/dequeue", until=float("inf"), params=query, timeout=TIMEOUT_S + wait_s
            )
            if answer.status_code != CONFLICT:
                break
            if answer.text != told:
                told = answer.text
                say(f"{told}; waiting until the queue is resumed")
            if self._stopped.wait(PAUSED_S):
                raise Stopped
        if answer.status_code == NOT_FOUND:
            return None
        item: Item = answer.json()
        self._attempt_id = uuid.uuid4().hex
        return item

    def extend(self, item: Item, lease_s: float, until: float) -> None:
        """Extend the lease to `lease_s` from now."""
        self._end("extend", item, until, lease_seconds=lease_s)

    def acknowledge(self, item: Item, until: float) -> None:
        """Acknowledge the job: its work is done."""
        self._end("ack", item, until)

    def give_back(self, item: Item, until: float) -> None:
        """Put the job back."""
        self._end("nack", item, until)

    def _end(self, how: str, item: Item, until: float, **more: float) -> None:
        body = {"id": item["id"], "lease_id": item["lease_id"], **more}
        answer = self._ask("POST", f"/{how}", until=until, json=body)
        if answer.status_code == CONFLICT:
            raise LeaseLost(answer.text)

    def _ask(self, method: str, path: str, *, until: float, **arguments: Any) -> requests.Response:
        """Return the API's response. Retry until `until` (`time.monotonic()`) while it is down or busy."""
        arguments.setdefault("timeout", TIMEOUT_S)
        for own_s in pauses():
            wanted_s = 0.0
            try:
                answer = self._session.request(method, self._url + path, **arguments)
                _check_whole(answer)
            except AWAY as error:
                say(f"the API cannot be reached ({type(error).__name__})")
            else:
                if answer.status_code < SERVER_ERROR and answer.status_code != TOO_MANY:
                    return self._accepted(answer)
                say(f"the API answers {answer.status_code}")
                wanted_s = _seconds(answer.headers.get("Retry-After", ""))
            pause_s = max(own_s, wanted_s)
            if time.monotonic() + pause_s > until:
                raise LeaseLost("the API could not be reached before the lease ran out")
            if self._stopped.wait(pause_s):
                raise Stopped
        raise AssertionError("pauses never end")

    @staticmethod
    def _accepted(answer: requests.Response) -> requests.Response:
        if answer.status_code in (OK, NOT_FOUND, CONFLICT):
            return answer
        raise Refused(f"{answer.status_code}: {answer.text}")


class Worker:
    """Runs a command for each job of a queue.

    Parameters
    ----------
    queue
        Where the jobs are.
    command
        What to run, with its arguments.
    lease_s
        The length of a lease: how long the job is reserved if the worker does not renew it.
    stopped
        Set when the worker is to stop.
    """

    def __init__(self, queue: Queue, command: list[str], lease_s: float, stopped: threading.Event) -> None:
        self._queue = queue
        self._command = command
        self._lease_s = lease_s
        self._stopped = stopped

    def run(self, wait_s: float, *, until_empty: bool) -> None:
        """Work until stopped, or until the queue is empty."""
        rests = pauses()
        while not self._stopped.is_set():
            item = self._queue.lease(self._lease_s, wait_s)
            if item is None:
                if until_empty:
                    return
                self._stopped.wait(max(0.0, POLL_EVERY_S - wait_s))
            elif self._work(item):
                rests = pauses()
            else:
                # The failed job is the oldest again. An immediate retry would probably fail too.
                self._stopped.wait(next(rests))

    def _work(self, item: Item) -> bool:
        """Work on a job; return whether it is done."""
        say(f"{item['id']}: started, attempt {item['receive_count']}")
        end = time.monotonic() + self._lease_s
        try:
            done = self._run_command(item)
            # The last renewal may be some time ago. The API decides whether the lease is still in force.
            end = time.monotonic() + self._lease_s
            (self._queue.acknowledge if done else self._queue.give_back)(item, end)
        except LeaseLost as lost:
            say(f"{item['id']}: lease lost, another worker may take the job: {lost}")
            return False
        say(f"{item['id']}: {'done' if done else 'put back'}")
        if not done and item["receive_count"] >= LOUD_AFTER:
            say_loudly(item)
        return done

    def _run_command(self, item: Item) -> bool:
        """Run the command on a job, renewing the lease; return whether the job is done."""
        with (
            subprocess.Popen(self._command, stdin=subprocess.PIPE, text=True) as process,  # noqa: S603 - the user's own
            renewed(self._queue, item, self._lease_s, process) as lost,
        ):
            process.communicate(json.dumps(item["payload"]))
        if lost:
            raise lost[0]
        return process.returncode == 0


@contextmanager
def renewed(
    queue: Queue, item: Item, lease_s: float, process: "subprocess.Popen[str]"
) -> Iterator[list[Exception]]:
    """Renew a job's lease until the block ends. If it is lost, end the process and add the reason to the
    list.
    """
    over = threading.Event()
    lost: list[Exception] = []

    def renew() -> None:
        end = time.monotonic() + lease_s
        while not over.wait(lease_s / RENEWALS):
            began = time.monotonic()
            try:
                queue.extend(item, lease_s, end)
            except (LeaseLost, Refused, Stopped) as reason:
                lost.append(reason if isinstance(reason, LeaseLost) else LeaseLost(str(reason)))
                process.terminate()
                return
            end = began + lease_s

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        yield lost
    finally:
        over.set()
        thread.join()


def pauses() -> Iterator[float]:
    """Return the pauses between retries in seconds: each longer, with random jitter."""
    longest_s = 0.5
    while True:
        yield random.uniform(longest_s / 2, longest_s)  # noqa: S311 - spreads the retries, not for security
        longest_s = min(2 * longest_s, LONGEST_PAUSE_S)


def say(words: str) -> None:
    """Print a message."""
    print(time.strftime("%H:%M:%S"), words, file=sys.stderr, flush=True)


def say_loudly(item: Item) -> None:
    """Warn that a job fails repeatedly."""
    say(
        f"!!! {item['id']} HAS FAILED {item['receive_count']} TIMES. If it is not a dead letter, it is tried "
        f"again before all others. Its payload: {json.dumps(item['payload'])[:SHOWN]}. "
        "Use --give-up-after N to make such jobs dead letters."
    )


def main() -> int:
    """Run the worker; return the exit status: 0, or 2 for invalid arguments."""
    options = _options()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    queue = Queue(options.base_url, options.queue, stopped)
    worker = Worker(queue, options.command, options.lease_seconds, stopped)
    try:
        queue.check()
        if options.give_up_after is not None:
            queue.give_up_after(options.give_up_after)
        worker.run(options.wait, until_empty=options.until_empty)
    except Stopped:
        return 0
    except (Refused, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        say(f"{options.base_url}, queue {options.queue}: {error}")
        return 2
    return 0


def _check_whole(answer: requests.Response) -> None:
    """Check that a successful response is complete JSON; raise one of `AWAY` if it was cut."""
    if answer.status_code == OK:
        if "json" not in answer.headers.get("Content-Type", ""):
            raise Refused("the server at this address is not the Photon Ranch API")
        answer.json()


def _seconds(header: str) -> float:
    return float(header) if header.isdecimal() else 0.0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base_url", help="the API's URL, like http://127.0.0.1:4000/api")
    parser.add_argument("queue", help="the queue's name")
    parser.add_argument("command", nargs="+", help="what to run for each job, after --")
    parser.add_argument("--lease-seconds", type=float, default=60, help="length of a lease in seconds (60)")
    parser.add_argument(
        "--wait", type=float, default=10, help="how long a poll waits for a job, up to 15 s (10)"
    )
    parser.add_argument(
        "--give-up-after",
        type=int,
        metavar="N",
        help="make a job a dead letter after N failures, for all workers of the queue",
    )
    parser.add_argument("--until-empty", action="store_true", help="end when the queue is empty")
    options = parser.parse_args()
    if not options.base_url.startswith(("http://", "https://")):
        parser.error(f"base_url must begin with http:// or https://, not {options.base_url!r}")
    if shutil.which(options.command[0]) is None:
        parser.error(f"the command cannot be run: {options.command[0]}")
    return options


if __name__ == "__main__":
    sys.exit(main())
