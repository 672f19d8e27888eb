"""The time as the queues keep it."""

import time


def now_ms() -> int:
    """Return the time by this machine's clock; Unix ms."""
    return int(time.time() * 1000)
