"""Measure for each function the init phase and the first two responses of a fresh interpreter.

The init phase has whole cores, and the calls have the function's part of a core, as on Lambda. Each function
is measured twice, in turn: with what the init phase loads (`common.init_phase`), and as if it loaded nothing.

With `--artifact`, Lambda's Python runs what is in the artifacts of a deployment (zips, or what they unpack
to); without it this Python runs the source tree. With `--before`, the first of the two measurements runs the
artifacts of an earlier commit.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice, repeat
from pathlib import Path
from typing import Any

from benchmarks import calls, figures, runtimes, seeded_stack
from benchmarks.figures import machine
from benchmarks.runtimes import Runtime
from benchmarks.seeded_stack import Measured
from deploy.libraries import install
from local.deployment import PROJECT, Deployment
from support.seed_data import FILE, IMAGES, SeedData

RUNS = 3
# Handlers that no route calls, and their events.
ROUTELESS: dict[str, Any] = {
    "zip_function/handlers.pack": {"filenames": [FILE.format(number) for number in range(1, IMAGES + 1)]},
    "remotehq/handlers.restart_control_rooms_hourly": {},
    "pipe_queue/handlers.report_queues": {},
}
# Handlers that run in the background: nobody waits for their first response.
UNMEASURED = {"ingest/handlers.file_uploads", "ingest/handlers.migrate_database"}
DOWNLOAD = "downloads/handlers.download"

Parts = dict[str, float]


def main() -> None:
    """Print a line for each function, and keep the figures."""
    kept: dict[str, dict[str, Parts]] = {}
    memory = {function.handler: function.memory_mb for function in Deployment().functions.values()}
    with _runtimes() as (before, after), seeded_stack.running() as seed:
        print(f"Milliseconds, best of {RUNS} ({after.name}; {machine()})")
        for name, handler, events in functions(seed):
            if not before.has(handler):
                print(f"{name:28}is not in the earlier artifacts, or has another handler there")
                continue
            starts: dict[str, list[Parts]] = {"before": [], "after": []}
            for event in islice(events, RUNS):
                starts["before"].append(before.cold_start(handler, event, memory[handler], prepared=False))
                # the first start may have used up what the event needs
                starts["after"].append(
                    after.cold_start(handler, next(events), memory[handler], prepared=True)
                )
            kept[name] = {when: figures.rounded(min(each, key=_whole_ms)) for when, each in starts.items()}
            print(f"{name:28}{kept[name]}", flush=True)
        figures.write("cold_starts", {"runtime": after.name, "functions": kept})


@contextmanager
def _runtimes() -> Iterator[tuple[Runtime, Runtime]]:
    """Provide what runs the functions before, and after."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifact", type=Path, nargs="+", help="what Lambda unpacks: code and libraries")
    parser.add_argument("--before", type=Path, nargs="+", help="the artifacts of an earlier commit")
    parser.add_argument("--client", action="store_true", help="run artifacts with AWS's runtime client")
    parser.add_argument("--python", default="python3.13", help="the interpreter to run artifacts with")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not arguments.artifact:
            yield runtimes.of_source(), runtimes.of_source()
            return
        python, client = arguments.python, None
        if arguments.client:
            client = Path(folder, "client")
            install([PROJECT / "requirements-runtime.txt"], client)
        earlier = arguments.before or arguments.artifact
        yield (
            runtimes.of_artifacts(earlier, python, Path(folder, "before"), client),
            runtimes.of_artifacts(arguments.artifact, python, Path(folder, "after"), client),
        )


def _leading_to(seed: SeedData) -> dict[str, Measured]:
    """Return for each handler a request that calls it. The data that the request needs is not stored yet."""
    found: dict[str, Measured] = {}
    for measured in seeded_stack.measured():
        if " /" in measured.route:
            for handler, _event in calls.captured(partial(measured.case.ask, seed)):
                found.setdefault(handler, measured)
    return found


def functions(seed: SeedData) -> Iterator[tuple[str, str, Iterator[Any]]]:
    """Yield what to measure: a name, the handler, and events of calls that succeed."""
    leading = _leading_to(seed)
    for name, function in Deployment().functions.items():
        handler = function.handler
        if handler in UNMEASURED:
            continue
        if handler in leading:
            yield name, handler, _events(seed, handler, leading[handler])
        else:
            yield name, handler, repeat(ROUTELESS[handler])
    yield "download, a TIFF made", DOWNLOAD, _conversions(seed, leading[DOWNLOAD])


def _events(seed: SeedData, handler: str, measured: Measured) -> Iterator[Any]:
    """Call a route repeatedly, and yield the event that the gateway passes to the handler."""
    seeded_stack.prepare(seed, measured)
    while True:
        for step in measured.again:
            step(seed)
        yield dict(calls.captured(partial(measured.case.ask, seed)))[handler]


def _conversions(seed: SeedData, measured: Measured) -> Iterator[Any]:
    """Return events of the download route, each for a file that was not converted before."""
    event = next(_events(seed, DOWNLOAD, measured))
    for number in range(1, 1 + IMAGES):
        yield {
            **event,
            "isBase64Encoded": False,
            "body": json.dumps({"object_name": FILE.format(number), "image_type": "tif"}),
        }


def _whole_ms(parts: Parts) -> float:
    return parts["interpreter_ms"] + parts["import_ms"] + parts["answer_ms"]


if __name__ == "__main__":
    main()
