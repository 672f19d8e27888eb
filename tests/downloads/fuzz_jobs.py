"""What the codec fuzzer runs in a sandbox."""

import json
import resource
import time
from collections.abc import Iterator
from typing import Any

from common.errors import ApiError
from common.sandbox_worker import Input
from downloads import conversion_job

STRETCHES = (None, "arcsinh", "linear")


class BufferedInput(Input):
    """Input that has been read already."""

    def __init__(self, content: bytearray) -> None:
        self._content = content

    def read_all(self, size: int) -> bytearray:
        return self._content[:size]


def convert(arguments: dict[str, Any], source: Input) -> Iterator[bytes]:
    """Convert several images, each in every way, and return the results.

    The result of an image is a line of JSON, then what a caller would get: files, or a sentence. The line has
    the status, the size of what follows for each way, the seconds of processor time, and the most bytes of
    memory so far.
    """
    # Read all of them first: if both sides write at the same time, both wait forever.
    contents = [source.read_all(image["size"]) for image in arguments["images"]]
    for image, given in zip(arguments["images"], contents, strict=True):
        began = time.process_time()
        made = [_outcome({"cards": image["cards"], "stretch": stretch}, given) for stretch in STRETCHES]
        told = {
            "status": made[0][0],
            "sizes": [len(content) for _, content in made],
            "spent_s": time.process_time() - began,
            "most_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        yield json.dumps(told).encode() + b"\n"
        yield from (content for _, content in made)


def _outcome(arguments: dict[str, Any], given: bytearray) -> tuple[int, bytes]:
    try:
        return 200, b"".join(conversion_job.convert(arguments, BufferedInput(given)))
    except ApiError as error:
        return error.status, str(error).encode()
