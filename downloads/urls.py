"""The URL that a download leads to, and the key under which what is made for it is kept."""

import re

from api.object_names import MAX_KEY_BYTES
from common.errors import BadRequest
from common.presign import DAY_S, WEEK_S, get_url
from downloads import fits_images, store
from downloads.arguments import TIFF_TYPES, Download
from downloads.fits_headers import Header
from downloads.fits_images import ImageHdu

AS_IT_IS_GOOD_FOR_S = 5 * DAY_S
_NO_FILTER = "nofilter"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]+")


def url_of(wanted: Download) -> str:
    """Answer a presigned URL of the download, which is made now unless it has been already.

    Raises
    ------
    NotFound
        If there is no such object.
    Unprocessable, TooLarge
        If it is no image that can be converted.
    Unavailable
        If S3 is down or busy.
    """
    if wanted.converted:
        return get_url(_converted(wanted), WEEK_S)
    store.check_exists(wanted.source_key)
    return get_url(wanted.source_key, AS_IT_IS_GOOD_FOR_S)


def tiff_key(wanted: Download, header: Header) -> str:
    """Answer where the TIFF of an image is kept."""
    used = _UNSAFE.sub("_", header.text("FILTER")) or _NO_FILTER
    return f"downloads/tif/{used}-{wanted.stretch}-{wanted.name.split('.')[0]}.tif.bz2"


def fits_key(wanted: Download) -> str:
    """Answer where the plain FITS file of an image is kept."""
    return f"downloads/fits/{wanted.source_name.replace('.fits.fz', '.fits')}"


def _converted(wanted: Download) -> str:
    """Answer the key of what the object is converted to; it is there afterwards.

    Little of the object is read where it has been converted before. Requests at the same time each convert
    it, which makes the same bytes.
    """
    with store.opened(wanted.source_key) as source:
        hdu = fits_images.find_image(source)
        key = _checked(tiff_key(wanted, hdu.header) if wanted.image_type in TIFF_TYPES else fits_key(wanted))
        if not store.is_made_of(key, source.etag):
            content_type, content = _made(wanted, hdu, fits_images.read_data(source, hdu))
            store.keep(key, content, content_type, source.etag)
    return key


def _made(wanted: Download, hdu: ImageHdu, data: bytearray) -> tuple[str, bytes]:
    from downloads import files

    if wanted.image_type in TIFF_TYPES:
        return "application/x-bzip2", files.tiff(hdu, data, wanted.stretch)
    return "application/fits", files.plain_fits(hdu, data)


def _checked(key: str) -> str:
    if len(key.encode()) > MAX_KEY_BYTES:
        raise BadRequest(f"object_name is too long: what is made of it would pass {MAX_KEY_BYTES} bytes.")
    return key
