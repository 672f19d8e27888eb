"""Measure how each route's cost grows with what it depends on: time, requests to backends, DynamoDB's units.

Wall times include the time of the backends. moto stands for DynamoDB and S3, and becomes slower with
everything that it stores, even if DynamoDB would not. In these cases look at the handler's CPU time, the
requests and the units.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks import calls, figures, seeded_stack
from benchmarks.calls import Calls
from benchmarks.figures import machine
from benchmarks.growth_cases import GROWTH_CASES, Route
from local.deployment import Deployment
from support.recorder import Recorder
from support.seed_data import SeedData

MOST_CALLS, LEAST_CALLS = 11, 3
MOST_S = 2.0

Figures = dict[str, float]


def main() -> None:
    """Print a table for each thing that grows, and keep the figures."""
    recorder = Recorder(Deployment())
    kept: dict[str, Any] = {}
    print(f"Medians of the handlers ({machine()}; moto for AWS)")
    print("".join(f"{column:>14}" for column in ("size", "wall ms", "CPU ms", "requests", "units")))
    with recorder.installed(), seeded_stack.running() as seed, calls.watched() as watched:
        for thing, subject in GROWTH_CASES.items():
            points: dict[str, dict[int, Figures]] = {name: {} for name in subject.routes}
            seeded_stack.start_over(seed)
            for size in subject.sizes:
                subject.grow(seed, size)
                for name, route in subject.routes.items():
                    points[name][size] = _measure(seed, watched, recorder, route, size)
            for name, route in subject.routes.items():
                kept[name] = {
                    "grows_with": thing,
                    "law": route.law,
                    "why": route.why,
                    "points": points[name],
                }
                _print(name, thing, kept[name])
    figures.write("growth", kept)


def _measure(seed: SeedData, watched: Calls, recorder: Recorder, route: Route, size: int) -> Figures:
    ask, again = route.ask(size), route.again(size)
    requests, units = _counted(seed, recorder, ask, again)
    walls: list[float] = []
    cpus: list[float] = []
    deadline = time.monotonic() + MOST_S
    while len(walls) < LEAST_CALLS or (len(walls) < MOST_CALLS and time.monotonic() < deadline):
        wall, cpu = _timed(seed, watched, ask, again)
        walls.append(wall)
        cpus.append(cpu)
    times = {"wall_ms": statistics.median(walls), "cpu_ms": statistics.median(cpus)}
    return {**figures.rounded(times), "requests": requests, "units": units}


def _counted(seed: SeedData, recorder: Recorder, ask: Callable[..., Any], again: Any) -> tuple[float, float]:
    """Return requests to backends, and DynamoDB's units, of one call."""
    for step in (*again, ask, *again):
        step(seed)
    with recorder.recording() as cost:
        ask(seed)
    units = sum(cost.pop("units", {}).values())
    return sum(sum(counts.values()) for counts in cost.values()), units


def _timed(seed: SeedData, watched: Calls, ask: Callable[..., Any], again: Any) -> tuple[float, float]:
    for step in again:
        step(seed)
    watched.clear()
    wall, cpu = time.perf_counter(), time.thread_time()
    answer = ask(seed)
    if hasattr(answer, "raise_for_status"):
        answer.raise_for_status()
        return watched.total()
    # no route: run in this very thread
    return (time.perf_counter() - wall) * 1000, (time.thread_time() - cpu) * 1000


def _print(name: str, thing: str, series: dict[str, Any]) -> None:
    print(f"{name}, by {thing}: {series['law']}")
    for size, point in series["points"].items():
        columns = (f"{size:,}", *(f"{figure:g}" for figure in point.values()))
        print("".join(f"{column:>14}" for column in columns), flush=True)


if __name__ == "__main__":
    main()
