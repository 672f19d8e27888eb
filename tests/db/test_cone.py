"""Searches on the sky: the same images as a loop over every row finds."""

import io
import math
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import psycopg2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common import postgres
from db import cone, queries
from ingest import columns
from tests.image_table import ImageTable

ROWS = 200_000
SECOND = 1 / 3600
RADII = (SECOND, 10 * SECOND, 0.01, 0.25, 1.0, 5.0, 10.0)
# Around these places rows are dense, at every distance from half a second of arc to twenty degrees.
CENTRES = [(0.0, 90.0), (0.0, -90.0), (0.0, 0.0), (180.0, 89.9), (0.0, 45.0), (300.0, -80.0)]

OLD, NEW = columns.DEGREES_FROM - timedelta(seconds=1), columns.DEGREES_FROM

Array = npt.NDArray[np.float64]


class Sky:
    """Rows for the image table, and every row's position as a vector of length one.

    Half of them are anywhere, half around the centres in turn. One third has right ascensions in hours,
    another third below zero. One row in a hundred is exactly on a centre. The keys count from one.
    """

    def __init__(self) -> None:
        random = np.random.default_rng(1)
        number = np.arange(ROWS)
        ra, dec = np.array(CENTRES)[number // 2 % len(CENTRES)].T
        away = 10 ** random.uniform(math.log10(SECOND / 2), math.log10(20), ROWS)
        away[number % 100 == 1] = 0
        ra, dec = moved(ra, dec, away, random.uniform(0, 360, ROWS))
        anywhere = number % 2 == 0
        ra = np.where(anywhere, random.uniform(0, 360, ROWS), ra)
        dec = np.where(anywhere, np.degrees(np.arcsin(random.uniform(-1, 1, ROWS))), dec)
        self.is_old = number % 3 == 0
        stored = np.where(self.is_old, ra / 15, np.where(number % 3 == 1, ra - 360, ra))
        self._stored = np.stack([stored, dec], axis=1)
        self._vectors = vectors(stored * np.where(self.is_old, 15, 1), dec)

    def lines(self) -> str:
        """The rows as COPY reads them: date, right ascension, declination."""
        return "".join(
            f"{OLD if old else NEW}\t{ra}\t{dec}\tt\n"
            for old, (ra, dec) in zip(self.is_old, self._stored.tolist(), strict=True)
        )

    def within(self, ra: float, dec: float, radius: float) -> tuple[set[int], set[int]]:
        """The keys that are inside, and those that rounding may put on either side of the border."""
        chords = np.linalg.norm(self._vectors - vectors(np.array([ra]), np.array([dec])), axis=1)
        distances = np.degrees(2 * np.arcsin(np.minimum(chords / 2, 1)))
        unsure = abs(distances - radius) < 1e-11
        inside = (distances <= radius) & ~unsure
        return {*(np.flatnonzero(inside) + 1).tolist()}, {*(np.flatnonzero(unsure) + 1).tolist()}


def moved(ra: Array, dec: Array, away: Array, direction: Array) -> tuple[Array, Array]:
    """Return the places that are `away` from the given ones, in a direction; everything in degrees."""
    ra, dec, away, direction = map(np.radians, (ra, dec, away, direction))
    sine = np.sin(dec) * np.cos(away) + np.cos(dec) * np.sin(away) * np.cos(direction)
    east = np.arctan2(np.sin(direction) * np.sin(away) * np.cos(dec), np.cos(away) - np.sin(dec) * sine)
    return np.degrees(ra + east) % 360, np.degrees(np.arcsin(np.clip(sine, -1, 1)))


def vectors(ra: Array, dec: Array) -> Array:
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)


@pytest.fixture(scope="module")
def sky(image_table: ImageTable) -> Iterator[Sky]:
    """The generated sky, in the image table."""
    sky = Sky()
    image_table.empty()
    connection = psycopg2.connect(image_table.url)
    connection.autocommit = True
    with pytest.MonkeyPatch.context() as patch, connection.cursor() as cursor:
        patch.setenv("DATABASE_URL", image_table.url)
        cursor.copy_from(
            io.StringIO(sky.lines()),
            "images",
            columns=("capture_date", "right_ascension", "declination", "jpg_medium_exists"),
        )
        cursor.execute("VACUUM ANALYZE images")
        yield sky
    connection.close()
    postgres.close_idle()


def found(ra: float, dec: float, radius: float) -> set[int]:
    """The keys that `queries.newest` finds, read without the other columns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "COLUMNS", "image_id")
        rows = queries.newest({"ra": ra, "dec": dec, "radius": radius}, ROWS, None)
    return {row["image_id"] for row in rows}


def near(centre: tuple[float, float]) -> st.SearchStrategy[tuple[float, float]]:
    """Places at or close to a centre, which is where rows are dense."""
    away = st.sampled_from([0.0, SECOND, -SECOND, 0.25, -0.25, 5.0, -5.0])
    return st.builds(
        lambda east, north: ((centre[0] + east) % 360, max(-90.0, min(centre[1] + north, 90.0))), away, away
    )


ANYWHERE = st.tuples(st.floats(0, 360), st.floats(-90, 90))
PLACES = st.one_of(ANYWHERE, *map(near, CENTRES))
SIZES = st.one_of(st.sampled_from(RADII), st.floats(math.log(SECOND), math.log(10)).map(math.exp))


@given(PLACES, SIZES)
@example((0.0, 90.0), 10.0)
@example((123.0, -90.0), SECOND)
@example((360.0, 0.0), 0.25)
@example((0.0, 80.0), 10.0)
@example((180.0, 89.9), 0.1)
@settings(max_examples=120)
def test_the_same_images_as_a_loop_finds(sky: Sky, place: tuple[float, float], radius: float) -> None:
    inside, unsure = sky.within(*place, radius)
    assert found(*place, radius) - unsure == inside


def test_the_generated_sky_has_images_at_every_distance_from_the_centres(sky: Sky) -> None:
    for centre in CENTRES:
        counts = [len(sky.within(*centre, radius)[0]) for radius in RADII]
        assert counts == sorted(set(counts))
        assert counts[0] > 100


@pytest.mark.parametrize("radius", RADII)
@pytest.mark.parametrize("centre", [*CENTRES, (77.7, 33.3), (0.1, -60.0)])
def test_ranges_are_few_ascending_and_within_the_zones(centre: tuple[float, float], radius: float) -> None:
    ranges = cone.ranges(*centre, radius)
    ends = [end for pair in ranges for end in pair]
    assert ends == sorted(ends)
    assert ends[0] >= 0
    assert ends[-1] <= 361 * 360
    assert len(ranges) <= 2 * (2 * radius * 2 + 2)


def test_a_complete_zone_is_one_range() -> None:
    assert cone.ranges(12.0, 90.0, 2.2) == [(355 * 360.0, 361 * 360.0)]


def test_the_date_from_which_rows_are_in_degrees_is_that_of_the_ingester() -> None:
    assert f"'{columns.DEGREES_FROM:%Y-%m-%d %H:%M}'" in cone.PLACE
    assert f"'{columns.DEGREES_FROM:%Y-%m-%d %H:%M}'" in cone.inside()
