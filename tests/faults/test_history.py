"""The judge of histories: it reports each broken promise, and reports nothing about a correct history."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.queue_history import Call, Verdict, judge, read

LEASE_MS = 1000


def enqueue(n: int, start: float, end: float = 0.0, status: int | None = 200) -> Call:
    return Call("enqueue", start, n, end or start + 0.1, status, f"id{n}")


def out(n: int | None, start: float, end: float = 0.0, status: int | None = 200, **more: Any) -> Call:
    item = None if n is None else f"id{n}"
    return Call("dequeue", start, n, end or start + 0.1, status, item, **more)


def leased(n: int, start: float, lease: str) -> Call:
    wall_ms = start * 1000
    return out(n, start, lease_id=lease, wall_ms=wall_ms, lease_until=wall_ms + LEASE_MS)


def ack(n: int, start: float, lease: str, status: int | None = 200) -> Call:
    return Call("ack", start, n, start + 0.1, status, f"id{n}", lease)


def verdict(*calls: Call, on_leases: bool = False) -> Verdict:
    return judge(list(calls), on_leases=on_leases)


def test_a_history_as_it_should_be() -> None:
    clean = verdict(enqueue(1, 0), enqueue(2, 1), out(1, 2), out(2, 3), out(None, 4, status=404))
    assert clean.is_clean
    assert clean.accepted == 2


def test_an_item_that_never_came_out_is_lost() -> None:
    assert verdict(enqueue(1, 0), enqueue(2, 1), out(2, 2)).lost == [1]


def test_an_item_that_was_not_accepted_may_come_out_or_not() -> None:
    assert verdict(enqueue(1, 0, status=503)).is_clean
    assert verdict(enqueue(1, 0, status=503), out(1, 1)).is_clean


def test_an_item_that_came_out_twice_is_doubled() -> None:
    assert verdict(enqueue(1, 0), out(1, 1), out(1, 2)).doubled == [1]
    assert verdict(enqueue(1, 0, status=503), out(1, 1), out(1, 2)).doubled == [1]


@pytest.mark.parametrize("n", [7, -1, None])
def test_an_item_that_nobody_enqueued_is_unexpected(n: int | None) -> None:
    assert verdict(out(n, 1)).unexpected == [-1 if n is None else n]


def test_an_item_that_a_later_one_overtook_is_reordered() -> None:
    assert verdict(enqueue(1, 0), enqueue(2, 1), out(2, 2), out(1, 3)).reordered == [1]


def test_enqueues_or_dequeues_at_the_same_time_have_no_order() -> None:
    assert verdict(enqueue(1, 0, 2), enqueue(2, 1, 3), out(2, 4), out(1, 5)).is_clean
    assert verdict(enqueue(1, 0), enqueue(2, 1), out(2, 2, 4), out(1, 3, 5)).is_clean


def test_an_item_that_a_dead_consumer_held_may_come_out_late() -> None:
    dead = out(None, 1.5, status=None, leased={"id1"})
    assert verdict(enqueue(1, 0), enqueue(2, 1), dead, out(2, 2), out(1, 3)).is_clean
    mine = out(1, 3, leased={"id1"})
    assert verdict(enqueue(1, 0), enqueue(2, 1), out(2, 2), mine).reordered == [1]


def test_an_item_removed_for_a_dead_consumer_is_not_lost() -> None:
    dead = out(None, 1, status=None, removed={"id1"})
    result = verdict(enqueue(1, 0), dead)
    assert (result.lost, result.handed_to_the_dead) == ([], [1])
    gave_up = out(None, 1, status=503, removed={"id1"})
    assert verdict(enqueue(1, 0), gave_up).lost == [1]


def test_a_status_that_nothing_explains() -> None:
    assert verdict(enqueue(1, 0, status=500)).faulty == [("enqueue", 500)]
    assert verdict(out(None, 0, status=409)).faulty == [("dequeue", 409)]


def test_on_leases_what_counts_is_the_acknowledgement() -> None:
    handed = (enqueue(1, 0), leased(1, 1, "a"), leased(1, 3, "b"))
    assert verdict(*handed, ack(1, 4, "b"), on_leases=True).is_clean
    assert verdict(*handed, ack(1, 4, "b", status=409), on_leases=True).lost == [1]
    assert verdict(*handed, ack(1, 2, "a"), ack(1, 4, "b"), on_leases=True).doubled == [1]


def test_a_lease_given_back_before_a_waiting_caller_gets_another_doubles_nothing() -> None:
    given_back = leased(1, 5, "a")
    given_back.lease_until = 6000
    patient = leased(1, 20, "b")
    patient.start = 1
    assert verdict(enqueue(1, 0), given_back, patient, ack(1, 21, "b"), on_leases=True).doubled == []


def test_two_leases_at_once_double_an_item() -> None:
    calls = (enqueue(1, 0), leased(1, 1, "a"), leased(1, 1.5, "b"), ack(1, 1.8, "b"))
    assert verdict(*calls, on_leases=True).doubled == [1]


def test_a_history_is_read_from_files_also_where_a_process_was_killed(tmp_path: Path) -> None:
    records = [
        {"call": "c1", "what": "enqueue", "n": 1, "start": 0.0},
        {"call": "c1", "wire": "put", "item": "id1"},
        {"call": "c1", "end": 0.5, "status": 200, "id": "id1", "n": 1},
        {"call": "c2", "what": "dequeue", "n": None, "start": 1.0},
        {"call": "c2", "wire": "update", "item": "id1"},
        {"call": "c2", "wire": "delete", "item": "id1"},
    ]
    file = tmp_path / "history"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    first, second = read([file])
    assert (first.status, first.end, first.leased, first.removed) == (200, 0.5, set(), set())
    assert (second.status, second.leased, second.removed) == (None, {"id1"}, {"id1"})
