"""The conversion that runs in the sandbox: the data of an image in, the pieces of a file out."""

from collections.abc import Iterator
from typing import Any

from common.fits.headers import Header
from common.fits.images import ImageHdu
from common.sandbox_worker import Input
from downloads import output_files


def convert(arguments: dict[str, Any], source: Input) -> Iterator[bytes | memoryview]:
    """Return the pieces of the converted file.

    Parameters
    ----------
    arguments
        `cards`: those of the image's header, one after the other; `stretch`: that of a TIFF, None for a plain
        FITS file.
    source
        The data of the HDU, without padding.

    Raises
    ------
    Unprocessable
        If the image cannot be decoded.
    """
    hdu = ImageHdu(Header.of_text(arguments["cards"]))
    data = source.read_all(hdu.header.data_bytes)
    if arguments["stretch"] is None:
        return output_files.plain_fits(hdu, data)
    return output_files.tiff(hdu, data, arguments["stretch"])
