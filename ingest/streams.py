"""Reads the beginning of an object of S3, plain or compressed, without fetching the rest of it."""

import bz2
import zlib
from collections.abc import Callable

from common.errors import Unprocessable
from common.fits.headers import SkippingStream
from ingest import objects

_MAGIC_BYTES = 3
_GZIP_MAGIC, _BZIP2_MAGIC = b"\x1f\x8b", b"BZh"
# One request brings the headers of nearly every file: 800 cards.
_RANGE_BYTES = 64 * 1024
# The largest number of bytes to read from a compressed file up to its image's header, and the largest number
# of bytes to decompress. Both have a limit, because some input gives no output, such as a long name in a gzip
# file.
_MAX_BYTES = 64 * 1024**2
_PIECE_BYTES = 64 * 1024


class ObjectStream:
    """The bytes of an object of S3, fetched range by range as they are needed.

    Parameters
    ----------
    key
        The object's key.

    Attributes
    ----------
    etag
        S3's mark of the content. All ranges come from the same content.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._position = 0
        self._start = 0
        self._fetched = objects.read_range(key, 0, _RANGE_BYTES, None)
        self.etag = self._fetched.etag

    def read(self, size: int, /) -> bytes:
        """Return the next `size` bytes, fewer only at the end of the object."""
        content = bytearray()
        while len(content) < size and self._position < self._fetched.object_bytes:
            offset = self._position - self._start
            if not 0 <= offset < len(self._fetched.content):
                self._fetched = objects.read_range(self._key, self._position, _RANGE_BYTES, self.etag)
                self._start, offset = self._position, 0
            piece = self._fetched.content[offset : offset + size - len(content)]
            content += piece
            self._position += len(piece)
        return bytes(content)

    def skip(self, size: int, /) -> None:
        """Pass over the next `size` bytes, which are not fetched."""
        self._position += size


class CompressedStream:
    """What comes out of compressed bytes.

    They may be several compressed streams, one after the other, as parallel compressors write them.

    Parameters
    ----------
    source
        The compressed bytes.
    magic
        How each compressed stream begins.
    make_decompressor
        Makes the decompressor of one compressed stream.
    """

    def __init__(
        self,
        source: SkippingStream,
        magic: bytes,
        make_decompressor: "Callable[[], bz2.BZ2Decompressor | _Gzip]",
    ) -> None:
        self._source = source
        self._magic = magic
        self._make_decompressor = make_decompressor
        self._decompressor = make_decompressor()
        self._input_left = self._output_left = _MAX_BYTES

    def read(self, size: int, /) -> bytes:
        """Return the next `size` bytes, fewer only where the compressed bytes end.

        Raises
        ------
        Unprocessable
            If the compressed bytes are broken, or too much goes in or comes out.
        """
        content = bytearray()
        while len(content) < size and (given := self._next_input()) is not None:
            content += self._decompressed(given, size - len(content))
        return bytes(content)

    def skip(self, size: int, /) -> None:
        """Pass over the next `size` bytes."""
        while size > 0 and (piece := self.read(min(_PIECE_BYTES, size))):
            size -= len(piece)

    def _next_input(self) -> bytes | None:
        """Return what the decompressor gets next, which may be nothing; None at the end."""
        if self._decompressor.eof:
            given = self._decompressor.unused_data
            if len(given) < len(self._magic):
                given += self._source.read(_PIECE_BYTES)
            if not given.startswith(self._magic):
                return None
            self._decompressor = self._make_decompressor()
            return given
        if self._decompressor.needs_input:
            return self._source.read(_PIECE_BYTES) or None
        return b""

    def _decompressed(self, given: bytes, size: int) -> bytes:
        try:
            content = self._decompressor.decompress(given, size)
        except (OSError, zlib.error) as error:
            raise Unprocessable("The compressed file is broken.") from error
        self._input_left -= len(given)
        self._output_left -= len(content)
        if min(self._input_left, self._output_left) < 0:
            raise Unprocessable(f"The compressed file has over {_MAX_BYTES} bytes before the image's header.")
        return content


class _Gzip:
    """A decompressor of gzip with the methods of `bz2.BZ2Decompressor`."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        """Whether the end of the compressed data was reached."""
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        """Whether more input is needed before anything comes out."""
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """What follows the compressed data."""
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most `max_length` bytes of output."""
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def open_stream(key: str) -> tuple[SkippingStream, str]:
    """Return the decompressed bytes of an object, and its etag. The first bytes tell the compression.

    Raises
    ------
    NotFound
        If there is no such object.
    """
    source = ObjectStream(key)
    magic = source.read(_MAGIC_BYTES)
    source.skip(-len(magic))
    if magic.startswith(_GZIP_MAGIC):
        return CompressedStream(source, _GZIP_MAGIC, _Gzip), source.etag
    if magic.startswith(_BZIP2_MAGIC):
        return CompressedStream(source, _BZIP2_MAGIC, bz2.BZ2Decompressor), source.etag
    return source, source.etag
