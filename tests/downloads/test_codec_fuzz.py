"""Files of every codec that chance has changed: whatever they are, they cost their sender alone.

Each is converted in two sandboxes whose memory is filled by different bytes. If something of the memory came
into what is made, or into the sentence of a refusal, the two would differ. `make fuzz` tries more files.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from math import prod
from typing import Any

import pytest

from common import sandbox
from common.errors import ApiError, Unprocessable
from common.sandbox import Limits, Overrun, Sandbox
from downloads import sandboxed
from downloads.fits_images import ImageHdu
from tests.downloads.fuzz_files import CODECS, file, right_files
from tests.downloads.images import image_in

# Files that are tried, and the number of the first.
FILES = int(os.environ.get("FUZZ_FILES", "3000"))
FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
# Starting a process takes longer than most files.
IN_ONE_PROCESS = 25
MANY_PIXELS = 300_000
LONGEST_S = 2
MOST_BYTES = 300 * 1024**2
# The bytes by which glibc fills memory that is asked for, and the complement for memory that is given back.
FILLINGS = ("85", "170")

RIGHT_FILES = right_files()


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[list[Sandbox]]:
    """Two sandboxes as conversions run in, but for what their memory is filled with."""
    made = []
    for filling in FILLINGS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sandbox._FIXED, "MALLOC_PERTURB_", filling)
            made.append(Sandbox([*sandboxed.sandbox._modules, "tests.downloads.fuzz_jobs"]))
            made[-1].start()
    yield made
    for one in made:
        one.stop()


def outcomes(box: Sandbox, contents: Sequence[bytes]) -> list[dict[str, Any]]:
    """What becomes of files in a sandbox."""
    found: list[dict[str, Any]] = []
    images: list[tuple[int, ImageHdu, bytes]] = []
    for content in contents:
        try:
            hdu, data = image_in(content)
            images.append((len(found), hdu, bytes(data)))
            found.append({})
        except ApiError as error:
            found.append({"status": error.status, "digest": str(error)})
    # The C code does not free what it took for a broken tile: a large image gets a process of its own.
    small = [image for image in images if prod(image[1].axes) <= MANY_PIXELS]
    alone = [[image] for image in images if image not in small]
    for batch in [small, *alone] if small else alone:
        for (place, *_), outcome in zip(batch, told_of(box, batch), strict=True):
            found[place] = outcome
    return found


def told_of(box: Sandbox, images: list[tuple[int, ImageHdu, bytes]]) -> list[dict[str, Any]]:
    """What becomes of images in one process; in one each, if that process does not end well."""
    try:
        return converted([hdu for _, hdu, _ in images], [data for *_, data in images], box)
    except Overrun as error:
        if len(images) > 1:
            return [outcome for image in images for outcome in told_of(box, [image])]
        return [{"status": str(error), "digest": ""}]


def converted(hdus: Sequence[ImageHdu], data: Sequence[bytes], box: Sandbox) -> list[dict[str, Any]]:
    """What a process tells of images, under the limits of a conversion of each."""
    limits = [sandboxed.limits(hdu) for hdu in hdus]
    together = Limits(
        memory_bytes=max(limit.memory_bytes for limit in limits),
        cpu_s=sum(limit.cpu_s for limit in limits),
        wall_s=sum(limit.wall_s for limit in limits),
        output_bytes=MOST_BYTES,
    )
    images = [{"cards": "".join(hdu.header.cards), "size": hdu.header.data_bytes} for hdu in hdus]
    told = box.run("tests.downloads.fuzz_jobs.convert", {"images": images}, data, together)
    return [json.loads(line) for line in told.splitlines()]


def test_changed_files_cost_their_sender_alone(sandboxes: list[Sandbox]) -> None:
    numbers = range(FIRST, FIRST + FILES)

    def all_in(box: Sandbox) -> list[dict[str, Any]]:
        pieces = [numbers[start : start + IN_ONE_PROCESS] for start in range(0, FILES, IN_ONE_PROCESS)]
        made = (outcomes(box, [file(RIGHT_FILES, number) for number in piece]) for piece in pieces)
        return list(chain.from_iterable(made))

    with ThreadPoolExecutor() as threads:
        first, second = threads.map(all_in, sandboxes)
    told = first + second
    statuses = Counter(found["status"] for found in first)
    longest_s = max(found.get("spent_s", 0) for found in told)
    most_bytes = max(found.get("most_bytes", 0) for found in told)
    sys.stdout.write(f"{dict(statuses)}; longest {longest_s:.2f} s; most memory {most_bytes / 1e6:.0f} MB\n")
    assert statuses.keys() <= {200, 413, Unprocessable.status}
    # else the changes are too coarse to reach a codec
    assert statuses[200] > FILES / 10
    assert [
        number
        for number, one, other in zip(numbers, first, second, strict=True)
        if (one["status"], one["digest"]) != (other["status"], other["digest"])
    ] == []
    assert longest_s < LONGEST_S
    assert most_bytes < MOST_BYTES


@pytest.mark.parametrize("codec", CODECS)
def test_right_files_of_a_codec_are_converted(sandboxes: list[Sandbox], codec: str) -> None:
    contents = [content for content in RIGHT_FILES if f"'{codec:8}'".encode() in content]
    assert contents
    assert {outcome["status"] for outcome in outcomes(sandboxes[0], contents)} == {200}
