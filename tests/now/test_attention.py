"""Each rule of attention, once where it fires and once where it does not."""

import re
from dataclasses import replace
from typing import Any

import pytest

from local.deployment import PROJECT
from now import attention, thresholds
from now.attention import Attention
from now.pipes import PipeState
from now.queues import QueueState
from now.thresholds import THRESHOLDS, Threshold
from tests.now.network import DAY_S, HOUR_S, MINUTE_S, NOON, dark_site, longitude, observatory

# At the observatory `dark_site` it is midnight when the Unix time is 0.
NOW = 0
NOW_MS = 1_795_600_000_000


def at(image: int | None = None, upload: int | None = None, **more: Any) -> list[Attention]:
    site = more.get("site", dark_site())
    row = observatory(image, upload)
    return list(attention.of_observatory(site, row, NOW, heard=more.get("heard", True)))


def queue(**changes: Any) -> list[Attention]:
    state: QueueState = {
        "queue_name": "jobs",
        "waiting": 1,
        "leased": 0,
        "dead": 0,
        "more": False,
        "oldest_age_ms": 0,
        "oldest_waiting_at": NOW_MS,
        "paused": False,
        "stuck": [],
    }
    return list(attention.of_queue({**state, **changes}, NOW_MS / 1000))  # type: ignore[typeddict-item]


def pipe(age_s: int | None) -> list[Attention]:
    updated = None if age_s is None else NOW_MS - age_s * 1000
    state: PipeState = {"pipe_id": "pipe1", "status": "idle", "last_updated": updated, "age_s": age_s}
    return list(attention.of_pipe(state))


def test_an_observatory_that_is_silent_in_the_dark_is_an_alarm() -> None:
    (found,) = at(image=-31 * MINUTE_S, upload=-40 * MINUTE_S)
    assert found == {
        "level": "alarm",
        "about": {"kind": "observatory", "name": "dark1"},
        "reason": "It is dark there, and nothing has come since 1969-12-31 23:29 UTC.",
        "since": -31 * MINUTE_S,
    }


@pytest.mark.parametrize(
    "sent", [{"image": -29 * MINUTE_S}, {"upload": -29 * MINUTE_S}, {"image": -DAY_S, "upload": -5}]
)
def test_an_observatory_that_sends_something_in_the_dark_is_fine(sent: dict[str, int]) -> None:
    assert at(**sent) == []


def test_an_observatory_that_is_silent_in_daylight_is_fine() -> None:
    assert at(image=-HOUR_S, site=dark_site(longitude=longitude(NOON, 0))) == []


@pytest.mark.parametrize(("minutes_after_dark", "fires"), [(25, False), (35, True)])
def test_a_silence_counts_from_dusk(minutes_after_dark: int, fires: bool) -> None:  # noqa: FBT001
    # On the equator the Sun of that day is 12 degrees below the horizon at 18:56 of its mean local time.
    local_hour = 18 + (56 + minutes_after_dark) / 60
    assert bool(at(image=-HOUR_S, site=dark_site(longitude=longitude(local_hour, 0)))) == fires


def test_a_silence_of_days_is_a_notice() -> None:
    (found,) = at(image=-4 * DAY_S)
    assert (found["level"], found["since"]) == ("notice", -4 * DAY_S)
    assert found["reason"] == "Nothing has come since 1969-12-28 00:00 UTC. It is dark there."
    (never,) = at()
    assert (never["level"], never["since"]) == ("notice", None)
    assert never["reason"] == "Nothing ever came. It is dark there."


def test_a_date_in_the_future_hides_no_silence() -> None:
    assert at(image=365 * DAY_S, upload=-HOUR_S)[0]["since"] == -HOUR_S
    assert at(image=9 * MINUTE_S) == []


def test_without_images_and_uploads_nobody_is_called_silent() -> None:
    assert at(heard=False) == []


def test_an_observatory_without_a_place_is_a_notice() -> None:
    (found,) = at(site=replace(dark_site(), observer=None, problem="The site's config lacks latitude."))
    assert found["level"] == "notice"
    assert found["reason"] == "Its sky is unknown. The site's config lacks latitude."


