"""There is one function that reads a number from a text, and every service uses it."""

import ast
import math
from decimal import Decimal
from typing import Any

import pytest

from common.number_parsing import as_float, number, whole_number
from local.deployment import PROJECT
from support.client import ApiClient

PRODUCT = sorted(
    path
    for path in PROJECT.glob("*/**/*.py")
    if path.relative_to(PROJECT).parts[0]
    in {
        *("api", "auth", "common", "db", "downloads", "events", "info_images", "local", "night_log", "now"),
        *("pages", "pipe_queue", "remotehq", "site_configs", "zip_function", "ingest", "sky"),
    }
)
NO_NUMBERS = [
    "1_0",
    "1e100",
    "nan",
    "inf",
    "-Infinity",
    "0x10",
    "1,5",
    "",
    " ",
    "ten",
    "\u0661",
    "1e",
    "+",
    ".",
]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (12, "12"),
        (1.5, "1.5"),
        (Decimal("0.10"), "0.10"),
        ("12", "12"),
        (" -1.5e3 ", "-1.5e3"),
        ("+.5", "0.5"),
        ("5.", "5"),
    ],
)
def test_a_number_is_read_exactly(given: Any, read: str) -> None:
    assert number(given) == Decimal(read)
    assert as_float(given) == float(read)


@pytest.mark.parametrize(
    ("given", "read"),
    [("5", 5), (" +5.0 ", 5), (Decimal("1e2"), 100), ("9" * 400, 10**400 - 1), ("1.5", None), ("1e-1", None)],
)
def test_a_whole_number_is_read_however_it_is_written(given: Any, read: int | None) -> None:
    assert whole_number(given) == read


@pytest.mark.parametrize("given", [*NO_NUMBERS, None, True, math.nan, math.inf, Decimal("NaN"), [1], {}])
def test_what_is_no_number(given: Any) -> None:
    assert number(given) is None
    assert math.isnan(as_float(given))


def test_a_number_that_no_float_holds_is_no_float() -> None:
    assert number("9" * 400) == Decimal("9" * 400)
    assert math.isnan(as_float("9" * 400))


@pytest.mark.parametrize("given", ["1_0", "1e100"])
@pytest.mark.parametrize(
    ("method", "path", "where"),
    [
        ("GET", "/events?site=mrc&when={}", "query"),
        ("GET", "/events/moon/rise-set-illum?lat={}&lng=0", "query"),
        ("GET", "/filtered_images?exposure_time_min={}", "query"),
        ("GET", "/filtered_images?after=2024-01-10T03:04:05,{}", "query"),
        ("GET", "/recentuploads?site=mrc1&after={},mrc1", "query"),
        ("POST", "/nightlog/mrc1", {"note_data": {"message": "x", "ttl_hours": None}}),
        ("POST", "/pipe/queue/q/dequeue?lease_seconds={}", "query"),
        ("POST", "/pipe/queue/q/dequeue?wait={}", "query"),
        ("POST", "/downloadzip", {"site": "mrc1", "fits_size": "best", "start_timestamp_s": None}),
    ],
)
@pytest.mark.usefixtures("database")
def test_every_service_refuses_what_is_no_number(
    api: ApiClient, method: str, path: str, where: Any, given: str
) -> None:
    body = None if where == "query" else _filled(where, given)
    answer = api.request(method, path.format(given), json=body)
    assert answer.status_code == 400
    assert "must be" in answer.text


LIMITED = [
    "/recentuploads?site=mrc1&limit={}",
    "/filtered_images?limit={}",
    "/mrc1/latest_images/{}",
    "/pipe/queue/q?limit={}",
    "/pipe/queue/q/dead_letters?limit={}",
]


@pytest.mark.usefixtures("database")
def test_every_service_takes_a_whole_number_however_it_is_written(api: ApiClient) -> None:
    api.post("/pipe/queue", json={"queue_name": "q"})
    for path in LIMITED:
        found = {
            given: api.get(path.format(given)).status_code for given in ("5", "005", "%2B5", "5.0", "1e1")
        }
        assert found == dict.fromkeys(found, 200), path
        refused = {
            given: api.get(path.format(given)).status_code for given in ("0", "-1", "1.5", "ten", "1_0")
        }
        assert refused == dict.fromkeys(refused, 400), path


def _filled(body: dict[str, Any], given: str) -> dict[str, Any]:
    return {
        name: given if value is None else _filled(value, given) if isinstance(value, dict) else value
        for name, value in body.items()
    }


def test_the_product_uses_one_library_of_time_zones() -> None:
    imported = {
        (str(path.relative_to(PROJECT)), name)
        for path in PRODUCT
        for name in _imports(path.read_text())
        if name in ("zoneinfo", "dateutil")
    }
    assert len(PRODUCT) > 100
    assert imported == set()


def _imports(source: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(source)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[0] for name in names} | {
        str(node.module).split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)
    }
