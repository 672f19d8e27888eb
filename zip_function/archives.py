"""A zip of stored files, made once for the same names, and again when files that it lacks have come."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from common.errors import Conflict, NotFound, Unavailable
from common.parallel import in_order
from common.presign import get_url
from zip_function import choices, locks, store
from zip_function.choices import DIRECTORY, Choice
from zip_function.locks import Lock
from zip_function.store import StoredFile, StoredZip

GOOD_FOR_S = 300
# What is in `downloads/` expires after 8 days (docs/operations.md). An older zip is packed again in time.
FRESH_FOR_S = 7 * 24 * 3600
# What is left of the function's time when packing is given up, so that the upload can be taken back.
RESERVE_S = 15

_LOOKING_THREADS, _LOOKED_AHEAD = 16, 64
_READING_THREADS, _READ_AHEAD = 6, 6

_MODE = 0o644 << 16
_MISSING = "MISSING.txt"
_MISSING_HEAD = "These files were asked for and do not exist:\n"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.]")


class _Contents(NamedTuple):
    """What goes into a zip.

    Attributes
    ----------
    files
        The stored files.
    missing
        Names of what is not stored.
    lacking
        How many files are missing, or have a smaller one in their place.
    """

    files: list[StoredFile]
    missing: list[str]
    lacking: int


class StillPacking(Conflict):
    """Another request is packing the same files: 409."""

    def __init__(self) -> None:
        super().__init__("The zip is still being packed.")


def url_of(wanted: list[Choice], seconds_left: Callable[[], float]) -> str:
    """Return a presigned URL of a zip of files, which is made now unless it has been already.

    A zip that lacks files, or has smaller ones in their place, is made again once there are more of them: a
    night's last may be on their way. One that is about to expire is made again too.

    Parameters
    ----------
    wanted
        What is to be packed, as `choices.parse` returns it.
    seconds_left
        Returns how long this may still take.

    Raises
    ------
    NotFound
        If none of the files exists.
    StillPacking
        If another request is packing them.
    Unavailable
        If S3 is down or busy, a file changes meanwhile, or time runs out. Then nothing is left in S3.
    """
    key = _key(wanted)
    if not _is_final(store.zip_at(key)):
        with locks.locked(key) as lock:
            if lock is None:
                raise StillPacking
            # another request may have packed it before this one had the lock
            present = store.zip_at(key)
            if not _is_final(present):
                _bring_up_to_date(key, wanted, present, lock, seconds_left)
    return _url(key, wanted)


def url_of_packed(wanted: list[Choice]) -> str:
    """Return a presigned URL of a zip of files that another request was packing; nothing is packed here.

    Raises
    ------
    StillPacking
        If it is not there yet.
    Unavailable
        If S3 is down or busy.
    """
    key = _key(wanted)
    if locks.is_locked(key) or store.zip_at(key) is None:
        raise StillPacking
    return _url(key, wanted)


def _key(wanted: list[Choice]) -> str:
    """Return where the zip is stored. With fallbacks it may have other files, so these count too."""
    lines = [choice.name + ("" if choice.fallback is None else f"\t{choice.fallback}") for choice in wanted]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"downloads/{digest}.zip"


def _url(key: str, wanted: list[Choice]) -> str:
    site = _site(wanted[0].name)
    return get_url(key, GOOD_FOR_S, f'attachment; filename="{site}-{int(time.time())}.zip"')


def _is_final(present: StoredZip | None) -> bool:
    return present is not None and not present.lacking and not _expires_soon(present)


def _expires_soon(present: StoredZip) -> bool:
    return (datetime.now(UTC) - present.modified).total_seconds() > FRESH_FOR_S


def _bring_up_to_date(
    key: str, wanted: list[Choice], present: StoredZip | None, lock: Lock, seconds_left: Callable[[], float]
) -> None:
    """Make the zip, unless the one that is there has as many files as could be packed now."""
    contents = _looked_up(wanted)
    if present is not None:
        gained = present.lacking - contents.lacking
        if gained < 0 or (gained == 0 and not _expires_soon(present)):
            return
    _make(key, contents, lock, seconds_left)


def _site(name: str) -> str:
    return _UNSAFE.sub("", name.partition("-")[0])


def _looked_up(wanted: list[Choice]) -> _Contents:
    """Return what is stored of the choices."""
    found = list(in_order(choices.look_up, wanted, _LOOKING_THREADS, _LOOKED_AHEAD))
    # by their keys, for two names may lead to one file
    files = {one.file.key: one.file for one in found if one.file}
    missing = [choice.name for choice, one in zip(wanted, found, strict=True) if not one.file]
    return _Contents(list(files.values()), missing, sum(not one.as_asked for one in found))


def _make(key: str, contents: _Contents, lock: Lock, seconds_left: Callable[[], float]) -> None:
    if not contents.files:
        raise NotFound("None of the files exists.")
    blocks = (block for file in contents.files for block in file.blocks())
    read = in_order(store.read_block, blocks, _READING_THREADS, _READ_AHEAD)
    chunks = zip_chunks(contents.files, _in_time(read, lock, seconds_left), contents.missing)
    store.upload(key, chunks, contents.lacking, lock.note_upload)


def _in_time(contents: Iterable[bytes], lock: Lock, seconds_left: Callable[[], float]) -> Iterator[bytes]:
    """Return the same contents while time is left, and keep the lock meanwhile."""
    for content in contents:
        lock.keep()
        if seconds_left() < RESERVE_S:
            raise Unavailable("The files are too large to be packed in time: ask for fewer.")
        yield content


def zip_chunks(files: list[StoredFile], contents: Iterator[bytes], missing: list[str]) -> Iterator[bytes]:
    """Return the bytes of a zip, chunk by chunk, stored without compression, zip64 where it must be.

    Parameters
    ----------
    files
        What is packed, in this order.
    contents
        The contents of all blocks of all files.
    missing
        Names for the list of what was asked for and does not exist.
    """
    outlet = _Outlet()
    with ZipFile(outlet, "w", ZIP_STORED) as archive:  # type: ignore[call-overload]  # writes, and no more
        for file in files:
            with archive.open(_entry(file), "w") as entry:
                for content in islice(contents, len(file.blocks())):
                    entry.write(content)
                    yield outlet.taken()
        if missing:
            archive.writestr(ZipInfo(_MISSING), _MISSING_HEAD + "".join(f"{name}\n" for name in missing))
    yield outlet.taken()


def _entry(file: StoredFile) -> ZipInfo:
    """Return the zip's entry for a file. Its size, known beforehand, decides on zip64."""
    entry = ZipInfo(file.key.removeprefix(f"{DIRECTORY}/"), file.modified.timetuple()[:6])
    entry.file_size = file.size
    entry.external_attr = _MODE
    return entry


class _Outlet:
    """What a zip is written to: it cannot be sought in, and keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, content: bytes) -> int:
        """Keep `content`."""
        self._chunks.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Do nothing: what is written is kept at once."""

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        content, self._chunks = b"".join(self._chunks), []
        return content
