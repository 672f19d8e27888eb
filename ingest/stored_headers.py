"""Reads the FITS header that a stored file holds: all of a header text, the header blocks of a FITS file."""

from dataclasses import dataclass

from common.fits.images import find_image
from ingest import objects, streams
from ingest.file_names import ExposureFile
from ingest.header_cards import Header, parse_header, split_cards

# 13,000 cards. Real headers have a few hundred.
_MAX_TEXT_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class StoredHeader:
    """A header, and the etag of the object that it was read from."""

    header: Header
    etag: str


def read(file: ExposureFile) -> StoredHeader:
    """Return the header of a stored file.

    A header text costs one request to S3. A FITS file costs one for each 64 KiB up to the end of the image's
    header.

    Raises
    ------
    NotFound
        If there is no such object.
    Unprocessable, TooLarge
        If no header can be read.
    """
    return _fits_header(file.key) if file.is_fits else _text_header(file.key)


def _text_header(key: str) -> StoredHeader:
    found = objects.read_whole(key, _MAX_TEXT_BYTES)
    # Latin-1 reads any byte, so that one odd byte does not cost the other cards.
    return StoredHeader(parse_header(split_cards(found.content.decode("latin-1"))), found.etag)


def _fits_header(key: str) -> StoredHeader:
    stream, etag = streams.open_stream(key)
    return StoredHeader(parse_header(find_image(stream).plain_header().cards), etag)
