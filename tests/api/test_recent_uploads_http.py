"""The upload log over HTTP."""

import base64
import gzip
import json
import random
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from api import recent_uploads, store
from common.dynamodb import Table
from common.responses import Response, to_lambda
from support.client import ApiClient

UPLOADS = Table("UPLOADS_LOG_TABLE_NAME")
PLAIN = {"Accept-Encoding": "identity"}


def log(site: str, second: float, **attributes: Any) -> dict[str, Any]:
    item = {
        "site": site,
        "upload_timestamp_s": second,
        "filename": f"{site}-sq01-20260101-00000001-EX01.fits.fz",
        "size_bytes": 1_000_000,
        "expire_timestamp_s": 1_900_000_000,
        **attributes,
    }
    UPLOADS.put(item)
    return item


def test_a_site_s_uploads_come_oldest_first(api: ApiClient) -> None:
    items = [log("mrc1", second) for second in (1_790_000_300, 1_790_000_000.5, 1_790_000_100)]
    log("mrc", 1_790_000_200)
    assert api.get("/recentuploads?site=mrc1").json() == [items[1], items[2], items[0]]


def test_all_sites_come_in_one_order(api: ApiClient) -> None:
    items = [log("mrc1", 300), log("aro1", 100), log("eco1", 200), log("aro1", 300)]
    assert api.get("/recentuploads/?site=all").json() == [items[1], items[2], items[3], items[0]]


def test_the_site_may_stand_in_a_json_body(api: ApiClient) -> None:
    item = log("mrc1", 100)
    assert api.get("/recentuploads", json={"site": "mrc1"}).json() == [item]
    assert api.get("/recentuploads?site=aro1", json={"site": "mrc1"}).json() == []


@pytest.mark.parametrize("query", ["", "?site=", "?sitecode=mrc1"])
def test_a_request_without_a_site_is_a_404(api: ApiClient, query: str) -> None:
    answer = api.get(f"/recentuploads{query}")
    assert answer.status_code == 404
    assert answer.text == "Please be sure to include the sitecode query parameter."


def test_a_name_that_is_no_site_code_is_refused(api: ApiClient) -> None:
    assert api.get("/recentuploads?site=mrc%201").status_code == 400
    no_texts: list[Any] = [0, 1.5, True, ["mrc1"], {}]
    for site in no_texts:
        assert api.get("/recentuploads", json={"site": site}).status_code == 400


@pytest.mark.parametrize("site", ["all", "mrc1"])
def test_5_mb_of_uploads_are_complete(api: ApiClient, site: str) -> None:
    items = [log("mrc1", second, note="x" * 50_000) for second in range(100)]
    answer = api.get(f"/recentuploads?site={site}", headers=PLAIN)
    assert len(answer.content) > 5_000_000
    assert answer.json() == items
    assert "Link" not in answer.headers


@pytest.mark.parametrize("site", ["all", "mrc1"])
def test_a_list_over_6_mb_continues_at_its_link(api: ApiClient, site: str) -> None:
    items = [log("mrc1", 1000 + second / 1000, note="x" * 200_000) for second in range(70)]
    for headers, answers in ((PLAIN, 3), ({"Accept-Encoding": "gzip"}, 2)):
        pages: list[Any] = []
        url: str | None = f"?site={site}"
        while url:
            answer = api.get(f"/recentuploads{url}", headers=headers)
            pages.append(answer.json())
            url = answer.links.get("next", {}).get("url")
        assert [item for page in pages for item in page] == items
        assert len(pages) == answers


@pytest.mark.slow
def test_a_huge_log_of_all_sites_is_read_completely_but_not_kept_in_memory(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        numbers = list(range(40_000))
        random.Random(1).shuffle(numbers)
        for number in numbers:
            yield {"site": "mrc1", "upload_timestamp_s": Decimal(number), "filename": "x" * 3_000}

    monkeypatch.setattr(store, "uploads_of_all_sites", rows)
    after, seen = "", 0
    tracemalloc.start()
    for _ in range(3):
        page = to_lambda(Response(200, recent_uploads.listing("all", after)), accepts_gzip=True)
        items = json.loads(gzip.decompress(base64.b64decode(page["body"])))
        assert [item["upload_timestamp_s"] for item in items] == list(range(seen, seen + len(items)))
        seen += len(items)
        after = parse_qs(page["headers"]["Link"][2:].partition(">")[0])["after"][0]
        assert after == f"{seen - 1},mrc1"
        del page, items
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 80_000_000


def test_a_log_of_a_site_is_read_only_as_far_as_it_fits(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in range(60):
        log("mrc1", 1000 + second, note="x" * 390_000)
    pages: list[Any] = []
    request = Table._request

    def counted(self: Table, operation: str, **arguments: Any) -> Any:
        pages.append(arguments["ExpressionAttributeValues"])
        return request(self, operation, **arguments)

    monkeypatch.setattr(Table, "_request", counted)
    first = api.get("/recentuploads?site=mrc1", headers=PLAIN)
    # two items are a megabyte, which is a page of DynamoDB
    assert len(pages) < 20
    pages.clear()
    rest = api.get(f"/recentuploads{first.links['next']['url']}", headers=PLAIN)
    assert pages[0][":since"] == {"N": str(1000 + len(first.json()) - 1)}
    assert rest.json()[0]["upload_timestamp_s"] == 1000 + len(first.json())


def test_a_row_without_a_time_hides_no_other_row(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    odd: list[dict[str, Any]] = [{"site": "mrc1"}, {"site": "mrc1", "upload_timestamp_s": Decimal(1)}]
    monkeypatch.setattr(store, "uploads_of_all_sites", lambda: iter(odd))
    assert json.loads(recent_uploads.listing("all", None).text()) == [
        {"site": "mrc1", "upload_timestamp_s": 1}
    ]


@pytest.mark.parametrize(
    "after", ["x", ",mrc1", "nan,mrc1", "inf,mrc1", "1e126,mrc1", "-1e999999,mrc1", "1" * 39 + ",mrc1"]
)
def test_an_invalid_position_is_refused(api: ApiClient, after: str) -> None:
    answer = api.get("/recentuploads", params={"site": "mrc1", "after": after})
    assert answer.status_code == 400
    assert answer.text.startswith("after must be {upload_timestamp_s},{site}")


@pytest.mark.parametrize("site", ["all", "mrc1"])
def test_with_a_limit_the_newest_come_newest_first(api: ApiClient, site: str) -> None:
    items = [log("mrc1", second) for second in (100, 300.5, 200)]
    for limit, newest in ((1, [1]), (2, [1, 2]), (3, [1, 2, 0]), (1000, [1, 2, 0])):
        answer = api.get(f"/recentuploads?site={site}&limit={limit}")
        assert answer.json() == [items[place] for place in newest]
    assert api.get("/recentuploads", json={"site": site, "limit": 1}).json() == [items[1]]


@pytest.mark.parametrize("limit", ["0", "-1", "1.5", "1_0", "ten", "1001", "nan"])
def test_an_invalid_limit_is_refused(api: ApiClient, limit: str) -> None:
    answer = api.get(f"/recentuploads?site=mrc1&limit={limit}")
    assert (answer.status_code, answer.text) == (400, "limit must be a whole number from 1 to 1000.")


def test_a_position_between_items_goes_on_after_it(api: ApiClient) -> None:
    items = [log("mrc1", second) for second in (100, 200, 300)]
    answer = api.get("/recentuploads", params={"site": "mrc1", "after": f"{Decimal(150)},mrc1"})
    assert answer.json() == items[1:]
