"""The cases that are played: who acts on what, and what may go wrong."""

from dataclasses import dataclass, replace
from typing import Any

from tests.simulation import programs as does
from tests.simulation.lambdas import ask
from tests.simulation.simulation import (
    CONFLICT,
    FAULTS_OF_WRITES,
    LATE,
    LOST,
    Actor,
    Budget,
    Caller,
)

# Longer than a plain dequeue's lease, and than `LEASE_S`.
LONG_S = 45.0
LEASE_S = 2.0
HOUR_S = 3600.0
# The number of the first item that is in the queue at the beginning.
FIRST = 100
EVERY_KIND = (*FAULTS_OF_WRITES, CONFLICT)


@dataclass(frozen=True)
class Scenario:
    """A case.

    Attributes
    ----------
    name
        In words.
    cast
        Each actor's name, program and how far its clock is off in seconds.
    budget
        What may go wrong.
    items
        How many items are in the queue at the beginning.
    max_receives
        The queue's.
    exhaustive
        Whether every schedule is tried. Else some are, by chance.
    prelude
        What is done last before the actors begin.
    """

    name: str
    cast: tuple[tuple[str, does.Program, float], ...]
    budget: Budget
    items: int = 0
    max_receives: int | None = None
    exhaustive: bool = True
    prelude: does.Program | None = None

    def harder(self, faults: int) -> "Scenario":
        """Return the scenario with at least this many faults, if it is a small one that has faults at all."""
        if not (self.exhaustive and self.budget.faults):
            return self
        return replace(self, budget=replace(self.budget, faults=max(faults, self.budget.faults)))

    def actors(self) -> list[Actor]:
        """Return the actors, none of whom has done anything yet."""
        return [Actor(name, program, skew_s) for name, program, skew_s in self.cast]

    def opening(self, caller: Caller) -> None:
        """Make the queue and what is in it."""
        settings = {} if self.max_receives is None else {"max_receives": self.max_receives}
        ask("create_queue", body={"queue_name": does.QUEUE, **settings})
        does.produces(*range(FIRST, FIRST + self.items))(caller)
        if self.prelude is not None:
            self.prelude(caller)


def _cast(**named: does.Program) -> tuple[tuple[str, does.Program, float], ...]:
    return tuple((name.replace("_", " "), program, 0.0) for name, program in named.items())


def _each(name: str, cast: tuple[tuple[str, does.Program, float], ...], **more: Any) -> Scenario:
    """Return a scenario of which every schedule is tried, by default with at most one fault."""
    budget = Budget(more.pop("faults", 1), more.pop("kinds", EVERY_KIND), more.pop("ticks", ()))
    return Scenario(name, cast, budget, **more)


def _some(name: str, cast: tuple[tuple[str, does.Program, float], ...], **more: Any) -> Scenario:
    """Return a scenario of which some schedules are tried, with several faults."""
    budget = Budget(more.pop("faults", 3), more.pop("kinds", EVERY_KIND), more.pop("ticks", ()))
    return Scenario(name, cast, budget, exhaustive=False, **more)


