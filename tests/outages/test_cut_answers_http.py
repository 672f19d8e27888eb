"""The responses of every backend are cut, short, reset or sent in small pieces; each route reports it.

Each route is called over HTTP while a backend that it needs is disturbed. It responds as it does without the
disturbance, or with 503, or with what the contract documents for that backend. Nothing is lost: after
a good response the change is done; after a 503 it is done or not done.
"""

import io
import itertools
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from botocore import endpoint

from auth import site_keys
from auth.site_keys import PIPE, Holder
from info_images import store as info_images
from local.remotehq import RemoteHq
from pipe_queue import retries
from support.client import ApiClient
from support.images import packed, put, sky
from support.proxy import Mode
from tests.access.seeded_api import CONFIG
from tests.downloads.rows import image, insert
from tests.outages.backends import Proxies, forget

HTTP_MODES = (Mode.CUT, Mode.SHORT, Mode.SHRUNK, Mode.KILLED, Mode.DRIBBLING)
STREAM_MODES = (Mode.CUT, Mode.KILLED, Mode.DRIBBLING)
NAME = "mrc1-sq01-20260101-00000001"
ZIP = {
    "site": "mrc1",
    "start_timestamp_s": "2026-01-01",
    "end_timestamp_s": "2026-01-02",
    "fits_size": "small",
}
numbers = itertools.count(1)


@dataclass(frozen=True)
class Read:
    """A call that changes nothing. When a backend is disturbed, it answers the same as before, or 503."""

    path: str
    backends: tuple[str, ...]
    body: dict[str, Any] | None = None

    def ask(self, api: ApiClient) -> requests.Response:
        return api.get(self.path) if self.body is None else api.post(self.path, json=self.body)


READS = [
    Read("/mrc1/config", ("dynamodb",)),
    Read("/all/config", ("dynamodb",)),
    Read("/nightlog/mrc1", ("dynamodb",)),
    Read("/infoimage/mrc1/1", ("dynamodb",)),
    Read("/recentuploads?site=mrc1", ("dynamodb",)),
    Read("/recentuploads?site=all", ("dynamodb",)),
    Read("/events?site=mrc1&when=1767225600", ("dynamodb",)),
    Read("/control_room/mrc1", ("dynamodb",)),
    Read("/pipe/queues", ("dynamodb",)),
    Read("/pipe/queue/jobs", ("dynamodb",)),
    Read("/pipe/queue/jobs/dead_letters", ("dynamodb",)),
    Read("/pipe/statuses", ("dynamodb",)),
    Read("/pipe/status/pipe1", ("dynamodb",)),
    Read("/latest_image_all_sites", ("dynamodb", "postgres")),
    Read(f"/image/{NAME}", ("postgres",)),
    Read(f"/fitsheader/{NAME}", ("postgres",)),
    Read("/mrc1/latest_images/10", ("postgres",)),
    Read("/filtered_images?site=mrc1", ("postgres",)),
    Read("/downloadzip", ("postgres", "lambda"), ZIP),
    Read("/download", ("s3",), {"object_name": f"{NAME}-EX10.jpg", "image_type": "jpg"}),
]


@pytest.fixture(scope="module")
def proxies(aws_url: str, gateway_url: str, postgres_url: str) -> Iterator[Proxies]:
    proxies = Proxies(aws_url, gateway_url, postgres_url)
    yield proxies
    proxies.stop()


@pytest.fixture
def seeded(
    api: ApiClient, database: str, remotehq: RemoteHq, proxies: Proxies, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ApiClient]:
    """The API with something for every route to read, its backends behind proxies, its waits short."""
    api.put("/mrc1/config", json=CONFIG)
    api.post("/nightlog/mrc1", json={"note_data": {"message": "Clear."}})
    api.post("/pipe/status", json={"pipe_id": "pipe1", "status": "idle"})
    api.post("/pipe/queue", json={"queue_name": "jobs"})
    api.post("/pipe/enqueue", json={"queue_name": "jobs", "payload": {"n": 0}})
    api.get("/control_room/mrc1")
    api.get("/pipe/queues")
    info_images._table.put({"pk": "mrc1#1", "base_filename": NAME})
    insert(image(1, "2026-01-01T20:00:00", jpg_medium_exists=True, header='{"SITEID": "mrc1"}'))
    for end in ("EX10.jpg", "EX10.fits.fz"):
        put(f"data/{NAME}-{end}", b"pixels")
    monkeypatch.setattr(endpoint, "time", SimpleNamespace(sleep=lambda _seconds: None))
    monkeypatch.setattr(retries, "RETRY_FOR_S", 0.1)
    proxies.lead(monkeypatch)
    yield api
    forget()


