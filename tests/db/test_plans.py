"""Every query is served by its index, on a table large enough to matter."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from common import postgres
from db import queries
from support.image_rows import NIGHT
from vo import store
from vo.parameters import Query
from vo.regions import Circle, Polygon

ROWS = 40_000

# Right ascension and declination of images spread over the sky.
SPIRAL = f"mod(n * 137.508, 360), asind(2.0 * n / {ROWS} - 1)"
# A day and a half of 200 sites in turn, an image every three seconds; 25 users; every second round in stacks
# of ten. Each site has one object.
FILL = f"""
INSERT INTO images (base_filename, data_type, site, capture_date, sort_date, right_ascension, declination,
    exposure_time, filter_used, username, user_id, jpg_medium_exists, fits_01_exists, header)
SELECT 'site' || mod(n, 200) || '-sq01-' || n, 'EX', 'site' || mod(n, 200), moment, moment,
    {SPIRAL}, mod(n, 7), 'lum',
    'User ' || mod(n / 200, 25), 'user-' || mod(n / 200, 25), mod(n, 20) > 0, true,
    json_build_object('OBJECT', 'M ' || mod(n, 200),
        'SMARTSTK', CASE mod(n / 200, 2) WHEN 0 THEN n / 2000 END, 'SSTKNUM', mod(n / 200, 10))
FROM generate_series(1, {ROWS}) AS n,
    LATERAL (SELECT timestamp '2024-01-10 03:04:05' + n * interval '3 seconds' AS moment) AS at
"""  # noqa: S608 - of constants


def circle(ra: float, dec: float, radius: float) -> dict[str, float]:
    return {"ra": ra, "dec": dec, "radius": radius}


def archived(**query: Any) -> Callable[[], Any]:
    """Return a search of the Virtual Observatory."""
    return lambda: store.images(Query(**query), 101)


# What is asked of `queries`, and the one index that serves it.
PLANS: dict[str, tuple[Callable[[], Any], str]] = {
    "an image": (lambda: queries.images_named("site7-sq01-7"), "images_by_name"),
    "a header": (lambda: queries.headers_named("site7-sq01-7"), "images_by_name"),
    "latest of a site": (lambda: queries.newest({"site": "site7"}, 101, None), "images_newest_of_site"),
    "latest of a user at a site": (
        lambda: queries.newest({"site": "site7", "user_id": "user-3"}, 101, None),
        "images_newest_of_user_at_site",
    ),
    "latest of all sites": (
        lambda: queries.newest_of_each([f"site{number}" for number in range(200)]),
        "images_newest_of_site",
    ),
    "a circle of the archive": (archived(regions=[Circle(83.8, -5.4, 0.25)]), "images_by_place"),
    "a polygon of the archive": (
        archived(regions=[Polygon(((10, 40), (10, 42), (12, 42), (12, 40)))]),
        "images_by_place",
    ),
    "a target of the archive": (archived(texts={"TARGET": ["M 7"]}), "images_newest_of_object"),
    "a minute of the archive": (archived(times=[(60319.5, 60319.501)]), "images_by_capture"),
    "a night of a site": (
        lambda: queries.newest(
            {"site": "site7", "start_date": "2024-01-10 12:00", "end_date": "2024-01-11 12:00"}, 1001, None
        ),
        "images_by_capture_at_site",
    ),
    "a night": (
        lambda: queries.newest(
            {"start_date": "2024-01-10 12:00", "end_date": "2024-01-10 12:30"}, 1001, None
        ),
        "images_by_capture",
    ),
    "all": (lambda: queries.newest({}, 1001, None), "images_newest"),
    "all, further on": (lambda: queries.newest({}, 1001, (NIGHT, 7)), "images_newest"),
    "of a site, further on": (
        lambda: queries.newest({"site": "site7"}, 101, (NIGHT.replace(hour=20), 7)),
        "images_newest_of_site",
    ),
    "of a user": (lambda: queries.newest({"user_id": "user-3"}, 101, None), "images_newest_of_user"),
    "of a username": (lambda: queries.newest({"username": "User 3"}, 101, None), "images_newest_of_username"),
    "of an object": (lambda: queries.newest({"object": "M 7"}, 101, None), "images_newest_of_object"),
    "of an object, further on": (
        lambda: queries.newest({"object": "M 7"}, 101, (NIGHT.replace(hour=20), 7)),
        "images_newest_of_object",
    ),
    "in the usual circle": (lambda: queries.newest(circle(80, 20, 0.25), 1001, None), "images_by_place"),
    "in a large circle": (lambda: queries.newest(circle(80, 20, 5), 101, None), "images_by_place"),
    "around a pole": (lambda: queries.newest(circle(80, 89, 5), 101, None), "images_by_place"),
    "across 0h, further on": (
        lambda: queries.newest(circle(359, -20, 5), 101, (NIGHT.replace(hour=20), 7)),
        "images_by_place",
    ),
    "in a circle, of a site": (
        lambda: queries.newest({"site": "site7", **circle(80, 20, 0.25)}, 101, None),
        "images_by_place",
    ),
    "by the start of the name": (
        lambda: queries.newest({"filename": "site7-sq01-12%"}, 1001, None),
        "images_by_name",
    ),
    "stacks": (
        lambda: queries.final_of_each(
            map(Decimal, range(20)),
            {"site": "site7", "start_date": "2024-01-10 12:00", "end_date": "2024-01-10 12:30"},
        ),
        "images_final_of_stack",
    ),
}


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


def indexes_and_scans(ask: Callable[[], Any]) -> tuple[set[str], set[str]]:
    """The indexes that a query uses, and its scans of the whole table."""
    plans: list[dict[str, Any]] = []
    run = postgres.query

    def explain(sql: str, parameters: Any) -> list[Any]:
        plans.append(run(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)[0]["QUERY PLAN"][0]["Plan"])
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "query", explain)
        ask()
    found = [node for plan in plans for node in nodes(plan)]
    indexes = {node["Index Name"] for node in found if "Index Name" in node}
    return indexes, {node["Node Type"] for node in found if "Seq Scan" in node["Node Type"]}


@pytest.mark.usefixtures("database")
def test_each_query_uses_its_index_and_no_other(cursor: Any) -> None:
    cursor.execute(FILL)
    cursor.execute("VACUUM ANALYZE images")
    found = {name: indexes_and_scans(ask) for name, (ask, _) in PLANS.items()}
    assert found == {name: ({index}, set()) for name, (_, index) in PLANS.items()}


@pytest.mark.usefixtures("database")
def test_where_images_are_dense_the_index_of_the_newest_is_used(cursor: Any) -> None:
    """All images are of one target. To sort them all would take longer."""
    cursor.execute(FILL.replace(SPIRAL, "80.1, 20.1"))
    cursor.execute("VACUUM ANALYZE images")
    for place, index in ((circle(80, 20, 0.25), "images_newest"), (circle(80, 40, 0.25), "images_by_place")):
        assert indexes_and_scans(partial(queries.newest, place, 101, None)) == ({index}, set())


def test_no_index_is_without_a_query(cursor: Any) -> None:
    cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'images'")
    assert {name for (name,) in cursor.fetchall()} == {
        "images_pkey",
        "images_with_fits_by_capture_at_site",  # used by a query of `api`
        *(index for _, index in PLANS.values()),
    }
