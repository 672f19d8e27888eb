"""FITS files for the codec fuzzer: valid ones of every codec, and random changes of them.

The same number always makes the same file.
"""

import random
import re
import struct
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from support.images import Pixels, header, packed, plain, sky
from tests.downloads.tables import compressed, settings

CODECS = ("RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS")
INTEGERS = {8: np.uint8, 16: np.int16, 32: np.int32, 64: np.int64}
FLOATS = {-32: np.float32, -64: np.float64}
METHODS = {"NO_DITHER": -1, "SUBTRACTIVE_DITHER_1": 1, "SUBTRACTIVE_DITHER_2": 2}
NO_64_BITS = ("RICE_1", "RICE_ONE", "PLIO_1", "HCOMPRESS_1")
SHAPE = (24, 31)

_CARD = re.compile(rb"[A-Z0-9_-]{1,8} *= [^\n]{70}")
_INTERESTING = (
    *("0", "1", "-1", "2", "3", "4", "7", "8", "9", "16", "31", "32", "64", "100", "255", "999", "4096"),
    *("32767", "32768", "65535", "65536", "2097152", "268435456", "2147483647", "2147483648"),
    *("-2147483648", "4294967296", "9223372036854775807", "99999999999999999999", "1E3", "0.5", "-0.0"),
    *("1e308", "nan", "T", "F", "''", "'text'", "", "3.2768d4", "'0'"),
)
_NAMES = (
    *("BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS", "THEAP", "ZIMAGE", "ZBITPIX"),
    *("ZNAXIS", "ZNAXIS1", "ZNAXIS2", "ZTILE1", "ZTILE2", "ZTILE3", "ZNAME1", "ZNAME2", "ZVAL1", "ZVAL2"),
    *("ZSCALE", "ZZERO", "ZBLANK", "BLANK", "BSCALE", "BZERO", "ZDITHER0", "GROUPS", "EXTNAME", "ZSIMPLE"),
)
_TEXTS = {
    "ZCMPTYPE": CODECS,
    "ZQUANTIZ": (*METHODS, "NONE", "OTHER"),
    "ZMASKCMP": CODECS,
    "TFORM1": ("1PB", "1PI(9)", "1PJ", "1QB", "PE", "1PD(3)", "2PB", "1J", "8A", "1PX"),
    "TTYPE1": ("COMPRESSED_DATA", "GZIP_COMPRESSED_DATA", "UNCOMPRESSED_DATA", "ZSCALE"),
    "ZNAME1": ("BLOCKSIZE", "BYTEPIX", "SCALE", "SMOOTH", "NOISEBIT"),
}


def valid_files() -> list[bytes]:
    """Files of every codec, kind of pixel, quantization and shape of tile, and plain ones."""
    files = [
        _integers(codec, bits, tile)
        for codec, bits, tile in product(CODECS, INTEGERS, (None, (7, 9), SHAPE))
        if not (codec in NO_64_BITS and bits == 64)
    ]
    files += [
        packed(
            _floats(bits), compression_type=codec, quantize_method=method, dither_seed=9900, tile_shape=tile
        )
        for codec, bits, method, tile in product(
            ("RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"), FLOATS, METHODS.values(), (None, (8, 9))
        )
    ]
    # lossless files, and files with tiles that cannot be quantized
    for codec, bits in product(("GZIP_1", "GZIP_2"), FLOATS):
        files.append(packed(_floats(bits), compression_type=codec, quantize_level=0.0))
    files += [packed(np.ones(SHAPE, kind) * 1e-30, compression_type="RICE_1") for kind in FLOATS.values()]
    files += [plain(_pixels(bits)) for bits in (*INTEGERS, *FLOATS)]
    files += [plain(_pixels(16).astype(np.uint16)), plain(np.stack([_pixels(16)] * 3))]
    files += [packed(np.stack([_pixels(16)] * 3)), packed(_pixels(16)[0])]
    # as a site sends them
    files += [packed(sky().astype(np.uint16), header()), packed(sky().astype(np.float32), header())]
    return files


