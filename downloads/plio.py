"""Decodes PLIO_1 tiles, line lists of IRAF's pixel lists, with numpy.

The C decoders trust the lengths in a list and read past its end. This code never reads beyond the tile.
Format: FITS Standard 4.0, section 10.4.3, and IRAF's PLIO documentation.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from downloads.tile_tables import BrokenTiles

# Words of the two forms of a list's head. The older has its length in the third word, the newer has 0 or less
# there, the length of its head in the second, and its own length in the fourth and fifth, the low 15 bits
# first.
_OLD_HEAD, _NEW_HEAD = 3, 7
_LENGTH_BITS = 15
# Codes in the upper four bits of a word; the lower twelve are its number.
_ZEROS, _SET_HIGH, _RAISE, _LOWER, _HIGHS, _LAST_HIGH, _RAISE_ONE, _LOWER_ONE = range(8)
_OPCODE_SHIFT = 12
_NUMBER_MASK = 0xFFF


def decoded(content: npt.NDArray[Any], pixels: int) -> npt.NDArray[np.int64]:
    """Return the pixels of a tile.

    Parameters
    ----------
    content
        The line list: big-endian 16-bit words, as bytes.
    pixels
        The number of pixels of the tile.

    Raises
    ------
    BrokenTiles
        If the list is longer than the tile's bytes, or makes more or fewer pixels.
    """
    codes, numbers, levels = _instructions(_words(content))
    if codes.size and (codes.min() < _ZEROS or codes.max() > _LOWER_ONE):
        raise BrokenTiles("a line list of PLIO_1 has an unknown instruction")
    # Each instruction makes a run of zeros and then a run of the level; one of them may be empty.
    zeros = np.select([codes == _ZEROS, codes == _LAST_HIGH], [numbers, numbers - 1], 0)
    ones = np.isin(codes, (_LAST_HIGH, _RAISE_ONE, _LOWER_ONE))
    highs = np.select([codes == _HIGHS, ones], [numbers, 1], 0)
    runs = np.column_stack([zeros, highs]).reshape(-1)
    if (runs < 0).any() or int(runs.sum()) != pixels:
        raise BrokenTiles(f"a line list of PLIO_1 does not make the {pixels} pixels of its tile")
    return np.repeat(np.column_stack([np.zeros_like(levels), levels]).reshape(-1), runs)


def _words(content: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the instructions of a list, after checking its head against its size."""
    words = content[: content.size // 2 * 2].view(">i2").astype(np.int64)
    if words.size < _OLD_HEAD or (words[2] <= 0 and words.size < _NEW_HEAD):
        raise BrokenTiles("a line list of PLIO_1 ends within its head")
    if words[2] > 0:
        first, end = _OLD_HEAD, int(words[2])
    else:
        first, end = int(words[1]), int((words[4] << _LENGTH_BITS) + words[3])
    if not _OLD_HEAD <= first <= end <= words.size:
        raise BrokenTiles("a line list of PLIO_1 is longer than its tile's bytes")
    return words[first:end]


def _instructions(words: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
    """Return code and number of each instruction, and the level of high pixels after it."""
    codes = words >> _OPCODE_SHIFT
    # The word after a _SET_HIGH is always the upper part of its number. So in a row of words that look like
    # _SET_HIGH, every second one is such a part.
    places = np.arange(words.size)
    looks_so = codes == _SET_HIGH
    row_start = np.maximum.accumulate(np.where(looks_so, 0, places + 1)) if words.size else places
    sets = looks_so & ((places - row_start) % 2 == 0)
    if words.size and sets[-1]:
        raise BrokenTiles("a line list of PLIO_1 ends within an instruction")
    is_code = np.ones(words.size, bool)
    is_code[1:] = ~sets[:-1]
    upper = np.append(words, 0)[1:][is_code]
    codes, numbers, sets = codes[is_code], (words & _NUMBER_MASK)[is_code], sets[is_code]
    steps = np.select(
        [np.isin(codes, (_RAISE, _RAISE_ONE)), np.isin(codes, (_LOWER, _LOWER_ONE))], [numbers, -numbers], 0
    )
    # The level is the last one that was set (1 before any was) and the steps since then.
    taken = np.cumsum(steps)
    base = np.where(sets, (upper << _OPCODE_SHIFT) + numbers - taken, 0)
    last_set = np.maximum.accumulate(np.where(sets, np.arange(1, codes.size + 1), 0)) if codes.size else codes
    return codes, numbers, np.append(1, base)[last_set] + taken
