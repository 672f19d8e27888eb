"""Locks on zips, so that only one request packs a list of files at a time.

A lock is a small object in S3. It is written only if no lock exists, or if it is still the lock that was
read. Its holder renews it every few seconds. If it is older than `LEASE_S`, its holder counts as dead: the
next request takes the lock over and aborts the holder's upload. A holder that was only slow notices it when
it renews the lock, or because S3 no longer knows its upload.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from common import s3
from common.errors import Unavailable
from zip_function import store

DIRECTORY = "downloads/locks"
LEASE_S = 60.0
RENEW_AFTER_S = 15.0
# A lock is not released in this time (s) before the end of its lease: another request might take it over
# before the release arrives.
_MARGIN_S = 20.0


class Lock:
    """A lock that this process holds.

    Parameters
    ----------
    key
        The key of the lock's object.
    holder
        Identifies the holder.
    etag
        The ETag of the lock as it was last written.
    written_at
        The start of that write, by `time.monotonic`.
    """

    def __init__(self, key: str, holder: str, etag: str, written_at: float) -> None:
        self._key = key
        self._metadata = {"holder": holder}
        self._etag = etag
        self._written_at = written_at

    def note_upload(self, upload_id: str) -> None:
        """Write the id of the holder's multipart upload into the lock.

        Raises
        ------
        Unavailable
            If another has taken the lock over, or S3 is down or busy.
        """
        self._metadata["upload"] = upload_id
        self._renew()

    def renew_if_due(self) -> None:
        """Renew the lock when it is due. Raises the errors of `note_upload`."""
        if time.monotonic() - self._written_at > RENEW_AFTER_S:
            self._renew()

    def _renew(self) -> None:
        started = time.monotonic()
        etag = _written(self._key, self._metadata, IfMatch=self._etag)
        if etag is None:
            raise store.packed_by_another()
        self._etag, self._written_at = etag, started

    def release(self) -> None:
        """Remove the lock, unless its lease is nearly over. Then it may belong to another request."""
        from botocore.exceptions import ClientError

        if time.monotonic() - self._written_at < LEASE_S - _MARGIN_S:
            # A lock that is not removed expires.
            with suppress(Unavailable, ClientError):
                store.request("delete_object", Key=self._key)


@contextmanager
def locked(zip_key: str) -> Iterator[Lock | None]:
    """Hold the lock on a zip within the block; it is None while another holds it.

    Raises
    ------
    Unavailable
        If S3 is down or busy.
    """
    lock = _taken(zip_key)
    try:
        yield lock
    finally:
        if lock is not None:
            lock.release()


def is_locked(zip_key: str) -> bool:
    """Return whether a zip is being packed.

    Raises
    ------
    Unavailable
        If S3 is down or busy.
    """
    found = store.head(_lock_key(zip_key))
    return found is not None and _age_s(found) <= LEASE_S


def _taken(zip_key: str) -> Lock | None:
    key, holder, started = _lock_key(zip_key), uuid.uuid4().hex, time.monotonic()
    etag = _written(key, {"holder": holder}, IfNoneMatch="*")
    if etag is None:
        found = store.head(key)
        if found is not None and _age_s(found) > LEASE_S:
            etag = _written(key, {"holder": holder}, IfMatch=found["ETag"])
            if etag is not None and "upload" in found["Metadata"]:
                store.abort({"Key": zip_key, "UploadId": found["Metadata"]["upload"]})
    return None if etag is None else Lock(key, holder, etag, started)


def _written(key: str, metadata: dict[str, str], **condition: str) -> str | None:
    """Write a lock under a condition and return its ETag; None if the condition does not hold."""
    from botocore.exceptions import ClientError

    try:
        # An ETag depends only on the content, so each write has different content.
        answer = store.request(
            "put_object", Key=key, Body=uuid.uuid4().hex.encode(), Metadata=metadata, **condition
        )
    except ClientError as error:
        if s3.code(error) not in s3.CONDITION_FAILED:
            raise
        return _written_before(key, metadata, error)
    return str(answer["ETag"])


def _written_before(key: str, metadata: dict[str, str], refusal: Any) -> str | None:
    """Return the ETag if S3 refused a write only because an earlier try succeeded without a response."""
    if not refusal.response["ResponseMetadata"].get("RetryAttempts"):
        return None
    found = store.head(key)
    return str(found["ETag"]) if found is not None and found["Metadata"] == metadata else None


def _lock_key(zip_key: str) -> str:
    return f"{DIRECTORY}/{zip_key.rpartition('/')[2]}"


def _age_s(found: dict[str, Any]) -> float:
    """Return the age of a lock, by S3's clock."""
    date = found["ResponseMetadata"]["HTTPHeaders"].get("date")
    now = parsedate_to_datetime(date) if date else datetime.now(UTC)
    return float((now - found["LastModified"]).total_seconds())