_SMALL = (
    _each("a producer and a consumer", _cast(producer=does.produces(1), consumer=does.consumes(1)), faults=2),
    _each(
        "two consumers", _cast(consumer_1=does.consumes(1), consumer_2=does.consumes(1)), items=1, faults=2
    ),
    _each(
        "two consumers, two items",
        _cast(consumer_1=does.consumes(1), consumer_2=does.consumes(1)),
        items=2,
    ),
    _each(
        "two producers, one with a dedup id",
        _cast(
            producer_1=does.produces(1, dedup=True), producer_2=does.produces(2), consumer=does.consumes(1)
        ),
    ),
    _each(
        "one dedup id sent twice",
        _cast(producer=does.produces(1, dedup=True), again=does.produces(1, dedup=True)),
        faults=2,
    ),
    _each(
        "a consumer held up for longer than its lease",
        _cast(consumer_1=does.consumes(1), consumer_2=does.consumes(2)),
        items=1,
        ticks=(LONG_S,),
    ),
    _each(
        "a consumer whose clock is far ahead",
        (("consumer 1", does.consumes(1), 0.0), ("consumer 2", does.consumes(2), 30.0)),
        items=1,
        ticks=(15.0,),
        faults=0,
    ),
    _each(
        "two consumers and a producer",
        _cast(producer=does.produces(1), consumer_1=does.consumes(1), consumer_2=does.consumes(1)),
        items=1,
        faults=0,
    ),
    _each(
        "an attempt sent twice",
        _cast(consumer=does.attempts("a", 1), again=does.attempts("a", 1)),
        items=1,
    ),
    _each(
        "an attempt sent twice, two items",
        _cast(consumer=does.attempts("a", 1), again=does.attempts("a", 1)),
        items=2,
    ),
    _each(
        "an attempt sent twice, many items",
        _cast(consumer=does.attempts("a", 1), again=does.attempts("a", 1)),
        items=12,
        faults=0,
    ),
    _each(
        "an attempt sent twice beside a consumer",
        _cast(consumer=does.attempts("a", 1), again=does.attempts("a", 1), other=does.consumes(1)),
        items=1,
        faults=0,
    ),
    _each(
        "an attempt on a lease sent twice",
        _cast(
            consumer=does.attempts("a", 1, LEASE_S, ending=""),
            again=does.attempts("a", 1, LEASE_S, ending=""),
        ),
        items=1,
    ),
    _each(
        "an attempt on a lease sent twice, acknowledged at once",
        _cast(consumer=does.attempts("a", 1, LEASE_S), again=does.attempts("a", 1, LEASE_S)),
        items=2,
        faults=0,
    ),
    _each(
        "an attempt asks again after an extension",
        _cast(consumer=does.extended_attempt("a", LEASE_S), other=does.consumes(1)),
        items=1,
        ticks=(2 * HOUR_S,),
        faults=0,
    ),
    _each(
        "two workers on leases",
        _cast(worker_1=does.leases(1, LEASE_S, "ack"), worker_2=does.leases(1, LEASE_S, "ack")),
        items=1,
        ticks=(3.0,),
    ),
    _each(
        "a worker gives back, another takes",
        _cast(worker_1=does.leases(1, LEASE_S, "nack"), worker_2=does.leases(1, LEASE_S, "ack")),
        items=1,
    ),
    _each(
        "a worker extends",
        _cast(worker_1=does.leases(1, LEASE_S, "extend", "ack"), worker_2=does.consumes(1)),
        items=1,
        ticks=(1.5, 1.5),
        faults=0,
    ),
    _each(
        "a worker extends twice",
        _cast(
            worker_1=does.leases(1, LEASE_S, "extend", "extend", "ack"),
            worker_2=does.leases(3, LEASE_S, "ack"),
        ),
        items=1,
        kinds=(LATE, LOST),
        ticks=(1.5, 1.5),
    ),
    _each(
        "a worker extends or gives back late",
        _cast(
            worker_1=does.leases(1, LEASE_S, "nack"),
            worker_2=does.leases(1, LEASE_S, "extend"),
            worker_3=does.leases(2, 60.0),
        ),
        items=1,
        ticks=(3.0,),
        faults=0,
    ),
    _each(
        "a last lease, and one who looks at the dead",
        _cast(worker=does.leases(1, LEASE_S, "extend", "ack"), looker=does.asks(does.LISTS_DEAD)),
        items=1,
        max_receives=1,
        ticks=(3.0,),
    ),
    _each(
        "a last lease is extended while the dead are buried",
        _cast(worker=does.leases(1, LEASE_S, "extend", "ack"), looker=does.asks(does.LISTS_DEAD)),
        items=1,
        max_receives=1,
        ticks=(1.5, 1.5),
        faults=0,
    ),
    _each(
        "two lookers at the dead, one redrives",
        _cast(looker=does.asks(does.LISTS_DEAD), redriver=does.asks(does.REDRIVES), other=does.consumes(1)),
        items=1,
        max_receives=1,
        prelude=does.fails(1),
        faults=0,
    ),
    _each(
        "a redrive",
        _cast(redriver=does.asks(does.LISTS_DEAD, does.REDRIVES), other=does.consumes(1)),
        items=1,
        max_receives=1,
        prelude=does.fails(1),
    ),
    _each(
        "a dead letter behind an item that was never handed out",
        _cast(
            looker=does.asks(does.COUNTS, does.LISTS_DEAD),
            redriver=does.asks(does.REDRIVES),
        ),
        items=2,
        max_receives=1,
        prelude=does.fails_behind_another,
        faults=0,
    ),
    _each(
        "a queue is deleted while items are put",
        _cast(deleter=does.asks(does.DELETES), producer=does.produces(1, 2)),
        items=1,
    ),
    _each(
        "a queue is deleted and made again",
        _cast(deleter=does.asks(does.DELETES, does.MAKES), producer=does.produces(1)),
        items=1,
    ),
    _each(
        "a queue is deleted while it is changed",
        _cast(deleter=does.asks(does.DELETES, does.MAKES), changer=does.asks(does.CHANGES)),
        faults=0,
    ),
    _each(
        "a queue is paused",
        _cast(
            pauser=does.asks(does.PAUSES),
            producer=does.produces(1),
            consumer=does.consumes(1),
            worker=does.attempts("a", 1, LEASE_S),
        ),
        items=1,
        faults=0,
    ),
    _each(
        "deleted by two, made again and listed",
        _cast(deleter=does.asks(does.DELETES), other=does.asks(does.DELETES, does.MAKES, does.LISTS)),
        faults=0,
    ),
    _each(
        "made by two, deleted by one",
        _cast(
            maker=does.asks(does.MAKES),
            other=does.asks(does.MAKES, does.DELETES),
            producer=does.produces(1, 2),
        ),
        prelude=does.asks(does.DELETES),
        faults=0,
    ),
    _each(
        "two make a queue",
        _cast(maker=does.asks(does.DELETES, does.MAKES), other=does.asks(does.MAKES)),
    ),
    _each(
        "the earlier service's queue is taken over by two",
        _cast(producer=does.produces(1), consumer=does.consumes(1)),
        prelude=does.in_turn(does.asks(does.DELETES), does.earlier_makes, does.earlier_enqueues(50)),
    ),
    _each(
        "the earlier service's queue is made once more",
        _cast(maker=does.asks(does.MAKES), consumer=does.consumes(1)),
        prelude=does.in_turn(does.asks(does.DELETES), does.earlier_makes, does.earlier_enqueues(50)),
        faults=0,
    ),
    _each(
        "the earlier service deletes the queue, and it is made again",
        _cast(earlier=does.earlier_deletes, maker=does.asks(does.MAKES, does.MAKES)),
        items=1,
        faults=0,
    ),
    _each(
        "the earlier service deletes the queue, and two make it again",
        _cast(
            earlier=does.earlier_deletes,
            maker=does.asks(does.MAKES, does.MAKES),
            other=does.asks(does.DELETES, does.MAKES),
        ),
        faults=0,
    ),
    _each(
        "the earlier service deletes the queue, and the queues are listed",
        _cast(earlier=does.earlier_deletes, lister=does.asks(does.LISTS, does.LISTS)),
        items=1,
        faults=0,
    ),
    _each(
        "the earlier service makes a queue, and the queues are listed",
        _cast(earlier=does.earlier_makes, lister=does.asks(does.LISTS), other=does.asks(does.LISTS)),
        prelude=does.asks(does.DELETES),
        faults=0,
    ),
)