def test_a_job_that_waits_too_long_is_a_warning() -> None:
    (found,) = queue(oldest_waiting_at=NOW_MS - 60 * MINUTE_S * 1000)
    assert (found["level"], found["about"]) == ("warning", {"kind": "queue", "name": "jobs"})
    assert found["reason"] == "The oldest job has been waiting since 2026-11-25 08:46 UTC."
    assert found["since"] == NOW_MS // 1000 - 60 * MINUTE_S


@pytest.mark.parametrize("since", [None, NOW_MS - 59 * MINUTE_S * 1000])
def test_a_job_that_waits_for_less_is_fine(since: int | None) -> None:
    assert queue(oldest_waiting_at=since) == []


def test_a_job_that_waits_in_a_paused_queue_is_a_notice() -> None:
    (found,) = queue(oldest_waiting_at=NOW_MS - 61 * MINUTE_S * 1000, paused=True)
    assert found["level"] == "notice"
    assert found["reason"].startswith("The queue is paused. The oldest job has been waiting")


def test_a_job_that_was_handed_out_often_is_a_warning() -> None:
    stuck = [{"id": "a", "receive_count": 4, "created_at": NOW_MS, "lease_until": None}]
    (found,) = queue(stuck=stuck)
    assert found["level"] == "warning"
    assert found["reason"] == "Handed out again and again: 1 job, a 4 times."
    assert queue(stuck=[]) == []


def test_dead_letters_are_a_warning() -> None:
    (found,) = queue(dead=2)
    assert (found["level"], found["reason"]) == ("warning", "It has 2 dead letters.")
    assert queue(dead=0) == []


@pytest.mark.parametrize(
    ("age_s", "level"),
    [
        (None, None),
        (14 * MINUTE_S, None),
        (15 * MINUTE_S, "warning"),
        (6 * DAY_S, "warning"),
        (8 * DAY_S, "notice"),
    ],
)
def test_a_silent_pipe(age_s: int | None, level: str | None) -> None:
    assert [each["level"] for each in pipe(age_s)] == ([level] if level else [])


def test_a_part_that_is_unknown_is_an_alarm() -> None:
    found = list(attention.of_unknown({"images": "Try again later.", "queues": None}))
    assert [(each["level"], each["about"]["name"]) for each in found] == [("alarm", "images")]
    assert found[0]["reason"] == "This part is unknown. Try again later."


def test_the_worst_comes_first() -> None:
    problems = [
        *pipe(8 * DAY_S),
        *pipe(HOUR_S),
        *queue(dead=1),
        *at(image=-HOUR_S),
        *at(image=-2 * HOUR_S),
        *attention.of_unknown({"images": "Gone."}),
    ]
    found = [(each["about"]["kind"], each["since"]) for each in attention.worst_first(problems)]
    assert found == [
        ("backend", None),
        ("observatory", -2 * HOUR_S),
        ("observatory", -HOUR_S),
        ("queue", None),
        ("pipe", NOW_MS // 1000 - HOUR_S),
        ("pipe", NOW_MS // 1000 - 8 * DAY_S),
    ]


def test_an_impossible_time_is_described_in_words() -> None:
    assert queue(oldest_waiting_at=-(10**30))[0]["reason"].endswith("since a time that is no date.")


def test_the_page_has_every_threshold() -> None:
    page = (PROJECT / "docs" / "now.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    found = [row for row in rows if any(row[0] == each.meaning for each in THRESHOLDS)]
    assert found == [(each.meaning, words(each), each.reason) for each in THRESHOLDS]


def words(threshold: Threshold) -> str:
    gap = "" if threshold.unit == "°" else " "
    return f"{threshold.value:g}{gap}{threshold.unit}"


def test_every_threshold_of_the_module_is_in_its_table() -> None:
    found = [value for value in vars(thresholds).values() if isinstance(value, Threshold)]
    assert found == list(THRESHOLDS)
