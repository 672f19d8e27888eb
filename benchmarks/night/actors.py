"""Simulated callers of the API, one thread each. Why: the soak needs writes whose results are known."""

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from threading import Event

import requests

from benchmarks.night.calls import NONE, SERVER_ERROR, Caller, status_of
from benchmarks.night.expected_state import ExpectedState

# Longer than any fault of a night lasts.
GIVE_UP_S = 60.0

# The queues of a night. Items are taken on a lease, or removed at once, or removed at once with an attempt
# id.
ON_LEASES, PLAIN, ATTEMPTS = "stacks", "focus", "frames"
QUEUES = (ON_LEASES, PLAIN, ATTEMPTS)

numbers = count(1)


@dataclass(frozen=True)
class Night:
    """What the actors of one night share.

    Attributes
    ----------
    sites
        Their codes.
    lease_s
        The lease of a PIPE, in seconds.
    ask_again_s
        The wait before the retry of a call that got a 503.
    expected_state
        The state that the responses imply; the actors update it.
    stopped
        Set when the actors must stop.
    fallen
        The errors of actors that ended early.
    """

    sites: tuple[str, ...]
    lease_s: float
    ask_again_s: float
    expected_state: ExpectedState = field(default_factory=ExpectedState)
    stopped: Event = field(default_factory=Event)
    fallen: list[str] = field(default_factory=list)


class Actor(ABC):
    """A caller that repeats its step until the night is over.

    Parameters
    ----------
    night
        The night.
    caller
        The connection.
    period_s
        The time from one step to the next. A longer step delays the next one.
    seed
        The seed of its random numbers.
    """

    def __init__(self, night: Night, caller: Caller, period_s: float, seed: int) -> None:
        self.night = night
        self.expected = night.expected_state
        self.caller = caller
        self.dice = random.Random(seed)
        self._period_s = period_s

    def run(self) -> None:
        """Repeat the step until stopped. The first step comes at a random time in the first period."""
        try:
            self._act()
        except Exception as error:  # noqa: BLE001 - an answer can be wrong in any way
            self.night.fallen.append(f"{type(self).__name__} fell over: {error!r}")
        finally:
            self.caller.close()

    def _act(self) -> None:
        self.night.stopped.wait(self.dice.uniform(0, self._period_s))
        while not self.night.stopped.is_set():
            began = time.monotonic()
            self.step()
            pause_s = self._period_s * self.dice.uniform(0.75, 1.25) - (time.monotonic() - began)
            self.night.stopped.wait(max(0.0, pause_s))

    @abstractmethod
    def step(self) -> None:
        """Do what the actor does once in a period."""


def until_answered(
    call: Callable[[], requests.Response | None], ask_again_s: float
) -> requests.Response | None:
    """Repeat an idempotent call until it succeeds or is refused; give up after `GIVE_UP_S`."""
    end = time.monotonic() + GIVE_UP_S
    while True:
        answer = call()
        if NONE < status_of(answer) < SERVER_ERROR or time.monotonic() > end:
            return answer
        time.sleep(ask_again_s)
