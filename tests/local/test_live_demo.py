"""`DEMO=live`: new exposures arrive as from real sites, and a PIPE works on them."""

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from local.auth0 import Auth0
from local.demo.live import LiveDemo
from support.client import ApiClient

# Night at Mission Ridge and Apache Ridge, and day at Eltham.
NIGHT = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 - the demo's times are UTC without saying so


@pytest.fixture
def demo(api: ApiClient, ingester: None, auth0: Auth0) -> Iterator[LiveDemo]:
    """The demo network, which uses the API. Its thread is off: tests call `step`."""
    api.post("/pipe/queue", json={"queue_name": "smartstacks"}).raise_for_status()
    made = LiveDemo(api.base_url, auth0.token("auth0|demo-network", ["admin"]), lambda _words: None)
    made._thread.start = lambda: None  # type: ignore[method-assign]
    yield made
    made._maker.shutdown()


def test_sites_in_the_dark_send_exposures_and_a_pipe_does_the_jobs(api: ApiClient, demo: LiveDemo) -> None:
    names = demo.step(NIGHT)
    assert {name.partition("-")[0] for name in names} == {"mrc1", "aro1"}
    deadline = time.monotonic() + 20
    while True:
        listed = [api.get(f"/{site}/latest_images/1").json() for site in ("mrc1", "aro1")]
        if all(images and images[0]["jpg_small_exists"] and images[0]["fits_01_exists"] for images in listed):
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert sorted(images[0]["base_filename"] for images in listed) == sorted(names)
    assert all(images[0]["username"].startswith("Demo") for images in listed)
    assert api.get("/pipe/queues").json() == {"smartstacks": 0}
    assert api.get("/pipe/status/pipe1").json()["status"] == "idle"
    assert api.get("/nightlog/mrc1").json()["note_data"]["message"].startswith("First exposure: ")
    later = demo.step(NIGHT.replace(minute=3))
    assert set(later).isdisjoint(names)


def test_by_day_nothing_arrives(demo: LiveDemo) -> None:
    assert demo.step(NIGHT.replace(hour=21)) == []
