"""A night's story: what needs attention comes to the top of the console, is mended there, and goes."""

import re
import time

import pytest

from common.dynamodb import Table
from now import answer
from support.client import ApiClient
from tests.browser.console import Console
from tests.now.network import MINUTE_S, put_image, put_site

pytestmark = pytest.mark.browser

QUEUES = Table("PIPE_QUEUE_TABLE_NAME")


@pytest.fixture
def calm_night(console: Console, api: ApiClient) -> Console:
    """A network that needs nobody, with the console open."""
    put_site("dark1")
    put_image("dark1", 1, 5 * MINUTE_S)
    api.post("/pipe/queue", json={"queue_name": "jobs", "max_receives": 4})
    api.post("/pipe/enqueue", json={"queue_name": "jobs", "payload": {"stack": 7}, "sender": "dark1"})
    api.post("/pipe/status", json={"pipe_id": "pipe-1", "status": "busy"})
    console.open()
    assert console.attention() == []
    return console


def fail_job(api: ApiClient) -> None:
    item = api.post("/pipe/queue/jobs/dequeue", json={"lease_seconds": 600}).json()
    lease = {"id": item["id"], "lease_id": item["lease_id"]}
    api.post("/pipe/queue/jobs/nack", json=lease).raise_for_status()


def let_die(pipe: str) -> None:
    """Make the last status of a PIPE half an hour old."""
    row = dict(QUEUES.get({"pk": f"STATUS#{pipe}", "sk": "INFO"}) or {})
    QUEUES.put({**row, "last_updated": int((time.time() - 30 * MINUTE_S) * 1000)})


def test_a_silent_site_is_opened_gets_a_note_and_goes_when_it_sends_again(
    calm_night: Console, database: str
) -> None:
    console = calm_night
    put_site("dark2")
    put_image("dark2", 2, 45 * MINUTE_S)
    answer.forget()  # sites are kept for a minute
    console.refresh()
    (problem,) = console.attention()
    assert problem.startswith("alarm dark2 It is dark there, and nothing has come since ")
    assert re.search("4[45] min ago", problem)
    assert console.browser.title == "(1) Photon Ranch console"
    console.press("dark2")
    focus = "return document.activeElement.textContent"
    console.wait(lambda: console.browser.execute_script(focus) == "dark2")
    console.fill(".note-form textarea", "The dome's motor is stuck. <b>Ada</b> drives there.")
    console.press("Write the note")
    console.wait(
        lambda: console.texts(".outcome")[0] == "The note of dark2 is written. It stays for 48 hours."
    )
    console.wait(lambda: "<b>Ada</b> drives there." in console.text(".notes"))
    console.refresh()
    assert "<b>Ada</b> drives there." in console.text("tr.observatory.open .note")
    put_image("dark2", 3, 10)
    console.refresh()
    assert console.attention() == []
    assert console.browser.title == "Photon Ranch console"


def test_a_job_that_fails_four_times_is_put_back(calm_night: Console, api: ApiClient) -> None:
    console = calm_night
    for _ in range(3):
        fail_job(api)
    console.refresh()
    assert "Handed out again and again: 1 job" in console.attention()[0]
    fail_job(api)
    console.refresh()
    assert console.attention() == ["warning queue jobs It has 1 dead letter."]
    console.press("queue jobs")
    console.wait(lambda: "handed out 4 times, dead since" in console.text("#queues .inside"))
    console.click("#queues .items summary")
    assert '"stack": 7' in console.text("#queues pre")
    console.press("Put back")
    console.wait(lambda: console.text("#queues .outcome") == "1 dead letter put back into jobs.")
    console.wait(lambda: console.attention() == [])
    assert api.get("/pipe/queue/jobs/stats").json()["waiting"] == 1
    assert console.texts("#queues tbody tr:first-child > *")[1:4] == ["1", "0", "0"]


def test_a_dead_pipe_is_forgotten(calm_night: Console, api: ApiClient) -> None:
    console = calm_night
    let_die("pipe-1")
    console.refresh()
    assert console.attention()[0].startswith("warning pipe pipe-1 It has sent no status since ")
    console.press("pipe pipe-1")
    console.press("Forget this PIPE")
    said = "pipe-1 is forgotten. It is listed again when it sends a status."
    console.wait(lambda: console.text("#pipe-table > .outcome") == said)
    console.wait(lambda: console.attention() == [])
    assert api.get("/pipe/statuses").json() == []
    assert console.text("#pipe-count") == "No PIPE has sent its status."


def test_the_worst_is_first_and_all_of_it_can_be_shown(calm_night: Console) -> None:
    console = calm_night
    let_die("pipe-1")
    for number in range(14):
        put_site(f"silent{number:02}")
        put_image(f"silent{number:02}", number + 10, 40 * MINUTE_S)
    answer.forget()  # sites are kept for a minute
    console.refresh()
    assert console.text("#attention-summary") == "14 alarms, 1 warning."
    shown = console.attention()
    assert len(shown) == 12
    assert all(each.startswith("alarm silent") for each in shown)
    console.press("Show all 15")
    assert console.attention()[14].startswith("warning pipe pipe-1")
