"""The hourly schedule: which rooms it restarts in which hour, and rooms that fail."""

import json
import time
from datetime import UTC, datetime, tzinfo
from typing import Any

import pytest
import yaml

from common import logs
from local.deployment import PROJECT, Deployment
from local.invocation import LambdaContext, load_handler
from local.remotehq import Fault, RemoteHq
from remotehq import daily_restart, handlers, rooms, store
from site_configs import store as site_configs

LONG_MS = 900_000

pytestmark = pytest.mark.usefixtures("gateway_url", "remotehq")


@pytest.fixture(autouse=True)
def log() -> None:
    logs.set_up()


def site(code: str, **config: Any) -> None:
    """A site with this config and a control room."""
    site_configs.write(code, config)
    rooms.make(code)


def restarted(now: str, time_left_ms: int = LONG_MS) -> list[str]:
    """Run at `now`; return the sites whose rooms have changed, and check that the run returned the same."""
    before = {room["site"]: room["room_id"] for room in store.read_all()}
    answered = daily_restart.restart_rooms(datetime.fromisoformat(now), lambda: time_left_ms)
    after = {room["site"]: room["room_id"] for room in store.read_all()}
    assert after.keys() == before.keys()
    assert [code for code in sorted(after) if after[code] != before[code]] == answered
    return answered


def told(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str | None]]:
    """Message and site of each line of the log."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [(line["message"], line.get("site")) for line in lines]


# UTC offsets from the IANA time zone database: Los Angeles -8 h, in summer -7 h; Santiago -3 h in summer;
# Adelaide +9:30, in summer +10:30; Kathmandu +5:45.
@pytest.mark.parametrize(
    ("now", "sites"),
    [
        ("2026-01-15T22:59:59+00:00", []),
        ("2026-01-15T23:00:00+00:00", ["west"]),
        ("2026-01-15T23:59:59+00:00", ["west"]),
        ("2026-01-16T00:00:00+00:00", []),
        ("2026-07-15T22:05:00+00:00", ["west"]),
        ("2026-07-15T23:05:00+00:00", []),
        ("2026-01-15T04:05:00+00:00", []),
        ("2026-01-15T05:05:00+00:00", ["half"]),
        ("2026-07-15T06:05:00+00:00", ["half"]),
        ("2026-01-15T18:05:00+00:00", ["south"]),
        ("2026-01-15T10:05:00+00:00", ["quarter"]),
        ("2026-01-15T15:05:00-08:00", ["west"]),
    ],
)
def test_rooms_are_restarted_in_the_site_s_own_afternoon(now: str, sites: list[str]) -> None:
    site("west", TZ_database_name="America/Los_Angeles")
    site("half", TZ_database_name="Australia/Adelaide")
    site("south", TZ_database_name="America/Santiago")
    site("quarter", TZ_database_name="Asia/Kathmandu")
    assert restarted(now) == sites


def test_in_the_hourly_runs_of_a_day_each_room_is_restarted_once() -> None:
    site("half", TZ_database_name="Australia/Adelaide")
    site("west", TZ_database_name="America/Los_Angeles")
    day = [restarted(f"2026-03-10T{hour:02d}:05:00+00:00") for hour in range(24)]
    assert sorted(code for sites in day for code in sites) == ["half", "west"]


def test_a_site_without_a_zone_has_that_of_its_wema() -> None:
    site_configs.write("mrc", {"TZ_database_name": "America/Los_Angeles"})
    site("mrc1", wema_name="mrc", TZ_database_name="")
    site("own", wema_name="mrc", TZ_database_name="Asia/Kathmandu")
    assert restarted("2026-01-15T23:05:00+00:00") == ["mrc1"]


def test_a_site_without_a_room_gets_none(remotehq: RemoteHq) -> None:
    site_configs.write("bare", {"TZ_database_name": "UTC"})
    assert restarted("2026-01-15T15:05:00+00:00") == []
    assert remotehq.calls == []


@pytest.mark.parametrize(
    "config",
    [
        None,
        {},
        {"TZ_database_name": "Mars/Olympus"},
        {"TZ_database_name": 5},
        {"wema_name": "nowhere"},
        {"wema_name": ["a"]},
    ],
)
def test_a_site_with_an_unknown_zone_is_logged_and_stops_no_other(
    config: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    site("a", **(config or {}))
    if config is None:
        site_configs.delete("a")
    site("b", TZ_database_name="UTC")
    assert restarted("2026-01-15T15:05:00+00:00") == ["b"]
    assert told(capsys) == [("no time zone known", "a")]


def test_one_that_fails_stops_no_other_and_keeps_its_room(
    remotehq: RemoteHq, capsys: pytest.CaptureFixture[str]
) -> None:
    for code in "abc":
        site(code, TZ_database_name="UTC")
    remotehq.fail("POST /rooms", None, Fault(429), None)
    assert restarted("2026-01-15T15:05:00+00:00") == ["a", "c"]
    assert told(capsys) == [("RemoteHQ failed", None), ("room not restarted", "b")]


def test_a_fault_of_the_code_at_one_site_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def restart(code: str) -> None:
        if code == "a":
            raise ZeroDivisionError
        restart_room(code)

    restart_room = rooms.restart
    for code in "ab":
        site(code, TZ_database_name="UTC")
    monkeypatch.setattr(rooms, "restart", restart)
    assert restarted("2026-01-15T15:05:00+00:00") == ["b"]


def test_a_room_with_a_slug_that_is_no_text_is_restarted() -> None:
    site("a", TZ_database_name="UTC")
    row: Any = {"site": "a", "slug": 5, "room_id": "1", "url": "", "config": {}}
    store.write(row)
    assert restarted("2026-01-15T15:05:00+00:00") == ["a"]


def test_no_restart_is_begun_that_might_not_end_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    site("a", TZ_database_name="UTC")
    assert restarted("2026-01-15T15:05:00+00:00", time_left_ms=29_000) == []
    assert told(capsys) == [("no time left to restart a room", "a")]
    assert restarted("2026-01-15T15:05:00+00:00", time_left_ms=31_000) == ["a"]


def test_the_schedule_goes_by_the_clock(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls(2026, 1, 15, 23, 5, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(handlers, "datetime", Clock)
    site("west", TZ_database_name="America/Los_Angeles")
    site("east", TZ_database_name="UTC")
    function = deployment.functions["restartControlRoomsHourly"]
    context = LambdaContext(function.deployed_name, deadline=time.monotonic() + 900)
    assert load_handler(function.handler)({}, context) == ["west"]


def test_the_schedule_runs_hourly_with_lambda_s_longest_timeout() -> None:
    function = yaml.safe_load((PROJECT / "serverless.yml").read_text())["functions"][
        "restartControlRoomsHourly"
    ]
    hourly = {"rate": ["cron(5 * * * ? *)"], "enabled": "${param:schedules}"}
    assert function["events"] == [{"schedule": hourly}]
    assert (function["timeout"], function["maximumRetryAttempts"]) == (900, 0)
