"""The image in a FITS file, tile-compressed or not, and its header in a plain file.

FITS Standard 4.0, section 10.1, defines which keywords belong only to the compression and which to the image.
cfitsio's funpack makes the same header.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from common.errors import TooLarge, Unprocessable
from common.fits.headers import KEYWORD_BYTES, Header, SkippingStream, Stream, keyword, padded, read_header

# The largest decoded image. The Lambda function's memory must hold it and the converted file.
MAX_IMAGE_BYTES = 512 * 1024**2

# The most that may come before the image: an empty HDU in most real files, tables in some. It is read at
# every request, so it may take a second at most.
MAX_HEADER_BYTES_BEFORE = 8 * 1024**2
MAX_DATA_BYTES_BEFORE = 256 * 1024**2

PIXEL_BITS = (8, 16, 32, 64, -32, -64)
# Renamed cards in the header of a compressed image, and their names in the image.
RENAMED = {"ZEXTEND": "EXTEND", "ZBLOCKED": "BLOCKED", "ZHECKSUM": "CHECKSUM", "ZDATASUM": "DATASUM"}
# Cards of a compressed image's header that describe its table.
TABLE = {
    *("XTENSION", "BITPIX", "NAXIS", "PCOUNT", "GCOUNT", "TFIELDS", "THEAP", "ZIMAGE", "ZCMPTYPE"),
    *("ZSIMPLE", "ZTENSION", "ZBITPIX", "ZNAXIS", "ZPCOUNT", "ZGCOUNT"),
    *("ZMASKCMP", "ZQUANTIZ", "ZDITHER0", "ZBLANK", "ZSCALE", "ZZERO"),
}
TABLE_NUMBERED = re.compile(r"(NAXIS|TTYPE|TFORM|ZNAXIS|ZTILE|ZNAME|ZVAL)[1-9][0-9]*")
# The checksums of the table, and the EXTNAME of the table if the image has no name.
_TABLE_SUMS = ("CHECKSUM", "DATASUM")
_NO_NAME = "COMPRESSED_IMAGE"
# Cards of extensions, and cards that start a header or describe the array. The plain header begins with its
# own.
_EXTENSIONS = re.compile(r"SIMPLE|XTENSION|BITPIX|NAXIS[0-9]*|PCOUNT|GCOUNT|INHERIT")

_SIMPLE = f"{'SIMPLE  =                    T / conforms to FITS standard':80}"
_CHUNK_BYTES = 1024**2


@dataclass(frozen=True)
class ImageHdu:
    """The HDU of a file that holds its image.

    Attributes
    ----------
    header
        The header in the file: of the image, or of the table with the compressed image.
    """

    header: Header

    @property
    def compressed(self) -> bool:
        """Whether the image is compressed by tiles."""
        return self.header.text("ZIMAGE") == "T"

    @property
    def bits(self) -> int:
        """BITPIX of the image: bits of a pixel, negative for floating point."""
        return self.header.integer(f"{self._prefix}BITPIX")

    @property
    def axes(self) -> tuple[int, ...]:
        """The lengths of the image's axes, NAXIS1 first."""
        return self.header.axes(self._prefix)

    @property
    def _prefix(self) -> str:
        return "Z" if self.compressed else ""

    def plain_header(self) -> Header:
        """Return the header of the image in the primary HDU of a plain file.

        Cards keep their text and order. Cards of an extension and of the compression are removed.
        """
        if keyword(self.header.cards[0]) == "SIMPLE" and not self.compressed:
            return self.header
        names = ["BITPIX", "NAXIS", *(f"NAXIS{axis}" for axis in range(1, len(self.axes) + 1))]
        structure = [_renamed(self.header.card(f"{self._prefix}{name}"), name) for name in names]
        simple = _renamed(self.header.card("ZSIMPLE"), "SIMPLE") if "ZSIMPLE" in self.header else _SIMPLE
        cards = self._uncompressed_cards() if self.compressed else self.header.cards
        described = [card for card in cards if not _EXTENSIONS.fullmatch(keyword(card))]
        return Header([simple, *structure, *described])

    def _uncompressed_cards(self) -> list[str]:
        return [
            _renamed(card, RENAMED[name]) if (name := keyword(card)) in RENAMED else card
            for card in self.header.cards
            if not self._describes_compression(card)
        ]

    def _describes_compression(self, card: str) -> bool:
        name = keyword(card)
        if name == "EXTNAME":
            return Header([card]).text("EXTNAME") == _NO_NAME
        return name in TABLE or name in _TABLE_SUMS or bool(TABLE_NUMBERED.fullmatch(name))


def find_image(stream: Stream) -> ImageHdu:
    """Return the first image of a FITS file. Afterwards `stream` is at the start of its data.

    Raises
    ------
    Unprocessable
        If this is no FITS file, or one without an image, or one with too much before it.
    """
    header = read_header(stream, "SIMPLE")
    if header is None:
        raise Unprocessable("The object is not a FITS file.")
    header_bytes = data_bytes = 0
    while header is not None:
        if _has_image(header):
            return ImageHdu(header)
        header_bytes += header.size_bytes
        data_bytes += header.data_bytes
        if header_bytes > MAX_HEADER_BYTES_BEFORE or data_bytes > MAX_DATA_BYTES_BEFORE:
            raise Unprocessable("The FITS file has too many or too large HDUs before an image.")
        _skip(stream, padded(header.data_bytes))
        header = read_header(stream, "XTENSION")
    raise Unprocessable("The FITS file has no image in it.")


def check_image(hdu: ImageHdu) -> None:
    """Check that an image can be converted.

    Raises
    ------
    Unprocessable
        If its pixels have a type that FITS does not know.
    TooLarge
        If the image is over `MAX_IMAGE_BYTES`.
    """
    if hdu.bits not in PIXEL_BITS:
        raise Unprocessable(f"The FITS image has a BITPIX of {hdu.bits}.")
    size = max(abs(hdu.bits) // 8 * prod(hdu.axes), hdu.header.data_bytes)
    if size > MAX_IMAGE_BYTES:
        raise TooLarge(f"The FITS image has {size} bytes; at most {MAX_IMAGE_BYTES} can be converted.")


def data_pieces(stream: Stream, hdu: ImageHdu) -> Iterator[bytes]:
    """Return the data of the HDU in pieces, without padding.

    Raises
    ------
    Unprocessable
        If the file ends before they do.
    """
    size = hdu.header.data_bytes
    left = size
    while left and (piece := stream.read(min(_CHUNK_BYTES, left))):
        left -= len(piece)
        yield piece
    if left:
        raise Unprocessable(f"The FITS file is cut off: its image has {size - left} of {size} bytes.")


def _has_image(header: Header) -> bool:
    hdu = ImageHdu(header)
    is_image = hdu.compressed or header.text("XTENSION") in ("", "IMAGE")
    return is_image and bool(hdu.axes) and prod(hdu.axes) > 0


def _skip(stream: Stream, size: int) -> None:
    if isinstance(stream, SkippingStream):
        stream.skip(size)
        return
    while size > 0 and (chunk := stream.read(min(_CHUNK_BYTES, size))):
        size -= len(chunk)


def _renamed(card: str, name: str) -> str:
    return f"{name:{KEYWORD_BYTES}}{card[KEYWORD_BYTES:]}"
