"""Doing several things at once, their results in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from common.request_context import Pool

Given = TypeVar("Given")
Made = TypeVar("Made")


def in_order(
    function: Callable[[Given], Made], arguments: Iterable[Given], threads: int, ahead: int
) -> Iterator[Made]:
    """Yield the result of `function` for each argument, in order. Several threads run the calls.

    Parameters
    ----------
    function
        The function to call. Its exceptions are raised here.
    arguments
        Taken one by one as there is room, so that there may be any number of them.
    threads
        How many calls run at once.
    ahead
        How many results are worked on or kept at most, which bounds the memory that they take.
    """
    pending: deque[Future[Made]] = deque()
    pool = Pool(threads)
    try:
        for argument in arguments:
            pending.append(pool.submit(function, argument))
            if len(pending) == ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
