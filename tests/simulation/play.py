"""Playing schedules of a scenario, and judging each."""

import math
import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tests.simulation import explore, judge
from tests.simulation.dynamodb import Ignored
from tests.simulation.explore import Choices
from tests.simulation.lambdas import CurrentSimulation, new_model
from tests.simulation.scenarios import Scenario
from tests.simulation.simulation import Actor, Asked, Budget, Chooser, Option, Simulation, Trace


@dataclass(frozen=True)
class Failure:
    """A schedule that broke a promise.

    Attributes
    ----------
    faults, choices
        How many faults there could be, and the choices: with these it is played again.
    violations, story
        What was broken, and how it came to that: lines.
    """

    scenario: str
    faults: int
    choices: Choices
    violations: list[str]
    story: list[str]

    def __str__(self) -> str:
        told = ".".join(map(str, self.choices))
        again = f'python -m tests.simulation --only "{self.scenario}" --faults {self.faults} --choices {told}'
        return "\n".join(
            [f"{self.scenario}: {'; '.join(self.violations)}", *self.story, f"To play it again: {again}"]
        )


@dataclass
class Played:
    """What was played of a scenario.

    Attributes
    ----------
    schedules
        How many were played to their ends.
    redundant
        How many were given up because they differ from others only in the order of independent steps.
    is_all
        Whether these are all that there are.
    failure
        The first that broke a promise.
    """

    scenario: str
    schedules: int = 0
    redundant: int = 0
    is_all: bool = False
    failure: Failure | None = None


class Theatre:
    """A scenario and the handlers that play it.

    Parameters
    ----------
    stage
        Of this process.
    scenario
        What is played.
    without_condition
        Given a write's kind and arguments, whether DynamoDB is to ignore its condition: a break on purpose.
    """

    def __init__(
        self, stage: CurrentSimulation, scenario: Scenario, *, without_condition: Ignored | None = None
    ) -> None:
        self._stage = stage
        self._scenario = scenario
        self._model = new_model(without_condition)

    def play_all(self, most: int, deadline: float = math.inf) -> Played:
        """Play every schedule, `most` of them at most; stop at the first that breaks a promise.

        Stop also at the deadline (`time.monotonic()`).
        """
        played = Played(self._scenario.name)
        for whole in explore.all_schedules(lambda choose: self._note(played, choose)):
            played.schedules += whole
            played.redundant += not whole
            if played.failure is not None or played.schedules >= most or time.monotonic() > deadline:
                return played
        played.is_all = True
        return played

    def play_some(self, seeds: range, deadline: float = math.inf) -> Played:
        """Play a schedule by chance for each seed; stop at the first that breaks a promise.

        Stop also at the deadline (`time.monotonic()`).
        """
        played = Played(self._scenario.name)
        for seed in seeds:
            self._note(played, explore.by_chance(seed))
            played.schedules += 1
            if played.failure is not None or time.monotonic() > deadline:
                break
        return played

    def play_again(self, choices: Choices) -> Failure:
        """Play a schedule again; return it with its story, whether it breaks a promise or not."""
        simulation, broken = self._play(explore.given(choices), tells=True)
        scenario = self._scenario
        return Failure(scenario.name, scenario.budget.faults, choices, broken, simulation.trace.story)

    def _note(self, played: Played, choose: Chooser) -> None:
        choices: list[int] = []

        def noting(options: list[Option]) -> int:
            choices.append(choose(options))
            return choices[-1]

        _, broken = self._play(noting)
        if broken:
            played.failure = self.play_again(tuple(choices))

    def _play(self, choose: Chooser, *, tells: bool = False) -> tuple[Simulation, list[str]]:
        simulation = self._world()
        simulation.trace.tells = tells
        try:
            trace = simulation.play(self._scenario.actors(), choose)
        except BaseException:
            simulation.abandon()
            raise
        return simulation, self._judged(simulation, trace)

    def _judged(self, simulation: Simulation, trace: Trace) -> list[str]:
        budget = self._scenario.budget
        return judge.violations(
            trace,
            simulation.model,
            calm=not (budget.faults or budget.ticks),
            most_receives=self._scenario.max_receives,
        )

    def _world(self) -> Simulation:
        snapshot, ids, calls, now_s = self._start
        self._model.restore(snapshot)
        simulation = Simulation(self._model, self._scenario.budget, judge.look)
        simulation.ids, simulation.now_s = ids, now_s
        simulation.trace.calls += [replace(call) for call in calls]
        self._stage.simulation = simulation
        return simulation

    @cached_property
    def _start(self) -> tuple[Any, int, list[Asked], float]:
        """What is stored when the actors begin, how many ids were given, what was called, and the time."""
        simulation = Simulation(new_model(), Budget(), judge.look)
        self._stage.simulation = simulation
        simulation.play([Actor("opening", self._scenario.opening)], lambda _: 0)
        for call in simulation.trace.calls:
            # the opening is over before the first step of the actors
            call.start -= simulation.step + 1
            call.end -= simulation.step + 1
        return simulation.model.snapshot(), simulation.ids, simulation.trace.calls, simulation.now_s
