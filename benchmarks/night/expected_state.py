"""The state that the API must have, by the responses that clients got."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from benchmarks.night.calls import NONE, OK, SERVER_ERROR
from support.queue_history import Call as QueueCall


class Register:
    """A value that one client overwrites repeatedly.

    A write with a 5xx response, or with none, may or may not have taken effect.
    """

    def __init__(self) -> None:
        self.certain: Any = None
        self.possible: list[Any] = []

    def note(self, value: Any, status: int) -> None:
        """Record that `value` was written, with the status of the response."""
        if OK <= status < 300:  # noqa: PLR2004 - 2xx
            self.certain, self.possible = value, []
        elif status == NONE or status >= SERVER_ERROR:
            self.possible.append(value)

    def allows(self, value: Any) -> bool:
        """Return whether the thing may be `value`."""
        return value == self.certain or value in self.possible


@dataclass
class Uploaded:
    """A file posted to S3: digest, size, and how many posts S3 accepted or left without a response."""

    sha256: str
    size: int
    accepted: int = 0
    unknown: int = 0


@dataclass
class ExpectedState:
    """What the responses to all actors imply.

    Attributes
    ----------
    configs, notes, statuses
        By site, by site, and by PIPE.
    channels
        By site and channel: the base filename of the picture shown there.
    uploads
        By key.
    queues
        The calls of each queue.
    images
        Base filenames of images whose files S3 has.
    """

    configs: dict[str, Register] = field(default_factory=lambda: defaultdict(Register))
    notes: dict[str, Register] = field(default_factory=lambda: defaultdict(Register))
    statuses: dict[str, Register] = field(default_factory=lambda: defaultdict(Register))
    channels: dict[tuple[str, int], Register] = field(default_factory=lambda: defaultdict(Register))
    uploads: dict[str, Uploaded] = field(default_factory=dict)
    queues: dict[str, list[QueueCall]] = field(default_factory=lambda: defaultdict(list))
    images: list[str] = field(default_factory=list)
