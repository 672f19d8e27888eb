"""Crossings and culminations of functions for which they are known in closed form."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from events.crossings import Curve, Function, culmination, root

DAY = 86_400.0


def daily(mean: float, amplitude: float, phase: float = 0.0) -> Function:
    """An altitude that is lowest at `phase` and highest half a day later."""
    return lambda time: mean - amplitude * math.cos(math.tau * (time - phase) / DAY)


@pytest.mark.parametrize("step", [3600, 7200])
def test_a_day_rises_and_sets_once(step: float) -> None:
    curve = Curve(daily(0, 60), 0, DAY, step)
    # 60 deg x sin(30 deg) = 30 deg: a third of the day after the lowest point, and a third before the next
    rise, set_ = curve.crossings(30)
    assert (rise.rising, set_.rising) == (True, False)
    assert rise.time == pytest.approx(DAY / 3, abs=0.001)
    assert set_.time == pytest.approx(2 * DAY / 3, abs=0.001)


def inside(culmination_times: list[float], half: float) -> list[float]:
    """The crossings before and after culminations, as far as they are within the day and not at its ends."""
    times = sorted(time + sign * half for time in culmination_times for sign in (-1, 1))
    assume(all(abs(time - end) > 1 for time in times for end in (0, DAY)))
    return [time for time in times if 0 < time < DAY]


@given(st.floats(0, DAY), st.floats(0.001, 2))
def test_what_barely_rises_is_found_between_the_samples(phase: float, height: float) -> None:
    half = DAY / math.tau * math.acos((60 - height) / 60)
    expected = inside([phase - DAY / 2, phase + DAY / 2], half)
    found = Curve(daily(height - 60, 60, phase), 0, DAY, 7200).crossings(0)
    # 1e-6 deg take 0.03 s where the altitude culminates 0.001 deg away
    assert [crossing.time for crossing in found] == pytest.approx(expected, abs=0.05)


@given(st.floats(0, DAY), st.floats(0.001, 2))
def test_what_barely_sets_is_found_between_the_samples(phase: float, depth: float) -> None:
    half = DAY / math.tau * math.acos((60 - depth) / 60)
    expected = inside([phase - DAY, phase, phase + DAY], half)
    found = Curve(daily(60 - depth, 60, phase), 0, DAY, 7200).crossings(0)
    assert [crossing.time for crossing in found] == pytest.approx(expected, abs=0.05)


def test_what_stays_up_or_down_has_no_crossing() -> None:
    assert Curve(daily(61, 60), 0, DAY, 7200).crossings(0) == []
    assert Curve(daily(-61, 60), 0, DAY, 7200).crossings(0) == []


def test_a_crossing_at_the_start_counts_and_one_at_the_end_does_not() -> None:
    curve = Curve(lambda time: time - 7200, 7200, 14_400, 3600)
    assert [crossing.time for crossing in curve.crossings(0)] == [7200]
    assert curve.crossings(7200) == []


def test_a_root_of_a_bent_function() -> None:
    assert root(lambda x: x**9, 0.5, (0, 0), (10, 10**9)) == pytest.approx(0.5 ** (1 / 9), abs=0.001)


@pytest.mark.parametrize(("upper", "expected"), [(True, DAY / 2), (False, DAY)])
def test_a_culmination(upper: bool, expected: float) -> None:  # noqa: FBT001 - a parameter of the test
    found = culmination(daily(0, 30), expected - 5000, expected + 7000, upper=upper)
    assert found == pytest.approx(expected, abs=2)
