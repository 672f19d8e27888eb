"""Values that are read once and reused for a limited time."""

import time
from collections.abc import Iterator

import pytest

from common.cached import Cached


class Clock:
    """Stands in for `time.monotonic`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def test_a_value_is_read_once_until_it_is_too_old(clock: Clock) -> None:
    reads = iter(range(10))
    cached = Cached(lambda: next(reads), good_for_s=30)
    assert (cached.get(), cached.get()) == (0, 0)
    clock.now += 29.9
    assert cached.get() == 0
    clock.now += 0.2
    assert cached.get() == 1


def test_a_forgotten_value_is_read_again(clock: Clock) -> None:
    reads = iter(range(10))
    cached = Cached(lambda: next(reads), good_for_s=30)
    cached.get()
    cached.forget()
    assert cached.get() == 1


def test_a_value_may_be_none(clock: Clock) -> None:
    reads = iter([None])
    cached = Cached(lambda: next(reads), good_for_s=30)
    assert (cached.get(), cached.get()) == (None, None)


def test_a_failed_read_leaves_nothing_behind(clock: Clock) -> None:
    results: Iterator[int | Exception] = iter([ZeroDivisionError(), 1])

    def read() -> int:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    cached = Cached(read, good_for_s=30)
    with pytest.raises(ZeroDivisionError):
        cached.get()
    assert cached.get() == 1


def test_the_time_counts_from_before_the_read(clock: Clock) -> None:
    def read() -> float:
        clock.now += 20
        return clock.now

    cached = Cached(read, good_for_s=30)
    assert cached.get() == 1020
    clock.now += 11
    assert cached.get() == 1051
