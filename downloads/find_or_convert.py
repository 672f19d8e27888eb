"""Returns URLs of downloads, and the keys of converted files."""

import hashlib
import re

from common.errors import BadRequest, TooLarge, Unprocessable
from common.fits import images
from common.fits.headers import Header
from common.object_names import MAX_KEY_BYTES
from common.presign import DAY_S, WEEK_S, get_url
from downloads import conversions, store
from downloads.arguments import TIFF_TYPES, Download
from downloads.levels import of_stored_level

UNCHANGED_GOOD_FOR_S = 5 * DAY_S
_NO_FILTER = "nofilter"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]+")
_IDENTITY_DIGITS = 20


def url_of(wanted: Download) -> str:
    """Return a presigned URL of the download. Make the converted file if it is wanted and not stored yet.

    Raises
    ------
    NotFound
        If there is no such object.
    Unprocessable, TooLarge
        If it is no image that can be converted.
    Unavailable
        If S3 is down or busy.
    """
    return of_stored_level(wanted, _url_of)


def _url_of(wanted: Download) -> str:
    """Return the URL of the download at the requested level."""
    if wanted.converted:
        return get_url(_converted(wanted), WEEK_S)
    store.check_exists(wanted.source_key)
    return get_url(wanted.source_key, UNCHANGED_GOOD_FOR_S)


def identity(source_key: str, etag: str) -> str:
    """Return a text that identifies an object and its content.

    It is part of the keys of converted files, so that an old link never shows another image.

    Parameters
    ----------
    source_key
        The object's key.
    etag
        S3's mark of its content.
    """
    return hashlib.sha256(f"{source_key}\n{etag}".encode()).hexdigest()[:_IDENTITY_DIGITS]


def tiff_key(wanted: Download, header: Header, etag: str) -> str:
    """Return the key of an image's TIFF."""
    used = _UNSAFE.sub("_", header.text("FILTER")) or _NO_FILTER
    name = wanted.name.split(".")[0]
    return f"downloads/tif/{identity(wanted.source_key, etag)}/{used}-{wanted.stretch}-{name}.tif.bz2"


def fits_key(wanted: Download, etag: str) -> str:
    """Return the key of an image's plain FITS file."""
    name = wanted.source_name.replace(".fits.fz", ".fits")
    return f"downloads/fits/{identity(wanted.source_key, etag)}/{name}"


def _converted(wanted: Download) -> str:
    """Return the key of the converted file, which exists afterwards.

    If the object was converted or rejected before, little of it is read. Simultaneous requests each convert
    it, with the same result.
    """
    is_tiff = wanted.image_type in TIFF_TYPES
    with store.opened(wanted.source_key) as source:
        hdu = images.find_image(source)
        images.check_image(hdu)
        key = tiff_key(wanted, hdu.header, source.etag) if is_tiff else fits_key(wanted, source.etag)
        _check_length(key)
        if not store.is_made(key):
            try:
                content = conversions.converted(hdu, source, wanted.stretch if is_tiff else None)
            except (TooLarge, Unprocessable) as refusal:
                store.write_refusal(key, refusal)
                raise
            store.write(key, content, "application/x-bzip2" if is_tiff else "application/fits")
    return key


def _check_length(key: str) -> None:
    if len(key.encode()) > MAX_KEY_BYTES:
        raise BadRequest(f"object_name is too long: the result's key would have over {MAX_KEY_BYTES} bytes.")
