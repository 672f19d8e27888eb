"""A value that is read once and then reused for a limited time."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Cached(Generic[Value]):
    """A value of this process that is read again when it is too old.

    Threads may share it. If several find it too old at once, each reads it.

    Parameters
    ----------
    read
        Returns the value.
    good_for_s
        How long a value is used after it was read, in seconds.
    """

    def __init__(self, read: Callable[[], Value], good_for_s: float) -> None:
        self._read = read
        self._good_for_s = good_for_s
        # The value and the end of its time, by `time.monotonic`.
        self._entry: tuple[Value, float] | None = None

    def get(self) -> Value:
        """Return the value, read again if it is too old."""
        entry = self._entry
        if entry is not None and time.monotonic() < entry[1]:
            return entry[0]
        # The time counts from before the read, because the value may be as old as that.
        good_until = time.monotonic() + self._good_for_s
        value = self._read()
        self._entry = (value, good_until)
        return value

    def forget(self) -> None:
        """Drop the value, so that the next `get` reads it again."""
        self._entry = None
