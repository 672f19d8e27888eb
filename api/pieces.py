"""Uploads in pieces, which go on where they stopped: the rules.

A piece is an object of its own with at most `PIECE_BYTES`. S3 checks its MD5 when it arrives. When all pieces
of a part are there, the part is made from them. S3 makes the file from the parts.

Why not S3's parts alone: they have at least 5 MiB, and a part that was cut has to be sent again from its
start. Ten cuts would cost up to a quarter of a file of 200 MB. A connection that is always cut before 5 MiB
would never send a part.

The only state is objects in S3 (`api/piece_store.py`). A caller sends the same request again and again, and
learns each time which pieces are missing.
"""

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from common.errors import BadRequest, TooLarge
from common.settings import setting

PIECE_BYTES = 1024 * 1024
# S3 wants at least 5 MiB in each part but the last.
PIECES_OF_A_PART = 8
# The most URLs in one response. They are signed in 5 ms.
ASKED_AT_ONCE = 32
# The most parts that one request makes: 64 MiB are read and written, in about 3 s at 512 MB of memory.
PARTS_AT_ONCE = 8
_MD5_BYTES = 16


@dataclass(frozen=True)
class Part:
    """Some pieces that follow one another.

    Attributes
    ----------
    number
        From 0 on.
    pieces
        The numbers of its pieces.
    """

    number: int
    pieces: range


@dataclass(frozen=True)
class PieceList:
    """A file that comes in pieces.

    Attributes
    ----------
    key
        The file's key.
    size
        Its size in bytes.
    md5
        The MD5 of each piece, in base64 as in the header Content-MD5.
    """

    key: str
    size: int
    md5: tuple[str, ...]

    @cached_property
    def fingerprint(self) -> str:
        """The name of the upload, 64 hexadecimal digits: the same for the same content at the same key."""
        named = "\n".join((self.key, str(self.size), *self.md5))
        return hashlib.sha256(named.encode()).hexdigest()

    def bytes_of(self, number: int) -> int:
        """Return the size of a piece."""
        return min(PIECE_BYTES, self.size - number * PIECE_BYTES)

    def parts(self) -> Iterator[Part]:
        """Return the parts, in the order of the file."""
        for number, first in enumerate(range(0, len(self.md5), PIECES_OF_A_PART)):
            yield Part(number, range(first, min(first + PIECES_OF_A_PART, len(self.md5))))


def parse_pieces(key: str, given: Any) -> PieceList:
    """Return the pieces that `pieces` in the body of `POST /upload` describes.

    Parameters
    ----------
    key
        The file's key.
    given
        `{"size_bytes": …, "md5": […]}`.

    Raises
    ------
    BadRequest
        If it has another form, or the number of MD5s does not fit the size.
    TooLarge
        If the file is larger than the stage allows.
    """
    if not isinstance(given, dict):
        raise BadRequest("pieces must be an object with size_bytes and md5.")
    size, digests = given.get("size_bytes"), given.get("md5")
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise BadRequest("pieces.size_bytes must be the size of the file in bytes, 1 or more.")
    largest = int(setting("MAX_UPLOAD_BYTES"))
    if size > largest:
        raise TooLarge(f"The file is too large: {largest} bytes at most.")
    count = -(-size // PIECE_BYTES)
    if not isinstance(digests, list) or len(digests) != count:
        raise BadRequest(
            f"pieces.md5 must be a list of {count} MD5s, one for each {PIECE_BYTES} bytes of the file."
        )
    if not all(_is_md5(digest) for digest in digests):
        raise BadRequest("Each of pieces.md5 must be an MD5 in base64, as in the header Content-MD5.")
    return PieceList(key, size, tuple(digests))


def _is_md5(given: Any) -> bool:
    try:
        return isinstance(given, str) and len(b64decode(given, validate=True)) == _MD5_BYTES
    except ValueError:
        return False
