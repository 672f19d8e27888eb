"""How long a function takes from the start of a fresh interpreter to its first answer, for each function.

With `--artifact`, Lambda's Python runs what is in the artifacts of a deployment (zips, or what they unpack
to); without it this Python runs the source tree.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import calls, figures, runtimes, worlds
from benchmarks.machine import machine
from benchmarks.runtimes import Runtime
from benchmarks.worlds import Measured
from local.deployment import Deployment
from tests.costs.world import FILE, IMAGES, World

RUNS = 3
# Handlers that no route calls, and their events.
ROUTELESS: dict[str, Any] = {
    "zip_function/handlers.pack": {"filenames": [FILE.format(number) for number in range(1, IMAGES + 1)]},
    "remotehq/handlers.restart_control_rooms_hourly": {},
}

Parts = dict[str, float]


def main() -> None:
    """Print a line for each function, and keep the figures."""
    kept: dict[str, Parts] = {}
    with _runtime() as runtime, worlds.world() as world:
        print(f"From spawn to first answer, milliseconds, best of {RUNS} ({runtime.name}; {machine()})")
        print(f"{'':28}{'interpreter':>12}{'import':>10}{'answer':>10}{'CPU':>10}")
        leading = _leading_to(world)
        for name, function in Deployment().functions.items():
            answers = _first_answers(world, runtime, function.handler, leading.get(function.handler))
            kept[name] = min(answers, key=_whole_ms)
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


def _leading_to(world: World) -> dict[str, Measured]:
    """Answer a request that leads to each handler, by handler; what it needs is not there yet."""
    found: dict[str, Measured] = {}
    for measured in worlds.measured():
        if " /" in measured.route:
            for handler, _event in calls.captured(partial(measured.case.ask, world)):
                found.setdefault(handler, measured)
    return found


def _first_answers(
    world: World, runtime: Runtime, handler: str, measured: Measured | None
) -> Iterator[Parts]:
    """Have fresh interpreters answer what the gateway would ask a handler, one after the other."""
    if measured:
        worlds.prepare(world, measured)
    for _ in range(RUNS):
        yield runtime.first_answer(
            handler, _event(world, handler, measured) if measured else ROUTELESS[handler]
        )


def _event(world: World, handler: str, measured: Measured) -> Any:
    for step in measured.again:
        step(world)
    return dict(calls.captured(partial(measured.case.ask, world)))[handler]


def _whole_ms(parts: Parts) -> float:
    return parts["interpreter_ms"] + parts["import_ms"] + parts["answer_ms"]


if __name__ == "__main__":
    main()
