"""Objects of S3 that the ingester reads and writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common import aws, s3
from common.errors import NotFound, Unavailable, Unprocessable

# How often work is done again when an object was replaced meanwhile.
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Description:
    """What S3 says of an object without sending it."""

    etag: str
    size_bytes: int
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Range:
    """A part of an object.

    Attributes
    ----------
    content
        The bytes.
    object_bytes
        The size of the whole object.
    etag
        S3's mark of the object's content.
    """

    content: bytes
    object_bytes: int
    etag: str


def describe(key: str) -> Description | None:
    """Return what S3 says of an object; None if there is none."""
    response = s3.find("head_object", Key=key)
    if response is None:
        return None
    return Description(response["ETag"], response["ContentLength"], response["Metadata"])


def read_range(key: str, start: int, size: int, etag: str | None) -> Range:
    """Return at most `size` bytes of an object from `start` on.

    Parameters
    ----------
    key
        The object's key.
    start
        The first byte, below the object's size.
    size
        How many bytes are wanted.
    etag
        The content that is expected; None for whichever there is.

    Raises
    ------
    NotFound
        If there is no such object.
    Unprocessable
        If it is empty.
    Unavailable
        If its content was replaced meanwhile, or S3 sends less than it announced.
    """
    condition = {} if etag is None else {"IfMatch": etag}
    response = _get(Key=key, Range=f"bytes={start}-{start + size - 1}", **condition)
    if response is None:
        raise NotFound(f"There is no object {key}.")
    object_bytes = s3.object_bytes(response)
    content = _body(response, min(size, object_bytes - start))
    return Range(content, object_bytes, response["ETag"])


def read_whole(key: str, most_bytes: int) -> Range:
    """Return an object.

    Raises
    ------
    NotFound
        If there is no such object.
    Unprocessable
        If it is empty, or has more than `most_bytes`.
    """
    found = read_range(key, 0, most_bytes, None)
    if found.object_bytes > most_bytes:
        raise Unprocessable(f"The file has {found.object_bytes} bytes; at most {most_bytes} are read.")
    return found


def write_if_unchanged(
    key: str, content: bytes, content_type: str, metadata: Mapping[str, str], etag: str | None
) -> None:
    """Store an object, unless it was written by another meanwhile.

    Parameters
    ----------
    key, content, content_type, metadata
        What is stored.
    etag
        The content that is replaced; None if there is no object yet.
    """
    from botocore.exceptions import ClientError

    condition: dict[str, Any] = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
    try:
        s3.request(
            "put_object", Key=key, Body=content, ContentType=content_type, Metadata=metadata, **condition
        )
    except ClientError as error:
        if s3.code(error) not in s3.CONDITION_FAILED:
            raise


def _body(response: dict[str, Any], size: int) -> bytes:
    from botocore.exceptions import IncompleteReadError

    try:
        with aws.faults(s3.STORE):
            content: bytes = response["Body"].read()
    except IncompleteReadError as error:
        raise s3.no_answer() from error
    finally:
        response["Body"].close()
    if len(content) != size:
        raise Unavailable(f"Try again later: {s3.STORE} sends only a part of the file.")
    return content


def _get(**arguments: Any) -> dict[str, Any] | None:
    """Return S3's response; None if there is no such object."""
    from botocore.exceptions import ClientError

    try:
        return s3.find("get_object", **arguments)
    except ClientError as error:
        if s3.code(error) in s3.NO_BYTES:
            raise Unprocessable("The file is empty.") from error
        if s3.code(error) in s3.REPLACED:
            raise Unavailable("Try again later: the file was replaced while it was read.") from error
        raise
