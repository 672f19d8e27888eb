"""Measure what the ingester needs for a file: `python -m benchmarks.ingest`.

It prints for each kind of file the requests to each backend and the time. Then it prints how many files one
Lambda and ten Lambdas file per second. Backends run on the same machine: moto for AWS, and PostgreSQL. So the
number of files per second is a lower limit; the CPU time does not depend on moto.
"""

import io
import logging
import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any
from unittest.mock import patch

import botocore.client
import numpy as np
from PIL import Image

from benchmarks import figures, local_stack
from common import aws, logs, postgres
from info_images.store import await_image
from ingest import handlers
from ingest.notifications import BACKFILL, StoredObject, message_of
from local.invocation import LambdaContext
from local.uploads import event_of
from support.images import header, packed, plain, sky

FILES = 40
BATCHES = 20
LAMBDAS = 10
BASE = "mrc1-sq01-20260101-{:08d}-EX"
TIMEOUT_S = 60
# The method of botocore through which every request to AWS goes.
_CALL = "_make_api_call"


def main() -> None:
    """Print the figures and write them into benchmarks/results/ingest.json."""
    # The benchmark hands over the messages itself.
    with local_stack.running(logging.CRITICAL):
        kinds, rates = dict(_kinds()), _throughput()
    for name, found in kinds.items():
        print(f"  {name:28} {found}")
    print(f"  files a second: {rates}")
    figures.write("ingest", {"kinds": kinds, "files a second": rates})


def _contents() -> dict[str, bytes]:
    """Return a file of each kind by the end of its name."""
    pixels = sky().astype(np.uint16)
    text = header().tostring(padding=False).encode()
    return {
        "00.txt": text,
        "10.jpg": _jpg(),
        "00.fits.fz": packed(pixels, header()),
        "10.fits": plain(pixels, header()),
        "11.jpg": _jpg(),
        "00.log": b"another file",
    }


def _jpg() -> bytes:
    output = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (1200, 1600), np.uint8)
    Image.fromarray(noise).save(output, "JPEG", quality=85)
    return output.getvalue()


def _kinds() -> Iterator[tuple[str, dict[str, Any]]]:
    for place, (end, content) in enumerate(_contents().items()):
        for directory in ("data", "info-images") if end == "10.jpg" else ("data",):
            names = [f"{directory}/{BASE.format(1000 * place + number)}{end}" for number in range(FILES)]
            messages = [_stored(name, content) for name in names]
            yield f"{directory}/…EX{end}", _cost(messages, awaited=directory == "info-images")


def _cost(messages: list[dict[str, Any]], *, awaited: bool) -> dict[str, Any]:
    """Return requests, milliseconds and CPU milliseconds of a file: medians."""
    walls, cpus = [], []
    for message in messages:
        if awaited:
            await_image("mrc1", 1, message["MessageId"].rpartition("/")[2].rpartition("-")[0])
        wall, cpu = time.perf_counter(), time.process_time()
        with _counted() as requests:
            _file([message])
        walls.append(1000 * (time.perf_counter() - wall))
        cpus.append(1000 * (time.process_time() - cpu))
    return {
        "requests": dict(sorted(requests.items())),
        "ms": round(statistics.median(walls), 1),
        "cpu ms": round(statistics.median(cpus), 1),
    }


def _file(messages: list[dict[str, Any]]) -> None:
    context = LambdaContext("fileUploads", deadline=time.monotonic() + TIMEOUT_S)
    result = handlers.file_uploads(event_of(messages), context)
    assert result == {"batchItemFailures": []}


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Count the requests to each backend inside the block."""
    counts: Counter[str] = Counter()
    call, query = getattr(botocore.client.BaseClient, _CALL), postgres.query

    def call_counted(client: Any, operation: str, parameters: Any) -> Any:
        counts[client.meta.service_model.service_name] += 1
        return call(client, operation, parameters)

    def query_counted(*arguments: Any) -> Any:
        counts["postgresql"] += 1
        return query(*arguments)

    with (
        patch.object(botocore.client.BaseClient, _CALL, call_counted),
        patch.object(postgres, "query", query_counted),
    ):
        yield counts


def _stored(key: str, content: bytes) -> dict[str, Any]:
    """Store an object and return SQS's message about it."""
    aws.client("s3").put_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=content)
    body = message_of(StoredObject(key, len(content), time.time())).replace(BACKFILL, "ObjectCreated:Put")
    attributes = {"ApproximateReceiveCount": "1"}
    return {"MessageId": key, "ReceiptHandle": "", "Body": body, "Attributes": attributes}


def _throughput() -> dict[str, float]:
    """Return how many files per second one process and ten processes file.

    Exposures have four files. Batches have ten files.
    """
    found = {}
    for lambdas in (1, LAMBDAS):
        batches = [_batch(100 * lambdas + number) for number in range(BATCHES)]
        context = get_context("spawn")
        with ProcessPoolExecutor(lambdas, mp_context=context, initializer=_quiet) as pool:
            # Each process imports the modules and starts its sandbox first.
            list(pool.map(partial(_file_in_process), [_batch(10_000 + n) for n in range(2 * lambdas)]))
            started = time.perf_counter()
            list(pool.map(_file_in_process, batches))
            found[f"{lambdas} Lambda{'s' * (lambdas > 1)}"] = round(
                10 * BATCHES / (time.perf_counter() - started), 1
            )
    return found


def _batch(number: int) -> list[dict[str, Any]]:
    contents = _contents()
    ends = ["00.txt", "10.jpg", "00.fits.fz", "10.fits"] * 3
    return [
        _stored(f"data/{BASE.format(100 * number + place // 4)}{end}", contents[end])
        for place, end in enumerate(ends[:10])
    ]


def _quiet() -> None:
    logs.set_up()
    logs.logger.setLevel("CRITICAL")


def _file_in_process(messages: list[dict[str, Any]]) -> None:
    _file(messages)


if __name__ == "__main__":
    main()
