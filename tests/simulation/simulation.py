"""A simulation in one thread: Lambdas that take turns, and a scheduler that decides what happens next.

Each actor runs real handlers in a greenlet. A step ends where a handler sends a request to DynamoDB: the
actor waits, and the scheduler chooses among all that can happen: which actor's request is executed, which
answer is lost, which request arrives late, who crashes, when the clock moves on. A schedule is the list of
these choices, so it can be played again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError
from greenlet import GreenletExit, getcurrent, greenlet

from support.queue_history import Call
from tests.simulation.dynamodb import Arguments, Model, client_error

START_S = 1_800_000_000.0
# The attribute that DynamoDB sweeps rows by.
TIME_TO_LIVE = "expire_timestamp_s"
# botocore sends a request this often before it gives up.
ATTEMPTS = 3
# A schedule that takes longer is a loop without end.
MOST_STEPS = 2000

GO, LOST, UNSENT, LATE, DIE, DONE_DIE, CONFLICT, ARRIVE, TICK = (
    "go",
    "answer lost",
    "never arrived",
    "late",
    "crash before",
    "crash after",
    "conflict",
    "arrives late",
    "time passes",
)
WRITES = frozenset({"put_item", "update_item", "delete_item", "transact_write_items", "batch_write_item"})
# What the scheduler may do with a request instead of just executing it.
FAULTS_OF_WRITES = (LOST, UNSENT, LATE, DIE, DONE_DIE)
FAULTS_OF_READS = (DIE,)


@dataclass
class Asked(Call):
    """A call of a handler, with what the caller knew when it asked and what it was answered.

    Attributes
    ----------
    actor
        Who asked.
    attempt
        The attempt id; "" without one.
    item_id
        The item that the call is about, where it names one.
    body
        The answer's.
    requests
        How many requests it made.
    asked_at, now
        The time at the beginning and at the answer; Unix ms.
    """

    actor: str = ""
    attempt: str = ""
    item_id: str | None = None
    body: Any = None
    requests: int = 0
    asked_at: float = 0.0
    now: float = 0.0


class Crashed(BaseException):
    """The Lambda is gone. No `except Exception` of a handler sees it."""


@dataclass(frozen=True)
class Request:
    """A request that waits to be executed.

    Attributes
    ----------
    operation, arguments
        As botocore's client has them; operation "sleep" waits for `until`.
    attempt
        How often it was sent before.
    """

    operation: str
    arguments: Arguments
    attempt: int = 0
    until: float = 0.0

    @property
    def is_write(self) -> bool:
        return self.operation in WRITES

    @cached_property
    def footprint(self) -> frozenset[tuple[str, str]]:
        """Return the partition and the sort key of each row it touches; "*" for a whole partition."""
        arguments = self.arguments
        if self.operation == "sleep":
            return frozenset({("time", "*")})
        if self.operation == "transact_write_items":
            return frozenset(_key(next(iter(action.values()))) for action in arguments["TransactItems"])
        if "Key" in arguments or "Item" in arguments:
            return frozenset({_key(arguments)})
        if self.operation == "query":
            return frozenset({(arguments["ExpressionAttributeValues"][":pk"]["S"], "*")})
        return frozenset({("*", "*")})


@dataclass(frozen=True)
class Option:
    """Something that can happen next.

    Attributes
    ----------
    who
        The actor's name, "ghost 1" for a request that arrives late, or "clock".
    what
        One of the constants above.
    step
        How many steps the actor has taken: tells its requests apart.
    """

    who: str
    what: str
    step: int
    writes: bool
    footprint: frozenset[tuple[str, str]]

    @property
    def is_fault(self) -> bool:
        return self.what not in (GO, ARRIVE, TICK)

    def is_independent(self, other: "Option") -> bool:
        """Return whether it makes no difference which of the two happens first."""
        if self.who == other.who or "clock" in (self.who, other.who):
            return False
        if self.is_fault and other.is_fault:
            return False
        if not (self.writes or other.writes):
            return True
        return not _meet(self.footprint, other.footprint)


@dataclass
class Actor:
    """One who calls handlers.

    Attributes
    ----------
    name
        In words.
    program
        What it does.
    skew_s
        How far its clock is off; seconds.
    """

    name: str
    program: Callable[["Caller"], None]
    skew_s: float = 0.0
    thread: Any = None
    request: Request | None = None
    call: Asked | None = None
    steps: int = 0


@dataclass(frozen=True)
class Budget:
    """How much the scheduler may do.

    Attributes
    ----------
    faults
        How many faults.
    kinds
        Which.
    ticks
        By how many seconds the clock may move on, once each, in this order.
    """

    faults: int = 0
    kinds: tuple[str, ...] = FAULTS_OF_WRITES
    ticks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Moment:
    """The queue at one moment, as the table has it.

    Attributes
    ----------
    exists
        Whether there is a queue.
    free
        The items that a dequeue could be handed, each told with how often it was handed out before.
    held
        The item that each attempt holds, told as in `free`.
    dead
        The ids of the dead letters, including exhausted items that were not moved yet.
    """

    exists: bool = False
    free: frozenset[str] = frozenset()
    held: Mapping[str, str] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()


@dataclass
class Trace:
    """What happened in a schedule.

    Attributes
    ----------
    calls
        All calls of handlers. Their times are the numbers of steps.
    moments
        The queue after each step.
    story
        A line for each step.
    """

    calls: list[Asked] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    tells: bool = False

    def tell(self, number: int, who: str, line: str) -> None:
        """Add a line to the story, if `tells` is set."""
        if self.tells:
            self.story.append(f"{number:3}. {who}: {line}")


Look = Callable[["Simulation"], Moment]
Chooser = Callable[[list[Option]], int]


class Simulation:
    """The model, the clock and the actors.

    Parameters
    ----------
    model
        DynamoDB.
    budget
        What may go wrong.
    look
        Returns the state of the queue. It is called after each step that may have changed the queue.
    """

    def __init__(self, model: Model, budget: Budget, look: Look) -> None:
        self.model = model
        self.now_s = START_S
        self.trace = Trace()
        self.actors: list[Actor] = []
        self.ids = 0
        self._budget = budget
        self._faults_left = budget.faults
        self._ticks = list(budget.ticks)
        self._ghosts: list[tuple[str, Request, Asked | None]] = []
        self._ghost_count = 0
        self._look = look
        self._current: Actor | None = None
        self._hub: Any = None
        model.now = lambda: self.now_s

    @property
    def step(self) -> int:
        """The number of the last step."""
        return len(self.trace.moments) - 1

    def time(self) -> float:
        """Return the time by the clock of the actor whose turn it is; Unix seconds."""
        return self.now_s if self._current is None else self.now_s + self._current.skew_s

    def new_id(self) -> str:
        """Return a text that was never used before."""
        self.ids += 1
        return f"id{self.ids}"

    def sleep(self, seconds: float) -> None:
        """Let time pass for the actor whose turn it is."""
        if self._current is None:
            self.now_s += seconds
        else:
            self._wait(Request("sleep", {}, until=self.now_s + seconds))

    def request(self, operation: str, arguments: Arguments) -> dict[str, Any]:
        """Return DynamoDB's answer to a request, once the scheduler lets it be executed."""
        if self._current is None:
            return self.model.answer(operation, arguments)
        return self._wait(Request(operation, arguments))

    def play(self, actors: list[Actor], choose: Chooser) -> Trace:
        """Let the actors act until all are done; return what happened."""
        self._hub = getcurrent()
        self.actors = actors
        self.trace.moments.append(self._look(self))
        for actor in actors:
            caller = Caller(self, actor)
            actor.thread = greenlet(lambda actor=actor, caller=caller: actor.program(caller))
            self._run(actor, None)
        while True:
            options = self._options()
            if not options:
                break
            self._take(options[choose(options)])
            if self.step > MOST_STEPS:
                raise RuntimeError("a schedule without end:\n" + "\n".join(self.trace.story[-40:]))
        for ghost in list(self._ghosts):
            self._arrive(ghost)
        return self.trace

    def abandon(self) -> None:
        """End the actors' greenlets in the middle of what they do."""
        for actor in self.actors:
            if actor.thread and not actor.thread.dead:
                self._current = actor
                actor.thread.throw(Abandoned)
        self._current = None

    def _options(self) -> list[Option]:
        options = []
        active = [actor for actor in self.actors if actor.request is not None]
        for actor in active:
            request = actor.request
            assert request is not None
            footprint = request.footprint
            for what in self._what(request):
                writes = request.is_write and what != DIE
                options.append(Option(actor.name, what, actor.steps, writes, footprint))
        options += [
            Option(name, ARRIVE, 0, writes=True, footprint=request.footprint)
            for name, request, _ in (self._ghosts if active else [])
        ]
        if self._ticks and active:
            options.append(Option("clock", TICK, len(self._ticks), writes=True, footprint=frozenset()))
        return options

    def _what(self, request: Request) -> list[str]:
        if not self._faults_left or request.operation == "sleep":
            return [GO]
        if not request.is_write:
            return [GO, *(kind for kind in FAULTS_OF_READS if kind in self._budget.kinds)]
        kinds = [kind for kind in FAULTS_OF_WRITES if kind in self._budget.kinds]
        if request.operation == "transact_write_items" and CONFLICT in self._budget.kinds:
            kinds.append(CONFLICT)
        return [GO, *kinds]

    def _take(self, option: Option) -> None:
        self._faults_left -= option.is_fault
        if option.what == TICK:
            seconds = self._ticks.pop(0)
            self.now_s += seconds
            self.model.sweep(TIME_TO_LIVE)
            self._after_step("clock", f"{seconds:g} s pass")
        elif option.what == ARRIVE:
            self._arrive(next(ghost for ghost in self._ghosts if ghost[0] == option.who))
        else:
            actor = next(actor for actor in self.actors if actor.name == option.who)
            self._step(actor, option.what)

    def _step(self, actor: Actor, what: str) -> None:
        """Do with an actor's request what was chosen, and let the actor go on to its next one."""
        request = actor.request
        assert request is not None
        actor.steps += 1
        if actor.call is not None:
            actor.call.requests += 1
        if request.operation == "sleep":
            self.now_s = max(self.now_s, request.until)
            self._after_step(actor.name, "wakes up")
            self._run(actor, {})
            return
        answer: Any = None
        if what in (GO, LOST, DONE_DIE):
            answer = self._executed(request, actor.call)
        if what == LATE:
            self._ghost_count += 1
            self._ghosts.append((f"ghost {self._ghost_count}", request, actor.call))
        done = (
            f"{_told(request)} {'' if what == GO else f'[{what}] '}{_answer(answer)}"
            if self.trace.tells
            else ""
        )
        self._after_step(actor.name, done, changes=request.is_write)
        if what in (DIE, DONE_DIE):
            self._run(actor, Crashed())
        elif what in (LOST, UNSENT, LATE):
            self._resend(actor, request)
        elif what == CONFLICT:
            reasons = [{"Code": "TransactionConflict"} for _ in request.arguments["TransactItems"]]
            code = "TransactionCanceledException"
            self._run(actor, client_error(request.operation, code, "conflict", CancellationReasons=reasons))
        else:
            self._run(actor, answer)

    def _resend(self, actor: Actor, request: Request) -> None:
        if request.attempt + 1 == ATTEMPTS:
            self._run(actor, ReadTimeoutError(endpoint_url="dynamodb"))
        else:
            actor.request = Request(request.operation, request.arguments, request.attempt + 1)

    def _executed(self, request: Request, call: Asked | None) -> Any:
        try:
            answer: Any = self.model.answer(request.operation, request.arguments)
        except ClientError as error:
            error.response["ResponseMetadata"]["RetryAttempts"] = request.attempt
            return error
        if call is not None and request.is_write:
            _note(call, request)
        return answer

    def _arrive(self, ghost: tuple[str, Request, Asked | None]) -> None:
        self._ghosts.remove(ghost)
        name, request, call = ghost
        answer = self._executed(request, call)
        self._after_step(name, f"{_told(request)} {_answer(answer)}")

    def _after_step(self, who: str, line: str, *, changes: bool = True) -> None:
        self.trace.moments.append(self._look(self) if changes else self.trace.moments[-1])
        self.trace.tell(self.step, who, line)

    def _wait(self, request: Request) -> dict[str, Any]:
        """Let the scheduler run until the actor's request has its answer; return or raise that."""
        actor = self._current
        assert actor is not None
        actor.request = request
        answer: Any = self._hub.switch()
        if isinstance(answer, BaseException):
            raise answer
        told: dict[str, Any] = answer
        return told

    def _run(self, actor: Actor, answer: Any) -> None:
        """Let an actor go on until its next request, or its end."""
        actor.request = None
        self._current = actor
        actor.thread.switch(answer) if actor.steps else actor.thread.switch()
        self._current = None


