"""Where the handlers of the busiest routes spend their CPU time: `python -m benchmarks.profiles`.

The mix of a night: uploads and configs of sites, queue work of PIPE machines, lists of images and events for
astronomers. Shares are of the handler's thread by CPU time; the profiler makes many small calls look dearer
than they are.
"""

import cProfile
import pstats
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import growing, image_rows, worlds
from local import invocation
from local.deployment import PROJECT
from tests.costs.cases import Ask, call, get, post
from tests.costs.world import QUEUE, World, upload, write_rows
from tests.pipe_queue.callers import write_legacy_items

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
    "events of a night": get("/events", site="mrc"),
}


def main() -> None:
    """Print, for each route, the functions that take most CPU time themselves, and those that hold most."""
    with worlds.world() as world:
        growing.grow_rows(world, 2000)
        write_rows("UPLOADS_LOG_TABLE_NAME", (upload("mrc1", number) for number in range(500)))
        write_legacy_items(QUEUE, ROUNDS + 10)
        for name, ask in ROUTES.items():
            ask(world)
            _print(name, _profiled(world, ask))


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


def _told(function: tuple[str, int, str]) -> str:
    file, line, name = function
    path = Path(file)
    short = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else Path(*path.parts[-2:])
    return f"{short}:{line} {name}"


if __name__ == "__main__":
    main()
