"""The console with few and many observatories, on a phone, a desk and a wall, in all colors."""

import io
from typing import Any

import pytest
from PIL import Image

from now import answer
from support.client import ApiClient
from tests.browser.axe import program, violations
from tests.browser.console import Console
from tests.now.network import MIDNIGHT, MINUTE_S, NOON, log_upload, put_image, put_site

pytestmark = pytest.mark.browser

SITES = 200
SIZES = {"phone": (360, 740), "desk": (1280, 900), "wall": (2560, 1300)}
COLORS = ("light", "dark", "red")
LONG = "Seeing_near_2_arcseconds_and_thin_cirrus_expected_after_midnight_" * 3


@pytest.fixture
def network(console: Console, api: ApiClient) -> Console:
    """Three observatories, one of which is silent, a queue with each kind of item, and a PIPE."""
    put_site("dark1", MIDNIGHT, name="Observatory with a long name, 0.43 m", TZ_database_name="Asia/Tokyo")
    put_site("light1", NOON)
    put_site("odd1", latitude=None)
    put_image("dark1", 1, 45 * MINUTE_S)
    log_upload("light1", MINUTE_S, f"data/{LONG}.txt")
    api.post("/nightlog/light1", json={"note_data": {"message": LONG}})
    api.post("/pipe/queue", json={"queue_name": "jobs", "max_receives": 1})
    for _ in range(3):
        body = {"queue_name": "jobs", "payload": {"file": LONG}, "sender": LONG}
        api.post("/pipe/enqueue", json=body)
    item = api.post("/pipe/queue/jobs/dequeue", json={"lease_seconds": 600}).json()
    api.post("/pipe/queue/jobs/nack", json={"id": item["id"], "lease_id": item["lease_id"]})
    api.post("/pipe/queue/jobs/dequeue", json={"lease_seconds": 600})
    api.post("/pipe/status", json={"pipe_id": "pipe-1", "status": LONG, "details": {"load": LONG}})
    answer.forget()
    return console


def measured(console: Console) -> dict[str, Any]:
    script = """return {
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        small: [...document.querySelectorAll("button, a, input, select, summary")]
          .filter((each) => each.checkVisibility() && !each.closest("p, .skip"))
          .filter((each) => each.getBoundingClientRect().height < 16)
          .map((each) => each.outerHTML),
        cut: [...document.querySelectorAll("tbody td, tbody th")]
          .filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1)
          .map((each) => each.outerHTML.slice(0, 200)),
    }"""
    found: dict[str, Any] = console.browser.execute_script(script)
    return found


@pytest.mark.parametrize("colors", COLORS)
@pytest.mark.parametrize("screen", SIZES)
def test_axe_finds_nothing_and_nothing_is_cut_with_all_of_it_open(
    network: Console, screen: str, colors: str
) -> None:
    with network.sized(*SIZES[screen]):
        network.open("#observatory/dark1")
        network.choose("#colors", colors)
        network.browser.execute_script("location.hash = '#queue/jobs'")
        network.browser.execute_script("location.hash = '#pipe/pipe-1'")
        network.wait(lambda: len(network.all("#queues .items li")) == 3)
        network.wait(lambda: network.all("#pipes pre"))
        assert measured(network) == {"wide": 0, "small": [], "cut": []}
        network.browser.execute_script(program())
        assert violations(network.browser) == []


def test_two_hundred_observatories_are_shown_on_every_screen(console: Console) -> None:
    for number in range(SITES):
        put_site(f"obs{number:03}", number * 24 / SITES)
    answer.forget()
    for width, height in SIZES.values():
        with console.sized(width, height):
            console.open()
            assert len(console.all("#observatories tr.observatory")) == SITES
            assert measured(console) == {"wide": 0, "small": [], "cut": []}
            tops = "return [...document.querySelectorAll('tr.observatory')].map((row) => row.offsetTop)"
            per_line = SITES / len(set(console.browser.execute_script(tops)))
            # A wall is wide enough for two.
            assert per_line == (2 if width > 2000 else 1)
    console.browser.execute_script(program())
    assert violations(console.browser) == []


def test_the_red_page_has_only_red_light_and_is_red_again_at_the_next_visit(network: Console) -> None:
    network.open("#observatory/dark1")
    network.choose("#colors", "red")
    assert other_light(network) == 0
    network.open()
    assert network.browser.execute_script("return document.documentElement.dataset.colors") == "red"
    network.click(".thumbnail:not(:disabled)")
    network.wait(lambda: network.all("#image[open]"))
    assert other_light(network) == 0


def other_light(console: Console) -> int:
    """Return the brightest green or blue of any pixel, of 255."""
    picture = Image.open(io.BytesIO(console.browser.get_screenshot_as_png())).convert("RGB")
    return max(max(picture.getchannel(name).tobytes()) for name in "GB")


@pytest.mark.parametrize("system", ["light", "dark"])
def test_it_follows_the_system(network: Console, system: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": system}]
    network.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    network.open()
    ground = "return getComputedStyle(document.documentElement).backgroundColor"
    colors = {"light": "rgb(244, 246, 249)", "dark": "rgb(16, 22, 31)"}
    assert network.browser.execute_script(ground) == colors[system]
    network.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
