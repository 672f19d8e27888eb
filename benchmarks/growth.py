"""How each route's cost grows with what it depends on: milliseconds, requests to backends, DynamoDB's units.

Times are of the handler, moto's part in them included; CPU times are the handler's thread alone.
"""

import math
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks import calls, results, worlds
from benchmarks.calls import Calls
from benchmarks.machine import machine
from benchmarks.subjects import SUBJECTS, Route
from local.deployment import Deployment
from tests.costs.recorder import Recorder
from tests.costs.world import World

MOST_CALLS, LEAST_CALLS = 11, 3
MOST_S = 2.0

Figures = dict[str, float]


def main() -> None:
    """Print a table for each thing that grows, and keep the figures."""
    recorder = Recorder(Deployment())
    figures: dict[str, Any] = {}
    print(f"Medians of the handlers, milliseconds ({machine()}; moto for AWS)")
    with recorder.installed(), worlds.world() as world, calls.watched() as watched:
        for thing, subject in SUBJECTS.items():
            points: dict[str, dict[int, Figures]] = {name: {} for name in subject.routes}
            for size in subject.sizes:
                subject.grow(world, size)
                for name, route in subject.routes.items():
                    points[name][size] = _measure(world, watched, recorder, route, size)
            for name, route in subject.routes.items():
                figures[name] = {
                    "grows_with": thing,
                    "law": route.law,
                    "why": route.why,
                    "points": points[name],
                }
                _print(name, thing, figures[name])
    results.write("growth", figures)


def _measure(world: World, watched: Calls, recorder: Recorder, route: Route, size: int) -> Figures:
    ask, again = route.ask(size), route.again(size)
    requests, units = _counted(world, recorder, ask, again)
    walls: list[float] = []
    cpus: list[float] = []
    deadline = time.monotonic() + MOST_S
    while len(walls) < LEAST_CALLS or (len(walls) < MOST_CALLS and time.monotonic() < deadline):
        wall, cpu = _timed(world, watched, ask, again)
        walls.append(wall)
        cpus.append(cpu)
    times = {"wall_ms": statistics.median(walls), "cpu_ms": statistics.median(cpus)}
    return {**results.rounded(times), "requests": requests, "units": units}


def _counted(world: World, recorder: Recorder, ask: Callable[..., Any], again: Any) -> tuple[float, float]:
    """Answer requests to backends, and DynamoDB's units, of one call."""
    for step in again:
        step(world)
    with recorder.recording() as cost:
        ask(world)
    units = sum(cost.pop("units", {}).values())
    return sum(sum(counts.values()) for counts in cost.values()), units


def _timed(world: World, watched: Calls, ask: Callable[..., Any], again: Any) -> tuple[float, float]:
    for step in again:
        step(world)
    watched.clear()
    wall, cpu = time.perf_counter(), time.thread_time()
    answer = ask(world)
    if hasattr(answer, "raise_for_status"):
        answer.raise_for_status()
        return watched.total()
    # no route: run in this very thread
    return (time.perf_counter() - wall) * 1000, (time.thread_time() - cpu) * 1000


def _print(name: str, thing: str, series: dict[str, Any]) -> None:
    points = series["points"]
    told = "  ".join(f"{size:,}: {figures['wall_ms']:g}" for size, figures in points.items())
    print(
        f"{name:44} {series['law']:8} {thing}  {told}  exponent {exponent(points, 'wall_ms'):.2f}", flush=True
    )


def exponent(points: dict[int, Figures], figure: str) -> float:
    """Answer the power of the size that a figure grows with at the end: 0 is flat, 1 straight."""
    (small, before), (large, after) = list(points.items())[-2:]
    return math.log(after[figure] / before[figure]) / math.log(int(large) / int(small))


if __name__ == "__main__":
    main()
