"""Files one object of the bucket.

Every step may be repeated. An image's files may come in any order, also two at the same time: the result is
the same.
"""

from collections.abc import Callable, Sequence
from functools import partial

from common import logs
from common.errors import NotFound, Unavailable, Unprocessable
from ingest import (
    announcements,
    columns,
    image_rows,
    info_images,
    objects,
    stored_headers,
    thumbnails,
    upload_log,
)
from ingest.file_names import INFO_IMAGES, ExposureFile, Kind, parse_key
from ingest.header_cards import Header
from ingest.notifications import StoredObject

THUMBNAIL_LEVEL = "10"


def file_object(stored: StoredObject) -> None:
    """File an object: log it, complete what belongs to its image, and tell the topic.

    Raises
    ------
    Unprocessable, TooLarge
        If the object is broken. What could be filed is filed.
    Unavailable
        If a backend does not answer. Filing the object again completes the work.
    """
    file = parse_key(stored.key)
    if file and file.kind is Kind.SMALL_JPG and thumbnails.was_made_here(file.key):
        # The ingester made this thumbnail: it is filed already, and it is not an upload of a site.
        return
    if stored.is_new:
        upload_log.add(stored)
    try:
        channels = [] if file is None else _file_exposure_file(file, stored.stored_at)
    except NotFound:
        # Its message may come after the object was deleted. Nothing is left to file.
        logs.logger.warning("object gone before it was filed", extra={"fields": {"key": stored.key}})
        return
    if stored.is_new:
        for channel in channels or (None,):
            announcements.announce(stored, file, channel)


def _file_exposure_file(file: ExposureFile, stored_at: float) -> Sequence[int]:
    """File a file of an exposure; return the channels that show it: [] unless it belongs to an info image."""
    if file.directory == INFO_IMAGES:
        return _file_info_image(file)
    _file_image(file, stored_at)
    return []


def _file_image(file: ExposureFile, stored_at: float) -> None:
    """Complete the image's row."""
    _check_content(file)
    rank = image_rows.add_file(file, stored_at)
    if file.header_rank and file.header_rank >= rank:
        _write_header(file, lambda header: image_rows.add_header(file, columns.columns_of(header), stored_at))
    if _needs_thumbnail(file) and thumbnails.make(file.key, file.thumbnail_key):
        image_rows.add_flag(file, Kind.SMALL_JPG)


def _file_info_image(file: ExposureFile) -> list[int]:
    """Complete the records of the channels that the image belongs to; return those channels."""
    channels = info_images.channels_of(file)
    if not channels:
        return []
    _check_content(file)
    shown = [channel for channel in channels if info_images.add_file(file, channel, file.kind, file.key)]
    for channel in shown:
        if file.header_rank and file.header_rank >= info_images.header_rank(file, channel):
            _write_header(file, partial(info_images.add_header, file, channel))
    if shown and _needs_thumbnail(file) and thumbnails.make(file.key, file.thumbnail_key):
        for channel in shown:
            info_images.add_file(file, channel, Kind.SMALL_JPG, file.thumbnail_key)
    return shown


def _check_content(file: ExposureFile) -> None:
    """Check that a file is a JPG if lists show it as a picture.

    Raises
    ------
    Unprocessable
        If the first bytes are not those of a JPG.
    """
    if file.kind in (Kind.MEDIUM_JPG, Kind.SMALL_JPG) and not thumbnails.is_jpg(file.key):
        raise Unprocessable("The file is not a JPG.")


def _needs_thumbnail(file: ExposureFile) -> bool:
    return file.kind is Kind.MEDIUM_JPG and file.level == THUMBNAIL_LEVEL


def _write_header(file: ExposureFile, write: Callable[[Header], object]) -> None:
    """Write the header of a stored file. Repeat this if another file has replaced it meanwhile."""
    for _ in range(objects.ROUNDS):
        stored = stored_headers.read(file)
        write(stored.header)
        now = objects.describe(file.key)
        if now is None or now.etag == stored.etag:
            return
    raise Unavailable("Try again later: the file changes while it is filed.")
