"""Files of every codec that chance has changed: whatever they are, they cost their sender alone.

Each is decoded in two processes whose memory is filled by other bytes, in opposite order. If something of
the memory came into what is made, or into the sentence of a refusal, the two would differ. `make fuzz` tries
more.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.deployment import PROJECT
from tests.downloads.fuzz_files import CODECS, right_files

# Files that are tried.
FILES = int(os.environ.get("FUZZ_FILES", "3000"))
LONGEST_S = 2
MOST_BYTES = 300 * 1024**2
# Bytes by which glibc fills memory that is asked for or given back.
FILLINGS = ("85", "170")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("right-files")
    for number, content in enumerate(right_files()):
        (folder / f"{number:04}").write_bytes(content)
    return folder


class Decoded:
    """What a process of its own has made of some files.

    Attributes
    ----------
    made
        By number: the status and a digest.
    """

    def __init__(self, folder: Path, numbers: Iterable[int], filling: str) -> None:
        environment = {"PATH": os.environ["PATH"], "MALLOC_PERTURB_": filling}
        ran = subprocess.run(
            [sys.executable, "-m", "tests.downloads.fuzz_worker", str(folder)],
            input="".join(f"{number}\n" for number in numbers),
            capture_output=True,
            text=True,
            check=False,
            cwd=PROJECT,
            env=environment,
        )
        *lines, last = ran.stdout.splitlines()
        assert ran.returncode == 0, f"{ran.returncode} after {last}\n{ran.stderr[-3000:]}"
        assert not ran.stderr, ran.stderr[-3000:]
        fields = [line.split() for line in lines]
        self.made = {int(number): (status, digest) for number, status, digest, _ in fields}
        self.longest_s = max(float(spent) for *_, spent in fields)
        self.most_bytes = int(last)


@pytest.mark.timeout(0)
def test_changed_files_cost_their_sender_alone(files: Path) -> None:
    numbers = range(FILES)
    orders: Sequence[Iterable[int]] = (numbers, reversed(numbers))
    with ThreadPoolExecutor() as threads:
        first, second = threads.map(lambda pair: Decoded(files, *pair), zip(orders, FILLINGS, strict=True))
    assert first.made.keys() == set(numbers)
    assert [number for number in numbers if first.made[number] != second.made[number]] == []
    statuses = Counter(status for status, _ in first.made.values())
    longest_s = max(first.longest_s, second.longest_s)
    most_bytes = max(first.most_bytes, second.most_bytes)
    sys.stdout.write(f"{dict(statuses)}; longest {longest_s} s; most memory {most_bytes / 1024**2:.0f} MB\n")
    assert statuses.keys() <= {"200", "413", "422"}
    # else the changes are too coarse to reach a codec
    assert statuses["200"] > FILES / 10
    assert statuses["422"] > FILES / 10
    assert longest_s < LONGEST_S
    assert most_bytes < MOST_BYTES


def test_right_files_of_every_codec_are_read(files: Path) -> None:
    contents = [path.read_bytes() for path in files.iterdir()]
    for codec in CODECS:
        assert any(f"'{codec:8}'".encode() in content for content in contents), codec
    decoded = Decoded(files, range(len(contents)), FILLINGS[0])
    assert {status for status, _ in decoded.made.values()} == {"200"}
