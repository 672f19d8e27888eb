"""A small stand-in for production's ingester: it records files that arrive in S3.

Every file in `data/` and `info-images/` is logged as an upload. A file in `data/` inserts or updates its row
of the image table. A file in `info-images/` inserts or updates the record of the channel that expects it.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from threading import Event, Thread
from typing import Any

from psycopg2 import sql

from common import aws, logs, postgres
from common.dynamodb import ConditionFailed, Table
from common.errors import Unavailable
from downloads.store import opened
from local import ingested_columns
from local.resources import announce_landed_files, landed_files

# How long DynamoDB stores an upload in the log, and an info image.
LOG_LIFETIME_S = INFO_IMAGE_LIFETIME_S = 48 * 3600
_POLL_S = 1
# Interval of retries while a backend is unavailable.
_RETRY_AFTER_S = 5
_NAME = re.compile(r"(?P<base>.+)-(?P<data_type>[A-Za-z]+)(?P<level>\d\d)\.(?P<extension>.+)")

# By level and kind of file: its flag in the image table, and the attribute for its key in an info image.
_FILES = {
    ("00", "fits"): ("fits_01_exists", "fits_01_file_path"),
    ("01", "fits"): ("fits_01_exists", "fits_01_file_path"),
    ("10", "fits"): ("fits_10_exists", "fits_10_file_path"),
    ("10", "jpg"): ("jpg_medium_exists", "jpg_10_file_path"),
    ("11", "jpg"): ("jpg_small_exists", "jpg_11_file_path"),
}

_uploads = Table("UPLOADS_LOG_TABLE_NAME")
_info_images = Table("INFO_IMAGES_TABLE")


@dataclass(frozen=True)
class LandedFile:
    """A file in S3: its key and the parts of its name."""

    key: str
    site: str
    base_filename: str
    data_type: str
    flag: str
    path_attribute: str
    is_fits: bool

    @classmethod
    def from_key(cls, key: str) -> "LandedFile | None":
        """Parse a key; return None if it does not name a picture of a site."""
        match = _NAME.fullmatch(key.rpartition("/")[2])
        if not match:
            return None
        kind = match["extension"].split(".")[0].lower()
        if (match["level"], kind) not in _FILES:
            return None
        flag, path_attribute = _FILES[match["level"], kind]
        site = match["base"].split("-")[0]
        return cls(key, site, match["base"], match["data_type"], flag, path_attribute, kind == "fits")


class Ingester:
    """Records files that arrive in S3, in a thread, until it is stopped."""

    def __init__(self) -> None:
        self._queue_url = announce_landed_files()
        self._stopped = Event()
        self._thread = Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the current file and end the thread."""
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                self._receive()
            except Exception as error:  # noqa: BLE001 - the queue may be unavailable for a while
                logs.logger.error("landed files not received", extra={"fields": logs.failure(error)})
                self._stopped.wait(_POLL_S)

    def _receive(self) -> None:
        queue = aws.client("sqs")
        received = queue.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=_POLL_S,
            VisibilityTimeout=_RETRY_AFTER_S,
        )
        for message in received.get("Messages", []):
            # a message that is not deleted is delivered again
            if self._ingest_all(message):
                queue.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])

    def _ingest_all(self, message: Mapping[str, Any]) -> bool:
        """Ingest the files of a message. Return whether it is done: invalid files are not retried."""
        done = True
        for landed in landed_files(message):
            try:
                ingest(landed.key, landed.size, landed.at_s)
            except Exception as error:  # noqa: BLE001 - one invalid file must not stop the others
                logs.logger.error(
                    "not ingested", extra={"fields": {"key": landed.key, **logs.failure(error)}}
                )
                done = done and not isinstance(error, Unavailable)
        return done


def ingest(key: str, size: int, at_s: float) -> None:
    """Ingest one object of S3: log the upload, and write its image row or info image.

    `at_s` is its time of arrival (Unix seconds). Ingesting it again with the same time changes nothing.
    """
    log_upload(key, size, at_s)
    landed = LandedFile.from_key(key)
    if landed is None:
        return
    header = ingested_columns.read_header(_fetch(key, size)) if landed.is_fits else None
    if key.startswith("data/"):
        _save_image_row(landed, header)
    else:
        _save_info_image(landed, header)


def log_upload(key: str, size: int, now: float) -> None:
    """Log an upload, unless it is logged already.

    Parameters
    ----------
    key
        The whole key of the object, with its directory; `filename` in the log.
    size
        Bytes.
    now
        Unix seconds. If the site has another upload at that millisecond, the next free one is used.
    """
    moment = Decimal(f"{now:.3f}")
    while True:
        try:
            _uploads.put(
                {
                    "site": key.rpartition("/")[2].partition("-")[0],
                    "upload_timestamp_s": moment,
                    "filename": key,
                    "size_bytes": size,
                    "expire_timestamp_s": int(now + LOG_LIFETIME_S),
                },
                # an earlier attempt may have logged it without receiving the response
                ConditionExpression="attribute_not_exists(site) OR filename = :filename",
                ExpressionAttributeValues={":filename": key},
            )
        except ConditionFailed:
            moment += Decimal("0.001")
        else:
            return


def _fetch(key: str, size: int) -> bytes:
    with opened(key) as source:
        return source.read(size)


def _save_image_row(landed: LandedFile, header: dict[str, Any] | None) -> None:
    """Update the rows with the file's base filename and data type, or insert one.

    One idempotent statement: a retry may follow a write that succeeded but whose response was lost.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    known = {landed.flag: True, **(ingested_columns.columns(header) if header else {})}
    name = {"base_filename": landed.base_filename, "data_type": landed.data_type}
    row = {"site": landed.site, "capture_date": now, "sort_date": now, **known, **name}
    changes = ", ".join(f"{column} = %({column})s" for column in known)
    values = ", ".join(f"%({column})s" for column in row)
    postgres.query(
        # column names come only from this project's code
        f"""WITH updated AS (
            UPDATE images SET {changes}
            WHERE base_filename = %(base_filename)s AND data_type = %(data_type)s
            RETURNING image_id
        )
        INSERT INTO images ({", ".join(row)}) SELECT {values} WHERE NOT EXISTS (SELECT FROM updated)
        RETURNING image_id""",  # noqa: S608 - see above
        row,
    )


def insert_image_row(cursor: Any, row: dict[str, Any]) -> None:
    """Insert a row of the image table: column names and their values."""
    cursor.execute(
        sql.SQL("INSERT INTO images ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row))
        ),
        row,
    )


def _save_info_image(landed: LandedFile, header: dict[str, Any] | None) -> None:
    awaited = _info_images.get({"pk": f"{landed.site}#metadata"}) or {}
    for channel in (1, 2, 3):
        if awaited.get(f"channel{channel}") == landed.base_filename:
            save_info_image(landed, channel, header)


def save_info_image(landed: LandedFile, channel: int, header: dict[str, Any] | None) -> None:
    """Add a file to the record of a site's channel; replace the record of another image."""
    pk = f"{landed.site}#{channel}"
    record = _info_images.get({"pk": pk}) or {}
    if record.get("base_filename") != landed.base_filename:
        record = {"pk": pk, "base_filename": landed.base_filename}
    record |= {
        "data_type": landed.data_type,
        "file_date": next(iter(re.findall(r"-(\d{8})-", landed.base_filename)), ""),
        "expiration_timestamp": int(time.time()) + INFO_IMAGE_LIFETIME_S,
        landed.flag: True,
        landed.path_attribute: landed.key,
    }
    if header:
        record["header"] = header
    _info_images.put(record)
