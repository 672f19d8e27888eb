"""Images in S3, and what is made of them, which remembers what it was made of."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common import aws
from common.errors import NotFound, Unavailable
from common.settings import setting

_BUCKET = "the image store"
_NOT_FOUND = frozenset({"404", "NoSuchKey", "NotFound"})
# Of what was made: the ETag of the object it was made of, which changes with that object's content.
_SOURCE_ETAG = "source-etag"


class Source:
    """An object being read.

    Attributes
    ----------
    etag
        S3's mark of its content.
    """

    def __init__(self, answer: dict[str, Any]) -> None:
        self.etag: str = answer["ETag"]
        self._body = answer["Body"]

    def read(self, size: int, /) -> bytes:
        """Answer the next `size` bytes, fewer only at the end of the object.

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
    """Open an object to be read, as far as wanted.

    Raises
    ------
    NotFound
        If there is none.
    Unavailable
        If S3 is down or busy.
    """
    answer = _request("get_object", key)
    if answer is None:
        raise _no_object(key)
    try:
        yield Source(answer)
    finally:
        answer["Body"].close()


def check_exists(key: str) -> None:
    """Check that there is an object.

    Raises
    ------
    NotFound
        If there is none.
    """
    if _request("head_object", key) is None:
        raise _no_object(key)


def is_made_of(key: str, etag: str) -> bool:
    """Answer whether there is an object that was made of the content that `etag` marks."""
    answer = _request("head_object", key)
    return answer is not None and answer["Metadata"].get(_SOURCE_ETAG) == etag


def keep(key: str, content: bytes, content_type: str, etag: str) -> None:
    """Store what was made of the content that `etag` marks."""
    _request("put_object", key, Body=content, ContentType=content_type, Metadata={_SOURCE_ETAG: etag})


def _no_object(key: str) -> NotFound:
    return NotFound(f"There is no object {key}.")


def _request(operation: str, key: str, **arguments: Any) -> dict[str, Any] | None:
    """Answer S3's response; None if there is no such object."""
    from botocore.exceptions import ClientError

    try:
        with aws.faults(_BUCKET):
            answer: dict[str, Any] = getattr(aws.client("s3"), operation)(
                Bucket=setting("S3_BUCKET_NAME"), Key=key, **arguments
            )
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_FOUND:
            raise
        return None
    return answer
