"""What clients were told: of each thing, what it must be, and what it may be."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from benchmarks.night.calls import NONE, OK, SERVER_ERROR
from support.queue_history import Call as QueueCall


class Register:
    """A thing that one client writes whole, again and again.

    Of a write that was answered 5xx or not at all it is not known whether it took effect.
    """

    def __init__(self) -> None:
        self.certain: Any = None
        self.possible: list[Any] = []

    def note(self, value: Any, status: int) -> None:
        """Note that `value` was written, and what was answered."""
        if OK <= status < 300:  # noqa: PLR2004 - 2xx
            self.certain, self.possible = value, []
        elif status == NONE or status >= SERVER_ERROR:
            self.possible.append(value)

    def allows(self, value: Any) -> bool:
        """Answer whether the thing may be `value`."""
        return value == self.certain or value in self.possible


@dataclass
class Uploaded:
    """A file that was posted to S3: its digest and size, how often S3 said it has it, or said nothing."""

    sha256: str
    size: int
    accepted: int = 0
    unknown: int = 0


@dataclass
class ExpectedState:
    """All that the actors were told.

    Attributes
    ----------
    configs, notes, statuses
        By site, site and PIPE.
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
