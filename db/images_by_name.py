"""The image, or the FITS header, that has a given name."""

from common.errors import NotFound
from db import queries
from db.header_text import Header, whole_header
from db.image import Image
from db.packages import Package, package


def image(base_filename: str) -> Package:
    """Return the package of the image of that name.

    Raises
    ------
    NotFound
        If no image of that name has a medium JPG, or several have one.
    """
    rows = queries.images_named(base_filename)
    if not rows:
        raise NotFound(f"No results found for {base_filename}")
    if len(rows) > 1:
        raise NotFound(f"Multiple images found for {base_filename}")
    return package(Image.from_row(rows[0]))


def fits_header(base_filename: str) -> Header:
    """Return the header of the image of that name; empty without a readable header.

    Raises
    ------
    NotFound
        If no row has that name, or several have it.
    """
    headers = queries.headers_named(base_filename)
    if not headers:
        raise NotFound(f"No fits header found in the db for {base_filename}")
    if len(headers) > 1:
        raise NotFound(f"Multiple fits headers found in the db for {base_filename}")
    return whole_header(headers[0])
