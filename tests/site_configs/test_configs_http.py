"""The config routes, over HTTP, as site computers and the web UI call them."""

import json
import random
import tracemalloc
from typing import Any

import pytest

import db.handlers
import pipe_queue.handlers
from common import responses
from common.dynamodb import Table, serialised
from local.demo.configs import site_configurations
from site_configs import handlers, store
from support.client import ApiClient
from tests.events import call, event

STORED = {"name": "Mission Ridge", "latitude": 34.459375}


@pytest.fixture
def real_config() -> dict[str, Any]:
    """A config of 12 KB, nested, as an observatory sends it."""
    config = site_configurations()["mrc1"]
    config["filler"] = "x" * (12_000 - len(json.dumps(config)))
    return config


def test_config_sent_as_text_without_content_type_comes_back_as_it_was(
    api: ApiClient, real_config: dict[str, Any]
) -> None:
    answer = api.put("/mrc1/config/", data=json.dumps(real_config), headers={"Content-Type": None})
    assert answer.status_code == 200
    assert answer.json()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert api.get("/mrc1/config").json() == {"site": "mrc1", "configuration": real_config}


def test_numbers_come_back_as_they_were_sent(api: ApiClient) -> None:
    sent = '{"int":3,"float":0.1,"tiny":1e-120,"long":0.12345678901234567,"negative":-317.75,"big":1e20}'
    api.put("/mrc1/config", data=sent)
    answer = api.get("/mrc1/config")
    assert answer.json()["configuration"] == json.loads(sent)
    assert '"int":3,' in answer.text
    assert '"float":0.1,' in answer.text


def test_nulls_empty_texts_and_lists_of_lists_come_back(api: ApiClient) -> None:
    config: dict[str, Any] = {
        "redis_ip": None,
        "dedication": "",
        "filter_data": [["lum", [0, 0], 4.5], []],
        "é": {},
    }
    api.put("/mrc1/config", json=config)
    assert api.get("/mrc1/config").json()["configuration"] == config


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("", 400, "The body is empty; a JSON object is needed."),
        ("{", 400, "The body is not valid JSON: Expecting property name"),
        ("[1]", 400, "The body must be a JSON object."),
        ('"text"', 400, "The body must be a JSON object."),
        ('{"latitude": NaN}', 400, "NaN is not a JSON number"),
        ('{"latitude": -Infinity}', 400, "-Infinity is not a JSON number"),
        ('{"a": 1e400}', 400, "configuration.a: a number outside"),
        ('{"a": {"b": [0.' + "1234567890" * 4 + "]}}", 400, "configuration.a.b.0: a number of more than 38"),
        ('{"a": {"": 1}}', 400, "configuration.a: a key is empty."),
        (r'{"a": "\ud800"}', 400, "configuration.a: not valid Unicode."),
        ('{"a": 1e99999999999999999999}', 400, "is too large or too small"),
        ('{"a":' * 40 + "1" + "}" * 40, 400, "configuration: nested deeper than 32 levels."),
        ("[" * 100_000, 400, "nested too deeply"),
        ("1" * 5000, 400, "a number has too many digits"),
        (b"\xff{}", 400, "The body is not UTF-8 text."),
        (json.dumps({"a": "x" * 401 * 1024}), 413, "Too large to store: "),
    ],
)
def test_what_cannot_be_stored_is_refused_and_changes_nothing(
    api: ApiClient, body: str | bytes, status: int, reason: str
) -> None:
    store.write("mrc1", STORED)
    answer = api.put("/mrc1/config", data=body)
    assert answer.status_code == status
    assert set(answer.json()) == {"message"}
    assert reason in answer.json()["message"]
    assert api.get("/mrc1/config").json()["configuration"] == STORED


def test_all_is_no_site(api: ApiClient) -> None:
    sentence = 'site must name one site: "all" stands for all of them.'
    put, delete = api.put("/all/config", data="{}"), api.delete("/all/config")
    assert (put.status_code, put.json()) == (400, {"message": sentence})
    assert (delete.status_code, delete.text) == (400, sentence)


