"""Entity tags: they let a caller that polls skip an answer that it has already."""

import hashlib


def weak(content: bytes) -> str:
    """Return a weak ETag (RFC 9110, 8.8.3) of `content`.

    A weak ETag identifies the meaning of a response, not its bytes.
    """
    return f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'


def matches(if_none_match: str, etag: str) -> bool:
    """Return whether an If-None-Match header (RFC 9110, 13.1.2) has an ETag. Weak ones count too."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags
