"""Images in S3, and their converted files."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, unquote

from common import aws
from common.errors import ApiError, NotFound, TooLarge, Unavailable, Unprocessable
from common.presign import DAY_S
from common.sandbox import Overrun
from common.settings import setting

_BUCKET = "the image store"
_NOT_FOUND = frozenset({"404", "NoSuchKey", "NotFound"})
# S3's error for a range of an empty object.
_NO_BYTES = "InvalidRange"

# Objects in `downloads/` may expire after eight days, and links are valid for seven.
_RENEWED_AFTER_S = DAY_S
# How long a failure is cached: long for a broken file, short after a limit, which a valid file may exceed on
# a busy machine.
_LONG_S, _SHORT_S = DAY_S, 600
# Metadata of the empty object that stores a failure.
_REASON, _STATUS, _AGAIN = "refused-because", "refused-status", "again-after-s"


class Source:
    """An open object.

    Attributes
    ----------
    etag
        S3's mark of its content.
    """

    def __init__(self, answer: dict[str, Any]) -> None:
        self.etag: str = answer["ETag"]
        self._body = answer["Body"]

    def read(self, size: int, /) -> bytes:
        """Return the next `size` bytes, fewer only at the end of the object.

        Raises
        ------
        Unavailable
            If S3 stops answering.
        """
        from botocore.exceptions import IncompleteReadError

        content = b""
        try:
            with aws.faults(_BUCKET):
                while len(content) < size and (more := self._body.read(size - len(content))):
                    content += more
        except IncompleteReadError as error:
            raise Unavailable(f"Try again later: {_BUCKET} does not answer.") from error
        return content


@contextmanager
def opened(key: str) -> Iterator[Source]:
    """Open an object for reading.

    Raises
    ------
    NotFound
        If there is none.
    Unprocessable
        If it is empty.
    Unavailable
        If S3 is down or busy, or sends less than the object has.
    """
    # The response to a range request has the size of the whole object, too.
    answer = _request("get_object", key, Range="bytes=0-")
    if answer is None:
        raise _no_object(key)
    try:
        _check_whole(answer)
        yield Source(answer)
    finally:
        answer["Body"].close()


def _check_whole(answer: dict[str, Any]) -> None:
    """Raise Unavailable if S3 sends less than the whole object, which would look like a truncated file."""
    if answer["ContentRange"].rpartition("/")[2] != str(answer["ContentLength"]):
        raise Unavailable(f"Try again later: {_BUCKET} sends only a part of the file.")


def check_exists(key: str) -> None:
    """Check that an object exists.

    Raises
    ------
    NotFound
        If there is none.
    """
    if _request("head_object", key) is None:
        raise _no_object(key)


def is_made(key: str) -> bool:
    """Return whether a converted file exists and will exist as long as a link to it is valid.

    One HEAD. Once a day for each object also a copy onto itself, which resets its age.

    Raises
    ------
    Unprocessable, TooLarge
        If the image was refused a short time ago.
    """
    answer = _request("head_object", key)
    if answer is None:
        return False
    age_s = time.time() - answer["LastModified"].timestamp()
    if _REASON in answer["Metadata"]:
        _raise_refusal(answer["Metadata"], age_s)
        return False
    return age_s < _RENEWED_AFTER_S or _renew(key, answer)


def keep(key: str, content: bytearray, content_type: str) -> None:
    """Store a converted file."""
    _request("put_object", key, Body=content, ContentType=content_type)


def keep_refusal(key: str, refusal: ApiError) -> None:
    """Store the reason why an image cannot be converted, so that the next request gets it at once."""
    again_after_s = _SHORT_S if isinstance(refusal, Overrun) else _LONG_S
    told = {_REASON: quote(str(refusal.body)), _STATUS: str(refusal.status), _AGAIN: str(again_after_s)}
    _request("put_object", key, Body=b"", Metadata=told)


def _raise_refusal(told: dict[str, str], age_s: float) -> None:
    if age_s < int(told[_AGAIN]):
        refusal = TooLarge if told[_STATUS] == str(TooLarge.status) else Unprocessable
        raise refusal(unquote(told[_REASON]))


def _renew(key: str, answer: dict[str, Any]) -> bool:
    """Copy an object onto itself; return whether it still existed."""
    source = {"Bucket": setting("S3_BUCKET_NAME"), "Key": key}
    content_type = answer["ContentType"]
    copied = _request(
        "copy_object", key, CopySource=source, MetadataDirective="REPLACE", ContentType=content_type
    )
    return copied is not None


def _no_object(key: str) -> NotFound:
    return NotFound(f"There is no object {key}.")


def _request(operation: str, key: str, **arguments: Any) -> dict[str, Any] | None:
    """Return S3's response; None if there is no such object."""
    from botocore.exceptions import ClientError

    try:
        with aws.faults(_BUCKET):
            answer: dict[str, Any] = getattr(aws.client("s3"), operation)(
                Bucket=setting("S3_BUCKET_NAME"), Key=key, **arguments
            )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == _NO_BYTES:
            raise Unprocessable(f"The object {key} is empty.") from error
        if code not in _NOT_FOUND:
            raise
        return None
    return answer