@pytest.mark.parametrize("site", ["mrc 1", "mrc%2F1", "%C3%A9co", "m" * 65, "mrc%0A"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_name_that_is_no_site_code_is_refused(api: ApiClient, method: str, site: str) -> None:
    answer = api.request(method, f"/{site}/config", data="{}")
    sentence = "site must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"
    assert answer.status_code == 400
    assert (answer.json() == {"message": sentence}) if method == "PUT" else (answer.text == sentence)


def test_unknown_site_is_not_found(api: ApiClient) -> None:
    answer = api.get("/nowhere/config")
    assert answer.status_code == 404
    assert answer.text == "No config found for site nowhere."


def test_delete_answers_200_also_when_there_was_none(api: ApiClient) -> None:
    store.write("mrc1", STORED)
    for _ in range(2):
        answer = api.delete("/mrc1/config")
        assert answer.status_code == 200
        assert answer.json()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert api.get("/mrc1/config").status_code == 404


@pytest.mark.slow
def test_all_configs_are_complete_however_many_pages_the_scan_takes(
    api: ApiClient, real_config: dict[str, Any]
) -> None:
    # as nested as real ones are, and as large as an item can be
    configurations = {f"site{number:02d}": {"copies": [real_config] * 32} for number in range(8)}
    for site, configuration in configurations.items():
        store.write(site, configuration)
    found: dict[str, Any] = {}
    url: str | None = ""
    # a slow machine may need more than one answer
    while url is not None:
        answer = api.get(f"/all/config{url}", headers={"Accept-Encoding": "identity"})
        found |= answer.json()
        url = answer.links.get("next", {}).get("url")
    assert found == configurations


def test_configs_over_6_mb_are_gzipped_or_link_to_the_next_page(api: ApiClient) -> None:
    configurations = {f"site{number:03d}": {"text": "x" * 100_000} for number in range(70)}
    for site, configuration in configurations.items():
        store.write(site, configuration)
    gzipped = api.get("/all/config", headers={"Accept-Encoding": "gzip"})
    assert gzipped.headers["Content-Encoding"] == "gzip"
    assert gzipped.json() == configurations

    plain = api.get("/all/config", headers={"Accept-Encoding": "identity"})
    rest = api.get(f"/all/config{plain.links['next']['url']}", headers={"Accept-Encoding": "identity"})
    assert {**plain.json(), **rest.json()} == configurations
    assert len(plain.json()) == 62
    assert "Link" not in rest.headers


def test_all_configs_are_read_only_as_far_as_they_fit_and_come_once_each(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # in no order, so that the order of the table is not that of the names
    sites = random.Random(1).sample([f"site{number:03d}" for number in range(100, 160)], 60)
    for site in sites:
        store.write(site, {"text": "x" * 387_000})
    scans: list[Any] = []
    request = Table._request

    def counted(self: Table, operation: str, **arguments: Any) -> Any:
        scans.append(arguments)
        return request(self, operation, **arguments)

    monkeypatch.setattr(Table, "_request", counted)
    found: list[str] = []
    url, last, pages = "", "", 0
    while True:
        scans.clear()
        answer = api.get(f"/all/config{url}", headers={"Accept-Encoding": "identity"})
        assert list(answer.json()) == sorted(answer.json())
        found += answer.json()
        pages += 1
        # two configs are a page of DynamoDB, and an answer reads 34
        assert len(scans) < 20
        assert scans[0].get("ExclusiveStartKey") == ({"site": {"S": last}} if url else None)
        if "next" not in answer.links:
            break
        url, last = answer.links["next"]["url"], found[-1]
    assert sorted(found) == sorted(sites)
    assert pages == 4


@pytest.mark.slow
def test_memory_for_all_configs_does_not_grow_with_their_number(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serialised({"configuration": {"filters": [{"name": "lum", "at": [0.5, 1.25], "n": None}] * 2000}})

    def scanned(self: Table, operation: str, **arguments: Any) -> Any:
        start = int(arguments.get("ExclusiveStartKey", {"site": {"S": "0"}})["site"]["S"])
        rows = [{"site": {"S": f"{number:06d}"}, **wire} for number in range(start + 1, start + 4)]
        return {
            "Items": json.loads(json.dumps(rows)),
            "LastEvaluatedKey": {"site": {"S": f"{start + 3:06d}"}},
        }

    monkeypatch.setattr(Table, "_request", scanned)
    monkeypatch.setattr(responses, "MAX_LISTING_BYTES", 3_000_000)
    tracemalloc.start()
    answer = handlers.get_all_configs(event(headers={"Accept-Encoding": "gzip"}), None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "Link" in answer["headers"]
    # a page of DynamoDB, and three times the JSON
    assert peak < 40_000_000


@pytest.mark.parametrize("path", ["/all/config", "/pipe/queues", "/pipe/statuses", "/latest_image_all_sites"])
@pytest.mark.parametrize("after", ["x" * 1025, "\ud800"])
def test_an_impossible_position_is_refused(aws: str, path: str, after: str) -> None:
    handler = {
        "/all/config": handlers.get_all_configs,
        "/pipe/queues": pipe_queue.handlers.list_queues,
        "/pipe/statuses": pipe_queue.handlers.list_statuses,
        "/latest_image_all_sites": db.handlers.get_latest_image_all_sites,
    }[path]
    answer = call(handler, query={"after": after})
    assert (answer.status, answer.body) == (
        400,
        "after must be as the Link header of an earlier response gives it.",
    )


def test_a_row_without_a_configuration_hides_no_other(api: ApiClient) -> None:
    store.write("mrc1", STORED)
    Table("CONFIG_TABLE_NAME").put({"site": "aro1"})
    assert api.get("/all/config").json() == {"mrc1": STORED}
