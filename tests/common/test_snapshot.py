"""Copies of one snapshot share nothing that must be unique, and use nothing that has ended."""

import json
import random
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from auth import site_keys
from common import aws, postgres, presign, settings, snapshot
from common.cached import Cached
from now import answer
from pipe_queue import counting
from remotehq import locks
from site_configs import listings, store
from site_configs.copies import Copy
from tests.common.programs import result_of
from tests.common.snapshot_play import Runtime
from tests.common.snapshot_plays import EXAMPLE, LEASING, PLAYED, WITHOUT_HOOKS

SNAP_START = ("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")


@pytest.fixture(scope="module")
def plays() -> dict[str, list[Any]]:
    """By function: what the snapshot holds, and what each of two copies did."""
    return result_of("tests.common.snapshot_plays", timeout_s=400)


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.parametrize("name", PLAYED)
def test_each_copy_answers_with_its_own_credentials_connections_and_numbers(
    plays: dict[str, list[Any]], name: str
) -> None:
    stored, *copies = plays[name]
    assert stored == {"hooks": 1, "sockets": 0}
    assert [copy["status"] for copy in copies] == [200, 200]
    # Nothing signed with the snapshot's key, and no credentials fetched by the first request.
    assert [copy["keys"] for copy in copies] == [["KEY-copy-0"], ["KEY-copy-1"]]
    assert not [url for copy in copies for url in copy["urls"] if url.endswith("/credentials")]
    assert "KEY-snapshot" not in json.dumps(copies)
    one, other = copies
    for what in ("random", "uuid"):
        assert one[what] != other[what]
    backends = [copy["backend"] for copy in copies if copy["backend"]]
    assert len(set(backends)) == len(backends)


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_two_copies_lease_different_items(plays: dict[str, list[Any]]) -> None:
    _, *copies = plays[LEASING]
    leased = [json.loads(copy["body"]) for copy in copies]
    for what in ("lease_id", "id"):
        assert leased[0][what] != leased[1][what]


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_without_the_hooks_copies_would_share_everything(plays: dict[str, list[Any]]) -> None:
    stored, one, other = plays[WITHOUT_HOOKS]
    assert stored["sockets"] > 0
    assert one["random"] == other["random"]
    assert one["backend"] == other["backend"]
    assert "KEY-snapshot" in one["body"]
    assert "KEY-snapshot" not in plays[EXAMPLE][1]["body"]


def test_elsewhere_nothing_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    # The module exists on Lambda only: an import of it would fail here.
    monkeypatch.delenv(SNAP_START[0], raising=False)
    snapshot.register(pytest.fail)
    monkeypatch.setenv(SNAP_START[0], "on-demand")
    snapshot.register(pytest.fail)


def test_the_hooks_drop_first_and_then_seed_and_load(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime, done = Runtime(), list[str]()
    monkeypatch.setitem(sys.modules, runtime.__name__, runtime)
    monkeypatch.setenv(*SNAP_START)
    monkeypatch.setattr(snapshot, "drop", lambda: done.append("drop"))
    monkeypatch.setattr(random, "seed", lambda: done.append("seed"))
    snapshot.register(lambda: done.append("load"))
    assert done == []
    runtime.before()
    assert done == ["drop"]
    runtime.after()
    assert done == ["drop", "seed", "load"]


def held() -> dict[str, object]:
    """What this process holds of all that a snapshot must not have."""
    copies = [listings._copies, store._copies]
    cached: list[Cached[Any]] = [site_keys._valid_keys, answer._answer, store._site_codes]
    return {
        "session and clients": aws.session.cache_info().currsize + aws._made_client.cache_info().currsize,
        "connections": len(postgres._idle),
        "signer": presign._credentials.cache_info().currsize + presign._signing_key.cache_info().currsize,
        "secrets": settings.secret.cache_info().currsize,
        "values": sum(each._entry is not None for each in cached),
        "locks": len(locks._unconfirmed),
        "copies": sum(each._copy is not None for each in copies),
        "times": counting._table.scan_from + sum(each._left_alone_until for each in copies),
    }


@pytest.mark.usefixtures("aws", "database")
def test_before_the_snapshot_everything_is_dropped() -> None:
    aws.client("ssm").put_parameter(Name="remotehq-token", Value="secret", Type="SecureString")
    settings.secret("remotehq-token")
    presign.get_url("data/one.jpg")
    postgres.query("SELECT 1 AS one")
    connection = postgres._idle[0].connection
    for each in (site_keys._valid_keys, answer._answer, store._site_codes):
        each._entry = (None, 1e12)  # type: ignore[assignment]
    for kept in (listings._copies, store._copies):
        kept._copy, kept._left_alone_until = Copy("1", 0.0, {}, b""), 1e12
    locks._unconfirmed["mrc1"] = "holder"
    counting._table.scan_from = 1e12
    assert all(held().values())
    snapshot.drop()
    assert not any(held().values())
    assert connection.closed


@pytest.mark.usefixtures("aws")
def test_clients_after_a_restore_are_new_but_read_no_description_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = aws.client("dynamodb")
    snapshot.drop()
    monkeypatch.setattr("botocore.loaders.JSONFileLoader.load_file", pytest.fail)
    assert aws.client("dynamodb") is not before


@pytest.mark.parametrize("name", snapshot.DROPPED_BY)
def test_only_modules_that_the_function_imported_are_asked(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_module(name)
    stand_in = ModuleType(name)
    monkeypatch.setattr(snapshot, "DROPPED_BY", {name: "note"})
    asked = list[str]()
    vars(stand_in)["note"] = lambda: asked.append(name)
    monkeypatch.setitem(sys.modules, name, stand_in)
    snapshot.drop()
    monkeypatch.delitem(sys.modules, name)
    snapshot.drop()
    assert asked == [name]
