"""Randomly changed files of every codec: whatever they contain, they affect only their sender.

Each is converted in two sandboxes whose memory is filled by different bytes. If old memory got
into a result or into the sentence of a refusal, the answers would differ. `make fuzz` tries more files.

A canary is in the environment and the memory of this process, which plays the server. It is also in the
upload of another caller, which the same sandboxes convert. No response may have it.
"""

import hashlib
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from math import prod
from typing import Any

import numpy as np
import pytest

from common import sandbox
from common.errors import ApiError, Unprocessable
from common.fits.images import ImageHdu
from common.sandbox import Limits, Overrun, Sandbox
from downloads import conversions
from support.client import ApiClient
from support.images import image_in, packed, plain, put, stored
from tests.downloads.canary import CANARY, shows_canary
from tests.downloads.fuzz_files import CODECS, FLOATS, INTEGERS, file, valid_files

# Files that are tried, and the number of the first.
FILES = int(os.environ.get("FUZZ_FILES", "1500"))
FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
FILES_OVER_HTTP = FILES // 50
# Starting a process takes longer than most files.
IN_ONE_PROCESS = 25
MANY_PIXELS = 300_000
LONGEST_S = 2
MOST_BYTES = 300 * 1024**2
# MALLOC_PERTURB_: glibc fills freed memory with this byte, and allocated memory with its complement.
FILLINGS = ("85", "170")

VALID_FILES = valid_files()
IN_MEMORY = CANARY * 1000
# Its bytes are hexadecimal digits. Read as floats, they are finite numbers.
OTHERS_UPLOADS = [
    make(np.frombuffer(IN_MEMORY, kind).reshape(40, -1), **packing)
    for kind in (INTEGERS | FLOATS).values()
    for make, packing in ((plain, {}), (packed, {"compression_type": "GZIP_2", "quantize_level": 0.0}))
]


@pytest.fixture(scope="module", autouse=True)
def canary_in_the_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_SECRET", CANARY.decode())
        yield


@pytest.fixture(scope="module")
def sandboxes(canary_in_the_environment: None) -> Iterator[list[Sandbox]]:
    """Two sandboxes like those of conversions, except that their memory is filled with different bytes."""
    made = []
    for filling in FILLINGS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sandbox._FIXED, "MALLOC_PERTURB_", filling)
            made.append(Sandbox([*conversions.sandbox._modules, "tests.downloads.fuzz_jobs"]))
            made[-1]._running_control()
    yield made
    for one in made:
        one.stop()


def outcomes(box: Sandbox, contents: Sequence[bytes]) -> list[dict[str, Any]]:
    """Convert files in a sandbox; return the status and a digest of each result."""
    found: list[dict[str, Any]] = []
    images: list[tuple[int, ImageHdu, bytes]] = []
    for content in contents:
        try:
            hdu, data = image_in(content)
            images.append((len(found), hdu, bytes(data)))
            found.append({})
        except ApiError as error:
            found.append({"status": error.status} | seen_in([str(error.body).encode()]))
    # The C code leaks the memory of a broken tile, so each large image gets its own process.
    small = [image for image in images if prod(image[1].axes) <= MANY_PIXELS]
    alone = [[image] for image in images if image not in small]
    for batch in [small, *alone] if small else alone:
        for (place, *_), outcome in zip(batch, told_of(box, batch), strict=True):
            found[place] = outcome
    return found


def told_of(box: Sandbox, images: list[tuple[int, ImageHdu, bytes]]) -> list[dict[str, Any]]:
    """Convert images in one process; if it fails, convert each image in a process of its own."""
    try:
        return converted([hdu for _, hdu, _ in images], [data for *_, data in images], box)
    except Overrun as error:
        if len(images) > 1:
            return [outcome for image in images for outcome in told_of(box, [image])]
        return [{"status": str(error)} | seen_in([])]


def converted(hdus: Sequence[ImageHdu], data: Sequence[bytes], box: Sandbox) -> list[dict[str, Any]]:
    """Convert images in one process, under the sum of the limits of their conversions."""
    limits = [conversions.limits(hdu) for hdu in hdus]
    together = Limits(
        memory_bytes=max(limit.memory_bytes for limit in limits),
        cpu_s=sum(limit.cpu_s for limit in limits),
        wall_s=sum(limit.wall_s for limit in limits),
        output_bytes=MOST_BYTES,
    )
    images = [{"cards": "".join(hdu.header.cards), "size": hdu.header.data_bytes} for hdu in hdus]
    made = io.BytesIO(box.run("tests.downloads.fuzz_jobs.convert", {"images": images}, data, together))
    told = map(json.loads, made)
    return [outcome | seen_in([made.read(size) for size in outcome["sizes"]]) for outcome in told]


def seen_in(answers: Sequence[bytes]) -> dict[str, Any]:
    """A digest that distinguishes answers, and whether one of them shows the canary."""
    digest = hashlib.sha256(b"".join(answers)).hexdigest()
    return {"digest": digest, "shows canary": any(map(shows_canary, answers))}


def beside_others(box: Sandbox, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Convert files right after another caller's upload that has the canary; return their results."""
    others = OTHERS_UPLOADS[numbers[0] // IN_ONE_PROCESS % len(OTHERS_UPLOADS)]
    assert outcomes(box, [others])[0]["shows canary"]
    return outcomes(box, [file(VALID_FILES, number) for number in numbers])


def test_changed_files_affect_only_their_sender(sandboxes: list[Sandbox]) -> None:
    numbers = range(FIRST, FIRST + FILES)

    def all_in(box: Sandbox) -> list[dict[str, Any]]:
        pieces = [numbers[start : start + IN_ONE_PROCESS] for start in range(0, FILES, IN_ONE_PROCESS)]
        return list(chain.from_iterable(beside_others(box, piece) for piece in pieces))

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
    assert [
        number for number, one in zip([*numbers, *numbers], told, strict=True) if one["shows canary"]
    ] == []
    assert longest_s < LONGEST_S
    assert most_bytes < MOST_BYTES


@pytest.mark.parametrize("codec", CODECS)
def test_right_files_of_a_codec_are_converted(sandboxes: list[Sandbox], codec: str) -> None:
    contents = [content for content in VALID_FILES if f"'{codec:8}'".encode() in content]
    assert contents
    assert {outcome["status"] for outcome in outcomes(sandboxes[0], contents)} == {200}


@pytest.mark.parametrize("number", range(len(OTHERS_UPLOADS)))
def test_a_canary_that_came_into_pixels_would_be_seen(sandboxes: list[Sandbox], number: int) -> None:
    assert outcomes(sandboxes[0], [OTHERS_UPLOADS[number]])[0]["shows canary"]


def test_changed_files_over_http(api: ApiClient) -> None:
    put("data/others.fits.fz", OTHERS_UPLOADS[0])
    assert api.post("/download", json={"object_name": "others.fits.fz", "s3_directory": "data"}).ok
    others = set(stored("downloads/"))
    for number in range(FIRST + len(VALID_FILES), FIRST + len(VALID_FILES) + FILES_OVER_HTTP):
        put("test/changed.fits.fz", file(VALID_FILES, number))
        for image_type in ("fits", "tif"):
            wanted = {"object_name": "changed.fits.fz", "s3_directory": "test", "image_type": image_type}
            answer = api.post("/download", json=wanted)
            assert answer.status_code in {200, 413, 422}, (number, answer.text)
            assert not shows_canary(answer.content)
    made = [content for key, content in stored("downloads/").items() if key not in others]
    assert any(made)
    assert not any(map(shows_canary, made))
