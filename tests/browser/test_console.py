"""The console as operators see it: in Chromium, before real answers."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from common.errors import Unavailable
from local.demo.load import load
from local.stack import CACHE
from now import answer, queues
from support.client import ApiClient
from tests.browser.console import Console
from tests.now.network import MIDNIGHT, MINUTE_S, NOON, log_upload, put_image, put_site

pytestmark = pytest.mark.browser

# What every object of JavaScript has, and so whoever looks a site up in one finds.
EVERY_OBJECT_HAS = ["__proto__", "constructor", "hasOwnProperty", "toString", "valueOf"]


@pytest.fixture
def network(console: Console, api: ApiClient) -> ApiClient:
    put_site("dark1", name="Mission <b>Ridge</b>", TZ_database_name="America/Los_Angeles")
    put_site("light1", NOON, name="Light")
    log_upload("dark1", 5.5 * MINUTE_S, "data/dark1-<i>first</i>.txt")
    api.post("/nightlog/dark1", json={"note_data": {"message": "Thin <i>cirrus</i>.", "username": "Ada"}})
    api.post("/pipe/queue", json={"queue_name": "jobs"})
    api.post("/pipe/enqueue", json={"queue_name": "jobs", "payload": {"file": "<b>a</b>"}, "sender": "dark1"})
    api.post("/pipe/status", json={"pipe_id": "pipe-1", "status": "busy", "details": {"load": 0.7}})
    return api


@pytest.mark.usefixtures("network", "quiet")
def test_it_shows_the_network(console: Console) -> None:
    console.open()
    assert console.text("#failure") == ""
    assert console.text("#attention-summary") == "Nothing needs attention."
    assert console.texts("#observatories .opens") == ["dark1", "light1"]
    row = console.text("#observatories tr.observatory")
    # what people wrote is text, whatever it looks like
    for words in ("Mission <b>Ridge</b>", "no image", "night", "5 min ago", "there", "Thin <i>cirrus</i>."):
        assert words in row
    cells = console.texts("#queues tbody tr:first-child > *")
    assert cells[:4] == ["jobs", "1", "0", "0"]
    assert cells[4].endswith(" s ago")
    assert "busy" in console.text("#pipes tbody")


@pytest.mark.usefixtures("network", "quiet")
def test_an_observatory_is_opened_in_place(console: Console) -> None:
    console.open()
    console.press("dark1")
    console.wait(lambda: "dark1-<i>first</i>.txt" in console.text(".uploads"))
    console.wait(lambda: "Thin <i>cirrus</i>." in console.text(".notes"))
    assert "The observatory's time zone is America/Los_Angeles." in console.text(".facts")
    drawn = "const plot = document.querySelector('.night img'); return plot.complete && plot.naturalWidth > 0"
    console.wait(lambda: console.browser.execute_script(drawn))
    console.press("dark1")
    assert not console.all("tr.below:not([hidden])")


@pytest.mark.usefixtures("network", "quiet")
def test_a_queue_and_a_pipe_are_opened_in_place(console: Console, api: ApiClient) -> None:
    item = api.post("/pipe/queue/jobs/dequeue", json={"lease_seconds": 600}).json()
    status = {"pipe_id": "pipe-1", "status": "busy", "details": {"item": item["id"]}}
    api.post("/pipe/status", json=status)
    api.post("/pipe/enqueue", json={"queue_name": "jobs", "payload": [1], "sender": "eco1"})
    console.open()
    console.press("jobs")
    leased, waiting, dead = console.wait(lambda: console.all("#queues .inside section"))
    console.wait(lambda: item["id"] in leased.text)
    for words in (
        "from dark1",
        "handed out 1 time",
        "held by pipe-1, since ",
        "its lease ends in ",
        '"<b>a</b>"',
    ):
        assert words in leased.text
    assert "from eco1" in waiting.text
    assert dead.text == "Dead letters\nThere are none."
    console.press("pipe-1")
    console.wait(lambda: item["id"] in console.text("#pipes pre"))


@pytest.mark.usefixtures("network", "quiet")
def test_a_link_leads_to_its_place_also_if_it_is_filtered_away(console: Console) -> None:
    log_upload("dark1", 40 * MINUTE_S)
    console.open("#queue/jobs")
    focus = "return document.activeElement.textContent"
    assert console.browser.execute_script(focus) == "jobs"
    console.fill("#filter", "light")
    assert console.texts("#observatories .opens") == ["light1"]
    console.browser.execute_script("location.hash = '#observatory/dark1'")
    console.wait(lambda: console.browser.execute_script(focus) == "dark1")
    assert console.texts("#observatories .opens") == ["dark1", "light1"]
    console.browser.execute_script("location.hash = '#observatory/nowhere'")
    assert console.browser.execute_script(focus) == "dark1"


@pytest.mark.usefixtures("quiet")
def test_rows_are_filtered_and_sorted(console: Console) -> None:
    for number, (site, hour) in enumerate({"a1": NOON, "b1": MIDNIGHT, "c1": 22}.items()):
        put_site(site, hour)
        log_upload(site, (50, 5, 40)[number] * MINUTE_S)
    console.open()
    codes = "#observatories .opens"
    assert console.texts(codes) == ["a1", "b1", "c1"]
    for order, first in {"need": "c1", "dark": "b1", "silent": "a1"}.items():
        console.choose("#sort", order)
        assert console.texts(codes)[0] == first, order
    for sky, codes_then in {"need": ["c1"], "dark": ["c1", "b1"], "day": ["a1"]}.items():
        console.choose("#sky", sky)
        assert console.texts(codes) == codes_then, sky
    assert console.text("#observatory-count") == "1 of 3."


@pytest.mark.usefixtures("quiet")
def test_names_like_parts_of_javascript_do_not_break_it(console: Console, api: ApiClient) -> None:
    for name in EVERY_OBJECT_HAS:
        put_site(name, NOON, name="odd")
        api.post(f"/nightlog/{name}", json={"note_data": {"message": "odd"}})
        api.post("/pipe/queue", json={"queue_name": name}).raise_for_status()
        api.post("/pipe/status", json={"pipe_id": name, "status": "odd"}).raise_for_status()
    console.open()
    assert console.text("#failure") == ""
    for section in ("observatories", "queues", "pipes"):
        assert console.texts(f"#{section} .opens") == [f"{name}" for name in sorted(EVERY_OBJECT_HAS)]
    for name in EVERY_OBJECT_HAS:
        console.browser.execute_script("location.hash = `#queue/${arguments[0]}`", name)
        focused = f"return document.activeElement.textContent === '{name}'"
        console.wait(partial(console.browser.execute_script, focused))


def test_a_row_that_is_odd_leaves_the_others_alone(console: Console) -> None:
    put_site("dark1")
    put_site("light1", NOON)
    log_upload("dark1", -(10.0**30))
    console.open()
    assert "a time that is no date" in console.text("#observatories tr.observatory")
    assert console.texts("#observatories .opens") == ["dark1", "light1"]


def test_the_demo_network_is_shown(console: Console, ingester: None) -> None:
    load(CACHE)
    answer.forget()
    console.open()
    for section, rows in {"observatories": 3, "queues": 2, "pipes": 2}.items():
        assert len(console.all(f"#{section} .opens")) == rows
    loaded = (
        "return [...document.querySelectorAll('.thumbnail img')].filter((it) => it.naturalWidth > 0).length"
    )
    console.wait(lambda: console.browser.execute_script(loaded) == 3)


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with monkeypatch.context() as patch:
        yield patch


@pytest.mark.usefixtures("network")
def test_a_part_that_is_unknown_is_said_and_the_old_rows_stay(
    console: Console, outage: pytest.MonkeyPatch
) -> None:
    console.open()

    def down(*_arguments: object) -> None:
        raise Unavailable("Try again later: DynamoDB does not answer.")

    outage.setattr(queues, "read", down)
    console.refresh()
    assert "backend queues This part is unknown. Try again later" in console.attention()[0]
    heading = "return getComputedStyle(document.querySelector('#queues h2'), '::after').content"
    assert console.browser.execute_script(heading) == '" (not current)"'
    assert console.texts("#queues .opens") == ["jobs"]
    console.press("backend queues")
    console.wait(lambda: console.browser.execute_script("return document.activeElement.id") == "queues")
    outage.undo()
    console.refresh()
    assert console.attention() == []
    assert console.browser.execute_script(heading) == "none"


@pytest.mark.usefixtures("network")
def test_a_failed_refresh_is_said_in_the_api_s_words(console: Console, outage: pytest.MonkeyPatch) -> None:
    console.open()

    def down() -> None:
        raise Unavailable("Try again later: no backend answers.")

    outage.setattr(answer, "current", down)
    console.refresh()
    said = "The page is not current. 503 Try again later: no backend answers."
    assert console.text("#failure") == said
    assert console.texts("#queues .opens") == ["jobs"]
    outage.undo()
    console.refresh()
    assert console.text("#failure") == ""


@pytest.mark.usefixtures("quiet")
def test_an_empty_network_is_said_to_be_empty(console: Console) -> None:
    console.open()
    assert console.text("#observatory-count") == "No site has sent its configuration."
    assert console.text("#queue-count") == "There are no queues."
    assert console.text("#pipe-count") == "No PIPE has sent its status."


@pytest.mark.usefixtures("network", "quiet")
def test_a_refresh_leaves_focus_and_open_rows_where_they_are(console: Console, api: ApiClient) -> None:
    console.open("#queue/jobs")
    console.click("#queues details summary")
    api.post("/pipe/enqueue", json={"queue_name": "jobs", "payload": [1]})
    console.refresh()
    console.wait(lambda: len(console.all("#queues .items li")) == 2)
    assert console.all("#queues details[open]")
    console.browser.execute_script("document.querySelector('#queues .opens').focus()")
    api.post("/pipe/queue", json={"queue_name": "a-queue-before"})
    answer.forget_answer()
    console.browser.execute_script("document.getElementById('refresh').dispatchEvent(new Event('click'))")
    console.wait(lambda: console.texts("#queues .opens") == ["a-queue-before", "jobs"])
    assert console.browser.execute_script("return document.activeElement.textContent") == "jobs"


@pytest.mark.usefixtures("network")
def test_it_asks_again_by_itself_and_only_for_what_is_new(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "SAME_FOR_S", 10**9)
    # The page's half minute is a third of a second.
    hurry = "const real = setInterval; window.setInterval = (run, ms) => real(run, ms / 90)"
    script = console.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": hurry})
    console.open()
    console.wait(lambda: len(asked(console)) > 3)
    console.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    first, second, *_ = found = asked(console)
    assert {each["path"] for each in found} == {"now"}
    # A 304 has no body: only headers came.
    assert second["bytes"] < 400 < first["bytes"]


def asked(console: Console) -> list[dict[str, Any]]:
    """Return the path and the size of each answer of the API but files, the latest last."""
    script = """return performance.getEntriesByType("resource")
      .filter((each) => !each.name.includes("/docs/"))
      .map((each) => ({ path: each.name.split("/").pop(), bytes: each.transferSize }))"""
    found: list[dict[str, Any]] = console.browser.execute_script(script)
    return found


@pytest.mark.usefixtures("network")
def test_it_has_what_a_screen_reader_needs(console: Console) -> None:
    log_upload("light1", MINUTE_S)
    put_image("light1", 1, MINUTE_S)
    console.open("#queue/jobs")
    found = console.browser.execute_script(
        """
        const all = selector => [...document.querySelectorAll(selector)];
        return {
          language: document.documentElement.lang,
          landmarks: ["header", "nav", "main", "footer"].map(name => all(name).length),
          levels: all("h1, h2, h3").filter(it => it.checkVisibility()).map(it => Number(it.tagName[1])),
          unnamed: all("main section[id]").filter(section => !document.getElementById(
            section.getAttribute("aria-labelledby"))).length,
          without_alt: all("img:not([alt])").length,
          without_caption: all("table:not(:has(caption))").length,
          roleless: all("tr, th, td, table, thead, tbody").filter(part => !part.getAttribute("role")).length,
          without_scope: all("th:not([scope])").length,
          unlabelled: all("input, select, textarea").filter(field => !field.labels.length).length,
          alerts: all("[role=alert]").length,
          ticking_status: all("[role=status] time").length,
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
        "alerts": 1,
        "ticking_status": 0,
    }


@pytest.mark.usefixtures("network")
def test_the_keyboard_reaches_everything_in_order(console: Console) -> None:
    console.open()
    reached = []
    for _ in range(27):
        console.browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(
            console.browser.execute_script(
                "const it = document.activeElement; return it.id || it.name || it.textContent"
            )
        )
    links = ["Needs attention", "Observatories", "Queues", "PIPEs", "Find images", "Night log"]
    assert reached == [
        "Skip to what needs attention",
        "refresh",
        "automatic",
        "colors",
        "Token or key",
        *links,
        *("filter", "sky", "sort"),
        *("dark1", "light1"),
        *("jobs", "pipe-1"),
        *("object", "ra", "dec", "radius", "Find images"),
        *("notes-words", "notes-site", "Search the last 90 days"),
        "the contract",
    ]