def file(files: list[bytes], number: int) -> bytes:
    """Return the file of this number.

    The first numbers are `files`, unchanged. A later one is one of them or a made-up one, with changes.
    """
    chance = random.Random(number)
    if number < len(files):
        return files[number]
    content = bytearray(chance.choice(files) if chance.random() < 0.8 else _made_up(chance))
    # Most changed headers are refused at once, so half of the files keep their headers unchanged.
    changes = chance.choice((_CHANGES, _DATA_CHANGES))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        chance.choice(changes)(chance, content)
    return bytes(content)


def _pixels(bits: int) -> Pixels:
    counts = np.clip(sky(*SHAPE) / 150, 0, 250)
    return counts.astype((INTEGERS | FLOATS)[bits])


def _floats(bits: int) -> Pixels:
    image = sky(*SHAPE).astype(FLOATS[bits])
    image[3, :9], image[5, 2:4] = 0, np.nan
    return image


def _integers(codec: str, bits: int, tile: tuple[int, int] | None) -> bytes:
    # astropy knows only these two names of codecs. Its encoder of PLIO_1 fails when too many neighbouring
    # pixels differ, so the numbers are rounded to multiples of 5.
    written = {"RICE_ONE": "RICE_1", "NOCOMPRESS": "GZIP_1"}.get(codec, codec)
    pixels = _pixels(bits) // 5 * 5 if codec == "PLIO_1" else _pixels(bits)
    if codec == "NOCOMPRESS":
        rows = [row.astype(row.dtype.newbyteorder(">")).tobytes() for row in pixels]
        return compressed(codec, rows, shape=SHAPE[::-1], tile=(SHAPE[1], 1), bits=bits)
    if codec == "HCOMPRESS_1" and tile == (7, 9):
        tile = (8, 9)
    content = packed(pixels, compression_type=written, tile_shape=tile)
    return content.replace(b"'RICE_1  '", b"'RICE_ONE'") if codec == "RICE_ONE" else content


