"""The web UI's calls, request by request, with what its code does with each answer.

Its code runs in a browser on another origin, with axios: it cannot read an answer without CORS headers.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from api import zips
from info_images import store as info_images
from local.demo.sent_configs import sent_configurations
from site_configs import store as site_configs
from support.client import ApiClient
from support.images import packed, put, sky
from support.network import UI_URL
from tests.downloads.rows import image, insert
from zip_function import store as zip_store

ORIGIN = UI_URL
BASE = "mrc1-sq01-20260101-00000001"
# From then on the table has degrees, and the UI divides them by 15.
DEGREES_SINCE_MS = datetime(2023, 3, 8, 9, 20, tzinfo=UTC).timestamp() * 1000
DUBLIN_JD = 2415020


class Browser:
    """A page of the UI: it sees an answer only with CORS headers, and knows errors by their status."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._api.headers["Origin"] = ORIGIN

    def ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Return the answer, which the browser lets the page see."""
        answer = self._api.request(method, path, **arguments)
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN), path
        return answer


@pytest.fixture
def ui(api: ApiClient) -> Browser:
    return Browser(api)


def test_a_preflight_allows_every_method_and_header_of_the_ui(ui: Browser) -> None:
    """A browser sends a preflight before a request with a JSON body or a token."""
    for method, path in (("POST", "/download"), ("DELETE", "/nightlog/mrc1"), ("POST", "/downloadzip")):
        wanted = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"}
        answer = ui.ask("OPTIONS", path, headers=wanted)
        assert answer.status_code == 200
        assert method in answer.headers["Access-Control-Allow-Methods"]
        assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()


def test_the_home_page_reads_tonight_from_the_configs(ui: Browser) -> None:
    """It never asks for /events: it makes clock times of the Dublin Julian dates in each config."""
    now = time.time()
    for site, config in sent_configurations(now).items():
        site_configs.write(site, config)
    for config in ui.ask("GET", "/all/config").json().values():
        events = config["events"]
        sunset, sunrise = (_unix_s(events[name]) for name in ("Sun Set", "Sunrise"))
        assert sunset < sunrise
        assert abs(sunset - now) < 86400


def _unix_s(dublin_jd: float) -> float:
    return (dublin_jd + DUBLIN_JD - 2440587.5) * 86400


def test_the_field_of_view_is_drawn_by_the_camera_s_size(ui: Browser) -> None:
    site_configs.write("mrc1", sent_configurations(time.time())["mrc1"])
    camera = ui.ask("GET", "/mrc1/config").json()["configuration"]["camera"]["camera_1_1"]
    scale = camera["settings"]["manual_onebyone_pix_scale"] / 3600
    assert 0.1 < camera["camera_size_x"] * scale < 1
    assert 0.1 < camera["camera_size_y"] * scale < 1


def test_one_odd_config_does_not_empty_the_list_of_sites(ui: Browser) -> None:
    site_configs.write("mrc1", {"name": "Mission Ridge", "owner": {"a", "b"}})
    site_configs.write("aro1", {"name": "Apache Ridge"})
    found = ui.ask("GET", "/all/config").json()
    assert found == {"aro1": {"name": "Apache Ridge"}, "mrc1": {"name": "Mission Ridge", "owner": ["a", "b"]}}


def test_the_info_image_of_the_site_before_is_cleared_by_204_alone(ui: Browser) -> None:
    """The page shows a 200's picture, clears it on a 204, and on anything else keeps what it shows."""
    site_configs.write("mrc1", {})
    site_configs.write("aro1", {})
    info_images.await_image("mrc1", 1, BASE)
    info_images._table.put({"pk": "mrc1#1", "base_filename": BASE})
    shown = None
    for site, expected in (("mrc1", BASE), ("aro1", None), ("mrc1", BASE)):
        answer = ui.ask("GET", f"/infoimage/{site}/1")
        if answer.status_code == 200:
            shown = answer.json()["base_filename"]
        elif answer.status_code == 204:
            shown = None
        assert shown == expected


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("captured", "stored"), [("2026-01-01T20:00:00", 83.82), ("2023-03-08T09:19:59", 5.588)]
)
def test_right_ascension_is_shown_in_hours_for_old_and_new_images(
    ui: Browser, captured: str, stored: float
) -> None:
    insert(
        image(1, captured, sort_date=captured, right_ascension=stored, jpg_medium_exists=True),
    )
    (package,) = ui.ask("GET", "/mrc1/latest_images/1").json()
    in_degrees = package["capture_date"] >= DEGREES_SINCE_MS
    hours = package["right_ascension"] / 15 if in_degrees else package["right_ascension"]
    assert hours == pytest.approx(5.588)
    # the date of a file is read out of its URL by its dashes
    assert package["jpg_url"].split("?")[0].split("-")[-3] == "20260101"


