"""The clock of the queues."""

import time


def now_ms() -> int:
    """Return the current time in Unix ms."""
    return int(time.time() * 1000)
