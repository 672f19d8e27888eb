"""A headless Chromium, driven through its own driver."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from support.client import ApiClient
from tests.browser.console import RETRY_FOR_S, Console, Wait

# Without the last ones Chromium calls home at its start.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def browser(chromium_session: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """Chromium. It opens an empty page after each test, or else the console would go on asking the API."""
    yield chromium_session
    chromium_session.get("about:blank")


@pytest.fixture
def wait(browser: webdriver.Chrome) -> Wait:
    """Waits until something is so, and answers it."""
    return lambda so: WebDriverWait(browser, RETRY_FOR_S, 0.1).until(lambda _browser: so())


@pytest.fixture
def quiet(browser: webdriver.Chrome) -> Iterator[None]:
    """Fails where a page loaded anything of another origin, or complained."""
    browser.get_log("browser")  # type: ignore[no-untyped-call]  # what earlier tests left
    yield
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    origin = browser.execute_script("return location.origin")
    assert [url for url in loaded if not url.startswith((origin, "data:"))] == []
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


@pytest.fixture
def console(api: ApiClient, database: str, browser: webdriver.Chrome, wait: Wait) -> Iterator[Console]:
    """The console, with an image table that is empty at first. The browser keeps nothing of the visit."""
    yield Console(api.base_url, browser, wait)
    if browser.current_url.startswith(api.base_url):
        browser.execute_script("localStorage.clear(); sessionStorage.clear()")


@pytest.fixture(scope="session")
def chromium_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Skips where there is no Chromium, unless `REQUIRE_BROWSER` insists on one."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("REQUIRE_BROWSER is set, and there is no chromium with chromedriver")
        pytest.skip("needs chromium and chromedriver (Debian: chromium, chromium-driver)")
    session = webdriver.Chrome(
        _options(chromium, tmp_path_factory.mktemp("chromium")), Service(executable_path=driver)
    )
    session.set_script_timeout(30)
    yield session
    session.quit()


def _options(chromium: str, profile: Path) -> Options:
    options = Options()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    return options
