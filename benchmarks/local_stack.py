"""A local stack to measure, without the demo and without the ingester."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from common import logs
from local.stack import Stack


@contextmanager
def running(level: int = logging.ERROR) -> Iterator[Stack]:
    """Run a local stack with a database of its own inside the block.

    Parameters
    ----------
    level
        From which level on log lines are written.
    """
    os.environ.pop("DATABASE_URL", None)
    stack = Stack(0, demo=False)
    logs.logger.setLevel(level)
    # The ingester would file the objects that benchmarks store, in this process, while they measure.
    stack.uploads.stop()
    try:
        yield stack
    finally:
        stack.stop()
