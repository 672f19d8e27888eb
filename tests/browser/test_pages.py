"""The pages as people see them: in Chromium, before real answers."""

import io
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import psycopg2
import pytest
import requests
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from common.dynamodb import Table
from common.errors import Unavailable
from local.demo.load import load
from local.stack import CACHE
from pipe_queue import queues
from support.client import ApiClient

pytestmark = pytest.mark.browser

METHODS = ("get", "put", "post", "delete")

RETRY_FOR_S = 60

Wait = Callable[[Callable[[], Any]], Any]

CONFIG = {
    "name": "Mission <b>Ridge</b>",
    "latitude": 34.459375,
    "longitude": -119.681172,
    "elevation": 317.75,
    "reference_ambient": 10,
    "reference_pressure": 970.1,
    "TZ_database_name": "America/Los_Angeles",
}


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


def text_of(browser: webdriver.Chrome, selector: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).text


def updated(browser: webdriver.Chrome) -> bool:
    return text_of(browser, "#updated").startswith("Updated")


@pytest.fixture
def network(api: ApiClient, database: str) -> ApiClient:
    api.put("/mrc/config", json=CONFIG)
    api.put("/mrc1/config", json={"wema_name": "mrc", "instance_type": "obs", "name": "Mission Ridge 0.43 m"})
    api.post("/nightlog/mrc1", json={"note_data": {"message": "Thin <i>cirrus</i>.", "username": "Ada"}})
    api.post("/pipe/queue", json={"queue_name": "jobs"})
    api.post("/pipe/enqueue", json={"queue_name": "jobs"})
    api.post("/pipe/status", json={"pipe_id": "pipe-1", "status": "busy", "details": {"load": 0.7}})
    return api


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


