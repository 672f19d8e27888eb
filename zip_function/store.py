"""Reads stored files block by block, and uploads a zip part by part."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from common import logs, s3
from common.errors import Unavailable
from common.parallel import in_order

BLOCK_BYTES = 2 * 1024**2
# S3 accepts at most 10,000 parts, so a zip may have 80 GB.
PART_BYTES = 8 * 1024**2

_LACKING = "files-lacking"
_CHANGED = s3.NO_OBJECT | s3.REPLACED | s3.NO_BYTES
_PART_MARKS: tuple[str, ...] = ("ETag", "ChecksumCRC32")
_ATTEMPTS = 5
LONG_TIMEOUT: dict[str, Any] = {"read_timeout_s": 30, "attempts": _ATTEMPTS}
_UPLOADING_THREADS = _UPLOADED_AHEAD = 3
_PAUSES_S = (0.5, 2, 5)


@dataclass(frozen=True)
class Block:
    """Bytes of a file from `start` to before `end`, of the content with this ETag."""

    key: str
    etag: str
    start: int
    end: int


@dataclass(frozen=True)
class StoredFile:
    """A file in S3.

    Attributes
    ----------
    size
        In bytes.
    etag
        S3's mark of the content.
    modified
        When it was stored, UTC.
    """

    key: str
    size: int
    etag: str
    modified: datetime

    def blocks(self) -> list[Block]:
        """Return the blocks of `BLOCK_BYTES` that it is read in; none if it is empty."""
        starts = range(0, self.size, BLOCK_BYTES)
        return [Block(self.key, self.etag, start, min(start + BLOCK_BYTES, self.size)) for start in starts]


@dataclass(frozen=True)
class StoredZip:
    """A finished zip.

    Attributes
    ----------
    lacking
        Number of requested files that are not in it.
    modified
        When it was stored, UTC.
    """

    lacking: int
    modified: datetime


def zip_at(key: str) -> StoredZip | None:
    """Return the zip at `key`, if there is one.

    Raises
    ------
    Unavailable
        If S3 is down or busy.
    """
    found = head(key)
    return (
        None if found is None else StoredZip(int(found["Metadata"].get(_LACKING, 0)), found["LastModified"])
    )


def look_up(key: str) -> StoredFile | None:
    """Return the file at `key`, if there is one.

    Raises
    ------
    Unavailable
        If S3 is down or busy.
    """
    found = head(key)
    return (
        None
        if found is None
        else StoredFile(key, found["ContentLength"], found["ETag"], found["LastModified"])
    )


def head(key: str) -> dict[str, Any] | None:
    """Return S3's description of an object, if it exists.

    Raises
    ------
    Unavailable
        If S3 is down or busy.
    """
    return s3.find("head_object", Key=key, **LONG_TIMEOUT)


def read_block(block: Block) -> bytes:
    """Return the bytes of a block, all of them.

    Raises
    ------
    Unavailable
        If the file has changed, or S3 is down or busy, or sends fewer bytes than were asked for.
    """
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    # botocore retries until S3 responds, but not if the body of the response is cut.
    for _ in range(_ATTEMPTS):
        try:
            content: bytes = _opened(block).read()
        except (HTTPClientError, IncompleteReadError):
            continue
        # botocore compares with the announced length, which may itself be too short.
        if len(content) == block.end - block.start:
            return content
    raise s3.no_answer()


def upload(key: str, chunks: Iterable[bytes], lacking: int, begun: Callable[[str], None]) -> None:
    """Store a zip from chunks of bytes. After a failure the upload is aborted.

    Parameters
    ----------
    key
        The object's key.
    chunks
        Of any sizes.
    lacking
        Number of files that are not in it, for `zip_at`.
    begun
        Called with the id of the multipart upload before the first part is sent.

    Raises
    ------
    Unavailable
        If S3 is down or busy, or the upload was aborted by another.
    """
    started = request(
        "create_multipart_upload",
        Key=key,
        ContentType="application/zip",
        Metadata={_LACKING: str(lacking)},
        ChecksumAlgorithm="CRC32",
    )
    target = {"Key": key, "UploadId": started["UploadId"]}
    try:
        begun(target["UploadId"])
        put = partial(_put_part, target)
        parts = list(in_order(put, enumerate(_parts(chunks), 1), _UPLOADING_THREADS, _UPLOADED_AHEAD))
        _complete(target, parts, lacking)
    except BaseException:
        abort(target)
        raise


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Return the same bytes in parts of `PART_BYTES`; the last one may be shorter."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PART_BYTES:
            with memoryview(waiting) as view:
                part = bytes(view[:PART_BYTES])
            del waiting[:PART_BYTES]
            yield part
    if waiting:
        yield bytes(waiting)


def packed_by_another() -> Unavailable:
    """Return the error for a request so slow that another one started to pack the same files."""
    return Unavailable("Try again later: another request is packing these files.")


def _put_part(target: dict[str, str], numbered: tuple[int, bytes]) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    number, content = numbered
    try:
        answer = request("upload_part", **target, PartNumber=number, Body=content, ChecksumAlgorithm="CRC32")
    except ClientError as error:
        if s3.code(error) != "NoSuchUpload":
            raise
        raise packed_by_another() from error
    # S3 needs the checksums again to verify the assembled parts.
    return {"PartNumber": number, **{name: answer[name] for name in _PART_MARKS if name in answer}}


def _complete(target: dict[str, str], parts: list[dict[str, Any]], lacking: int) -> None:
    from botocore.exceptions import ClientError

    try:
        request("complete_multipart_upload", **target, MultipartUpload={"Parts": parts})
    except ClientError as error:
        # After a lost response, a repeated request finds that S3 no longer knows the completed upload.
        # A stored zip that lacks more files is an earlier one.
        is_unknown = s3.code(error) == "NoSuchUpload"
        stored = zip_at(target["Key"])
        if not is_unknown or stored is None or stored.lacking != lacking:
            raise


def abort(target: dict[str, str]) -> None:
    """Abort a multipart upload. Retry for some seconds, because S3 may be in trouble.

    Parameters
    ----------
    target
        Its `Key` and `UploadId`.
    """
    from botocore.exceptions import ClientError

    for pause_s in _PAUSES_S:
        # Without such an upload nothing is left to abort.
        with suppress(Unavailable, ClientError):
            request("abort_multipart_upload", **target)
            return
        time.sleep(pause_s)
    logs.logger.error("upload left open", extra={"fields": {"key": target["Key"]}})


def _opened(block: Block) -> Any:
    """Return the stream of a block."""
    from botocore.exceptions import ClientError

    span = f"bytes={block.start}-{block.end - 1}"
    try:
        return request("get_object", Key=block.key, Range=span, IfMatch=block.etag)["Body"]
    except ClientError as error:
        if s3.code(error) not in _CHANGED:
            raise
        raise Unavailable("Try again: a file changed while it was packed.") from error


def request(operation: str, **arguments: Any) -> dict[str, Any]:
    """Send one request about the bucket to S3, with botocore's retries, and return the response.

    Raises
    ------
    Unavailable
        If S3 is down or busy.
    """
    return s3.request(operation, **LONG_TIMEOUT, **arguments)
