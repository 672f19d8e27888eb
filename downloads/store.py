"""Images in S3, and their converted files."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, unquote

from common import aws, s3
from common.errors import ApiError, NotFound, TooLarge, Unavailable, Unprocessable
from common.presign import DAY_S
from common.sandbox import Overrun
from common.settings import setting

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

    def __init__(self, response: dict[str, Any]) -> None:
        self.etag: str = response["ETag"]
        self._body = response["Body"]

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
            with aws.faults(s3.STORE):
                while len(content) < size and (more := self._body.read(size - len(content))):
                    content += more
        except IncompleteReadError as error:
            raise s3.no_answer() from error
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
    response = _get_all(key)
    try:
        if s3.object_bytes(response) != response["ContentLength"]:
            # A part of the object would look like a truncated file.
            raise Unavailable(f"Try again later: {s3.STORE} sends only a part of the file.")
        yield Source(response)
    finally:
        response["Body"].close()


def _get_all(key: str) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    try:
        response = s3.find("get_object", Key=key, Range="bytes=0-")
    except ClientError as error:
        if s3.code(error) not in s3.NO_BYTES:
            raise
        raise Unprocessable(f"The object {key} is empty.") from error
    if response is None:
        raise _no_object(key)
    return response


def check_exists(key: str) -> None:
    """Check that an object exists.

    Raises
    ------
    NotFound
        If there is none.
    """
    if s3.find("head_object", Key=key) is None:
        raise _no_object(key)


def is_made(key: str) -> bool:
    """Return whether a converted file exists and will exist as long as a link to it is valid.

    One HEAD. Once a day for each object also a copy onto itself, which resets its age.

    Raises
    ------
    Unprocessable, TooLarge
        If the image was refused before, and the refusal is still valid.
    """
    response = s3.find("head_object", Key=key)
    if response is None:
        return False
    age_s = time.time() - response["LastModified"].timestamp()
    if _REASON in response["Metadata"]:
        _raise_refusal(response["Metadata"], age_s)
        return False
    return age_s < _RENEWED_AFTER_S or _renew(key, response["ContentType"])


def write(key: str, content: bytearray, content_type: str) -> None:
    """Store a converted file."""
    s3.request("put_object", Key=key, Body=content, ContentType=content_type)


def write_refusal(key: str, refusal: ApiError) -> None:
    """Store the reason why an image cannot be converted, so that the next request gets it at once."""
    again_after_s = _SHORT_S if isinstance(refusal, Overrun) else _LONG_S
    metadata = {
        _REASON: quote(str(refusal.body)),
        _STATUS: str(int(refusal.status)),
        _AGAIN: str(again_after_s),
    }
    s3.request("put_object", Key=key, Body=b"", Metadata=metadata)


def _raise_refusal(metadata: dict[str, str], age_s: float) -> None:
    if age_s < int(metadata[_AGAIN]):
        refusal = TooLarge if metadata[_STATUS] == str(int(TooLarge.status)) else Unprocessable
        raise refusal(unquote(metadata[_REASON]))


def _renew(key: str, content_type: str) -> bool:
    """Copy an object onto itself; return whether it still existed."""
    source = {"Bucket": setting("S3_BUCKET_NAME"), "Key": key}
    copied = s3.find(
        "copy_object", Key=key, CopySource=source, MetadataDirective="REPLACE", ContentType=content_type
    )
    return copied is not None


def _no_object(key: str) -> NotFound:
    return NotFound(f"There is no object {key}.")