def without_signatures(value: Any) -> Any:
    """An answer in which presigned URLs have lost their signatures."""
    if isinstance(value, dict):
        return {name: without_signatures(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_signatures(member) for member in value]
    return value.partition("?")[0] if isinstance(value, str) else value


def said(answer: requests.Response) -> Any:
    is_json = "json" in answer.headers["Content-Type"]
    return answer.status_code, without_signatures(answer.json() if is_json else answer.text)


def is_unavailable(answer: requests.Response) -> bool:
    """Whether an answer says that a backend is away, and when to ask again."""
    return answer.status_code == 503 and answer.headers["Retry-After"].isdecimal()


@pytest.mark.parametrize(
    ("backend", "mode"),
    [
        *itertools.product(("dynamodb", "s3", "lambda"), HTTP_MODES),
        *itertools.product(("postgres",), STREAM_MODES),
    ],
)
def test_a_read_answers_what_is_there_or_503(
    seeded: ApiClient, proxies: Proxies, backend: str, mode: Mode
) -> None:
    reads = [read for read in READS if backend in read.backends]
    calm = {read.path: said(read.ask(seeded)) for read in reads}
    assert {status for status, _ in calm.values()} == {200}
    with proxies.disturbed(backend, mode):
        disturbed = {read.path: read.ask(seeded) for read in reads}
    wrong = {
        path: answer.text
        for path, answer in disturbed.items()
        if said(answer) != calm[path] and not is_unavailable(answer)
    }
    assert wrong == {}
    if mode is Mode.DRIBBLING:
        assert {answer.status_code for answer in disturbed.values()} == {200}
    assert {read.path: said(read.ask(seeded)) for read in reads} == calm


@pytest.mark.parametrize("mode", HTTP_MODES)
def test_a_zip_has_whole_files(seeded: ApiClient, proxies: Proxies, mode: Mode) -> None:
    content = random.Random(1).randbytes(3_000_000)
    put(f"data/{NAME}-EX10.fits.fz", content)
    with proxies.disturbed("s3", mode):
        disturbed = seeded.post("/downloadzip", json=ZIP)
    assert disturbed.status_code == 200 or is_unavailable(disturbed), disturbed.text
    url = seeded.post("/downloadzip", json=ZIP).json()["message"]
    archive = zipfile.ZipFile(io.BytesIO(requests.get(url, timeout=30).content))
    assert archive.read(f"{NAME}-EX10.fits.fz") == content


@pytest.mark.parametrize("kind", ["tif", "fits"])
@pytest.mark.parametrize("mode", [Mode.CUT, Mode.SHORT, Mode.SHRUNK, Mode.KILLED, Mode.DRIBBLING])
def test_a_conversion_is_of_the_whole_image(
    seeded: ApiClient, proxies: Proxies, mode: Mode, kind: str
) -> None:
    name = f"{NAME}-EX00.fits.fz"
    put(f"data/{name}", packed(sky()))
    body = {"object_name": name, "image_type": kind}
    with proxies.disturbed("s3", mode):
        disturbed = seeded.post("/download", json=body)
    assert disturbed.status_code == 200 or is_unavailable(disturbed), disturbed.text
    assert seeded.post("/download", json=body).status_code == 200


@dataclass(frozen=True)
class Write:
    """A call that stores a number, so that one change can be told from the next.

    Attributes
    ----------
    change
        Makes the change.
    look
        Returns the number that is stored.
    """

    change: Callable[[ApiClient, int], requests.Response]
    look: Callable[[ApiClient], Any]


WRITES = {
    "config": Write(
        lambda api, number: api.put("/mrc1/config", json={"number": number}),
        lambda api: api.get("/mrc1/config").json()["configuration"]["number"],
    ),
    "note": Write(
        lambda api, number: api.post("/nightlog/mrc1", json={"note_data": {"number": number}}),
        lambda api: api.get("/nightlog/mrc1").json()["note_data"]["number"],
    ),
    "status": Write(
        lambda api, number: api.post(
            "/pipe/status", json={"pipe_id": "pipe1", "status": "on", "details": {"number": number}}
        ),
        lambda api: api.get("/pipe/statuses").json()[0]["details"]["number"],
    ),
}


@pytest.mark.parametrize("mode", HTTP_MODES)
def test_a_write_is_what_its_response_says(seeded: ApiClient, proxies: Proxies, mode: Mode) -> None:
    for name, write in WRITES.items():
        before, after = next(numbers), next(numbers)
        assert write.change(seeded, before).status_code == 200
        with proxies.disturbed("dynamodb", mode):
            answer = write.change(seeded, after)
        assert answer.status_code == 200 or is_unavailable(answer), (name, answer.text)
        assert write.look(seeded) in ([after] if answer.status_code == 200 else [before, after]), name


@pytest.mark.parametrize("mode", HTTP_MODES)
def test_no_item_of_a_queue_is_lost_or_handed_out_twice(
    seeded: ApiClient, proxies: Proxies, mode: Mode
) -> None:
    def take(attempt: str) -> requests.Response:
        return seeded.post("/pipe/queue/jobs/dequeue", params={"attempt_id": attempt})

    told: dict[int, int] = {0: 200}
    taken: list[int] = []
    with proxies.disturbed("dynamodb", mode):
        for number in range(1, 4):
            body = {"queue_name": "jobs", "payload": {"n": number}}
            answer = seeded.post("/pipe/enqueue", json=body)
            assert answer.status_code == 200 or is_unavailable(answer), answer.text
            told[number] = answer.status_code
        answers = [take(f"disturbed{number}") for number in range(2)]
    assert all(answer.status_code == 200 or is_unavailable(answer) for answer in answers)
    # asking again under the same attempt gets the same item; new attempts get the other items
    for attempt in itertools.chain(("disturbed0", "disturbed1"), map("calm{}".format, itertools.count())):
        answer = take(attempt)
        if answer.status_code == 404:
            break
        taken.append(answer.json()["payload"]["n"])
    for answer, again in zip(answers, taken, strict=False):
        assert answer.status_code == 503 or answer.json()["payload"]["n"] == again
    assert len(taken) == len(set(taken))
    assert {number for number, status in told.items() if status == 200} <= set(taken) <= set(told)


def leased(api: ApiClient, queue: str, max_receives: int, items: int) -> list[dict[str, Any]]:
    """Make a queue, and take each of its new items on a lease."""
    api.post("/pipe/queue", json={"queue_name": queue, "max_receives": max_receives})
    for _ in range(items):
        api.post("/pipe/enqueue", json={"queue_name": queue})
    lease = {"lease_seconds": "600"}
    return [api.post(f"/pipe/queue/{queue}/dequeue", params=lease).json() for _ in range(items)]


@pytest.mark.parametrize("mode", HTTP_MODES)
def test_the_end_of_a_lease_is_what_its_response_says(
    seeded: ApiClient, proxies: Proxies, mode: Mode
) -> None:
    items = dict(zip(("ack", "nack", "extend"), leased(seeded, "leases", 9, 3), strict=True))

    def end(how: str) -> requests.Response:
        body = {"id": items[how]["id"], "lease_id": items[how]["lease_id"], "lease_seconds": 1200}
        return seeded.post(f"/pipe/queue/leases/{how}", json=body)

    def until(how: str) -> Any:
        """When the item's lease ends, 0 without one; None if the item is gone."""
        listed = {item["id"]: item for item in seeded.get("/pipe/queue/leases").json()}
        return listed[items[how]["id"]].get("lease_until", 0) if items[how]["id"] in listed else None

    with proxies.disturbed("dynamodb", mode):
        answers = {how: end(how) for how in items}
    untold = {how for how, answer in answers.items() if is_unavailable(answer)}
    assert {answers[how].status_code for how in items if how not in untold} <= {200}, answers
    assert "ack" in untold or until("ack") is None
    assert "nack" in untold or until("nack") == 0
    assert "extend" in untold or until("extend") == answers["extend"].json()["lease_until"]
    # asking again gets a 200, and the change is really made
    assert {end(how).status_code for how in items} == {200}
    assert (until("ack"), until("nack")) == (None, 0)


@pytest.mark.parametrize("mode", HTTP_MODES)
def test_a_redriven_item_is_in_one_place(seeded: ApiClient, proxies: Proxies, mode: Mode) -> None:
    (item,) = leased(seeded, "failed", 1, 1)
    seeded.post("/pipe/queue/failed/nack", json={"id": item["id"], "lease_id": item["lease_id"]})

    def places() -> tuple[int, int]:
        stats = seeded.get("/pipe/queue/failed/stats").json()
        return stats["waiting"], stats["dead"]

    assert places() == (0, 1)
    with proxies.disturbed("dynamodb", mode):
        answer = seeded.post("/pipe/queue/failed/redrive", json={"id": item["id"]})
    assert answer.json() == {"redriven": 1} if answer.status_code == 200 else is_unavailable(answer)
    assert places() in ([(1, 0)] if answer.status_code == 200 else [(1, 0), (0, 1)])
    assert seeded.post("/pipe/queue/failed/redrive").status_code == 200
    assert places() == (1, 0)


@pytest.mark.parametrize("mode", HTTP_MODES)
def test_an_answer_with_a_shared_browser_is_complete(
    seeded: ApiClient, proxies: Proxies, token: str, mode: Mode
) -> None:
    def opened() -> requests.Response:
        return seeded.post("/new_remotehq_browser", headers={"Authorization": f"Bearer {token}"})

    calm = opened()
    assert calm.status_code == 200
    with proxies.disturbed("remotehq", mode):
        answer = opened()
    assert is_unavailable(answer) or answer.json().keys() == calm.json().keys(), answer.text
    assert mode is not Mode.DRIBBLING or answer.status_code == 200


@pytest.mark.parametrize("mode", HTTP_MODES)
def test_a_key_that_cannot_be_looked_up_is_not_refused(
    seeded: ApiClient, proxies: Proxies, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    monkeypatch.setenv("WRITE_ACCESS", "protected")
    key = {"x-site-key": site_keys.hand_out(Holder(PIPE, "pipe1"))}
    body = {"pipe_id": "pipe1", "status": "on"}
    with proxies.disturbed("ssm", mode):
        keyed = seeded.post("/pipe/status", json=body, headers=key)
    assert keyed.status_code == 200 or is_unavailable(keyed), keyed.text
    assert seeded.post("/pipe/status", json=body, headers=key).status_code == 200


@pytest.mark.parametrize("mode", HTTP_MODES)
def test_a_room_in_an_answer_exists(
    seeded: ApiClient, proxies: Proxies, remotehq: RemoteHq, mode: Mode
) -> None:
    for path in ("/control_room/mrc1/restart", "/control_room/aro1"):
        with proxies.disturbed("remotehq", mode):
            answer = seeded.get(path)
        # documented: RemoteHQ failing is a 500
        assert answer.status_code in (200, 500), answer.text
    for site in ("mrc1", "aro1"):
        room = seeded.get(f"/control_room/{site}").json()
        assert remotehq.rooms[room["slug"]]["id"] == room["room_id"]


@pytest.mark.parametrize("mode", HTTP_MODES)
def test_a_user_is_refused_while_auth0_fails(
    seeded: ApiClient, proxies: Proxies, token: str, mode: Mode
) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    with proxies.disturbed("auth0", mode):
        answer = seeded.post("/dummy-requires-auth", headers=bearer)
    # documented: whatever is wrong with Auth0 is a 401
    assert answer.status_code == (200 if mode is Mode.DRIBBLING else 401)
    assert seeded.post("/dummy-requires-auth", headers=bearer).status_code == 200
