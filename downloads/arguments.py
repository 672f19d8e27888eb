"""Reads requests of `POST /download`."""

from dataclasses import dataclass
from typing import Any

from common.errors import BadRequest
from common.object_names import checked_directory, checked_name

TIFF_TYPES = ("tif", "tiff")
FITS_TYPES = ("fits", "fits.fz", "fz")
STRETCHES = ("arcsinh", "linear")


@dataclass(frozen=True)
class Download:
    """An allowed download.

    Attributes
    ----------
    directory
        The object's directory, one of those for uploads.
    name
        The object's name there.
    image_type
        The wanted type: one of `TIFF_TYPES` or `FITS_TYPES`; anything else means the unchanged object.
    stretch
        The stretch of a TIFF, one of `STRETCHES`.
    """

    directory: str
    name: str
    image_type: str
    stretch: str

    @property
    def converted(self) -> bool:
        """Whether the object must be converted."""
        return self.image_type in TIFF_TYPES + FITS_TYPES

    @property
    def source_name(self) -> str:
        """The stored object's name. For an image to convert, `.bz2` means the stored `.fz`."""
        return self.name.replace(".bz2", ".fz") if self.converted else self.name

    @property
    def source_key(self) -> str:
        """The stored object's key."""
        return f"{self.directory}/{self.source_name}"


def parse_download(body: dict[str, Any]) -> Download:
    """Return the download that a request describes.

    Parameters
    ----------
    body
        `object_name`; `s3_directory`, by default data; `image_type`, by default fits; `stretch`, by default
        arcsinh.

    Raises
    ------
    Forbidden
        If the directory is not one of those that exist.
    BadRequest
        If the name cannot be a key, or `stretch` is not one of `STRETCHES`.
    """
    directory = checked_directory(body)
    stretch = body.get("stretch", STRETCHES[0])
    if stretch not in STRETCHES:
        raise BadRequest(f"stretch must be one of {', '.join(STRETCHES)}.")
    name = checked_name(body.get("object_name"), directory)
    return Download(directory, name, str(body.get("image_type", "fits")), stretch)
