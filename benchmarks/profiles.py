"""Where the handlers of the busiest routes spend their CPU time: `python -m benchmarks.profiles`.

The mix of a night: uploads and configs of sites, queue work of PIPE machines, lists of images and events for
astronomers. Shares are of the handler's thread by CPU time; the profiler makes many small calls look dearer
than they are, so the milliseconds are of calls without it.
"""

import cProfile
import pstats
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import calls, figures, growing, image_rows, worlds
from local import invocation
from local.deployment import PROJECT
from support.cost_cases import Ask, call, get, post
from support.legacy_queue import write_legacy_items
from support.seed_data import QUEUE, World, upload, write_rows

ROUNDS = 100
TOP = 14
NIGHT = {"site": image_rows.SITES[2], "start_date": "2018-01-02 12:00:00", "end_date": "2018-01-03 12:00:00"}
CONFIG = {"text": ["a" * 40] * 200, "numbers": [1.5] * 200}

ROUTES: dict[str, Ask] = {
    "100 latest images": get(f"/{image_rows.BUSY_SITE}/latest_images/100"),
    "a night of 360 images": get("/filtered_images", **NIGHT),
    "a site's config": get("/mrc1/config"),
    "a config put": call("PUT", "/mrc2/config", json=CONFIG),
    "an item enqueued": post("/pipe/enqueue", {"queue_name": QUEUE, "payload": {"files": ["a"] * 20}}),
    "an item dequeued": post(f"/pipe/queue/{QUEUE}/dequeue"),
    "500 recent uploads": get("/recentuploads", site="mrc1"),
    "an upload's form": post("/upload", {"object_name": "mrc1-a-EX01.fits.fz"}),
    "a queue's stats": get(f"/pipe/queue/{QUEUE}/stats"),
    "events of a night": get("/events", site="mrc"),
}
# What a function is told as, by what its file's path has in it, the first that fits.
_PARTS = {
    "botocore": "boto3",
    "boto3": "boto3",
    "urllib3": "HTTP",
    "http/": "HTTP",
    "email/": "HTTP",
    "socket.py": "HTTP",
    "ssl.py": "HTTP",
    "psycopg2": "PostgreSQL",
    "json/": "JSON",
    "common/presign": "signing URLs",
    "common/dynamodb": "DynamoDB's values",
    "common/responses": "JSON",
    "common/postgres": "PostgreSQL",
    "db/fits_headers": "FITS headers",
    "db/": "images",
    "events/": "Sun and Moon",
    "pipe_queue/": "the queue",
}
_OTHER = "all else"

# A function as pstats has it: file, line, name.
Function = tuple[str, int, str]


def main() -> None:
    """Print, for each route, the functions that take most CPU time themselves, and those that hold most.

    Keep the milliseconds of each route, and what they are for.
    """
    kept = {}
    with worlds.world() as world:
        growing.grow_rows(world, 2000)
        write_rows("UPLOADS_LOG_TABLE_NAME", (upload("mrc1", number) for number in range(500)))
        write_legacy_items(QUEUE, 2 * ROUNDS + 10)
        for name, ask in ROUTES.items():
            ask(world)
            cpu_ms, stats = _cpu_ms(world, ask), _profiled(world, ask)
            _print(name, stats)
            kept[name] = {**figures.rounded({"cpu_ms": cpu_ms}), "percent": _percent(stats)}
        figures.write("profiles", kept)


def _cpu_ms(world: World, ask: Ask) -> float:
    """Answer the median CPU time of the handler's thread, with no profiler."""
    times = []
    with calls.watched() as watched:
        for _ in range(ROUNDS):
            watched.clear()
            ask(world).raise_for_status()
            times.append(watched.total()[1])
    return statistics.median(times)


def _profiled(world: World, ask: Ask) -> pstats.Stats:
    profiler, load = cProfile.Profile(time.thread_time), invocation.load_handler

    def load_profiled(name: str) -> Callable[[Any, Any], Any]:
        return lambda event, context: profiler.runcall(load(name), event, context)

    with patch.object(invocation, "load_handler", load_profiled):
        for _ in range(ROUNDS):
            ask(world).raise_for_status()
    return pstats.Stats(profiler)


def _print(name: str, stats: pstats.Stats) -> None:
    rows: dict[Any, Any] = stats.stats  # type: ignore[attr-defined]  # documented nowhere, stable for decades
    whole = sum(own for _, _, own, *_ in rows.values())
    print(f"\n{name}: {whole / ROUNDS * 1000:.2f} ms of CPU a call, profiled")
    for place, title in ((2, "itself"), (3, "with what it calls")):
        print(f"  {title}")
        for function, row in sorted(rows.items(), key=lambda item: -item[1][place])[:TOP]:
            print(f"    {row[place] / whole:6.1%} {row[0] / ROUNDS:8.1f} calls  {_told(function)}")


def _percent(stats: pstats.Stats) -> dict[str, float]:
    """Answer which share of the time goes to which part, the largest first.

    What Python's own functions take is their callers'.
    """
    spent: dict[str, float] = defaultdict(float)
    rows: dict[Function, Any] = stats.stats  # type: ignore[attr-defined]  # as in _print
    for function, (_, _, own, _, callers) in rows.items():
        part = _part(function)
        if part or not callers:
            spent[part or _OTHER] += own
        else:
            for caller, (_, _, own_for_it, _) in callers.items():
                spent[_part(caller) or _OTHER] += own_for_it
    whole = sum(spent.values())
    shares = {part: round(time_s / whole * 100) for part, time_s in spent.items()}
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))


def _part(function: Function) -> str | None:
    path = _short(function)
    return next((part for words, part in _PARTS.items() if words in path), None)


def _told(function: Function) -> str:
    return f"{_short(function)}:{function[1]} {function[2]}"


def _short(function: Function) -> str:
    path = Path(function[0])
    return str(path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else Path(*path.parts[-2:]))


if __name__ == "__main__":
    main()
