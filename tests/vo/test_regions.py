"""Regions on the sky: the SQL finds the same images as a loop over every place."""

import io
import math
from collections.abc import Iterator

import numpy as np
import psycopg2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.errors import BadRequest
from db import queries
from tests.image_table import ImageTable
from vo import regions, store
from vo.parameters import Query

PLACES = 3000
NEW = "2026-01-01"


class Places:
    """Places anywhere, and many near the poles and near 0h; the keys count from one."""

    def __init__(self) -> None:
        random = np.random.default_rng(7)
        number = np.arange(PLACES)
        self.ra = random.uniform(0, 360, PLACES)
        self.dec = np.degrees(np.arcsin(random.uniform(-1, 1, PLACES)))
        pole, edge = number % 3 == 1, number % 3 == 2
        self.dec = np.where(
            pole, np.where(number % 2, 1, -1) * (90 - random.exponential(3, PLACES)), self.dec
        )
        self.ra = np.where(edge, random.normal(0, 5, PLACES) % 360, self.ra)
        self.dec = np.clip(np.where(edge, random.normal(0, 5, PLACES), self.dec), -90, 90)

    def inside(self, region: regions.Region) -> tuple[set[int], set[int]]:
        """The keys inside, and those so near the border that rounding may decide."""
        margins = np.array([margin(region, *place) for place in zip(self.ra, self.dec, strict=True)])
        return {*(np.flatnonzero(margins > 1e-9) + 1).tolist()}, {
            *(np.flatnonzero(abs(margins) <= 1e-9) + 1).tolist()
        }


def margin(region: regions.Region, ra: float, dec: float) -> float:
    """How far a place is inside of a region; negative outside."""
    if isinstance(region, regions.Circle):
        here, centre = regions.vector(ra, dec), regions.vector(region.ra, region.dec)
        return region.radius - math.degrees(2 * math.asin(min(1, math.dist(here, centre) / 2)))
    if isinstance(region, regions.Range):
        along = [ra - region.first, region.last - ra]
        across = min(dec - region.south, region.north - dec)
        return min(across, min(along) if region.first <= region.last else max(along))
    assert isinstance(region, regions.Polygon)
    here = regions.vector(ra, dec)
    return min(sum(a * b for a, b in zip(normal, here, strict=True)) for normal in region.normals())


@pytest.fixture(scope="module")
def places(image_table: ImageTable) -> Iterator[Places]:
    """The places, as images in the image table."""
    made = Places()
    image_table.empty()
    connection = psycopg2.connect(image_table.url)
    lines = (
        f"n-{key}-a\tEX\t{NEW}\t{ra}\t{dec}\tt\tt\n"
        for key, (ra, dec) in enumerate(zip(made.ra.tolist(), made.dec.tolist(), strict=True))
    )
    columns = ("base_filename", "data_type", "capture_date", "right_ascension", "declination")
    with pytest.MonkeyPatch.context() as patch, connection, connection.cursor() as cursor:
        patch.setenv("DATABASE_URL", image_table.url)
        cursor.copy_from(
            io.StringIO("".join(lines)), "images", columns=(*columns, "jpg_medium_exists", "fits_01_exists")
        )
        connection.commit()
        yield made
    connection.close()


def found(region: regions.Region) -> set[int]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "COLUMNS", "image_id")
        rows = store.images(Query(regions=[region]), PLACES)
    return {row["image_id"] for row in rows}


DIRECTIONS = st.tuples(
    st.one_of(st.floats(0, 360), st.sampled_from([0.0, 359.9, 360.0, 180.0])),
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0, 89.5, 0.0])),
)


@st.composite
def polygons(draw: st.DrawFn) -> regions.Polygon:
    """Regular polygons around a centre, clockwise or counter-clockwise. The radius is at most 20 degrees."""
    (ra, dec), size = draw(DIRECTIONS), math.radians(draw(st.floats(0.05, 20)))
    count, turn = draw(st.integers(3, 8)), draw(st.sampled_from([1, -1]))
    x, y, z = regions.vector(ra, dec)
    east = np.array([-math.sin(math.radians(ra)), math.cos(math.radians(ra)), 0])
    north = np.cross([x, y, z], east)
    corners = []
    for number in range(count):
        angle = turn * 2 * math.pi * number / count + 0.3
        side = math.cos(angle) * east + math.sin(angle) * north
        x1, y1, z1 = math.cos(size) * np.array([x, y, z]) + math.sin(size) * side
        corners.append((math.degrees(math.atan2(y1, x1)) % 360, math.degrees(math.asin(max(-1, min(z1, 1))))))
    return regions.Polygon(tuple(corners))


CIRCLES = st.builds(lambda at, radius: regions.Circle(at[0], at[1], radius), DIRECTIONS, st.floats(0, 30))
RANGES = st.builds(
    lambda one, other: regions.Range(one[0], other[0], *sorted((one[1], other[1]))), DIRECTIONS, DIRECTIONS
)
NARROW = st.builds(
    lambda at, width, height: regions.Range(
        at[0], (at[0] + width) % 360, max(-90, at[1] - height), min(90, at[1] + height)
    ),
    DIRECTIONS,
    st.floats(0, 20),
    st.floats(0, 8),
)


@settings(max_examples=150)
@given(st.one_of(CIRCLES, RANGES, NARROW, polygons()))
@example(regions.Range(350, 10, -5, 5))
@example(regions.Range(0, 360, 85, 90))
@example(regions.Range(0, 360, -90, 90))
@example(regions.Circle(0, 90, 3))
def test_the_same_images_as_a_loop_finds(places: Places, region: regions.Region) -> None:
    inside, unsure = places.inside(region)
    assert found(region) - unsure == inside - unsure


@pytest.mark.parametrize("turn", [1, -1])
def test_a_polygon_around_a_pole(places: Places, turn: int) -> None:
    square = regions.Polygon(tuple((90.0 * number, 80.0) for number in range(4))[::turn])
    inside, unsure = places.inside(square)
    assert len(inside) > 100
    assert found(square) - unsure == inside - unsure


def test_large_regions_do_without_the_index() -> None:
    assert regions.Circle(0, 0, 10.1).circle() is None
    assert regions.Range(0, 360, -90, 90).circle() is None
    assert regions.Range(0, 359, -5, 5).circle() is None
    # with its corners: 5 degrees each way
    around = regions.Range(355, 5, -5, 5).circle()
    assert around is not None
    assert list(around) == pytest.approx([0, 0, 7.06], abs=0.01)


@pytest.mark.parametrize("text", ["", "CIRCLE", "POLYGON 0 0 1 1", "POLYGON " + "1 1 " * 51, "RANGE 0 1 2"])
def test_what_is_no_region_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        regions.parse(text)


def test_open_ends_of_a_range() -> None:
    assert regions.parse("RANGE -Inf +Inf 10 +Inf") == regions.Range(0, 360, 10, 90)
