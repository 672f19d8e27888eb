"""The docs page: what its padlocks mean, and what axe finds on it."""

import re
from collections.abc import Callable

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from auth.access import NEEDS, Need
from local.deployment import PROJECT
from support.client import ApiClient
from tests.browser.axe import program, violations

pytestmark = pytest.mark.browser

RETRY_FOR_S = 60

Show = Callable[[], None]


@pytest.fixture
def show(api: ApiClient, browser: webdriver.Chrome) -> Show:
    """Opens the docs page and waits until every route is on it."""

    def opened() -> None:
        browser.get(f"{api.base_url}/docs")
        wait = WebDriverWait(browser, RETRY_FOR_S, 0.1)
        wait.until(lambda _: len(browser.find_elements(By.CSS_SELECTOR, ".opblock")) == len(NEEDS))

    return opened


def locked(browser: webdriver.Chrome) -> set[str]:
    """The routes with a padlock."""
    script = """
        return [...document.querySelectorAll(".opblock:has(.authorization__btn)")].map((block) =>
          block.querySelector(".opblock-summary-method").textContent.trim() + " " +
          block.querySelector(".opblock-summary-path").dataset.path)"""
    found: list[str] = browser.execute_script(script)
    return set(found)


@pytest.mark.parametrize("access", ["open", "protected"])
def test_a_padlock_is_on_the_routes_that_need_a_key_on_this_stage(
    show: Show, browser: webdriver.Chrome, monkeypatch: pytest.MonkeyPatch, access: str
) -> None:
    monkeypatch.setenv("WRITE_ACCESS", access)
    show()
    needing = {
        route
        for route, need in NEEDS.items()
        if need in (Need.GATEWAY, Need.TOKEN) or (access == "protected" and need is not Need.NOTHING)
    }
    assert locked(browser) == needing
    assert "Padlocks mark the routes that need" in browser.find_element(By.CSS_SELECTOR, ".info").text


@pytest.fixture
def axe() -> str:
    return program()


def press(browser: webdriver.Chrome, selector: str) -> None:
    """Press a button as soon as it is there."""
    WebDriverWait(browser, RETRY_FOR_S, 0.1).until(
        lambda _: browser.execute_script(
            "const button = document.querySelector(arguments[0]); button?.click(); return button", selector
        )
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_with_an_answer_and_the_dialog_open(
    show: Show, browser: webdriver.Chrome, axe: str, theme: str
) -> None:
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    show()
    browser.execute_script(axe)
    assert violations(browser) == []
    for route in ("upload", "getNightLog", "home"):
        press(browser, f"[id$='-{route}'] .opblock-summary-control")
    press(browser, "[id$='-upload'] .try-out__btn")
    press(browser, "[id$='-home'] .try-out__btn")
    press(browser, "[id$='-home'] .execute")
    WebDriverWait(browser, RETRY_FOR_S, 0.1).until(
        lambda _: browser.find_elements(By.CSS_SELECTOR, ".live-responses-table")
    )
    assert violations(browser) == []
    press(browser, ".auth-wrapper .authorize")
    assert violations(browser) == []
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_link_into_the_page_opens_its_route(show: Show, browser: webdriver.Chrome, api: ApiClient) -> None:
    show()
    press(browser, "[id$='-home'] .opblock-summary-control")
    WebDriverWait(browser, RETRY_FOR_S, 0.1).until(lambda _: browser.current_url.endswith("#/service/home"))
    browser.get("about:blank")
    browser.get(f"{api.base_url}/docs#/service/home")
    WebDriverWait(browser, RETRY_FOR_S, 0.1).until(
        lambda _: browser.find_elements(By.CSS_SELECTOR, "#operations-service-home.is-open")
    )


def test_the_page_opens_with_a_way_in_for_each_reader(
    show: Show, browser: webdriver.Chrome, api: ApiClient
) -> None:
    show()
    ways = browser.find_elements(By.CSS_SELECTOR, "#ways article")
    readers = ["A site", "A PIPE", "An astronomer", "An operator"]
    assert [way.find_element(By.TAG_NAME, "h3").text for way in ways] == readers
    for way in ways:
        assert len(way.find_elements(By.TAG_NAME, "li")) == 4
        examples = re.findall(r"examples/\w+\.py", way.text)
        assert examples
        assert [name for name in examples if not (PROJECT / name).exists()] == []
    links = [str(each.get_attribute("href")) for each in browser.find_elements(By.CSS_SELECTOR, "#ways a")]
    assert f"{api.base_url}/console" in links
    blocks = [link.split("#/")[1].replace("/", "-") for link in links if "#/" in link]
    assert len(blocks) >= 12
    for block in blocks:
        assert browser.find_elements(By.ID, f"operations-{block}"), block


def test_a_way_in_opens_its_route(show: Show, browser: webdriver.Chrome) -> None:
    show()
    press(browser, "#ways a[href='#/now/getNow']")
    WebDriverWait(browser, RETRY_FOR_S, 0.1).until(
        lambda _: browser.find_elements(By.CSS_SELECTOR, "#operations-now-getNow.is-open")
    )
    focused = "return document.activeElement.closest('.opblock').id"
    assert browser.execute_script(focused) == "operations-now-getNow"
    top = "return document.activeElement.closest('.opblock').getBoundingClientRect().top"
    WebDriverWait(browser, RETRY_FOR_S, 0.1).until(lambda _: abs(browser.execute_script(top)) < 300)
