"""Makes the ingester file the objects that are in the bucket already: `python -m ingest.backfill --help`.

It sends a message for each file to the ingester's queue (`INGEST_QUEUE_URL`). It notes how far it got, so
that it can be stopped and started again. It waits while many messages are in the queue, so that new uploads
are not held up.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common import aws, commands
from common.settings import setting
from ingest import queues
from ingest.file_names import parse_key
from ingest.notifications import StoredObject, message_of

_PAUSE_S = 2.0
_DAY_BEFORE_ALL = datetime(2000, 1, 1, tzinfo=UTC)
_DAY_AFTER_ALL = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """Which objects are wanted: those under a prefix, stored from `since` up to `until`."""

    prefix: str
    since: datetime
    until: datetime

    def __str__(self) -> str:
        return f"{self.prefix} from {self.since.isoformat()} until {self.until.isoformat()}"


class Progress:
    """How far the backfill of each span got, in a file.

    Parameters
    ----------
    file
        Where it is kept: a JSON object of the last key done, by span.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def last_key(self, span: Span) -> str:
        """Return the last key that was done; "" at the beginning."""
        return str(self._read().get(str(span), ""))

    def write(self, span: Span, key: str) -> None:
        """Note the last key that was done; "" forgets it."""
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps({**self._read(), str(span): key}))
        new.replace(self._file)

    def _read(self) -> dict[str, str]:
        if not self._file.exists():
            return {}
        read: dict[str, str] = json.loads(self._file.read_text())
        return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the process's exit status."""
    wanted = _parser().parse_args(arguments)
    span = Span(wanted.prefix, wanted.since, wanted.until)
    return commands.run(lambda: _backfill(span, Progress(wanted.progress), wanted.most_waiting))


def _backfill(span: Span, progress: Progress, most_waiting: int) -> int:
    queue = setting("INGEST_QUEUE_URL")
    start = progress.last_key(span)
    if start:
        _write(f"Going on after {start}.")
    seen = sent = 0
    for page in _pages(span.prefix, start):
        wanted = [stored for stored in map(_stored_object, page) if _is_wanted(stored, span)]
        for first in range(0, len(wanted), queues.BATCH):
            _wait_for_room(queue, most_waiting)
            queues.send_all(queue, [message_of(stored) for stored in wanted[first : first + queues.BATCH]])
        seen, sent = seen + len(page), sent + len(wanted)
        progress.write(span, page[-1]["Key"])
        _write(f"{seen} objects seen, {sent} sent to the queue, up to {page[-1]['Key']}.")
    progress.write(span, "")
    _write(f"Done: {seen} objects seen, {sent} sent to the queue.")
    return 0


def _pages(prefix: str, start: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the objects under a prefix, at most 1,000 at a time, in the order of their keys."""
    s3: Any = aws.client("s3")
    while True:
        with aws.faults("the image store"):
            response = s3.list_objects_v2(Bucket=setting("S3_BUCKET_NAME"), Prefix=prefix, StartAfter=start)
        page: list[dict[str, Any]] = response.get("Contents", [])
        if not page:
            return
        yield page
        start = page[-1]["Key"]


def _stored_object(listed: dict[str, Any]) -> StoredObject:
    return StoredObject(listed["Key"], listed["Size"], listed["LastModified"].timestamp(), is_new=False)


def _is_wanted(stored: StoredObject, span: Span) -> bool:
    stored_at = datetime.fromtimestamp(stored.stored_at, UTC)
    return parse_key(stored.key) is not None and span.since <= stored_at < span.until


def _wait_for_room(queue: str, most_waiting: int) -> None:
    while queues.waiting(queue) > most_waiting:
        time.sleep(_PAUSE_S)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest.backfill", description=__doc__)
    parser.add_argument("--prefix", default="data/", help="which keys, such as data/saf- (default: data/)")
    parser.add_argument(
        "--since", type=_date, default=_DAY_BEFORE_ALL, help="stored from this date on, 2026-01-31"
    )
    parser.add_argument("--until", type=_date, default=_DAY_AFTER_ALL, help="stored before this date")
    parser.add_argument(
        "--most-waiting",
        type=int,
        default=1000,
        help="wait while the queue has more messages (default: 1000)",
    )
    parser.add_argument(
        "--progress", type=Path, default=Path("backfill.json"), help="file that notes how far it got"
    )
    return parser


def _date(text: str) -> datetime:
    try:
        date = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            "a date like 2026-01-31, or a time like 2026-01-31T12:00Z"
        ) from error
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
