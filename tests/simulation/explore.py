"""Which schedules are tried: every one of a small case, or a number of random ones from a seed.

Of schedules that differ only in the order of independent steps, one is tried.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.simulation.simulation import Chooser, Option

Choices = tuple[int, ...]
# The share of a random schedule's choices that are faults.
_FAULT_SHARE = 0.12


class Redundant(BaseException):
    """The schedule differs from one that was tried only in the order of independent steps."""


@dataclass
class _Node:
    """A choice that was made.

    Attributes
    ----------
    asleep
        Options that need not be tried here, because what follows from them was tried before.
    tried
        Options that were tried here.
    """

    options: list[Option]
    current: int
    asleep: frozenset[Option]
    tried: list[Option] = field(default_factory=list)

    def next_index(self, after: int) -> int | None:
        """Return the position of the next option to try."""
        for index in range(after + 1, len(self.options)):
            if self.options[index] not in self.asleep:
                return index
        return None


class Tree:
    """All schedules of a case, in depth-first order.

    With sleep sets (P. Godefroid, "Partial-order methods for the verification of concurrent systems", 1996).
    """

    def __init__(self) -> None:
        self._path: list[_Node] = []
        self._depth = 0

    def choose(self, options: list[Option]) -> int:
        """Return the position of the option to take. This is the `choose` of `Simulation.play`."""
        depth, self._depth = self._depth, self._depth + 1
        if depth == len(self._path):
            node = _Node(options, -1, self._asleep())
            first = node.next_index(-1)
            if first is None:
                raise Redundant
            node.current = first
            self._path.append(node)
        return self._path[depth].current

    def advance(self) -> bool:
        """Go on to the next schedule; return whether there is one."""
        self._depth = 0
        while self._path:
            node = self._path[-1]
            node.tried.append(node.options[node.current])
            following = node.next_index(node.current)
            if following is not None:
                node.current = following
                return True
            self._path.pop()
        return False

    def _asleep(self) -> frozenset[Option]:
        if not self._path:
            return frozenset()
        node = self._path[-1]
        taken = node.options[node.current]
        return frozenset(one for one in (*node.asleep, *node.tried) if one.is_independent(taken))


def all_schedules(play: Callable[[Chooser], None]) -> Iterator[bool]:
    """Play every schedule; yield for each whether it was played to its end."""
    tree = Tree()
    while True:
        try:
            play(tree.choose)
            yield True
        except Redundant:
            yield False
        if not tree.advance():
            return


def by_chance(seed: int) -> Chooser:
    """Return a chooser that draws from a seed: mostly one of the actors, and seldom a fault."""
    chance = random.Random(seed)
    # Some schedules let one actor run for long, others change at each step.
    loyalty = chance.choice((0.0, 0.3, 0.6, 0.85))
    last = ""

    def choose(options: list[Option]) -> int:
        nonlocal last
        faulty = chance.random() < _FAULT_SHARE
        wanted = [index for index, option in enumerate(options) if option.is_fault is faulty]
        wanted = wanted or list(range(len(options)))
        stay = [index for index in wanted if options[index].who == last]
        index = chance.choice(stay if stay and chance.random() < loyalty else wanted)
        last = options[index].who
        return index

    return choose


def given(choices: Choices) -> Chooser:
    """Return a chooser that repeats the choices of a schedule. After them it takes the first option."""
    left = iter(choices)
    return lambda options: min(next(left, 0), len(options) - 1)
