"""Files cut into pieces, as a caller of `POST /upload` announces them."""

import hashlib
from base64 import b64encode
from typing import Any

from api.pieces import PIECE_BYTES


def cut(content: bytes) -> list[bytes]:
    """Return the pieces of a file."""
    return [content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES)]


def announced(content: bytes) -> dict[str, Any]:
    """Return the member `pieces` of the request: the size, and the MD5 of each piece."""
    return {"size_bytes": len(content), "md5": [md5(piece) for piece in cut(content)]}


def md5(content: bytes) -> str:
    """Return the MD5 in base64, as in the header Content-MD5."""
    return b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
