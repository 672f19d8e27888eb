"""Copies of answers made from all configs: in the process, and in the bucket for all processes.

Reading 1,000 configs takes nine requests and 1.8 s of CPU time. To make a copy, a process reads first the
version of the table and then the table. So a copy with the present version has every completed change. A
process that finds no such copy reads the table and keeps a new copy. If that fails, or an older copy replaces
a newer one, the next caller reads the table again.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from common import logs, s3
from common.errors import Unavailable

DIRECTORY = "kept"
# The version says nothing of changes by programs that write into the table themselves, as the earlier service
# does. They are seen after this time.
GOOD_FOR_S = 300
# A bucket that does not answer delays nobody for longer than this, and is left alone for a while.
SHORT_TIMEOUT: dict[str, Any] = {"read_timeout_s": 2.0, "attempts": 1}
_LEFT_ALONE_S = 30.0

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Copy:
    """A copy.

    Attributes
    ----------
    version
        The version of the table that it was made of.
    read_at
        When the table began to be read; Unix seconds.
    facts
        What is known of `content`; JSON.
    content
        The copy itself.
    """

    version: str
    read_at: float
    facts: dict[str, Any]
    content: bytes

    def is_good(self, version: str) -> bool:
        """Return whether the copy is of this version and not too old."""
        # A copy from the future is of a machine with a wrong clock, and might be used for too long.
        return self.version == version and -GOOD_FOR_S < time.time() - self.read_at < GOOD_FOR_S


class Copies:
    """The copy of one thing.

    Parameters
    ----------
    name
        Of the object in the bucket. What is made in another way needs another name.
    """

    def __init__(self, name: str) -> None:
        self._key = f"{DIRECTORY}/{name}"
        self._copy: Copy | None = None
        self._left_alone_until = 0.0

    def find(self, version: str) -> Copy | None:
        """Return a good copy of a version of the table, or None. Mostly no request; else one to S3."""
        if not version:
            # Nobody has renewed the version yet, so it shows no change.
            return None
        if self._copy is None or not self._copy.is_good(version):
            self._copy = self._stored()
        copy = self._copy
        return copy if copy is not None and copy.is_good(version) else None

    def keep(self, copy: Copy) -> None:
        """Keep a copy in the process and in the bucket. Without the bucket only in the process."""
        if not copy.version:
            return
        self._copy = copy
        head = {"version": copy.version, "read_at": copy.read_at, "facts": copy.facts}
        content = json.dumps(head).encode() + b"\n" + copy.content
        self._with_bucket(lambda: s3.request("put_object", Key=self._key, Body=content, **SHORT_TIMEOUT))

    def forget(self) -> None:
        """Drop the copy of this process, and the memory that the bucket did not answer."""
        self._copy = None
        self._left_alone_until = 0.0

    def _stored(self) -> Copy | None:
        stored = self._with_bucket(lambda: s3.read(self._key, **SHORT_TIMEOUT))
        if stored is None:
            return None
        head, _, content = stored.partition(b"\n")
        try:
            return Copy(content=content, **json.loads(head))
        except (ValueError, TypeError):
            logs.logger.warning("not a copy", extra={"fields": {"key": self._key}})
            return None

    def _with_bucket(self, send: Callable[[], Answer]) -> Answer | None:
        """Return what `send` returns; None if the bucket does not answer, or refuses."""
        from botocore.exceptions import ClientError

        if time.monotonic() < self._left_alone_until:
            return None
        try:
            return send()
        except (Unavailable, ClientError) as error:
            self._left_alone_until = time.monotonic() + _LEFT_ALONE_S
            logs.logger.warning("the bucket of copies does not answer", extra={"fields": logs.failure(error)})
            return None
