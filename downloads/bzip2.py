"""bzip2 compression on all cores.

A bzip2 file may consist of several streams, which `bunzip2` and Python's `bz2` read as one. Each stream is
made by its own thread, because `bz2` releases the interpreter's lock.
"""

import bz2
import os
from collections.abc import Callable, Iterable, Iterator

from common.parallel import in_order

# The block size of bzip2 at its highest level. A piece should have several blocks.
BLOCK_BYTES = 900_000


def compressed(pieces: Iterable[Callable[[], bytes]]) -> Iterator[bytes]:
    """Return the streams of a bzip2 file of all pieces, in order. The same pieces give the same bytes.

    Parameters
    ----------
    pieces
        Functions that return the bytes. The compressing thread calls them.
    """
    threads = os.cpu_count() or 1
    return in_order(_stream, pieces, threads, ahead=2 * threads)


def _stream(piece: Callable[[], bytes]) -> bytes:
    return bz2.compress(piece())