def _made_up(chance: random.Random) -> bytes:
    """A file whose tiles look a little like those of a codec, and whose bytes mean nothing."""
    codec = chance.choice(CODECS)
    bits = chance.choice((8, 16, 32, 64, -32, -64))
    width, height = chance.choice(((1, 1), (5, 1), (31, 24), (100, 100), (512, 512), (3000, 2000)))
    length = chance.choice((0, 1, 2, 14, 25, 26, 40, 300, 3000))
    content = bytes(length) if chance.random() < 0.3 else chance.randbytes(length)
    if codec == "HCOMPRESS_1":
        planes = bytes(chance.choice((0, 1, 5, 20, 63, 255)) for _ in range(3))
        head = b"\xdd\x99" + struct.pack(">iiiq", height, width, chance.choice((0, 1, 9, -1)), 77) + planes
        content = (head + content)[: max(length, 1)]
    if codec == "PLIO_1":
        length = chance.choice((0, 7, 8, len(content) // 2 + 7, 2000, 32767))
        content = struct.pack(">7h", 0, chance.choice((7, 0, 3, -3)), -100, length, 0, 0, 0) + content
    cards: dict[str, Any] = settings(
        BLOCKSIZE=chance.choice((16, 32, 32, 64)), BYTEPIX=chance.choice((1, 2, 4))
    )
    if bits < 0 and chance.random() < 0.8:
        cards |= {"ZSCALE": 0.5, "ZZERO": 1, "ZQUANTIZ": chance.choice(list(METHODS))}
    element = "I" if codec == "PLIO_1" else "B"
    return compressed(codec, [content], shape=(width, height), bits=bits, element=element, **cards)


def _cards(content: bytearray) -> list[int]:
    """Where the cards of the headers are."""
    return [at for at in range(0, min(len(content), 40_000), 80) if _CARD.match(content, at)]


def _set(content: bytearray, at: int, name: bytes, text: str) -> None:
    content[at : at + 80] = (name.ljust(8) + b"= " + text.encode().rjust(20)).ljust(80)[:80]


def _change_number(chance: random.Random, content: bytearray) -> None:
    if places := _cards(content):
        at = chance.choice(places)
        _set(content, at, bytes(content[at : at + 8]), chance.choice(_INTERESTING))


def _step_number(chance: random.Random, content: bytearray) -> None:
    places = [at for at in _cards(content) if content[at + 10 : at + 30].strip().isdigit()]
    if places:
        at = chance.choice(places)
        changed = int(content[at + 10 : at + 30]) * chance.choice((1, 2, 10)) + chance.choice((-1, 0, 1))
        _set(content, at, bytes(content[at : at + 8]), str(changed))


def _name_card(chance: random.Random, content: bytearray) -> None:
    if places := _cards(content):
        name = chance.choice(_NAMES).encode()
        _set(content, chance.choice(places), name, chance.choice(_INTERESTING))


def _name_text(chance: random.Random, content: bytearray) -> None:
    name = chance.choice(list(_TEXTS))
    places = _cards(content)
    same = [at for at in places if content[at : at + 8].rstrip() == name.encode()]
    if same or places:
        _set(content, chance.choice(same or places), name.encode(), f"'{chance.choice(_TEXTS[name]):8}'")


def _spoil_card(chance: random.Random, content: bytearray) -> None:
    if places := _cards(content):
        at = chance.choice(places)
        spoilt = chance.choice((bytes(80), b" " * 80, bytes(content[at : at + 80]).lower(), b"END".ljust(80)))
        content[at : at + 80] = spoilt


def _double_card(chance: random.Random, content: bytearray) -> None:
    if places := _cards(content):
        source, target = chance.choice(places), chance.choice(places)
        content[target : target + 80] = content[source : source + 80]


def _flip(chance: random.Random, content: bytearray) -> None:
    for _ in range(chance.choice((1, 1, 4, 30))):
        if content:
            at = chance.randrange(len(content))
            content[at] = chance.choice(
                (0, 255, content[at] ^ (1 << chance.randrange(8)), chance.randrange(256))
            )


def _data_begin(content: bytearray) -> int:
    """Where the data behind the last header begin."""
    end = content.rfind(b"END".ljust(80))
    return -(-(end + 80) // 2880) * 2880 if end >= 0 else 0


def _flip_beginning(chance: random.Random, content: bytearray) -> None:
    """Change bytes in the table and the first tiles, where lengths and heads of tiles are."""
    begin = _data_begin(content)
    for _ in range(chance.choice((1, 2, 8))):
        at = begin + chance.randrange(500)
        if at < len(content):
            content[at] = chance.choice((0, 1, 127, 128, 255, content[at] ^ (1 << chance.randrange(8))))


def _flip_data(chance: random.Random, content: bytearray) -> None:
    begin = _data_begin(content)
    for _ in range(chance.choice((1, 2, 20))):
        if begin < len(content):
            content[chance.randrange(begin, len(content))] = chance.randrange(256)


def _swap_data(chance: random.Random, content: bytearray) -> None:
    """Copy some bytes of the data to another place among them."""
    begin = _data_begin(content)
    if begin < len(content):
        source, target = chance.randrange(begin, len(content)), chance.randrange(begin, len(content))
        piece = content[source : source + chance.choice((4, 16, 100))][: len(content) - target]
        content[target : target + len(piece)] = piece


def _fill(chance: random.Random, content: bytearray) -> None:
    if len(content) > 1:
        begin = chance.randrange(len(content))
        end = min(len(content), begin + chance.choice((8, 80, 500, 5000)))
        content[begin:end] = bytes([chance.choice((0, 255, 0x55))]) * (end - begin)


def _cut(chance: random.Random, content: bytearray) -> None:
    del content[chance.randrange(len(content) + 1) :]


def _shift(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content) + 1)
    content[at:at] = chance.randbytes(chance.choice((1, 8, 80)))


_Change = Callable[[random.Random, bytearray], None]
_DATA_CHANGES: tuple[_Change, ...] = (_flip_beginning, _flip_beginning, _flip_data, _flip_data, _swap_data)
_CHANGES: tuple[_Change, ...] = (
    *(_change_number, _step_number, _step_number, _name_card, _name_text, _spoil_card, _double_card),
    *(_flip, _fill, _cut, _shift, *_DATA_CHANGES),
)
