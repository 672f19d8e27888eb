"""`GET /now` while backends are away: the parts that work are there, and the others are named."""

import socket
import time
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from common import postgres
from common.errors import Unavailable
from now import answer, observatories, pipes, queues, reading, store
from pipe_queue import legacy_import
from support.client import ApiClient
from tests.now.network import HOUR_S, log_upload, put_image, put_site

PARTS: dict[str, tuple[Any, str]] = {
    "configs": (store, "configs"),
    "images": (observatories, "read_images"),
    "uploads": (observatories, "read_uploads"),
    "night_log": (store, "notes"),
    "queues": (queues, "read"),
    "pipes": (pipes, "read"),
}

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def network(api: ApiClient) -> ApiClient:
    """An observatory in the dark that is fine, a queue and a PIPE."""
    put_site("dark1")
    put_image("dark1", 1, 60)
    log_upload("dark1", 60)
    api.post("/nightlog/dark1", json={"note_data": "Clear."})
    api.post("/pipe/queue", json={"queue_name": "jobs"})
    api.post("/pipe/status", json={"pipe_id": "pipe1", "status": "idle"})
    return api


def failing(error: Exception) -> Callable[..., NoReturn]:
    def fail(*_arguments: Any) -> NoReturn:
        raise error

    return fail


def test_an_outage_of_postgresql_costs_the_images(
    network: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:9/none")
    postgres.close_idle()
    found = network.get("/now").json()
    assert found["unknown"] == ["images"]
    assert found["attention"] == [
        {
            "level": "alarm",
            "about": {"kind": "backend", "name": "images"},
            "reason": "This part is unknown. Try again later: the image database does not answer.",
            "since": None,
        }
    ]
    (row,) = found["observatories"]
    assert row["newest_image"] is None
    assert (row["sky"], row["night_log"]) == ("night", "Clear.")
    assert row["last_upload"]["filename"] == "data/file.txt"
    assert [each["queue_name"] for each in found["queues"]] == ["jobs"]
    assert [each["pipe_id"] for each in found["pipes"]] == ["pipe1"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("error", [Unavailable("Try again later."), ValueError("secret")])
def test_each_part_that_fails_is_unknown_and_the_others_are_there(
    network: ApiClient, monkeypatch: pytest.MonkeyPatch, part: str, error: Exception
) -> None:
    calm = network.get("/now").json()
    assert (calm["unknown"], calm["attention"]) == ([], [])
    monkeypatch.setattr(*PARTS[part], failing(error))
    answer.forget()
    answered = network.get("/now")
    found = answered.json()
    assert found["unknown"] == [part]
    (problem,) = found["attention"]
    assert problem["about"] == {"kind": "backend", "name": part}
    assert problem["reason"] == "This part is unknown. " + (
        "Try again later." if isinstance(error, Unavailable) else "It could not be read; the log says why."
    )
    assert "secret" not in answered.text
    assert (found["queues"] == []) == (part == "queues")
    assert (found["pipes"] == []) == (part == "pipes")
    assert (found["observatories"] == []) == (part == "configs")


def test_a_site_is_a_503_while_the_configs_are_unknown(
    network: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*PARTS["configs"], failing(Unavailable("Try again later.")))
    assert network.get("/now?site=dark1").status_code == 503


def test_nothing_at_all_is_a_503(network: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in PARTS.values():
        monkeypatch.setattr(*place, failing(Unavailable("Try again later.")))
    answered = network.get("/now")
    assert (answered.status_code, answered.text) == (503, "Try again later: no backend answers.")
    assert answered.headers["Retry-After"] == "5"


def test_nobody_is_called_silent_by_what_is_unknown(
    network: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_site("dark2")
    log_upload("dark2", HOUR_S)
    for part in ("images", "uploads"):
        monkeypatch.setattr(*PARTS[part], failing(Unavailable("Try again later.")))
    kinds = [each["about"]["kind"] for each in network.get("/now").json()["attention"]]
    assert kinds == ["backend", "backend"]


def test_a_failing_import_costs_the_queues_only(network: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legacy_import, "import_all", failing(Unavailable("Try again later.")))
    found = network.get("/now").json()
    assert found["unknown"] == ["queues"]
    assert len(found["pipes"]) == 1


def test_a_backend_that_hangs_is_given_up(network: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    # More than a read of DynamoDB may take, and less than PostgreSQL is given by other routes.
    monkeypatch.setattr(reading, "WAIT_S", 6.0)
    monkeypatch.setattr(postgres, "CONNECT_TIMEOUT_S", 30)
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        monkeypatch.setenv("DATABASE_URL", f"postgresql://127.0.0.1:{hanging.getsockname()[1]}/none")
        postgres.close_idle()
        began = time.monotonic()
        found = network.get("/now").json()
    assert found["unknown"] == ["images"]
    assert time.monotonic() - began < postgres.CONNECT_TIMEOUT_S / 2
