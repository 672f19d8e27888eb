"""Measure for each function the time from the start of a fresh interpreter to its first response.

With `--artifact`, Lambda's Python runs what is in the artifacts of a deployment (zips, or what they unpack
to); without it this Python runs the source tree.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

from benchmarks import calls, figures, runtimes, seeded_stack
from benchmarks.figures import machine
from benchmarks.runtimes import Runtime
from benchmarks.seeded_stack import Measured
from local.deployment import Deployment
from support.seed_data import FILE, IMAGES, SeedData

RUNS = 3
# Handlers that no route calls, and their events.
ROUTELESS: dict[str, Any] = {
    "zip_function/handlers.pack": {"filenames": [FILE.format(number) for number in range(1, IMAGES + 1)]},
    "remotehq/handlers.restart_control_rooms_hourly": {},
    "pipe_queue/handlers.report_queues": {},
}
DOWNLOAD = "downloads/handlers.download"

Parts = dict[str, float]


def main() -> None:
    """Print a line for each function, and keep the figures."""
    kept: dict[str, Parts] = {}
    with _runtime() as runtime, seeded_stack.running() as seed:
        print(f"From spawn to first answer, milliseconds, best of {RUNS} ({runtime.name}; {machine()})")
        print(f"{'':28}{'interpreter':>12}{'import':>10}{'answer':>10}{'CPU':>10}")
        for name, handler, events in _functions(seed):
            kept[name] = min((runtime.first_answer(handler, event) for event in events), key=_whole_ms)
            columns = zip(kept[name].values(), (12, 10, 10, 10), strict=True)
            print(f"{name:28}" + "".join(f"{part:{width}.0f}" for part, width in columns), flush=True)
        kept = {name: figures.rounded(parts) for name, parts in kept.items()}
        figures.write("cold_starts", {"runtime": runtime.name, "functions": kept})


@contextmanager
def _runtime() -> Iterator[Runtime]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifact", type=Path, nargs="+", help="what Lambda unpacks: code and libraries")
    parser.add_argument("--python", default="python3.13", help="the interpreter to run artifacts with")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.artifact:
            yield runtimes.of_artifacts(arguments.artifact, arguments.python, Path(folder))
        else:
            yield runtimes.of_source()


def _leading_to(seed: SeedData) -> dict[str, Measured]:
    """Return for each handler a request that calls it. The data that the request needs is not stored yet."""
    found: dict[str, Measured] = {}
    for measured in seeded_stack.measured():
        if " /" in measured.route:
            for handler, _event in calls.captured(partial(measured.case.ask, seed)):
                found.setdefault(handler, measured)
    return found


def _functions(seed: SeedData) -> Iterator[tuple[str, str, Iterator[Any]]]:
    """Return what to measure: a name, the handler, and an event for each run."""
    leading = _leading_to(seed)
    for name, function in Deployment().functions.items():
        handler = function.handler
        if handler in leading:
            yield name, handler, _events(seed, handler, leading[handler])
        else:
            yield name, handler, repeat(ROUTELESS[handler], RUNS)
    yield "download, a TIFF made", DOWNLOAD, _conversions(seed, leading[DOWNLOAD])


def _events(seed: SeedData, handler: str, measured: Measured) -> Iterator[Any]:
    """Call a route repeatedly, and yield the event that the gateway passes to the handler."""
    seeded_stack.prepare(seed, measured)
    for _ in range(RUNS):
        for step in measured.again:
            step(seed)
        yield dict(calls.captured(partial(measured.case.ask, seed)))[handler]


def _conversions(seed: SeedData, measured: Measured) -> Iterator[Any]:
    """Return events of the download route, each for a file that was not converted before."""
    event = next(_events(seed, DOWNLOAD, measured))
    for number in range(2, 2 + RUNS):
        yield {
            **event,
            "isBase64Encoded": False,
            "body": json.dumps({"object_name": FILE.format(number), "image_type": "tif"}),
        }


def _whole_ms(parts: Parts) -> float:
    return parts["interpreter_ms"] + parts["import_ms"] + parts["answer_ms"]


if __name__ == "__main__":
    main()
