"""Mutation tests of the tile decoders: remove one check at a time from a copy of the code, and run the tests.

`python -m tests.downloads.mutations` writes a line for each check. If no test fails without a check, the
exit status is 1.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.deployment import PROJECT
from tests.mutation import mutated

_NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "build")
_TESTS = ("tests/downloads/test_tiles.py", "tests/downloads/test_fits_cases.py")
# Leave out the tests that need a server: without the conftest they always fail.
_NO_SERVER = "not hostile and not contract and not over_http"

TABLES, CODECS = "downloads/tile_tables.py", "downloads/tile_codecs.py"
TILES, HEADERS = "downloads/tiles.py", "common/fits/headers.py"
PLIO, RICE, HCOMPRESS = "downloads/plio.py", "downloads/rice.py", "downloads/hcompress.py"


@dataclass(frozen=True)
class Mutation:
    """A check that is taken out.

    Attributes
    ----------
    file, text, broken
        `text`, which stands in `file` once, becomes `broken`.
    """

    file: str
    text: str
    broken: str

    @property
    def name(self) -> str:
        """What is taken out, and of which file."""
        return f"{self.file}: {' '.join(self.text.split())}"


MUTATIONS = (
    Mutation(HEADERS, "if not 0 <= number <= MAX_AXES:", "if False:"),
    Mutation(HEADERS, "if groups < 1 or parameters < 0:", "if parameters < 0:"),
    Mutation(HEADERS, "if groups < 1 or parameters < 0:", "if groups < 1:"),
    Mutation(HEADERS, 'self.text("GROUPS") == "T"', "False"),
    Mutation(HEADERS, '.replace("\\0", " ")', ""),
    Mutation(HEADERS, 're.sub("[Dd]", "e", text)', 'text.replace("D", "e")'),
    Mutation(HEADERS, "for _ in range(MAX_BLOCKS):", "for _ in range(10**6):"),
    Mutation(TABLES, "axis if n == 1 else 1)", "0)"),
    Mutation(TABLES, "if any(not 1 <= step <= MAX_TILE_AXIS for step in steps):", "if False:"),
    Mutation(TABLES, "if not self._width * self._rows <= self._heap_start <= len(data):", "if False:"),
    Mutation(TABLES, "if self.tiles > self._rows:", "if False:"),
    Mutation(TABLES, "if pixels > max(FREE_PIXELS, len(data) * PIXELS_PER_BYTE):", "if False:"),
    Mutation(TABLES, 'if kind not in "PQ" or element not in _DTYPES:', "if False:"),
    Mutation(TABLES, "(lengths < 0).any() or", ""),
    Mutation(TABLES, "or (lengths > room // dtype.itemsize).any()", ""),
    Mutation(TABLES, "(starts < 0).any() or", ""),
    Mutation(TABLES, "or (starts > room - lengths).any()", ""),
    Mutation(TABLES, "if int(lengths.sum()) > room:", "if False:"),
    Mutation(TABLES, "if offset > self._width:", "if False:"),
    Mutation(TABLES, 'if header.integer("BITPIX") != _TABLE_BITPIX or', "if"),
    Mutation(TILES, 'raise BrokenTiles(f"tile {tile.row + 1} has no data")', "return np.zeros(tile.pixels)"),
    Mutation(TILES, "if values.min() < limits.min or values.max() > limits.max:", "if False:"),
    Mutation(TILES, "if not 0 <= self._start < quantization.SERIES:", "if False:"),
    Mutation(TILES, "if scales is None or zeros is None:", "if scales is None:"),
    Mutation(TILES, "if np.isin(scales, (0, 1)).all() and not zeros.any():", "if True:"),
    Mutation(TILES, "if column is not None or name not in header:", "if True:"),
    Mutation(TILES, "if value is None:", "if False:"),
    Mutation(CODECS, "limit + 1)", "0)"),
    Mutation(CODECS, "if not stream.eof or len(plain) > limit:", "if len(plain) > limit:"),
    Mutation(CODECS, "except zlib.error as error:", "except KeyError as error:"),
    Mutation(CODECS, "if rest or dtype is None:", "if dtype is None:"),
    Mutation(CODECS, "if size * tile.pixels != plain.size:", "if False:"),
    Mutation(CODECS, "    if raw_floats:\n", "    if False:\n"),
    Mutation(CODECS, "if blocksize not in map(str, rice.BLOCKSIZES):", "if False:"),
    Mutation(CODECS, "if bytepix not in map(str, rice.BYTEPIX) or", "if"),
    Mutation(CODECS, "or int(bytepix) < bytes_needed", ""),
    Mutation(CODECS, "and bytes_needed < _LARGEST_ITEM", ""),
    Mutation(RICE, "padded[: content.size], blocksize", "padded, blocksize"),
    Mutation(HCOMPRESS, "if content.size < _HEAD.size:", "if False:"),
    Mutation(HCOMPRESS, "mark != _MARK or", ""),
    Mutation(HCOMPRESS, "or [length for length in (rows, columns) if length != 1] != axes", ""),
    Mutation(HCOMPRESS, "if max(first, second, third) > _MAX_PLANES:", "if False:"),
    Mutation(HCOMPRESS, "padded[content.size :] = padding", "padded[content.size :] = 0"),
    Mutation(HCOMPRESS, "if len(digests) > 1:", "if False:"),
    Mutation(PLIO, "or (words[2] <= 0 and words.size < _NEW_HEAD)", ""),
    Mutation(PLIO, "if not _OLD_HEAD <= first <= end <= words.size:", "if not _OLD_HEAD <= first <= end:"),
    Mutation(PLIO, "if not _OLD_HEAD <= first <= end <= words.size:", "if not first <= end <= words.size:"),
    Mutation(PLIO, "or int(runs.sum()) != pixels", ""),
    Mutation(PLIO, "if words.size and sets[-1]:", "if False:"),
    Mutation(PLIO, "(codes.min() < _ZEROS or codes.max() > _LOWER_ONE)", "False"),
)


def seen(mutation: Mutation, folder: Path) -> bool:
    """Whether the tests fail in the copy of the project in `folder` when the check is out."""
    path = folder / mutation.file
    whole = path.read_text()
    path.write_text(mutated(whole, mutation))
    run = [sys.executable, "-m", "pytest", "--noconftest", "-q", "-x", "-k", _NO_SERVER, *_TESTS]
    ran = subprocess.run(run, cwd=folder, check=False, capture_output=True)
    path.write_text(whole)
    # pytest ends with 1 if tests failed; any other status does not show that the tests saw the missing check.
    return ran.returncode == pytest.ExitCode.TESTS_FAILED


def main() -> int:
    """Take out each check, or those of the files that the command line names."""
    chosen = [mutation for mutation in MUTATIONS if mutation.file in (sys.argv[1:] or [mutation.file])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        shutil.copytree(PROJECT, folder, ignore=_NOT_COPIED)
        missed = 0
        for mutation in chosen:
            result = "seen" if seen(mutation, folder) else "MISSED"
            missed += result == "MISSED"
            sys.stdout.write(f"{result}\t{mutation.name}\n")
            sys.stdout.flush()
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
