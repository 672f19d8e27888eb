"""The whole fault suite: each scenario on the engines that can run it. Prints a line of numbers for each.

`python -m tests.faults [--engine moto|ministack] [--items N] [--only NAME]`; the exit status is 1 if a queue
broke a promise of docs/queues.md.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.engines import MODULES, Engine, Troupe, running
from tests.faults.scenarios import SCENARIOS, Played, Scenario, Size, play

ITEMS = {"moto": 5000, "ministack": 1000}
PRODUCERS = CONSUMERS = 8


def main() -> int:
    """Play what the arguments ask for; return the exit status."""
    options = _options()
    broken = 0
    for name in [options.engine] if options.engine else list(MODULES):
        with running(name) as troupe:
            for scenario in SCENARIOS:
                if name in scenario.engines and options.only in (None, scenario.name):
                    size = Size(options.items or ITEMS[name], options.processes, options.processes)
                    broken += not _play(scenario, troupe, size)
    print("every promise was kept" if not broken else f"{broken} scenarios broke a promise")  # noqa: T201
    return int(bool(broken))


def _play(scenario: Scenario, troupe: Troupe, size: Size) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        played = play(scenario, troupe, size, Path(folder))
    print(_line(scenario, troupe.engine, played), flush=True)  # noqa: T201 - figures for a person
    return played.is_clean


def _line(scenario: Scenario, engine: Engine, played: Played) -> str:
    verdict = played.verdict
    figures = {
        "accepted": verdict.accepted,
        "lost": len(verdict.lost) + played.left,
        "doubled": len(verdict.doubled),
        "unexpected": len(verdict.unexpected),
        "reordered": len(verdict.reordered),
        "503": verdict.unavailable,
        "other": len(verdict.faulty),
        "killed": played.killed,
        "given to the dead": len(verdict.handed_to_the_dead),
    }
    told = "  ".join(f"{name} {number}" for name, number in figures.items())
    return f"{engine.name:9} {scenario.name:38} {told}  {played.seconds:.0f} s"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=MODULES)
    parser.add_argument("--items", type=int, help="items of a scenario; moto 5000, ministack 1000 by default")
    parser.add_argument("--processes", type=int, default=CONSUMERS, help="producers, and consumers")
    parser.add_argument("--only", choices=[scenario.name for scenario in SCENARIOS], metavar="NAME")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
