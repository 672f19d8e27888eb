"""The events against reference values: JPL's ephemeris DE421, computed with Skyfield.

The data files name their sources. Tolerances: the references take the Earth's rotation (UT1) from tables and
predictions. The events use UTC instead. The two differ by at most 0.3 s in the years of the cases. The
references of the Moon are rounded to the second, and so are the responses.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytz

from events import moon
from events.almanac import almanac, tai_events
from events.altitudes import Place
from events.observers import Observer
from events.tai import DAY_S

DATA = Path(__file__).parents[1] / "data"
EVENTS = json.loads((DATA / "events.json").read_text())["cases"]
MOON = json.loads((DATA / "moon.json").read_text())["cases"]

SUN_TOLERANCE_S = 1
MOON_TOLERANCE_S = 2
ILLUMINATION_TOLERANCE = 0.002


def seconds(date: str) -> float:
    return datetime.fromisoformat(date).timestamp()


@pytest.mark.parametrize("case", EVENTS, ids=lambda case: f"{case['site']}-{case['when']}")
def test_events_of_a_night(case: dict[str, Any]) -> None:
    place = Place(case["latitude"], case["longitude"])
    found = tai_events(almanac(Observer(place, pytz.timezone(case["timezone"]), "site"), case["when"]))
    expected = case["events_tai_jd"]
    assert list(found) == list(expected)
    for name, date in expected.items():
        tolerance = MOON_TOLERANCE_S if name.startswith("Moon") else SUN_TOLERANCE_S
        assert abs(found[name] - date) * DAY_S < tolerance, name


@pytest.mark.parametrize("case", MOON, ids=lambda case: f"{case['lat']}-{case['start']}")
def test_moon_through_an_interval(case: dict[str, Any]) -> None:
    found = moon.passages(Place(case["lat"], case["lng"]), seconds(case["start"]), seconds(case["end"]))
    assert len(found) == len(case["result"])
    for passage, expected in zip(found, case["result"], strict=True):
        for name in ("rise", "set", "transit"):
            assert abs(seconds(passage[name]) - seconds(expected[name])) <= MOON_TOLERANCE_S, name
        assert passage["illumination"] == pytest.approx(expected["illumination"], abs=ILLUMINATION_TOLERANCE)