class Abandoned(GreenletExit):  # type: ignore[misc] # greenlet ships no types
    """The schedule is not played to its end."""


@dataclass(frozen=True)
class Answer:
    """A handler's answer, or None for `status` where it never came."""

    status: int | None
    body: Any = None


class Caller:
    """What a program uses to call handlers; the calls are written down."""

    def __init__(self, simulation: Simulation, actor: Actor) -> None:
        self.simulation = simulation
        self.name = actor.name
        self._actor = actor

    def call(self, what: str, ask: Callable[[], Answer], **known: Any) -> Answer:
        """Return the answer of a handler; write down when it was called and answered, and what is known."""
        call = Asked(what, self.simulation.step, known.pop("n", None), actor=self.name, **known)
        call.asked_at = self.simulation.now_s * 1000
        self.simulation.trace.calls.append(call)
        self._actor.call = call
        self.simulation.trace.tell(self.simulation.step, self.name, f"asks: {what} {_brief(known)}")
        try:
            answer = ask()
        except Crashed:
            self.simulation.trace.tell(self.simulation.step, self.name, "hears nothing")
            return Answer(None)
        finally:
            self._actor.call = None
        call.end = self.simulation.step
        call.status = answer.status
        call.now = call.wall_ms = self.simulation.now_s * 1000
        body = answer.body if isinstance(answer.body, dict) else {}
        call.id = body.get("id", call.item_id)
        call.lease_id = body.get("lease_id", call.lease_id)
        call.lease_until = body.get("lease_until")
        call.body = answer.body
        if what == "dequeue" and isinstance(body.get("payload"), dict):
            call.n = body["payload"].get("n", -1)
        self.simulation.trace.tell(
            self.simulation.step, self.name, f"is answered {answer.status} {_brief(answer.body)}"
        )
        return answer


