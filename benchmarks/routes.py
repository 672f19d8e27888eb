"""Time every route in a process with filled caches: the handler alone, and over the gateway.

A handler's wall time includes the time of the backends. moto stands for DynamoDB, S3 and SSM, and takes very
different times from AWS. A handler's CPU time does not include backends.
"""

import time

import requests

from benchmarks import calls, figures, seeded_stack
from benchmarks.calls import Calls
from benchmarks.figures import machine
from benchmarks.seeded_stack import Measured
from support.seed_data import SeedData

MOST_CALLS, LEAST_CALLS = 100, 20
MOST_S = 4.0
WARM_UP = 3


def main() -> None:
    """Print a line for each route, and keep the figures."""
    print(f"Milliseconds, up to {MOST_CALLS} calls each ({machine()}; moto for AWS)")
    print(f"{'':44}{'handler':>20}{'CPU':>8}{'gateway':>20}")
    print(f"{'':44}{'p50':>10}{'p99':>10}{'p50':>8}{'p50':>10}{'p99':>10}")
    kept = {}
    with seeded_stack.running() as seed, calls.watched() as watched:
        for measured in seeded_stack.measured():
            if " /" in measured.route:
                kept[measured.route] = _measure(seed, watched, measured)
                _print(measured.route, kept[measured.route])
    figures.write("routes", kept)


def _measure(seed: SeedData, watched: Calls, measured: Measured) -> dict[str, float]:
    seeded_stack.prepare(seed, measured)
    times: dict[str, list[float]] = {"handler": [], "cpu": [], "gateway": [], "bytes": []}
    deadline = time.monotonic() + MOST_S
    for number in range(WARM_UP + MOST_CALLS):
        if number >= WARM_UP + LEAST_CALLS and time.monotonic() > deadline:
            break
        taken = _once(seed, watched, measured)
        if number >= WARM_UP:
            for kind, figure in zip(times, taken, strict=True):
                times[kind].append(figure)
    return figures.rounded(
        {
            "handler_p50_ms": _percentile(times["handler"], 50),
            "handler_p99_ms": _percentile(times["handler"], 99),
            "handler_cpu_p50_ms": _percentile(times["cpu"], 50),
            "gateway_p50_ms": _percentile(times["gateway"], 50),
            "gateway_p99_ms": _percentile(times["gateway"], 99),
            "answer_bytes": _percentile(times["bytes"], 50),
        }
    )


def _once(seed: SeedData, watched: Calls, measured: Measured) -> tuple[float, float, float, int]:
    """Return milliseconds (the handler's wall and CPU, the caller's) and the bytes of the answer."""
    for step in measured.again:
        step(seed)
    watched.clear()
    started = time.perf_counter()
    answer: requests.Response = measured.case.ask(seed)
    taken = (time.perf_counter() - started) * 1000
    assert answer.status_code == measured.case.status, f"{measured.route}: {answer.text[:200]}"
    return *watched.total(), taken, len(answer.content)


def _percentile(times: list[float], percent: int) -> float:
    return sorted(times)[min(len(times) * percent // 100, len(times) - 1)]


def _print(route: str, kept: dict[str, float]) -> None:
    columns = zip(list(kept.values())[:5], (10, 10, 8, 10, 10), strict=True)
    print(f"{route:44}" + "".join(f"{figure:{width}.1f}" for figure, width in columns), flush=True)


if __name__ == "__main__":
    main()
