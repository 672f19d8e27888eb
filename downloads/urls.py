"""The URL that a download leads to, and the key under which what is made for it is stored."""

import hashlib
import re

from api.object_names import MAX_KEY_BYTES
from common.errors import BadRequest, TooLarge, Unprocessable
from common.presign import DAY_S, WEEK_S, get_url
from downloads import fits_images, sandboxed, store
from downloads.arguments import TIFF_TYPES, Download
from downloads.fits_headers import Header
from downloads.levels import of_stored_level

AS_IT_IS_GOOD_FOR_S = 5 * DAY_S
_NO_FILTER = "nofilter"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]+")
_IDENTITY_DIGITS = 20


def url_of(wanted: Download) -> str:
    """Return a presigned URL of the download, which is made now unless it is there.

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
    """Return the URL of the download at the level that is asked for."""
    if wanted.converted:
        return get_url(_converted(wanted), WEEK_S)
    store.check_exists(wanted.source_key)
    return get_url(wanted.source_key, AS_IT_IS_GOOD_FOR_S)


def identity(source_key: str, etag: str) -> str:
    """Return what tells an object from every other one, and from its own earlier and later content.

    It is part of the keys of all that is made of the object, so that a link that was handed out never leads
    to another image.

    Parameters
    ----------
    source_key
        The object's key.
    etag
        S3's mark of its content.
    """
    return hashlib.sha256(f"{source_key}\n{etag}".encode()).hexdigest()[:_IDENTITY_DIGITS]


def tiff_key(wanted: Download, header: Header, etag: str) -> str:
    """Return where the TIFF of an image is stored."""
    used = _UNSAFE.sub("_", header.text("FILTER")) or _NO_FILTER
    name = wanted.name.split(".")[0]
    return f"downloads/tif/{identity(wanted.source_key, etag)}/{used}-{wanted.stretch}-{name}.tif.bz2"


def fits_key(wanted: Download, etag: str) -> str:
    """Return where the plain FITS file of an image is stored."""
    name = wanted.source_name.replace(".fits.fz", ".fits")
    return f"downloads/fits/{identity(wanted.source_key, etag)}/{name}"


def _converted(wanted: Download) -> str:
    """Return the key of what the object is converted to; it is there afterwards.

    Little of the object is read if it has been converted, or refused, before. Requests at the same time each
    convert it, which makes the same bytes.
    """
    is_tiff = wanted.image_type in TIFF_TYPES
    with store.opened(wanted.source_key) as source:
        hdu = fits_images.find_image(source)
        key = tiff_key(wanted, hdu.header, source.etag) if is_tiff else fits_key(wanted, source.etag)
        _check_length(key)
        if not store.is_made(key):
            try:
                content = sandboxed.converted(hdu, source, wanted.stretch if is_tiff else None)
            except (TooLarge, Unprocessable) as refusal:
                store.keep_refusal(key, refusal)
                raise
            store.keep(key, content, "application/x-bzip2" if is_tiff else "application/fits")
    return key


def _check_length(key: str) -> None:
    if len(key.encode()) > MAX_KEY_BYTES:
        raise BadRequest(f"object_name is too long: what is made of it would pass {MAX_KEY_BYTES} bytes.")
