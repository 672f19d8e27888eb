"""The answer of `GET /now`: read once, and used for all callers of a process for a few seconds."""

import time
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from common import etags
from common.cached import Cached
from common.errors import NotFound, Unavailable
from common.responses import json_text
from now import attention, reading
from now.attention import Attention
from now.observatories import Observatory, observatory
from now.pipes import PipeState
from now.queues import QueueState

# Fifty consoles that poll every 30 s then cost one reading in five seconds.
GOOD_FOR_S = 5
# If nothing changes, a caller may keep its answer for this time. The Sun moves by 1.25 degrees meanwhile.
SAME_FOR_S = 300

# If all of these parts are missing, there is nothing to show.
_NEEDED = {reading.CONFIGS, "queues", "pipes"}

# Members that change with the clock and the signing key alone.
_CLOCK = frozenset(
    (
        "age_s",
        "oldest_age_ms",
        "sun_altitude",
        "moon_altitude",
        "moon_illumination",
        "jpg_thumbnail_url",
    )
)


@dataclass(frozen=True)
class Answer:
    """The answer.

    Attributes
    ----------
    at
        When it was read; Unix seconds.
    attention, observatories, queues, pipes
        As callers see them.
    unknown
        The parts that could not be read.
    """

    at: int
    attention: list[Attention]
    observatories: list[Observatory]
    queues: list[QueueState]
    pipes: list[PipeState]
    unknown: list[str]

    @cached_property
    def text(self) -> str:
        """The JSON text."""
        return json_text(self._content(self.at))

    @cached_property
    def etag(self) -> str:
        """A weak ETag. It changes when anything other than the clock changes, and every `SAME_FOR_S`."""
        return etags.weak(json_text(_facts(self._content(self.at // SAME_FOR_S))).encode())

    def of(self, site: str) -> "Answer":
        """Return the answer with one observatory. Queues and PIPEs serve all observatories, so they stay.

        Raises
        ------
        NotFound
            If there is no such observatory.
        Unavailable
            If the sites are unknown.
        """
        if reading.CONFIGS in self.unknown:
            raise Unavailable("Try again later: the sites' configs cannot be read.")
        rows = [row for row in self.observatories if row["site"] == site]
        if not rows:
            raise NotFound(f"No observatory has the code {site}.")
        others = {row["site"] for row in self.observatories} - {site}
        concerning = [each for each in self.attention if not attention.is_about(each, others)]
        return replace(self, attention=concerning, observatories=rows)

    def _content(self, at: int) -> dict[str, Any]:
        return {
            "at": at,
            "attention": self.attention,
            "observatories": self.observatories,
            "queues": self.queues,
            "pipes": self.pipes,
            "unknown": self.unknown,
        }


def current() -> Answer:
    """Return the answer, at most `GOOD_FOR_S` old.

    Raises
    ------
    Unavailable
        If nothing could be read.
    """
    return _answer.get()


def forget() -> None:
    """Drop what is kept, so that the next call reads it again."""
    forget_answer()
    reading.forget()


def forget_answer() -> None:
    """Drop the answer; the sites and their last uploads stay."""
    _answer.forget()


def made_of(found: reading.Parts, now: float) -> Answer:
    """Return the answer that parts make at a moment (Unix seconds).

    Raises
    ------
    Unavailable
        If the observatories, the queues and the PIPEs are all unknown.
    """
    failures = found.failures()
    unknown = [part for part, failure in failures.items() if failure is not None]
    if set(unknown) >= _NEEDED:
        raise Unavailable("Try again later: no backend answers.")
    rows = [
        observatory(
            site,
            now,
            found.images.value.get(site.code),
            found.uploads.value.get(site.code),
            found.night_log.value.get(site.code),
        )
        for site in found.configs.value
    ]
    problems = chain(
        attention.of_unknown(failures),
        *(
            attention.of_observatory(site, row, now, heard=found.heard)
            for site, row in zip(found.configs.value, rows, strict=True)
        ),
        *(attention.of_queue(queue, now) for queue in found.queues.value),
        *(attention.of_pipe(pipe) for pipe in found.pipes.value),
    )
    return Answer(
        at=round(now),
        attention=attention.worst_first(problems),
        observatories=rows,
        queues=found.queues.value,
        pipes=found.pipes.value,
        unknown=unknown,
    )


def _facts(value: Any) -> Any:
    """Return a part of the answer without what changes with the clock."""
    if isinstance(value, dict):
        return {key: _facts(member) for key, member in value.items() if key not in _CLOCK}
    if isinstance(value, list):
        return [_facts(member) for member in value]
    return value


def _read() -> Answer:
    now = time.time()
    return made_of(reading.read(), now)


_answer = Cached(_read, GOOD_FOR_S)
