"""A canary: a secret that tests put into the server's memory, and look for in the responses."""

import bz2
import secrets
from collections.abc import Iterator

import numpy as np

CANARY = secrets.token_hex(16).encode()
# Kinds of numbers: decoding the file or encoding the result may reverse the bytes of each number.
_NUMBERS = ("u1", "u2", "u4", "u8")


def shows_canary(answer: bytes) -> bool:
    """Return whether a response has the canary: an error message, a FITS file or a TIFF in bzip2."""
    plain = bz2.decompress(answer) if answer.startswith(b"BZh") else answer
    return any(CANARY in swapped for swapped in _in_each_order(plain))


def _in_each_order(content: bytes) -> Iterator[bytes]:
    """Return the bytes as they are, and with the bytes of each number reversed."""
    for number in map(np.dtype, _NUMBERS):
        for begin in range(number.itemsize):
            whole = (len(content) - begin) // number.itemsize
            yield (
                np.frombuffer(content, number, max(0, whole), begin).byteswap().tobytes()
                if whole > 0
                else b""
            )
