"""The upload log over HTTP."""

from decimal import Decimal
from typing import Any

import pytest

from common.dynamodb import Table
from tests.client import ApiClient

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
def test_no_site_is_not_found(api: ApiClient, query: str) -> None:
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
    items = [log("mrc1", second, note="x" * 5_000) for second in range(1000)]
    answer = api.get(f"/recentuploads?site={site}", headers=PLAIN)
    assert len(answer.content) > 5_000_000
    assert answer.json() == items
    assert "Link" not in answer.headers


@pytest.mark.parametrize("site", ["all", "mrc1"])
def test_what_passes_6_mb_goes_on_where_the_link_leads(api: ApiClient, site: str) -> None:
    items = [log("mrc1", 1000 + second / 1000, note="x" * 20_000) for second in range(700)]
    found: list[Any] = []
    url: str | None = f"?site={site}"
    while url:
        answer = api.get(f"/recentuploads{url}", headers=PLAIN)
        found += answer.json()
        url = answer.links.get("next", {}).get("url")
    assert found == items
    assert api.get(f"/recentuploads?site={site}").json() == items


@pytest.mark.parametrize("after", ["x", ",mrc1", "nan,mrc1", "inf,mrc1"])
def test_a_position_that_is_none_is_refused(api: ApiClient, after: str) -> None:
    answer = api.get("/recentuploads", params={"site": "mrc1", "after": after})
    assert answer.status_code == 400
    assert answer.text.startswith("after must be {upload_timestamp_s},{site}")


def test_a_position_between_items_goes_on_after_it(api: ApiClient) -> None:
    items = [log("mrc1", second) for second in (100, 200, 300)]
    answer = api.get("/recentuploads", params={"site": "mrc1", "after": f"{Decimal(150)},mrc1"})
    assert answer.json() == items[1:]