def test_the_docs_page_fits_a_phone_and_follows_the_system_into_the_dark(
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


def test_a_contract_that_does_not_load_is_said(
    api: ApiClient, browser: webdriver.Chrome, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages import handlers

    monkeypatch.setattr(handlers, "DOCUMENT", handlers.DOCUMENT.with_name("none.json"))
    handlers._document.cache_clear()
    browser.get(f"{api.base_url}/docs")
    wait(lambda: "could not be loaded" in text_of(browser, "[role=alert]"))


# What every object of JavaScript has, and so whoever looks a site up in one finds.
EVERY_OBJECT_HAS = ["__proto__", "constructor", "hasOwnProperty", "toString", "valueOf"]


@pytest.mark.usefixtures("quiet")
def test_names_like_parts_of_javascript_do_not_break_the_console(
    network: ApiClient, browser: webdriver.Chrome, wait: Wait
) -> None:
    for name in EVERY_OBJECT_HAS:
        network.put(f"/{name}/config", json={"name": "odd", "wema_name": "toString"}).raise_for_status()
        network.post(f"/nightlog/{name}", json={"note_data": None})
        network.post("/pipe/queue", json={"queue_name": name}).raise_for_status()
    browser.get(f"{network.base_url}/console")
    wait(lambda: updated(browser))
    assert text_of(browser, "#failures") == ""
    headings = {each.text for each in browser.find_elements(By.CSS_SELECTOR, "#sites h3")}
    assert {"mrc1: Mission Ridge 0.43 m", *(f"{name}: odd" for name in EVERY_OBJECT_HAS)} - headings == {
        "toString: odd"  # the enclosure that the others name
    }
    queues = {each.text for each in browser.find_elements(By.CSS_SELECTOR, "#queues tbody th")}
    assert queues == {"jobs", *EVERY_OBJECT_HAS}
    assert "Thin <i>cirrus</i>." in text_of(browser, "#notes")
    links = browser.find_elements(By.LINK_TEXT, "tonight at toString")
    assert len(links) == len(EVERY_OBJECT_HAS) - 1
    # the picture of an odd site fails by itself, as that of any site without a place
    browser.get_log("browser")  # type: ignore[no-untyped-call]


def test_a_section_that_cannot_be_shown_leaves_the_others_alone(
    network: ApiClient, browser: webdriver.Chrome, wait: Wait
) -> None:
    Table("UPLOADS_LOG_TABLE_NAME").put(
        {"site": "mrc1", "upload_timestamp_s": 10**30, "filename": "a", "expire_timestamp_s": 10**12}
    )
    browser.get(f"{network.base_url}/console")
    wait(lambda: updated(browser))
    assert "the section uploads: " in text_of(browser, "#failures")
    assert text_of(browser, "#sites h3") == "mrc1: Mission Ridge 0.43 m"
    assert browser.find_element(By.ID, "refresh").get_attribute("aria-disabled") is None


def test_the_plot_s_policy_allows_its_colours_and_nothing_else(
    network: ApiClient, browser: webdriver.Chrome, wait: Wait
) -> None:
    answer = requests.get(f"{network.base_url}/events/plot?site=mrc", timeout=30)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    browser.get(f"{network.base_url}/events/plot?site=mrc")
    paper = "return getComputedStyle(document.querySelector('.paper')).fill"
    assert wait(lambda: browser.execute_script(paper)) == "rgb(255, 255, 255)"
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    browser.execute_script(
        "const script = document.createElementNS('http://www.w3.org/1999/xhtml', 'script');"
        "script.textContent = 'window.ran = true'; document.documentElement.append(script);"
    )
    assert browser.execute_script("return window.ran") is None
    browser.get_log("browser")  # type: ignore[no-untyped-call]  # the browser says that it ran no script


@pytest.mark.usefixtures("quiet")
def test_the_console_shows_the_network(network: ApiClient, browser: webdriver.Chrome, wait: Wait) -> None:
    browser.get(f"{network.base_url}/console/")
    wait(lambda: updated(browser))
    assert text_of(browser, "#failures") == ""
    assert text_of(browser, "#sites h3") == "mrc1: Mission Ridge 0.43 m"
    assert "No image yet." in text_of(browser, "#sites")
    cells = browser.find_elements(By.CSS_SELECTOR, "#queues tbody tr > *")
    assert [cell.text for cell in cells[:5]] == ["jobs", "1", "1", "0", "0"]
    assert cells[5].text.endswith(" s")
    assert "busy" in text_of(browser, "#pipes tbody")
    assert "load: 0.7" in text_of(browser, "#pipes tbody")
    assert "Nothing was uploaded lately." in text_of(browser, "#uploads")
    # what people wrote is text, whatever it looks like
    assert "Thin <i>cirrus</i>." in text_of(browser, "#notes")
    assert text_of(browser, "#tonight h3") == "mrc: Mission <b>Ridge</b>"
    browser.find_element(By.LINK_TEXT, "tonight at mrc").click()
    assert browser.execute_script("return document.activeElement.id") == "night-mrc"
    browser.execute_script("document.querySelector('#tonight img').scrollIntoView()")
    drawn = (
        "const plot = document.querySelector('#tonight img'); return plot.complete && plot.naturalWidth > 0"
    )
    wait(lambda: browser.execute_script(drawn))


def jpeg() -> bytes:
    made = io.BytesIO()
    Image.new("L", (8, 8), 90).save(made, "JPEG")
    return made.getvalue()


def test_the_console_shows_images_and_uploads(
    api: ApiClient, ingester: None, browser: webdriver.Chrome, wait: Wait
) -> None:
    api.put("/mrc1/config", json={})
    form = api.post("/upload", json={"object_name": "mrc1-sq01-20260101-00000001-EX10.jpg"}).json()
    requests.post(form["url"], data=form["fields"], files={"file": jpeg()}, timeout=30).raise_for_status()
    wait(lambda: api.get("/mrc1/latest_images/1").json() and api.get("/recentuploads?site=mrc1").json())
    browser.get(f"{api.base_url}/console")
    wait(lambda: updated(browser))
    picture = browser.find_element(By.CSS_SELECTOR, "#sites img")
    assert "data/mrc1-sq01-20260101-00000001-EX10.jpg" in str(picture.get_attribute("src"))
    assert picture.get_attribute("alt") == "Newest image of mrc1"
    assert "mrc1-sq01-20260101-00000001-EX10.jpg" in text_of(browser, "#uploads table")
    assert "1 of 1 shown." in text_of(browser, "#uploads")
    # a refresh that finds the same image leaves it, and the focus beside it, alone
    link = browser.find_element(By.LINK_TEXT, "tonight at mrc1")
    browser.execute_script("arguments[0].focus()", link)
    browser.execute_script("document.getElementById('updated').textContent = ''; refresh()")
    wait(lambda: updated(browser))
    assert browser.find_element(By.CSS_SELECTOR, "#sites img") == picture
    assert browser.switch_to.active_element == link


def test_the_console_shows_the_demo_network(
    api: ApiClient, ingester: None, browser: webdriver.Chrome, wait: Wait
) -> None:
    load(CACHE)
    browser.get(f"{api.base_url}/console")
    wait(lambda: updated(browser))
    assert text_of(browser, "#failures") == ""
    for section, rows in {"queues": 2, "pipes": 2, "uploads": 20}.items():
        assert len(browser.find_elements(By.CSS_SELECTOR, f"#{section} tbody tr")) == rows
    assert len(browser.find_elements(By.CSS_SELECTOR, "#notes article")) == 1
    pictures = browser.find_elements(By.CSS_SELECTOR, "#sites img, #tonight img")
    assert len(pictures) == 6
    for picture in pictures:
        browser.execute_script("arguments[0].scrollIntoView()", picture)
        wait(partial(browser.execute_script, "return arguments[0].naturalWidth > 0", picture))


def test_an_image_that_cannot_be_loaded_is_said_and_asked_for_again(
    api: ApiClient, database: str, browser: webdriver.Chrome, wait: Wait
) -> None:
    api.put("/mrc1/config", json={})
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO images (base_filename, data_type, site, sort_date, jpg_medium_exists) "
            "VALUES ('mrc1-sq01-20260101-00000001', 'EX', 'mrc1', now(), true)"
        )
    connection.close()
    said = "The newest image could not be loaded."
    browser.get(f"{api.base_url}/console")
    wait(lambda: said in text_of(browser, "#sites"))
    wait(lambda: updated(browser))
    asked = (
        "return performance.getEntriesByType('resource').filter(it => it.name.includes('EX10.jpg')).length"
    )
    before = browser.execute_script(asked)
    browser.find_element(By.ID, "refresh").click()
    wait(lambda: browser.execute_script(asked) > before)
    wait(lambda: said in text_of(browser, "#sites"))


def test_a_failed_call_is_shown_and_the_old_data_stays(
    network: ApiClient, browser: webdriver.Chrome, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.get(f"{network.base_url}/console")
    wait(lambda: updated(browser))
    with monkeypatch.context() as outage:

        def down(*_arguments: object) -> None:
            raise Unavailable("Try again later: DynamoDB does not answer.")

        outage.setattr(queues, "counts", down)
        browser.find_element(By.ID, "refresh").click()
        wait(
            lambda: "queues: 503 Try again later: DynamoDB does not answer." in text_of(browser, "#failures")
        )
    assert "1 call failed" in text_of(browser, "#updated")
    heading = "return getComputedStyle(document.querySelector('#queues h2'), '::after').content"
    assert browser.execute_script(heading) == '" (not current)"'
    assert "jobs" in text_of(browser, "#queues")
    browser.find_element(By.ID, "refresh").click()
    wait(lambda: text_of(browser, "#failures") == "")
    assert browser.execute_script(heading) == "none"


@pytest.mark.usefixtures("quiet")
def test_an_empty_network_is_said_to_be_empty(
    api: ApiClient, database: str, browser: webdriver.Chrome, wait: Wait
) -> None:
    browser.get(f"{api.base_url}/console")
    wait(lambda: updated(browser))
    assert "No site has sent its configuration." in text_of(browser, "#sites")
    assert "There are no queues." in text_of(browser, "#queues")
    assert "No PIPE machine has said anything." in text_of(browser, "#pipes")
    assert "No site has a note." in text_of(browser, "#notes")


def test_it_fits_a_phone_and_has_what_a_screen_reader_needs(
    network: ApiClient, browser: webdriver.Chrome, wait: Wait
) -> None:
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get(f"{network.base_url}/console")
        wait(lambda: updated(browser))
        assert browser.execute_script("return document.documentElement.scrollWidth") == 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    found = browser.execute_script(
        """
        const all = selector => [...document.querySelectorAll(selector)];
        return {
          language: document.documentElement.lang,
          landmarks: ["header", "nav", "main", "footer"].map(name => all(name).length),
          levels: all("h1, h2, h3").map(heading => Number(heading.tagName[1])),
          unnamed: all("main section").filter(section => !document.getElementById(
            section.getAttribute("aria-labelledby"))).length,
          without_alt: all("img:not([alt])").length,
          without_caption: all("table:not(:has(caption))").length,
          roleless: all("tr, th, td, table, thead, tbody").filter(part => !part.getAttribute("role")).length,
          without_scope: all("th:not([scope])").length,
          unlabelled: all("input, select").filter(field => !field.labels.length).length,
          live: [all("[role=status]").length, all("[role=alert]").length],
        }
        """
    )
    levels = found.pop("levels")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert found == {
        "language": "en",
        "landmarks": [1, 1, 1, 1],
        "unnamed": 0,
        "without_alt": 0,
        "without_caption": 0,
        "roleless": 0,
        "without_scope": 0,
        "unlabelled": 0,
        "live": [1, 1],
    }


def test_the_keyboard_reaches_everything_in_order(
    network: ApiClient, browser: webdriver.Chrome, wait: Wait
) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.get(f"{network.base_url}/console")
    wait(lambda: updated(browser))
    reached = []
    for _ in range(12):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(
            browser.execute_script("const it = document.activeElement; return it.id || it.textContent")
        )
    links = ["Sites", "Queues", "PIPE machines", "Uploads", "Night log", "Tonight"]
    assert reached == [
        "Skip to the sites",
        "automatic",
        "refresh",
        *links,
        "tonight at mrc",
        "upload-site",
        "docs-link",
    ]
