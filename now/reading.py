"""Reads the parts of the answer at the same time. If one fails, it is unknown; the others are still there."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from common import logs, request_context
from common.cached import Cached
from common.dynamodb import Item
from common.errors import ApiError
from common.request_context import Pool
from db.queries import NewestImage
from now import observatories, pipes, queues, store
from now.observatories import Site
from now.pipes import PipeState
from now.queues import QueueState

Value = TypeVar("Value")

CONFIGS = "configs"

# A backend that hangs is given up after this. An operator waits for the parts that work.
WAIT_S = 9.0
# Places of observatories change a few times a year, and a scan reads every whole config.
SITES_GOOD_FOR_S = 60
# Uploads need one request for each site, up to 0.5 s of CPU time with 200. A console asks every 30 s.
UPLOADS_GOOD_FOR_S = 15
_FAILED = "It could not be read; the log says why."
_READERS = 4


@dataclass(frozen=True)
class Part(Generic[Value]):
    """What was read.

    Attributes
    ----------
    value
        What was read; an empty value if that failed.
    failure
        A sentence that says why it failed; None if it did not.
    """

    value: Value
    failure: str | None = None


@dataclass(frozen=True)
class Parts:
    """All that the answer is made of. Images, uploads and notes are by site code."""

    configs: Part[list[Site]]
    images: Part[dict[str, NewestImage]]
    uploads: Part[dict[str, Item]]
    night_log: Part[dict[str, Item]]
    queues: Part[list[QueueState]]
    pipes: Part[list[PipeState]]

    def failures(self) -> dict[str, str | None]:
        """Return for each part why it could not be read; None if it was read."""
        return {
            CONFIGS: self.configs.failure,
            "images": self.images.failure,
            "uploads": self.uploads.failure,
            "night_log": self.night_log.failure,
            "queues": self.queues.failure,
            "pipes": self.pipes.failure,
        }

    @property
    def heard(self) -> bool:
        """Whether images or uploads are known. Without both, nobody knows who is silent."""
        return self.images.failure is None or self.uploads.failure is None


def read() -> Parts:
    """Return all parts. The parts about sites are read after the site codes, which are mostly cached."""
    respond_by = min(request_context.current().respond_by, time.monotonic() + WAIT_S)
    with request_context.updated(respond_by=respond_by), Pool(_READERS) as pool:
        work = pool.submit(_queues_and_pipes)
        sites: Part[list[Site]] = part(_sites.get, list)
        codes = [site.code for site in sites.value]
        images = pool.submit(part, partial(observatories.read_images, codes), dict)
        # Without site codes there is nothing to read, and the cached uploads belong to the earlier sites.
        uploads = pool.submit(part, _uploads.get if codes else dict, dict)
        notes = pool.submit(part, partial(store.notes, codes), dict)
        return Parts(sites, images.result(), uploads.result(), notes.result(), *work.result())


def part(function: Callable[[], Value], empty: Callable[[], Value]) -> Part[Value]:
    """Return what a function returns, or why it failed and what `empty` returns."""
    try:
        return Part(function())
    except ApiError as error:
        return Part(empty(), str(error.body))
    except Exception as error:  # noqa: BLE001 - one part must not cost the others
        logs.logger.error("a part of /now is unknown", extra={"fields": logs.failure(error)})
        return Part(empty(), _FAILED)


def forget() -> None:
    """Drop what is kept, so that the next call reads it again."""
    _sites.forget()
    forget_uploads()


def forget_uploads() -> None:
    """Drop the last uploads."""
    _uploads.forget()


def _queues_and_pipes() -> tuple[Part[list[QueueState]], Part[list[PipeState]]]:
    """Read the queues, which imports the statuses of the earlier service too, and then the PIPEs."""
    return part(queues.read, list), part(pipes.read, list)


def _read_sites() -> list[Site]:
    return observatories.sites_of(store.configs())


def _read_uploads() -> dict[str, Item]:
    return observatories.read_uploads([site.code for site in _sites.get()])


_sites = Cached(_read_sites, SITES_GOOD_FOR_S)
_uploads = Cached(_read_uploads, UPLOADS_GOOD_FOR_S)