_LARGE = (
    _some(
        "producers and consumers",
        _cast(
            producer_1=does.produces(1, 2),
            producer_2=does.produces(3, 4, dedup=True),
            consumer_1=does.consumes(3),
            consumer_2=does.consumes(3),
        ),
        items=1,
        ticks=(LONG_S,),
    ),
    _some(
        "attempts, each sent twice",
        _cast(
            producer=does.produces(1, 2),
            consumer=does.attempts("a", 2),
            again=does.attempts("a", 2),
            other=does.attempts("b", 2, LEASE_S),
        ),
        items=1,
    ),
    _some(
        "workers on leases that run out",
        _cast(
            producer=does.produces(1),
            worker_1=does.leases(2, LEASE_S, "extend", "ack"),
            worker_2=does.leases(2, LEASE_S, "ack"),
            worker_3=does.leases(2, LEASE_S, "nack"),
        ),
        items=1,
        ticks=(1.5, 1.5, 3.0),
    ),
    _some(
        "dead letters",
        _cast(
            worker_1=does.leases(2, LEASE_S, "nack"),
            worker_2=does.leases(2, LEASE_S, "extend", "ack"),
            looker=does.asks(does.LISTS_DEAD, does.COUNTS, does.LISTS_DEAD),
            consumer=does.consumes(2),
        ),
        items=2,
        max_receives=2,
        ticks=(3.0, 3.0),
    ),
    _some(
        "dead letters are redriven",
        _cast(
            worker=does.leases(2, LEASE_S, "nack"),
            attempts=does.attempts("a", 2, LEASE_S, ending="nack"),
            redriver=does.asks(does.REDRIVES, does.REDRIVES, does.LISTS_DEAD),
        ),
        items=2,
        max_receives=1,
        ticks=(3.0,),
    ),
    _some(
        "deleted and made again in the middle of work",
        _cast(
            producer=does.produces(1, 2, 3),
            consumer=does.consumes(2),
            worker=does.leases(1, LEASE_S, "ack"),
            deleter=does.asks(does.DELETES, does.MAKES),
        ),
        items=2,
        faults=2,
    ),
    _some(
        "two delete, two make",
        _cast(
            deleter_1=does.asks(does.DELETES, does.MAKES),
            deleter_2=does.asks(does.DELETES, does.MAKES),
            producer=does.produces(1, 2),
        ),
        items=1,
        faults=2,
    ),
    Scenario(
        "clocks that are off",
        (
            ("producer 1", does.produces(1, 2), 5.0),
            ("producer 2", does.produces(3, 4), -5.0),
            ("consumer 1", does.consumes(3), 5.0),
            ("consumer 2", does.consumes(3), -5.0),
        ),
        Budget(2, EVERY_KIND),
        exhaustive=False,
    ),
    _some(
        "the earlier service puts items at the same time",
        _cast(
            earlier=does.in_turn(does.earlier_enqueues(1), does.earlier_enqueues(2, 1_700_000_000_001)),
            producer=does.produces(3),
            consumer=does.consumes(2),
            lister=does.asks(does.LISTS),
        ),
        prelude=does.in_turn(does.asks(does.DELETES), does.earlier_makes),
    ),
)

SCENARIOS = (*_SMALL, *_LARGE)
