"""The soak's checks find each broken guarantee, and nothing in a correct night."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest

from benchmarks.night.actors import ON_LEASES, PLAIN, Actor, Night
from benchmarks.night.calls import NONE, Call, Caller
from benchmarks.night.checker import Checker, Findings
from benchmarks.night.disturbances import RECOVERY_S, Disturbance, Window
from benchmarks.night.expected_state import Register, Uploaded
from benchmarks.night.report import chaos_faults, is_excused, load, load_faults, routes
from benchmarks.night.resource_usage import Sample, slope
from common import aws as aws_clients
from night_log import store as night_log
from site_configs import store as site_configs
from support.client import ApiClient
from support.network import BUCKET
from support.queue_history import Call as QueueCall

CONTENT = b"an image"
KEY = "test/mrc1-a-EX10.jpg"


def call(status: int, began: float = 10, route: str = "GET /{site}/config", retry: str | None = "5") -> Call:
    return Call(route, began, 1, status, "", retry)


WINDOW = Window(Disturbance("dynamodb", "killed"), 10, 20)


@pytest.mark.parametrize(
    ("made", "excused"),
    [
        (call(503), True),
        (call(503, began=9.5), True),
        (call(503, began=20 + RECOVERY_S), True),
        (call(503, began=20.1 + RECOVERY_S), False),
        (call(503, began=8), False),
        (call(503, retry=None), False),
        (call(503, route="GET /image/{base_filename}"), False),
        (call(500), False),
        (call(504), False),
        (call(NONE), False),
    ],
)
def test_only_an_honest_503_for_the_right_reason_is_excused(made: Call, excused: bool) -> None:  # noqa: FBT001 - a case
    assert is_excused(made, [WINDOW]) is excused


def test_recovery_is_until_the_last_call_that_failed() -> None:
    calls = [call(503, 15), call(503, 21), call(503, 22.5), call(200, 23), call(503, 40)]
    assert WINDOW.recovery_s(calls) == 3.5
    assert WINDOW.recovery_s(calls[:1]) == 0


def test_a_slow_answer_after_the_return_delays_recovery() -> None:
    assert WINDOW.recovery_s([Call("GET /{site}/config", 21, 11, 200)]) == 12
    assert WINDOW.recovery_s([Call("GET /{site}/config", 21, 4, 200)]) == 0


def test_a_register_allows_the_last_certain_value_and_later_uncertain_ones() -> None:
    register = Register()
    for value, status in ((1, 200), (2, 503), (3, NONE), (4, 400)):
        register.note(value, status)
    assert [register.allows(value) for value in (None, 1, 2, 3, 4)] == [False, True, True, True, False]
    register.note(5, 200)
    assert [register.allows(value) for value in (1, 2, 5)] == [False, False, True]


def samples(values: list[float]) -> list[Sample]:
    return [Sample(30.0 * number, value, 1, 1, 1, 1, 0) for number, value in enumerate(values)]


def test_growth_is_the_slope_per_minute() -> None:
    assert slope(samples([100, 101, 102, 103]), "memory_mb") == pytest.approx(2)
    assert slope(samples([100, 102, 98, 100, 100]), "threads") == 0


def test_a_leak_shows_however_much_comes_and_goes() -> None:
    bursts = [30.0 if second % 45 == 0 else 5.0 for second in range(0, 600, 5)]
    taken = [Sample(5.0 * number, value, 1, 1, 1, 1, 0) for number, value in enumerate(bursts)]
    leaking = [replace(sample, memory_mb=sample.memory_mb + sample.at_s / 60) for sample in taken]
    assert slope(taken, "memory_mb") == 0
    assert slope(leaking, "memory_mb") == pytest.approx(1, abs=0.1)


def test_a_short_night_says_nothing_of_growth() -> None:
    calls, grown = [Call("GET /", 0, 1, 200)], samples([100.0 + number for number in range(20)])
    assert load(calls, 60, grown[:8], Findings())["growth_a_minute"] == {}
    assert load(calls, 600, grown, Findings())["growth_a_minute"]["memory_mb"] == pytest.approx(2)


def test_one_more_connection_that_is_kept_is_no_leak_and_one_more_a_minute_is() -> None:
    def faults(connections: Callable[[float], int]) -> list[str]:
        taken = [Sample(at_s, 100, 8, 4, 5, connections(at_s), 0) for at_s in range(0, 600, 5)]
        return load_faults(load([Call("GET /", 0, 1, 200)], 600, taken, Findings()))

    assert faults(lambda at_s: 1 + (at_s > 390)) == []
    assert len(faults(lambda at_s: 1 + int(at_s // 60))) == 1


def test_what_is_left_of_disturbances_is_a_fault() -> None:
    before, after = (asdict(sample) for sample in samples([100, 100]))
    figures = {"faulty": [], "disturbances": [], "wrong": [], "held_before": before, "held_after": after}
    assert chaos_faults(figures) == []
    figures["held_after"] = {**after, "connections": 9, "work_files": 1}
    assert len(chaos_faults(figures)) == 2


def test_growth_and_bad_answers_are_faults() -> None:
    good = {"faulty": [], "growth_a_minute": {"memory_mb": 0.1, "threads": 0.0}, "wrong": []}
    assert load_faults(good) == []
    bad = {"faulty": ["500"], "growth_a_minute": {"memory_mb": 9.0, "threads": 2.0}, "wrong": ["lost"]}
    assert len(load_faults(bad)) == 4


def test_a_route_s_figures() -> None:
    calls = [Call("GET /", 0, number / 1000, 200) for number in range(1, 101)]
    assert routes(calls)["GET /"] == {"calls": 100, "statuses": {"200": 100}, "p50_ms": 51.0, "p99_ms": 100.0}


def expect_all(night: Night) -> None:
    expected = night.expected_state
    expected.configs["mrc1"].note({"a": 1}, 200)
    expected.notes["mrc1"].note({"message": "clear"}, 200)
    expected.uploads[KEY] = Uploaded(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), unknown=1)
    for queue in (ON_LEASES, PLAIN):
        expected.queues[queue] += [
            QueueCall("enqueue", 0, 1, 1, 200, "id1"),
            QueueCall("dequeue", 2, 1, 3, 200, "id1"),
        ]
    expected.queues[ON_LEASES].append(QueueCall("ack", 4, 1, 5, 200, "id1"))


def store_all() -> None:
    site_configs.write("mrc1", {"a": 1})
    night_log.write({"site": "mrc1", "note_data": {"message": "clear"}})


@pytest.fixture
def wrong(api: ApiClient, aws: str) -> Callable[[Night], list[str]]:
    def look(night: Night) -> list[str]:
        checker = Checker(Caller(api.base_url, {}, []), night, aws, BUCKET)
        return checker.check(in_order=True).wrong

    return look


@pytest.fixture
def night(aws: str) -> Night:
    """Return a night whose stored data is as expected."""
    night = Night(("mrc1",), 30, 1)
    expect_all(night)
    store_all()
    return night


def test_matching_data_has_no_findings(night: Night, wrong: Callable[[Night], list[str]]) -> None:
    assert wrong(night) == []


def _lose_item(night: Night) -> None:
    night.expected_state.queues[PLAIN].pop()


def _double_item(night: Night) -> None:
    night.expected_state.queues[PLAIN].append(QueueCall("dequeue", 6, 1, 7, 200, "id1"))


def _forget_ack(night: Night) -> None:
    night.expected_state.queues[ON_LEASES].pop()


def _change_config(_night: Night) -> None:
    site_configs.write("mrc1", {"a": 2})


def _lose_note(_night: Night) -> None:
    night_log.delete("mrc1")


def _lose_file(night: Night) -> None:
    night.expected_state.uploads[KEY].accepted = 1


def _change_file(night: Night) -> None:
    _lose_file(night)
    aws_clients.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=CONTENT + b".")


def _never_shown_image(night: Night) -> None:
    night.expected_state.images.append("mrc1-a")


def _lose_status(night: Night) -> None:
    night.expected_state.statuses["pipe1"].note({"number": 1}, 200)


def _lose_info_image(night: Night) -> None:
    night.expected_state.channels["mrc1", 1].note("mrc1-a", 200)


def _overtake(night: Night) -> None:
    night.expected_state.queues[PLAIN] += [
        QueueCall("enqueue", 10, 2, 11, 200, "id2"),
        QueueCall("enqueue", 12, 3, 13, 200, "id3"),
        QueueCall("dequeue", 14, 3, 15, 200, "id3"),
        QueueCall("dequeue", 16, 2, 17, 200, "id2"),
    ]


class _Clumsy(Actor):
    def step(self) -> None:
        raise ValueError("no such member")


def _fall_over(night: Night) -> None:
    _Clumsy(night, Caller("", {}, []), 0, 1).run()


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (_lose_item, "items of focus lost: [1]"),
        (_double_item, "items of focus doubled: [1]"),
        (_forget_ack, "items of stacks lost: [1]"),
        (_change_config, "configs: mrc1 is {'a': 2}, not {'a': 1}"),
        (_lose_note, "notes: mrc1 is None, not {'message': 'clear'}"),
        (_lose_status, "statuses: pipe1 is None, not {'number': 1}"),
        (_lose_info_image, "info images: mrc1 1 is None, not 'mrc1-a'"),
        (_overtake, "items of focus overtaken: [2]"),
        (_lose_file, f"files: {KEY} is not there"),
        (_lose_file, f"logged uploads: {KEY} is logged 0 times, S3 took it 1 + 1"),
        (_change_file, f"files: {KEY} is another"),
        (_fall_over, "_Clumsy fell over: ValueError('no such member')"),
        (_never_shown_image, "images: mrc1-a has the files [None, None, None]"),
    ],
)
@pytest.mark.usefixtures("database")
def test_each_difference_is_a_finding(
    night: Night, wrong: Callable[[Night], list[str]], broken: Callable[[Night], Any], said: str
) -> None:
    broken(night)
    assert said in wrong(night)
