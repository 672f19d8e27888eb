"""Labels apart from each other."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from events.plot.label_positions import spread


def test_labels_with_room_stay_where_they_are_wanted() -> None:
    assert spread([10, 40, 90], 20, 0, 100) == [10, 40, 90]


def test_a_crowd_spreads_evenly_about_its_middle() -> None:
    assert spread([50, 50, 50], 10, 0, 100) == [40, 50, 60]
    assert spread([48, 50, 80], 10, 0, 100) == [44, 54, 80]


def test_a_crowd_at_an_end_stays_inside() -> None:
    assert spread([0, 0, 0], 10, 0, 100) == [0, 10, 20]
    assert spread([99, 99, 100], 10, 0, 100) == [80, 90, 100]


def test_without_labels() -> None:
    assert spread([], 10, 0, 100) == []


@given(st.lists(st.floats(0, 1000), max_size=26))
def test_labels_keep_order_distance_and_bounds(wanted: list[float]) -> None:
    places = spread(sorted(wanted), 30, 0, 1000)
    assert all(after - before >= 30 - 1e-6 for before, after in pairwise(places))
    assert all(-1e-6 <= place <= 1000 + 1e-6 for place in places)
