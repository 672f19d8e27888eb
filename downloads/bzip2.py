"""bzip2 with all the cores that there are.

A bzip2 file may be several streams one after the other, which `bunzip2` and Python's `bz2` read as one. Each
is made by a thread of its own: `bz2` works without the interpreter's lock.
"""

import bz2
import os
from collections.abc import Callable, Iterable, Iterator

from common.parallel import in_order

# What bzip2 compresses at a time at its highest level; a piece should be some of these.
BLOCK_BYTES = 900_000


def compressed(pieces: Iterable[Callable[[], bytes]]) -> Iterator[bytes]:
    """Return the streams of a bzip2 file of all pieces, in their order. The same pieces make the same bytes.

    Parameters
    ----------
    pieces
        Each makes its bytes when it is called, by the thread that compresses them.
    """
    threads = os.cpu_count() or 1
    return in_order(_stream, pieces, threads, ahead=2 * threads)


def _stream(piece: Callable[[], bytes]) -> bytes:
    return bz2.compress(piece())
