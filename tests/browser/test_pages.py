"""The docs page and the picture of a night as people see them: in Chromium, before real answers."""

from functools import partial

import pytest
import requests
from selenium import webdriver
from selenium.webdriver.common.by import By

from support.client import ApiClient
from tests.browser.console import Wait, text_of
from tests.now.network import put_site

pytestmark = pytest.mark.browser

METHODS = ("get", "put", "post", "delete")


@pytest.mark.usefixtures("quiet")
def test_a_route_is_tried_on_the_docs_page(api: ApiClient, browser: webdriver.Chrome, wait: Wait) -> None:
    browser.get(f"{api.base_url}/docs")
    paths = api.get("/openapi.json").json()["paths"]
    operations = sum(method in METHODS for path in paths.values() for method in path)
    wait(lambda: len(browser.find_elements(By.CSS_SELECTOR, ".opblock")) == operations)
    block = "#operations-service-home"
    for button in (".opblock-summary-control", ".try-out__btn", ".execute"):
        there = partial(browser.find_elements, By.CSS_SELECTOR, f"{block} {button}")
        browser.execute_script("arguments[0].click()", wait(there)[0])
    answer = f"{block} .live-responses-table .microlight"
    wait(lambda: browser.find_elements(By.CSS_SELECTOR, answer))
    assert "New photon ranch API" in text_of(browser, answer)


def test_the_docs_page_fits_a_phone_and_has_a_dark_mode(
    api: ApiClient, browser: webdriver.Chrome, wait: Wait
) -> None:
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get(f"{api.base_url}/docs")
        opened = "#operations-images-getLatestImages"
        wait(lambda: browser.find_elements(By.CSS_SELECTOR, opened))
        browser.execute_script(f"document.querySelector('{opened} button').click()")
        wait(lambda: browser.find_elements(By.CSS_SELECTOR, f"{opened} .responses-table"))
        assert browser.execute_script("return document.documentElement.scrollWidth") == 360
        ground = "return getComputedStyle(document.body).backgroundColor"
        assert browser.execute_script(ground) == "rgb(28, 32, 34)"
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_contract_that_does_not_load_is_reported(
    api: ApiClient, browser: webdriver.Chrome, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages import handlers

    monkeypatch.setattr(handlers, "DOCUMENT", handlers.DOCUMENT.with_name("none.json"))
    handlers._document.cache_clear()
    browser.get(f"{api.base_url}/docs")
    wait(lambda: "could not be loaded" in text_of(browser, "[role=alert]"))


def test_the_plot_s_policy_allows_its_colours_and_nothing_else(
    api: ApiClient, browser: webdriver.Chrome, wait: Wait
) -> None:
    put_site("mrc")
    answer = requests.get(f"{api.base_url}/events/plot?site=mrc", timeout=30)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    browser.get(f"{api.base_url}/events/plot?site=mrc")
    paper = "return getComputedStyle(document.querySelector('.paper')).fill"
    assert wait(lambda: browser.execute_script(paper)) == "rgb(255, 255, 255)"
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    browser.execute_script(
        "const script = document.createElementNS('http://www.w3.org/1999/xhtml', 'script');"
        "script.textContent = 'window.ran = true'; document.documentElement.append(script);"
    )
    assert browser.execute_script("return window.ran") is None
    browser.get_log("browser")  # type: ignore[no-untyped-call]  # the browser says that it ran no script
