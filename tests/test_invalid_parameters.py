"""Whatever a parameter is, the answer is one of the caller's: never an unforeseen error, never an outage."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from local.deployment import PROJECT
from support.client import ApiClient

DOCUMENT = yaml.safe_load((PROJECT / "docs" / "openapi.yaml").read_text())
# What PostgreSQL, datetime, int, float and DynamoDB each read in their own way; percent-encoded.
VALUES = [
    *map(
        quote,
        [
            "2020-01-01T00:00:00+01:00",
            "2020-01-01T00:00:00+01:00,5",
            "0001-01-01T00:00:00+23:59,5",
            "9999-12-31T23:59:59.999999-23:59,5",
            "2020-01-01T00:00:00,-99999999999999999999",
            "2020-01-01T00:00:00,99999999999999999999",
            "2020-W01-1,5",
            "2020-01-01 00:00:00+99:99",
            "2020-01-01 00:00:00 Europe/Nowhere",
            "10000-01-01",
            "294277-01-01",
            "4714-01-01 BC",
            "2020-02-30",
            "infinity",
            "-infinity",
            "epoch",
            "allballs",
            "now",
            "nan",
            "9" * 40,
            "-" + "9" * 40,
            "9" * 5000,
            "1e400",
            "1e-400",
            "-0.0",
            "1_000",
            "\u0663",
            "\u2028",
            "\U0001f600",
            "a\0b",
            "\0",
            "%",
            "\\",
            "x" * 3000,
            "{",
            "[1]",
            ",",
            "1e125,mrc1",
            "1e126,mrc1",
        ],
    ),
    # half of a surrogate pair, and no UTF-8 at all
    "%ED%A0%80",
    "%FF%FE",
]
BODY_VALUES: list[Any] = [True, [], {}, 1e308, -1, 10**40, "\ud800", "a\0b", ["\ud800"], {"a": "\0"}]
IN_PATHS = {
    "site": "mrc1",
    "n": "3",
    "base_filename": "mrc1-a",
    "channel": "1",
    "queue_name": "q",
    "pipe_id": "p",
    "id": "mrc1-a",
}
# Parameters without which the others are not looked at.
NEEDED = {"/recentuploads": {"site": "mrc1"}, "/filtered_images": {"ra": "10", "dec": "20"}}
# Routes that answer 500 as documented: for an unknown site, and for a config that lacks a parameter.
DOCUMENTED_500 = {"/events", "/events/plot", "/events/visibility"}


def parameters(path: str, method: str) -> list[dict[str, Any]]:
    operation = DOCUMENT["paths"][path].get(method, {})
    given = [*DOCUMENT["paths"][path].get("parameters", []), *operation.get("parameters", [])]
    return [
        DOCUMENT["components"]["parameters"][each["$ref"].rpartition("/")[2]] if "$ref" in each else each
        for each in given
    ]


def reads() -> Iterator[Any]:
    for path, operations in DOCUMENT["paths"].items():
        if "get" in operations and not path.startswith(("/docs", "/control_room")):
            yield pytest.param(path, id=path)


def check(answer: Any, path: str, told: str) -> None:
    assert answer.status_code < 500 or (
        path in DOCUMENTED_500 and answer.status_code == 500 and "request_id" not in answer.text
    ), (told, answer.status_code, answer.text[:200])


@pytest.mark.parametrize("path", [*reads()])
def test_no_query_or_path_parameter_causes_a_server_error(api: ApiClient, database: str, path: str) -> None:
    api.post("/pipe/queue", json={"queue_name": "q"})
    names = [each["name"] for each in parameters(path, "get") if each["in"] == "query"]
    fixed = NEEDED.get(path, {})
    for name in names:
        others = "".join(f"&{other}={value}" for other, value in fixed.items() if other != name)
        for value in VALUES:
            answer = api.get(f"{path.format(**IN_PATHS)}?{name}={value}{others}")
            check(answer, path, f"{name}={value[:60]}")
    for name in [each["name"] for each in parameters(path, "get") if each["in"] == "path"]:
        for value in VALUES:
            answer = api.get(path.format(**{**IN_PATHS, name: value}))
            check(answer, path, f"{name}={value[:60]}")


@pytest.mark.parametrize(
    "path",
    ["/recentuploads", "/filtered_images", "/mrc1/latest_images/3", "/events", "/events/moon/rise-set-illum"],
)
def test_no_parameter_in_a_body_causes_a_server_error(api: ApiClient, database: str, path: str) -> None:
    documented = path.replace("mrc1", "{site}").replace("/3", "/{n}")
    for name in [each["name"] for each in parameters(documented, "get") if each["in"] == "query"]:
        for value in BODY_VALUES:
            answer = api.get(path, json={**NEEDED.get(path, {}), "site": "mrc1", name: value})
            check(answer, path, f"{name}={value!r}")


@pytest.mark.parametrize("zone", ["+00:00", "-00:00", "+01:00", "Z", "-23:59"])
def test_a_position_with_a_zone_is_refused_with_a_sentence(api: ApiClient, database: str, zone: str) -> None:
    for path in ("/mrc1/latest_images/3", "/filtered_images"):
        answer = api.get(path, params={"after": f"2024-01-10T03:04:05{zone},4711"})
        assert answer.status_code == 400
        assert answer.text == "after must be as the Link header of an earlier response gives it."