def _key(arguments: Mapping[str, Any]) -> tuple[str, str]:
    key = arguments.get("Key") or arguments["Item"]
    return key["pk"]["S"], key["sk"]["S"]


def _meet(left: frozenset[tuple[str, str]], right: frozenset[tuple[str, str]]) -> bool:
    return any(
        (a[0] == b[0] and (a[1] == b[1] or "*" in (a[1], b[1]))) or "*" in (a[0], b[0])
        for a in left
        for b in right
    )


def _note(call: Asked, request: Request) -> None:
    """Write down that a call has leased or removed an item."""
    actions: list[Mapping[str, Any]] = request.arguments.get("TransactItems") or [
        {request.operation.removesuffix("_item").capitalize(): request.arguments}
    ]
    if request.operation == "batch_write_item":
        return
    ((kind, arguments),) = actions[0].items()
    sort = _key(arguments)[1]
    if not sort.startswith("ITEM#"):
        return
    item_id = sort.removeprefix("ITEM#")
    if kind == "Update" and ":receives" in arguments.get("ExpressionAttributeValues", {}):
        call.leased.add(item_id)
    elif kind == "Delete":
        call.removed.add(item_id)


def _told(request: Request) -> str:
    rows = ", ".join(sorted(sort if sort != "*" else partition for partition, sort in request.footprint))
    again = f", sent again ({request.attempt})" if request.attempt else ""
    return f"{request.operation} {rows}{again}"


def _answer(answer: Any) -> str:
    if answer is None:
        return ""
    if isinstance(answer, ClientError):
        code = answer.response["Error"]["Code"]
        reasons = [reason["Code"] for reason in answer.response.get("CancellationReasons", [])]
        return f"-> {code} {reasons or ''}"
    if "Items" in answer:
        return f"-> {len(answer['Items'])} rows"
    return "-> a row" if "Item" in answer else "-> done" if not answer else "-> ok"


def _brief(value: Any) -> str:
    return "" if value in (None, {}) else str(value)[:160]
