"""Measure uploads of 200 MB over a line that breaks ten times: `python -m benchmarks.resume`.

`examples/upload_image.py --resume` sends the file to a local stack. The places of the cuts are random. For
comparison, the table has what the same cuts would cost with the parts of an S3 multipart upload, which have
at least 5 MiB, and with a form, which starts again at each cut.
"""

import logging
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from api import piece_store
from api.pieces import PARTS_AT_ONCE, PIECE_BYTES, PIECES_OF_A_PART, parse_pieces
from benchmarks import figures, local_stack
from common import s3
from local.deployment import PROJECT
from support.pieces import announced, cut
from support.thin_line import thin_line

SIZE = 200_000_000
CUTS = 10
RUNS = 3
NAME = "mrc1-sq01-20260101-00000001-EX00.fits.fz"
S3_PART_BYTES = 5 * 1024 * 1024


def main() -> None:
    """Print the figures and write them into benchmarks/results/resume.json."""
    with local_stack.running(logging.CRITICAL) as stack:
        runs = [_upload(stack.base_url, seed) for seed in range(RUNS)]
        cpu_ms = _cpu_ms_of_parts()
    measured = {"runs": runs, "parts": PARTS_AT_ONCE, "cpu ms of the parts of a request": cpu_ms}
    print(measured)
    figures.write("resume", measured)


def _upload(api_url: str, seed: int) -> dict[str, Any]:
    """Upload a file; return the sent bytes as multiples of the file, and the requests to the API."""
    content = random.Random(seed).randbytes(SIZE)
    cuts = sorted(random.Random(seed).sample(range(SIZE), CUTS))
    with TemporaryDirectory() as folder, thin_line(api_url, os.environ["AWS_ENDPOINT_URL"], cuts) as line:
        (Path(folder) / NAME).write_bytes(content)
        with _counted() as operations:
            subprocess.run(
                [sys.executable, PROJECT / "examples" / "upload_image.py", line.url, "--resume", NAME],
                cwd=folder,
                check=True,
                capture_output=True,
            )
        assert line.cuts_done == CUTS
        assert s3.read(f"data/{NAME}") == content
        return {
            "pieces": line.sent_bytes / SIZE,
            "parts of S3": _sent_bytes(cuts, S3_PART_BYTES) / SIZE,
            "a form": _sent_bytes(cuts, SIZE) / SIZE,
            "requests to the API": operations.count("head_object"),
            "requests of the API to S3": len(operations),
        }


def _sent_bytes(cuts: list[int], part_bytes: int) -> int:
    """Return what is sent if a cut loses the bytes since the last whole part."""
    stored = 0
    for before, after in pairwise([0, *cuts]):
        stored += (after - before) // part_bytes * part_bytes
    return cuts[-1] + SIZE - stored


@contextmanager
def _counted() -> Iterator[list[str]]:
    """Provide a list of the operations of S3 that handlers use inside the block."""
    operations: list[str] = []
    request = s3.request

    def counted(operation: str, **arguments: Any) -> dict[str, Any]:
        operations.append(operation)
        return request(operation, **arguments)

    with patch.object(s3, "request", counted):
        yield operations


def _cpu_ms_of_parts() -> float:
    """Return the CPU time of a request that makes as many parts as a request may."""
    count = PARTS_AT_ONCE * PIECES_OF_A_PART
    # one byte more than the parts, so that the file is not finished
    content = random.Random(0).randbytes(count * PIECE_BYTES + 1)
    file = parse_pieces(f"data/{NAME}", announced(content))
    for number, piece in enumerate(cut(content)[:count]):
        s3.request("put_object", Key=f"pieces/{file.fingerprint}/piece-{number:05d}", Body=piece)
    started = time.process_time()
    piece_store.make_parts(file)
    return 1000 * (time.process_time() - started)


if __name__ == "__main__":
    main()
