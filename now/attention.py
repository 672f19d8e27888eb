"""What needs attention, the worst first. now/thresholds.py has the thresholds.

A sentence names times and no ages. So it stays the same until something changes, and so does the ETag.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal, TypedDict

from events.observers import Observer
from now import sky
from now.observatories import Observatory, Site
from now.pipes import PipeState
from now.queues import QueueState
from now.thresholds import (
    CLOCK_AHEAD,
    DARK,
    DEAD_LETTERS,
    JOB_WAITS,
    PIPE_SILENT,
    PIPE_SILENT_FOR_LONG,
    SILENT,
    SILENT_FOR_LONG,
    Threshold,
)

Level = Literal["alarm", "warning", "notice"]
Kind = Literal["backend", "observatory", "queue", "pipe"]

# The worst first.
_LEVELS: tuple[Level, ...] = ("alarm", "warning", "notice")
_KINDS: tuple[Kind, ...] = ("backend", "observatory", "queue", "pipe")


class About(TypedDict):
    """What a problem is about: its kind, and its name, such as a site code."""

    kind: Kind
    name: str


class Attention(TypedDict):
    """A problem. `since` is the Unix time of its start in seconds, None if unknown."""

    level: Level
    about: About
    reason: str
    since: int | None


def worst_first(problems: Iterable[Attention]) -> list[Attention]:
    """Return problems by level, then by kind, then the oldest first."""
    return sorted(
        problems,
        key=lambda each: (
            _LEVELS.index(each["level"]),
            _KINDS.index(each["about"]["kind"]),
            each["since"] or 0,
        ),
    )


def is_about(problem: Attention, sites: Container[str]) -> bool:
    """Return whether a problem concerns one of these observatories."""
    return problem["about"]["kind"] == "observatory" and problem["about"]["name"] in sites


def of_unknown(failures: Mapping[str, str | None]) -> Iterator[Attention]:
    """Return a problem for each part that could not be read.

    Parameters
    ----------
    failures
        Why it could not be read, by part; None if it could.
    """
    for part, failure in failures.items():
        if failure is not None:
            yield _attention("alarm", "backend", part, f"This part is unknown. {failure}", None)


def of_observatory(site: Site, row: Observatory, now: float, *, heard: bool) -> Iterator[Attention]:
    """Return what is wrong at an observatory.

    Parameters
    ----------
    site, row
        The observatory.
    now
        Unix seconds.
    heard
        Whether images or uploads could be read. If neither could, it is not known whether the site is silent.
    """
    if site.observer is None:
        yield _attention("notice", "observatory", site.code, f"Its sky is unknown. {site.problem}", None)
        return
    last = _last_sign(row, now)
    silent = heard and (last is None or now - last >= _seconds(SILENT))
    if not silent or not _was_dark(site.observer, now):
        return
    if last is None or now - last >= _seconds(SILENT_FOR_LONG):
        came = "Nothing ever came" if last is None else f"Nothing has come since {_time(last)}"
        yield _attention("notice", "observatory", site.code, f"{came}. It is dark there.", last)
    else:
        reason = f"It is dark there, and nothing has come since {_time(last)}."
        yield _attention("alarm", "observatory", site.code, reason, last)


def of_queue(queue: QueueState, now: float) -> Iterator[Attention]:
    """Return what is wrong with a queue at a moment (Unix seconds)."""
    name, waiting_at = queue["queue_name"], queue["oldest_waiting_at"]
    if waiting_at is not None and now - waiting_at / 1000 >= _seconds(JOB_WAITS):
        since = waiting_at // 1000
        paused = "The queue is paused. " if queue["paused"] else ""
        reason = f"{paused}The oldest job has been waiting since {_time(since)}."
        yield _attention("notice" if paused else "warning", "queue", name, reason, since)
    if queue["stuck"]:
        worst = queue["stuck"][0]
        created_at = worst["created_at"]
        reason = (
            f"Handed out again and again: {_count(len(queue['stuck']), 'job')}, "
            f"{worst['id']} {worst['receive_count']} times."
        )
        yield _attention("warning", "queue", name, reason, None if created_at is None else created_at // 1000)
    if queue["dead"] >= DEAD_LETTERS.value:
        yield _attention("warning", "queue", name, f"It has {_count(queue['dead'], 'dead letter')}.", None)


def of_pipe(pipe: PipeState) -> Iterator[Attention]:
    """Return what is wrong with a PIPE machine."""
    age_s, updated = pipe["age_s"], pipe["last_updated"]
    if age_s is None or updated is None or age_s < _seconds(PIPE_SILENT):
        return
    level: Level = "warning" if age_s < _seconds(PIPE_SILENT_FOR_LONG) else "notice"
    since = updated // 1000
    yield _attention(level, "pipe", pipe["pipe_id"], f"It has sent no status since {_time(since)}.", since)


def _was_dark(observer: Observer, now: float) -> bool:
    """Return whether it has been dark for as long as a silence must last.

    The Sun moves by 8 degrees in this time at most, so the first and the last moment show it.
    """
    moments = (now, now - _seconds(SILENT))
    return all(sky.sun_altitude(observer.place, moment) < DARK.value for moment in moments)


def _last_sign(row: Observatory, now: float) -> int | None:
    """Return the time of the newest image or upload; None without one. Dates in the future are ignored."""
    image, upload = row["newest_image"], row["last_upload"]
    times = (image and image["captured_at"], upload and upload["at"])
    latest = now + _seconds(CLOCK_AHEAD)
    return max((time for time in times if time is not None and time <= latest), default=None)


def _attention(level: Level, kind: Kind, name: str, reason: str, since: int | None) -> Attention:
    return {"level": level, "about": {"kind": kind, "name": name}, "reason": reason, "since": since}


def _seconds(threshold: Threshold) -> float:
    return threshold.value * threshold.factor


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _time(unix_s: int) -> str:
    try:
        return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        # Another program may have stored any number.
        return "a time that is no date"
