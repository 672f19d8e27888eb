"""Check a history of enqueued and dequeued items against the queue's guarantees.

Times are of one clock, that of the machine. Some calls got no response, because their process was killed, or
got a 503. It is not known whether such a call took effect: it may have, at most once.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

NEVER = float("inf")
# What faults may cost. 404 is an empty queue, 409 a lease that ran out.
EXPECTED = {"enqueue": {200, 503}, "dequeue": {200, 404, 503}, "ack": {200, 409, 503}}


@dataclass
class Call:
    """A call of a handler, as one process saw it."""

    what: str
    start: float
    n: int | None
    end: float = NEVER
    status: int | None = None
    id: str | None = None
    lease_id: str | None = None
    lease_until: float | None = None
    wall_ms: float = 0.0
    leased: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a history. Each item is named by its number `n`.

    Attributes
    ----------
    lost
        Accepted, and never came out.
    doubled
        Came out twice, or were on two leases at once.
    unexpected
        Came out and were never enqueued, or not as they were enqueued.
    reordered
        Came out after an item whose enqueue began only after theirs was answered.
    handed_to_the_dead
        Removed for a process that was killed before it could say so. No queue can tell this from a consumer
        that dies with the item in its hands.
    unavailable
        Calls answered 503.
    faulty
        Calls answered with a status that nothing explains.
    """

    lost: list[int]
    doubled: list[int]
    unexpected: list[int]
    reordered: list[int]
    handed_to_the_dead: list[int]
    unavailable: int
    faulty: list[tuple[str, int]]
    accepted: int

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.unexpected or self.reordered or self.faulty)


def read(files: Iterable[Path]) -> list[Call]:
    """Return the calls that are recorded in `files`."""
    calls: dict[str, Call] = {}
    for file in files:
        for line in file.read_text().splitlines():
            _add(calls, json.loads(line))
    return list(calls.values())


def judge(calls: list[Call], *, on_leases: bool, skew_ms: float = 0.0) -> Verdict:
    """Check a history whose queue was drained to the last item.

    Parameters
    ----------
    calls
        All calls.
    on_leases
        Whether an item is consumed by acknowledging it, and not by dequeueing it.
    skew_ms
        How far any two clocks were apart.
    """
    enqueued = _enqueued(calls)
    handed = [call for call in calls if call.what == "dequeue" and call.status == 200]
    done = [call for call in calls if call.what == "ack" and call.status == 200] if on_leases else handed
    dead = _handed_to_the_dead(calls, enqueued, on_leases=on_leases)
    came_out = {call.n for call in done}
    accepted = {n for n, call in enqueued.items() if call.status == 200}
    times_out = Counter(call.n for call in done)
    return Verdict(
        lost=sorted(accepted - came_out - dead),
        doubled=sorted(
            {n for n, times in times_out.items() if n is not None and times > 1}
            | (_leased_twice(handed, skew_ms) if on_leases else set())
        ),
        unexpected=sorted({call.n if call.n is not None else -1 for call in handed} - set(enqueued)),
        reordered=_reordered(enqueued, handed, _held_back(calls)),
        handed_to_the_dead=sorted(dead - came_out),
        unavailable=sum(call.status == 503 for call in calls),
        faulty=sorted(
            {
                (call.what, call.status)
                for call in calls
                if call.status is not None and call.status not in EXPECTED[call.what]
            }
        ),
        accepted=len(accepted),
    )


def _add(calls: dict[str, Call], record: dict[str, Any]) -> None:
    call_id = record.pop("call")
    if "start" in record:
        calls[call_id] = Call(**record)
        return
    call = calls.get(call_id)
    if call is None:
        return
    if "wire" not in record:
        for name, value in record.items():
            setattr(call, name, value)
    elif record["wire"] == "update":
        call.leased.add(record["item"])
    elif record["wire"] == "delete":
        call.removed.add(record["item"])


def _enqueued(calls: list[Call]) -> dict[int, Call]:
    """Return the enqueue of each item. Repeats with one dedup id count as one call, from first to last."""
    enqueued: dict[int, Call] = {}
    for call in calls:
        if call.what != "enqueue" or call.n is None:
            continue
        earlier = enqueued.get(call.n)
        if earlier is not None:
            call.start = min(call.start, earlier.start)
        enqueued[call.n] = call
    return enqueued


def _numbers(enqueued: dict[int, Call]) -> dict[str, int]:
    return {call.id: n for n, call in enqueued.items() if call.id is not None}


def _handed_to_the_dead(calls: list[Call], enqueued: dict[int, Call], *, on_leases: bool) -> set[int]:
    removing = "ack" if on_leases else "dequeue"
    numbers = _numbers(enqueued)
    return {
        numbers[item_id]
        for call in calls
        if call.what == removing and call.status is None
        for item_id in call.removed
        if item_id in numbers
    }


def _held_back(calls: list[Call]) -> set[str]:
    """Return items that a call leased and did not return: it was killed, gave up, or was too slow.

    Such items come out only after the lease, and other items may come out before them.
    """
    return {item_id for call in calls for item_id in call.leased if item_id != call.id}


def _leased_twice(handed: list[Call], skew_ms: float) -> set[int]:
    by_item: dict[int, list[Call]] = defaultdict(list)
    for call in handed:
        by_item[call.n if call.n is not None else -1].append(call)
    # A call that polls repeatedly may begin before the lease of another call, and get the item after that
    # lease. So the end times are compared, not the start times.
    return {
        n
        for n, holders in by_item.items()
        for first, second in combinations(sorted(holders, key=lambda call: call.wall_ms), 2)
        if first.lease_id != second.lease_id and second.wall_ms < (first.lease_until or 0) - skew_ms
    }


def _reordered(enqueued: dict[int, Call], handed: list[Call], excused: set[str]) -> list[int]:
    """Return items that were enqueued before another item and first dequeued after it, without overlap."""
    first: dict[int, Call] = {}
    for call in sorted(handed, key=lambda call: call.start):
        if call.n is not None and call.n in enqueued:
            first.setdefault(call.n, call)
    by_end = sorted(first.items(), key=lambda pair: pair[1].end)
    overtaken = []
    latest, position = -NEVER, 0
    for n, call in sorted(first.items(), key=lambda pair: pair[1].start):
        while position < len(by_end) and by_end[position][1].end < call.start:
            latest = max(latest, enqueued[by_end[position][0]].start)
            position += 1
        if enqueued[n].status == 200 and enqueued[n].end < latest and call.id not in excused:
            overtaken.append(n)
    return overtaken