@pytest.mark.parametrize("stored", ["00", "01"])
@pytest.mark.parametrize("wanted", [{"image_type": "fits"}, {"image_type": "tif", "stretch": "linear"}])
def test_the_large_fits_is_always_asked_for_as_level_00(
    ui: Browser, stored: str, wanted: dict[str, str]
) -> None:
    """The answer is the address, bare, which the page opens."""
    put(f"data/{BASE}-EX{stored}.fits.fz", packed(sky().astype("uint16")))
    body = {"object_name": f"{BASE}-EX00.fits.fz", "s3_directory": "data", **wanted}
    answer = ui.ask("POST", "/download", json=body)
    assert answer.text.startswith("http")
    assert answer.text == answer.text.strip()
    assert requests.get(answer.text, timeout=30).status_code == 200


NIGHT = {"site": "mrc1", "start_timestamp_s": 1767225600, "end_timestamp_s": 1767312000}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("fits_size", "stored"), [("large", "00"), ("best", "00"), ("best", "10")])
def test_a_zip_has_what_the_site_has_stored(ui: Browser, fits_size: str, stored: str) -> None:
    insert(image(1, "2026-01-01T20:00:00"))
    put(f"data/{BASE}-EX{stored}.fits.fz", b"image")
    answer = ui.ask("POST", "/downloadzip", json={**NIGHT, "fits_size": fits_size})
    content = requests.get(answer.json()["message"], timeout=30).content
    assert f"{BASE}-EX{stored}.fits.fz".encode() in content


# What the page says to an error of the zip button, by `error.response.status`; it has words for no other.
WORDS = {404: "no images", 504: "the zip is still being made"}


@pytest.mark.usefixtures("database")
def test_the_zip_button_has_words_for_its_errors(ui: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(key: str) -> Any:
        time.sleep(1)
        return real(key)

    body = {**NIGHT, "fits_size": "small"}
    assert WORDS[ui.ask("POST", "/downloadzip", json=body).status_code] == "no images"
    insert(image(1, "2026-01-01T20:00:00"))
    put(f"data/{BASE}-EX10.fits.fz", b"image")
    real = zip_store.look_up
    monkeypatch.setattr(zip_store, "look_up", slow)
    monkeypatch.setattr(zips, "WAIT_S", 0.3)
    answer = ui.ask("POST", "/downloadzip", json=body)
    assert WORDS[answer.status_code] == "the zip is still being made"
    assert int(answer.headers["Retry-After"]) > 0


def test_a_note_is_written_without_a_token_and_deleted_with_one(ui: Browser, token: str) -> None:
    note = {"site": "mrc1", "username": "Ada", "userid": "auth0|ada", "message": "Clear.", "ttl_hours": "12"}
    assert ui.ask("POST", "/nightlog/mrc1", json={"note_data": note}).status_code == 200
    assert ui.ask("GET", "/nightlog/mrc1").json()["note_data"] == note
    assert ui.ask("DELETE", "/nightlog/mrc1").status_code == 401
    headers = {"Authorization": f"Bearer {token}"}
    assert ui.ask("DELETE", "/nightlog/mrc1", headers=headers).status_code == 204
    assert ui.ask("GET", "/nightlog/mrc1").status_code == 204


@pytest.mark.usefixtures("database")
def test_the_header_s_table_shows_seeing_sky_and_stack(ui: Browser) -> None:
    cards = {"FWHMASEC": 2.31, "SEPSKY": 812.5, "SSTKLEN": 10}
    insert(image(1, "2026-01-01T20:00:00", header=json.dumps(cards)))
    assert cards.items() <= ui.ask("GET", f"/fitsheader/{BASE}").json().items()


FAILING: list[Callable[[Browser], requests.Response]] = [
    lambda ui: ui.ask("GET", "/nowhere/config"),
    lambda ui: ui.ask("GET", "/no/such/route"),
    lambda ui: ui.ask("POST", "/download", data="{"),
    lambda ui: ui.ask("POST", "/dummy-requires-auth"),
    lambda ui: ui.ask("GET", "/events?site=mrc1&when=2145916800"),
]


@pytest.mark.parametrize("call", FAILING)
def test_the_status_of_every_error_reaches_the_page(
    ui: Browser, call: Callable[[Browser], requests.Response]
) -> None:
    assert 400 <= call(ui).status_code < 500
