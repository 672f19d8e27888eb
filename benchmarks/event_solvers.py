"""Compare the search for events in `events/` with ephem's own: `python -m benchmarks.event_solvers`.

It prints, for random nights at several latitudes, how many crossings each finds, how far they are apart, and
how long both take. It writes the figures into benchmarks/results/event_solvers.json.
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import ephem

from benchmarks import figures
from events.altitudes import Altitude, Place
from events.crossings import Curve
from events.moon import HORIZON
from events.tai import DAY_S
from events.tracks import UNIX_EPOCH_DUBLIN, Track

LATITUDES = (0, 30, -30, 52, 65, 69, -80)
NIGHTS = 50
FIRST_NIGHT, LAST_NIGHT = 1_767_268_800, 2_082_801_600
# Degrees below the horizon: the levels of the Sun's events.
SUN_LEVELS = (0.25, 1.5, 6, 11.75, 12, 18)
SAMPLE_S = 3600
# Two times further apart than this (s) are different crossings.
SAME_S = 600


def main() -> None:
    """Measure both searches and print what they find."""
    nights = [random.Random(1).randrange(FIRST_NIGHT, LAST_NIGHT) for _ in range(NIGHTS)]
    searches = {
        "Sun, a night": (ephem.Sun, [-level for level in SUN_LEVELS], DAY_S, SAMPLE_S),
        "Moon, a night": (ephem.Moon, [HORIZON], DAY_S, SAMPLE_S),
        "Moon, 31 days": (ephem.Moon, [HORIZON], 31 * DAY_S, 2 * SAMPLE_S),
    }
    measured = {name: _measured(nights, *search) for name, search in searches.items()}
    for name, found in measured.items():
        print(name, found)
    figures.write("event_solvers", measured)


def _measured(
    nights: list[int], body: Callable[[], Any], levels: list[float], length_s: float, step_s: float
) -> dict[str, Any]:
    """Return counts, differences in seconds, and milliseconds a night."""
    found = {"ours": 0, "only ours": 0, "only ephem's": 0, "largest difference s": 0.0}
    seconds = {"ours": 0.0, "ephem": 0.0}
    for latitude in LATITUDES:
        for start in nights:
            place = Place(latitude, 20.0, 1000.0)
            began = time.perf_counter()
            track = Track(body(), start - step_s, start + length_s + 2 * step_s)
            curve = Curve(Altitude(track, place), start, start + length_s, step_s)
            ours = [(level, crossing.time) for level in levels for crossing in curve.crossings(level)]
            between = time.perf_counter()
            theirs = [
                (level, moment)
                for level in levels
                for moment in _ephems(body(), place, start, length_s, level)
            ]
            seconds["ours"] += between - began
            seconds["ephem"] += time.perf_counter() - between
            _compare(ours, theirs, found)
    calls = len(LATITUDES) * len(nights)
    return {**found, **{f"{name} ms": round(1000 * total / calls, 3) for name, total in seconds.items()}}


def _ephems(body: Any, place: Place, start: float, length_s: float, level: float) -> Iterator[float]:
    """Return the crossings that ephem's Observer finds from `start` on, in Unix seconds."""
    observer = ephem.Observer()
    observer.lat, observer.lon, observer.elevation = (
        str(place.latitude),
        str(place.longitude),
        place.elevation,
    )
    observer.pressure, observer.horizon = 0, str(level)
    for search in (observer.next_rising, observer.next_setting):
        moment = start / DAY_S + UNIX_EPOCH_DUBLIN
        while True:
            try:
                moment = search(body, start=moment, use_center=True)
            except (ephem.AlwaysUpError, ephem.NeverUpError):
                # This day has no crossing. Other days may have one.
                moment += 1
            else:
                yield (moment - UNIX_EPOCH_DUBLIN) * DAY_S
                moment += 1e-4
            if (moment - UNIX_EPOCH_DUBLIN) * DAY_S >= start + length_s:
                break


def _compare(
    ours: list[tuple[float, float]], theirs: list[tuple[float, float]], found: dict[str, Any]
) -> None:
    found["ours"] += len(ours)
    unmatched = list(theirs)
    for level, moment in ours:
        near = [other for other in unmatched if other[0] == level and abs(other[1] - moment) < SAME_S]
        if not near:
            found["only ours"] += 1
            continue
        unmatched.remove(near[0])
        difference = abs(near[0][1] - moment)
        found["largest difference s"] = max(found["largest difference s"], round(difference, 2))
    end = max((moment for _, moment in ours), default=0)
    found["only ephem's"] += sum(moment < end for _, moment in unmatched)


if __name__ == "__main__":
    main()
