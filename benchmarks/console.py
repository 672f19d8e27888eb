"""Measure what an open console costs in an hour: requests, and bytes that the browser receives.

`python -m benchmarks.console [--before FOLDER]`. FOLDER has the files of an earlier page, from a commit
before the page asked `GET /now`. Without it the earlier figures stay.

The hour is not waited for. The page is made to refresh as often as it does in an hour, by its button. Between
two refreshes the network lives on by as much as in that time: its sites send images, its PIPEs their status,
and what Lambdas keep for some seconds is dropped. Chromium counts requests and bytes, with their headers.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from benchmarks import figures, local_stack
from benchmarks.console_network import Network
from now import answer
from pages import assets
from support.client import ApiClient

SITES = 50
HOUR_S = 3600
# In a night each site sends an image every two minutes.
EXPOSURE_S = 120
WINDOW = "1280,1000"
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
_SETTLE_S = 0.6
# The ETag of `GET /now` changes every 300 s, which are ten refreshes. Ten refreshes take so long here.
_SAME_FOR_S = 15
_IS_OVER = "return !document.querySelector('#refresh[aria-disabled]')"


# How often the page asks by itself, now and before.
REFRESH_S, OLD_REFRESH_S = 30, 60


def main() -> None:
    """Measure, print and keep the figures."""
    options = _options()
    kept = figures.read("console")["figures"] if "console" in figures.names() else {}
    print(f"The console open for an hour, {SITES} sites ({figures.machine()})")
    answer.SAME_FOR_S = _SAME_FOR_S
    with _network() as (base_url, network):
        if options.before:
            with _pages_of(options.before):
                kept["before"] = _hours(base_url, network, OLD_REFRESH_S)
        kept["after"] = _hours(base_url, network, REFRESH_S)
    figures.write("console", {name: kept[name] for name in ("before", "after")})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--before", type=Path, help="folder with the earlier console.html, .js and .css")
    return parser.parse_args()


def _hours(base_url: str, network: Network, refresh_s: int) -> dict[str, Any]:
    """Measure an hour of each kind."""
    return {
        "a night": _hour(base_url, network, refresh_s, SITES * refresh_s // EXPOSURE_S),
        "nothing happens": _hour(base_url, network, refresh_s, 0),
    }


def _hour(base_url: str, network: Network, refresh_s: int, exposures: int) -> dict[str, Any]:
    """Measure an hour in which so many images come between two refreshes."""
    with _chromium() as browser:
        browser.get(f"{base_url}/console")
        # Only the button refreshes, not the page by its own timer.
        browser.execute_script("document.getElementById('automatic').checked = false")
        _wait(browser)
        opening = _counted(browser)
        for _ in range(HOUR_S // refresh_s):
            if exposures:
                network.live(exposures)
            network.forget()
            browser.execute_script("document.getElementById('refresh').click()")
            _wait(browser)
        found = {"opening": opening, "hour": _counted(browser)}
    print(f"every {refresh_s} s, {exposures} images between: {json.dumps(found)}", flush=True)
    return found


@contextmanager
def _network() -> Iterator[tuple[str, Network]]:
    with local_stack.running() as stack, ApiClient(stack.base_url) as api:
        network = Network(api, SITES)
        network.fill()
        yield stack.base_url, network


@contextmanager
def _chromium() -> Iterator[webdriver.Chrome]:
    with tempfile.TemporaryDirectory() as profile:
        options = Options()
        options.binary_location = str(shutil.which("chromium"))
        for flag in (*_FLAGS, f"--window-size={WINDOW}", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        browser = webdriver.Chrome(options, Service(executable_path=shutil.which("chromedriver")))
        try:
            yield browser
        finally:
            browser.quit()


def _wait(browser: webdriver.Chrome) -> None:
    """Wait until a refresh is over, and the pictures that it asked for are there."""
    time.sleep(_SETTLE_S)
    while not browser.execute_script(_IS_OVER):
        time.sleep(0.1)
    time.sleep(_SETTLE_S)


def _counted(browser: webdriver.Chrome) -> dict[str, dict[str, float]]:
    """Return requests and kB to the API and of pictures since the last call."""
    counted = {kind: {"requests": 0.0, "kb": 0.0} for kind in ("API", "pictures")}
    kinds: dict[str, str] = {}
    for entry in browser.get_log("performance"):  # type: ignore[no-untyped-call]
        message = json.loads(entry["message"])["message"]
        method, of = message["method"], message["params"]
        if method == "Network.responseReceived" and of["response"]["url"].startswith("http"):
            is_picture = ".jpg?" in of["response"]["url"]
            if not of["response"].get("fromDiskCache") and not of["response"].get("fromPrefetchCache"):
                kinds[of["requestId"]] = "pictures" if is_picture else "API"
                counted[kinds[of["requestId"]]]["requests"] += 1
        elif method == "Network.loadingFinished" and of["requestId"] in kinds:
            counted[kinds[of["requestId"]]]["kb"] += of["encodedDataLength"] / 1000
    return {kind: {what: round(number) for what, number in of.items()} for kind, of in counted.items()}


@contextmanager
def _pages_of(folder: Path) -> Iterator[None]:
    """Serve the earlier page's files inside the block."""
    own, modules, known = assets.OWN, assets.CONSOLE, assets.ASSETS
    assets.OWN, assets.CONSOLE = folder, ()
    names = {name: kind for name, kind in known.items() if (folder / name).exists() or "swagger" in name}
    assets.ASSETS = {**names, "console.js": assets.JAVASCRIPT}
    _forget()
    try:
        yield
    finally:
        assets.OWN, assets.CONSOLE, assets.ASSETS = own, modules, known
        _forget()


def _forget() -> None:
    for kept in (assets.content, assets.gzipped, assets.page):
        kept.cache_clear()


if __name__ == "__main__":
    main()
