"""Measure how long a download takes, stage by stage, and the peak memory of its process.

The images show sky: 1k x 1k pixels, 4k x 4k pixels, and 6k x 5k pixels as floating-point numbers, the largest
size that the API is built for. The largest must be converted within the 1,024 MB of a small Lambda function.
Memory is that of the server's process and of the sandbox together.
"""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks import figures
from benchmarks.figures import machine
from common import aws
from local import environment, resources
from local.child import Child
from local.deployment import PROJECT, Deployment
from support.memory import PeakWithChildren

NAMES = ("benchmark.fits.fz", "copy.fits.fz", "another.fits.fz")
KINDS = ("fits", "arcsinh", "linear")
MOST_MB = 1024
OK = 200


def main() -> None:
    """Print a table for each image, and keep the figures."""
    deployment = Deployment()
    environment.forget_aws()
    os.environ.update(deployment.environment)
    server = Child("local.aws_server")
    os.environ["AWS_ENDPOINT_URL"] = server.ready["url"]
    try:
        resources.make_bucket()
        print(f"Downloads, each in its own process ({machine()})")
        kept = {}
        for title, content in _images():
            for name in NAMES:
                aws.client("s3").put_object(
                    Bucket=os.environ["S3_BUCKET_NAME"], Key=f"data/{name}", Body=content
                )
            print(f"  {title}, {len(content) / 1e6:.0f} MB packed")
            kept[title] = {kind: _measured(kind) for kind in KINDS}
        figures.write("downloads", kept)
    finally:
        server.stop()


def measure_stages(kind: str) -> None:
    """Print the seconds of each stage, run one after the other. Runs in its own process."""
    from common.fits.images import data_pieces, find_image
    from downloads import bzip2, output_files, store
    from downloads.pixels import Scale, stored_pixels

    clock = _Clock()
    with store.opened(f"data/{NAMES[0]}") as source:
        hdu = find_image(source)
        data = clock("fetch", lambda: bytearray().join(data_pieces(source, hdu)))
    if kind == "fits":
        made = clock("decode and write", lambda: bytearray().join(output_files.plain_fits(hdu, data)))
    else:
        pixels = clock("decode", lambda: stored_pixels(hdu, data))
        pieces = clock(
            "stretch", lambda: [make() for make in output_files.tiff_pieces(pixels, Scale(hdu), kind)]
        )
        streams = bzip2.compressed(partial(bytes, piece) for piece in pieces)
        made = clock("bzip2", lambda: bytearray().join(streams))
    clock("store", lambda: store.write(f"downloads/{kind}", made, "application/octet-stream"))
    print(json.dumps(clock.seconds))


def measure_whole(kind: str) -> None:
    """Print the seconds of a request and the peak memory in MB. Runs in its own process.

    The first request starts the sandbox and loads its libraries. The second, of a copy, finds it warm. The
    memory is measured in a third request, because sampling makes a request slower.
    """
    from downloads.handlers import download

    body = {"image_type": "fits"} if kind == "fits" else {"image_type": "tif", "stretch": kind}
    seconds = [_timed(download, {**body, "object_name": name}) for name in NAMES[:2]]
    with PeakWithChildren() as peak:
        _timed(download, {**body, "object_name": NAMES[2]})
    print(json.dumps([*seconds, peak.mb]))


def _timed(download: Callable[[dict[str, Any], Any], dict[str, Any]], body: dict[str, str]) -> float:
    started = time.perf_counter()
    answer = download({"body": json.dumps(body)}, None)
    seconds = time.perf_counter() - started
    assert answer["statusCode"] == OK, answer
    return seconds


def _measured(kind: str) -> dict[str, Any]:
    stages = _ran("measure_stages", kind)
    seconds, warm_seconds, peak_mb = _ran("measure_whole", kind)
    text = ", ".join(f"{stage} {taken:.2f}" for stage, taken in stages.items())
    times = f"{seconds:6.2f} s, warm {warm_seconds:6.2f} s, {peak_mb:5.0f} MB at most"
    print(f"    {kind:8} {times}    by stage, in s: {text}", flush=True)
    assert peak_mb < MOST_MB, f"{peak_mb} MB"
    return {
        **figures.rounded({"seconds": seconds, "warm_seconds": warm_seconds, "peak_mb": peak_mb}),
        "stages_s": figures.rounded(stages),
    }


def _ran(function: str, kind: str) -> Any:
    program = f"from benchmarks.downloads import {function}; {function}({kind!r})"
    ran = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, check=True)
    return json.loads(ran.stdout)


def _images() -> Iterator[tuple[str, bytes]]:
    """Yield titles and packed images of some stars with the noise of a camera."""
    rng = np.random.default_rng(1)
    for title, shape, dtype in (
        ("1k x 1k uint16", (1024, 1024), "u2"),
        ("4k x 4k uint16", (4096, 4096), "u2"),
        ("6k x 5k uint16 as float32", (5000, 6000), "f4"),
    ):
        image = rng.normal(1000, 15, shape).astype(np.float32)
        stars = [rng.integers(0, length, 20_000) for length in shape]
        image[stars[0], stars[1]] += rng.exponential(3000, 20_000)
        yield title, _packed(np.rint(image.clip(0, 65535)).astype(dtype))


def _packed(image: Any) -> bytes:
    from astropy.io import fits

    file = io.BytesIO()
    packed = fits.CompImageHDU(image, compression_type="RICE_1", quantize_method=1)
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(file)
    return file.getvalue()


class _Clock:
    """Stopwatch for named stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, call: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = call()
        self.seconds[name] = time.perf_counter() - started
        return result


if __name__ == "__main__":
    main()
