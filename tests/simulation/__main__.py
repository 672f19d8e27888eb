"""Plays schedules of every scenario, and ends with how many there were and how many broke a promise.

`python -m tests.simulation [--schedules N | --seconds S] [--only NAME] [--seed N] [--choices 0.1.2]`; the
exit status is 1 if a queue broke a promise.
"""

import argparse
import itertools
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cache

from tests.simulation.lambdas import CurrentSimulation, install
from tests.simulation.play import Failure, Played, Theatre
from tests.simulation.scenarios import SCENARIOS

# How many schedules a process plays by chance before it is asked for more.
CHUNK = 250
# The largest share of the wanted schedules that one exhaustive scenario may use.
_LARGEST_SHARE = 0.04
# How many schedules it may use if a time is given instead, so that all scenarios get their turn.
MOST_IN_TIME = 1000


@dataclass(frozen=True)
class Work:
    """What a process plays at a time: a random schedule for each seed or, without seeds, every schedule.

    Attributes
    ----------
    most
        How many schedules at most, if every schedule is to be played.
    deadline
        When to end (`time.monotonic()`).
    faults
        The least number of faults in an exhaustive scenario that has faults.
    """

    scenario: str
    seeds: range = range(0)
    most: int = 0
    deadline: float = math.inf
    faults: int = 0


class Tally:
    """What was played so far.

    Parameters
    ----------
    schedules
        How many are wanted.
    deadline
        The time limit (`time.monotonic()`). Playing ends there even if fewer were played.
    """

    def __init__(self, schedules: int, deadline: float) -> None:
        self.schedules = 0
        self.cases: set[str] = set()
        self.in_full: set[str] = set()
        self.failures: dict[str, Failure] = {}
        self._wanted = schedules
        self._deadline = deadline

    def add(self, played: Played) -> None:
        """Add what one process played; print the first failure of a scenario."""
        self.schedules += played.schedules
        self.cases.add(played.scenario)
        if played.is_all:
            self.in_full.add(played.scenario)
        if played.failure is not None and played.scenario not in self.failures:
            self.failures[played.scenario] = played.failure
            _say(f"{played.failure}\n")

    @property
    def is_enough(self) -> bool:
        """Whether the wanted number was played, or the time is over."""
        return self.schedules >= self._wanted or time.monotonic() > self._deadline


def main() -> int:
    """Play what the arguments ask for; return the exit status."""
    options = _options()
    names = [scenario.name for scenario in SCENARIOS if options.only in (None, scenario.name)]
    if options.choices is not None:
        _say(str(_theatre(names[0], options.faults).play_again(tuple(map(int, options.choices.split("."))))))
        return 0
    started = time.monotonic()
    deadline = math.inf if options.seconds is None else started + options.seconds
    tally = Tally(options.schedules, deadline)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(options.processes, mp_context=context) as pool:
        _play(pool, _work(names, options, deadline), tally, 2 * options.processes)
    _say(f"{len(tally.cases)} of {len(names)} cases; all schedules of {len(tally.in_full)}, some of the rest")
    _say(f"played in {time.monotonic() - started:.0f} s")
    _say(f"{tally.schedules} schedules, {len(tally.failures)} violations")
    return int(bool(tally.failures))


def _work(names: list[str], options: argparse.Namespace, deadline: float) -> Iterator[Work]:
    """Return what is to be played, without end.

    Some schedules of every case come first, by chance, so that none is left out. Then comes each schedule of
    the small cases, and then others by chance.
    """
    most = MOST_IN_TIME if options.seconds else max(1, round(options.schedules * _LARGEST_SHARE))
    exhaustive = [scenario.name for scenario in SCENARIOS if scenario.exhaustive and scenario.name in names]
    for number in itertools.count():
        start = options.seed + number * CHUNK
        yield from (
            Work(name, range(start, start + CHUNK), deadline=deadline, faults=options.faults)
            for name in names
        )
        if number == 0:
            yield from (
                Work(name, most=most, deadline=deadline, faults=options.faults) for name in exhaustive
            )


def _play(pool: ProcessPoolExecutor, work: Iterator[Work], tally: Tally, at_once: int) -> None:
    """Let the processes run until they have played enough."""
    playing: set[Future[Played]] = set()
    while not tally.is_enough:
        playing |= {pool.submit(play, next(work)) for _ in range(at_once - len(playing))}
        done, playing = wait(playing, return_when=FIRST_COMPLETED)
        for future in done:
            tally.add(future.result())
    for future in playing:
        if not future.cancel():
            tally.add(future.result())


def play(work: Work) -> Played:
    """Play in this process."""
    theatre = _theatre(work.scenario, work.faults)
    if work.seeds:
        return theatre.play_some(work.seeds, work.deadline)
    return theatre.play_all(work.most, work.deadline)


@cache
def _stage() -> CurrentSimulation:
    return install()


@cache
def _theatre(name: str, faults: int) -> Theatre:
    (scenario,) = [scenario for scenario in SCENARIOS if scenario.name == name]
    return Theatre(_stage(), scenario.harder(faults))


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - a report


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--schedules", type=int, default=5_000_000)
    parser.add_argument("--seconds", type=float, help="end after this time, however many were played")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--faults", type=int, default=0, help="at least this many where a case has faults")
    parser.add_argument("--seed", type=int, default=0, help="of the first schedule played by chance")
    parser.add_argument("--only", choices=[scenario.name for scenario in SCENARIOS], metavar="NAME")
    parser.add_argument("--choices", help="play one schedule again; with --only")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
