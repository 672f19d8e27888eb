"""What can be changed from the console, with and without a key, and what it says then."""

import pytest

from auth import site_keys
from auth.site_keys import PIPE, Holder
from local.auth0 import Auth0
from support.client import ApiClient
from tests.browser.console import Console
from tests.now.network import put_site

pytestmark = pytest.mark.browser


@pytest.fixture
def queue(console: Console, api: ApiClient) -> Console:
    api.post("/pipe/queue", json={"queue_name": "jobs"})
    for number in range(2):
        api.post("/pipe/enqueue", json={"queue_name": "jobs", "payload": number})
    return console


@pytest.fixture
def protected(queue: Console, monkeypatch: pytest.MonkeyPatch) -> Console:
    monkeypatch.setenv("WRITE_ACCESS", "protected")
    monkeypatch.setenv("WRITER_ROLES", "admin")
    return queue


def said(console: Console, words: str) -> None:
    """Wait until a change of the queue has had this result."""
    console.wait(lambda: console.text("#queues .outcome") == words)


def enter(console: Console, key: str) -> None:
    console.click(".access summary")
    console.fill("#key", key)
    console.press("Use it for this visit")
    console.click(".access summary")


def test_a_queue_is_paused_and_resumed(queue: Console, api: ApiClient) -> None:
    queue.open("#queue/jobs")
    queue.press("Pause")
    said(queue, "jobs is paused: it takes no items and hands out none.")
    assert api.post("/pipe/queue/jobs/dequeue").status_code == 409
    queue.wait(lambda: queue.texts("#queues tbody tr:first-child > *")[5] == "paused")
    queue.press("Resume")
    said(queue, "jobs works again.")
    assert api.post("/pipe/queue/jobs/dequeue").status_code == 200


def test_max_receives_is_set_and_dead_letters_are_put_back(queue: Console, api: ApiClient) -> None:
    queue.open("#queue/jobs")
    (field,) = queue.all(".one-field input")
    queue.wait(lambda: field.get_attribute("placeholder") == "no limit")
    queue.fill(".one-field input", "1")
    queue.press("Set")
    said(queue, "Items of jobs are dead after 1 hand-out.")
    for _ in range(2):
        item = api.post("/pipe/queue/jobs/dequeue", json={"lease_seconds": 600}).json()
        api.post("/pipe/queue/jobs/nack", json={"id": item["id"], "lease_id": item["lease_id"]})
    queue.refresh()
    queue.press("Put all dead letters back")
    said(queue, "2 dead letters put back into jobs.")
    assert api.get("/pipe/queue/jobs/stats").json()["waiting"] == 2
    queue.fill(".one-field input", "2000")
    queue.browser.execute_script("document.querySelector('.one-field').noValidate = true")
    queue.press("Set")
    said(queue, "400 max_receives must be a whole number from 1 to 1000.")
    queue.fill(".one-field input", "")
    queue.press("Set")
    said(queue, "Items of jobs never become dead.")


def test_without_a_key_a_protected_stage_is_only_read(protected: Console) -> None:
    protected.open("#queue/jobs")
    protected.wait(lambda: len(protected.all("#queues .items li")) == 2)
    assert not any(each.is_displayed() for each in protected.all(".write"))
    protected.click(".access summary")
    assert protected.text("#key-state") == "None is entered: this page only reads."


@pytest.mark.parametrize("kind", ["token", "key"])
def test_a_token_or_a_key_is_used_for_the_visit_and_forgotten(
    protected: Console, auth0: Auth0, kind: str
) -> None:
    key = (
        auth0.token("auth0|ada", ["admin"]) if kind == "token" else site_keys.hand_out(Holder(PIPE, "pipe-1"))
    )
    protected.open("#queue/jobs")
    enter(protected, key)
    protected.press("Pause")
    said(protected, "jobs is paused: it takes no items and hands out none.")
    addresses = protected.browser.execute_script(
        "return [location.href, ...performance.getEntriesByType('resource').map((each) => each.name)].join()"
    )
    assert key not in addresses
    kept = "return [Object.values(localStorage).join(), document.getElementById('key').value]"
    assert protected.browser.execute_script(kept) == ["", ""]
    protected.click(".access summary")
    assert protected.text("#key-state") == f"A {kind} is entered."
    protected.press("Forget it")
    assert protected.browser.execute_script("return sessionStorage.length") == 0
    assert not any(each.is_displayed() for each in protected.all(".write"))


def test_the_api_s_refusals_are_shown_in_its_words(protected: Console, auth0: Auth0) -> None:
    put_site("dark1")
    protected.open("#queue/jobs")
    enter(protected, "no-such-key")
    protected.press("Pause")
    said(protected, "403 The key in x-site-key is not valid.")
    enter(protected, auth0.token("auth0|bob", []))
    protected.press("Pause")
    said(protected, "403 Your token is good, but this needs one of the roles admin.")
    enter(protected, "eyJhbGciOiJub25lIn0.e30.none")
    protected.press("Pause")
    said(protected, "Unauthorized: enter a token or key that is valid.")


def test_a_key_with_a_line_break_is_not_taken(protected: Console) -> None:
    protected.open()
    protected.browser.execute_script(
        "document.getElementById('key').type = 'text';"
        "document.getElementById('key').value = 'a b'; document.getElementById('key-form').requestSubmit()"
    )
    protected.click(".access summary")
    assert protected.text("#key-state") == "That is no token or key: enter one without blanks."
