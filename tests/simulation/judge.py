"""How schedules are judged: by the history checker of the fault suite, and by rules that need the table."""

from collections import Counter, defaultdict
from dataclasses import replace

from pipe_queue.leases import REMEMBERED_S, SURE_FOR_S
from support import queue_history as history
from support.queue_history import Call
from tests.simulation.dynamodb import Model, Row
from tests.simulation.lambdas import table_name
from tests.simulation.programs import EARLIER, QUEUE
from tests.simulation.simulation import Asked, Moment, Simulation, Trace

_PARTITION = f"QUEUE#{QUEUE}"
_LATER = 1_000_000
NO_LIMIT = 1_000_000
# With so few items no call needs more requests. More would be a loop, or a queue that is read item by item.
MOST_REQUESTS = 20
_ENDINGS = ("ack", "nack", "extend")


def look(simulation: Simulation) -> Moment:
    """Return the queue as the table has it now."""
    rows = simulation.model.rows(table_name(), _PARTITION)
    metadata = next((row for row in rows if row["sk"]["S"] == "METADATA"), None)
    if metadata is None:
        return Moment()
    now = simulation.now_s * 1000
    generation = metadata.get("generation", {}).get("N")
    most = int(metadata["max_receives"]["N"]) if "max_receives" in metadata else NO_LIMIT
    items = {row["id"]["S"]: row for row in rows if _is_item(row, generation)}
    over = {item_id: row for item_id, row in items.items() if not _is_leased(row, now)}
    buried = [row["id"]["S"] for row in rows if row["sk"]["S"].startswith("DEAD#")]
    exhausted = [item_id for item_id, row in over.items() if _receives(row) >= most]
    return Moment(
        exists=True,
        free=frozenset(_told(row) for row in over.values() if _receives(row) < most),
        held=_held(rows, items, now),
        dead=frozenset(buried + exhausted),
    )


def _held(rows: list[Row], items: dict[str, Row], now: float) -> dict[str, str]:
    held = {}
    for row in rows:
        if not row["sk"]["S"].startswith("ATTEMPT#"):
            continue
        attempt = row["sk"]["S"].split("#", 2)[2]
        item = items.get(row["id"]["S"])
        if "payload" in row:
            held[attempt] = _told(row)
        elif item is not None and _is_leased(item, now) and item["lease_id"] == row["lease_id"]:
            held[attempt] = _told(item, -1)
    return held


def _told(row: Row, less: int = 0) -> str:
    return f"{row['id']['S']} ({_receives(row) + less})"


def violations(trace: Trace, model: Model, *, calm: bool, most_receives: int | None) -> list[str]:
    """Return a sentence for each promise that a schedule broke.

    Parameters
    ----------
    trace
        What happened.
    model
        The table at the end.
    calm
        Whether nothing went wrong between Lambdas and DynamoDB, and no time passed.
    most_receives
        The queue's `max_receives`.
    """
    played = [call for call in trace.calls if call.end >= 0]
    calls = _without_twins(trace.calls)
    found = [*_of_history(calls, model)]
    found += _told_empty(played, trace, calm=calm)
    found += _told_wrong(played, trace)
    found += _forgotten(calls)
    found += _made_twice(trace)
    found += _handed_while_paused(calls)
    found += _held_twice(calls)
    found += _refused_holders(trace.calls)
    found += _ended_too_late(trace.calls)
    found += _came_back(calls)
    found += _two_for_one_attempt(trace.calls)
    found += [
        f"{call.what} was answered {call.status} {call.body} after {call.requests} requests"
        for call in calls
        if call.status == 500
        or (call.what == "dequeue" and call.status == 409 and "paused" not in str(call.body))
        or call.requests > MOST_REQUESTS
    ]
    if calm:
        found += [f"{call.what} was answered 503 {call.body}" for call in calls if call.status == 503]
    if most_receives is not None:
        found += _handed_too_often(calls, most_receives)
    return found


def _of_history(calls: list[Asked], model: Model) -> list[str]:
    deletions = [call for call in calls if call.what == "delete" and call.status in (200, None, 503)]
    judged: list[Call] = []
    for call in calls:
        if (call.what == "enqueue" and not (call.status == 404 and deletions)) or call.what == "ack":
            judged.append(call)
        elif call.what == "dequeue":
            judged.append(replace(call, lease_until=None))
            if call.lease_id is None and (call.status == 200 or _may_be_taken_for_nobody(call)):
                judged.append(replace(call, what="ack", status=200 if call.status == 200 else None))
    judged += _left(model)
    verdict = history.judge(judged, on_leases=True)
    generation = _generation(model)
    deleted = {
        call.n
        for call in calls
        if call.what == "enqueue" and any(call.start < deletion.end for deletion in deletions)
        # items of the queue that exists at the end must still be there
        if generation is None or not str(call.id).startswith(generation)
    }
    sentences = [
        *(f"item {n} is lost" for n in verdict.lost if n not in deleted),
        *(f"item {n} came out twice" for n in verdict.doubled if n not in _put_by_earlier(calls)),
        *(f"item {n} was never enqueued" for n in verdict.unexpected),
        *(f"{what} was answered {status}" for what, status in verdict.faulty if status != 409),
    ]
    if not deletions:
        sentences += [f"item {n} was overtaken" for n in verdict.reordered]
    return sentences


def _put_by_earlier(calls: list[Asked]) -> set[int | None]:
    """Return the items of the earlier service.

    It puts them without a token or a condition. A put that arrives late, or that botocore sends again, brings
    an item back that was consumed meanwhile, and nothing here can tell.
    """
    return {call.n for call in calls if call.what == "enqueue" and call.actor == EARLIER}


def _may_be_taken_for_nobody(call: Asked) -> bool:
    """Return whether a plain dequeue may have taken an item for nobody.

    That is so if its Lambda died. It is also so if the call took longer than `SURE_FOR_S` and got a 503.
    """
    held_up = call.status == 503 and call.now - call.asked_at > SURE_FOR_S * 1000
    return not call.attempt and (call.status is None or held_up)


def _generation(model: Model) -> str | None:
    """Return the generation of the queue at the end; None if there is none."""
    for row in model.rows(table_name(), _PARTITION):
        if row["sk"]["S"] == "METADATA" and "generation" in row:
            return str(row["generation"]["N"])
    return None


def _left(model: Model) -> list[Call]:
    """Return what a consumer that drains the queue would get, and the dead letters that it would find."""
    rows = model.rows(table_name(), _PARTITION)
    metadata = next((row for row in rows if row["sk"]["S"] == "METADATA"), None)
    generation = None if metadata is None else metadata.get("generation", {}).get("N")
    left: list[Call] = []
    for number, row in enumerate(rows):
        if row["sk"]["S"].startswith("ITEM#") and "id" not in row:
            # such a row was made by a write that should have changed a row, which was gone
            left.append(Call("dequeue", _LATER, -1, _LATER, 200))
        item, dead = _is_item(row, generation), row["sk"]["S"].startswith("DEAD#")
        if metadata is None or not (item or dead):
            continue
        start = float(_LATER + 2 * number)
        drained = Call(
            "ack", start, int(row["payload"]["M"]["n"]["N"]), start + 1, 200, row["id"]["S"], lease_id="drain"
        )
        left.append(drained)
        if item:
            left.append(replace(drained, what="dequeue"))
    return left


def _told_empty(calls: list[Asked], trace: Trace, *, calm: bool) -> list[str]:
    """Return those who were told that the queue is empty while one item was free for them all the time.

    If no time passes, it need not be the same item all the time.
    """
    told = []
    for call in calls:
        if call.what != "dequeue" or call.status != 404:
            continue
        theirs = [
            moment.free | {moment.held[call.attempt]} if call.attempt in moment.held else moment.free
            for moment in _during(call, trace)
        ]
        there = frozenset.intersection(*theirs)
        if there or (calm and all(theirs)):
            whose = f" under attempt {call.attempt}" if call.attempt else ""
            told.append(f"{call.actor}{whose} was told that the queue is empty; {sorted(there)} was there")
    return told


def _forgotten(calls: list[Asked]) -> list[str]:
    """Return the attempts that asked again for the item that they hold, and were told that there is none."""
    return [
        f"attempt {call.attempt} holds {handed.id} and was told that the queue is empty"
        for handed in calls
        if handed.what == "dequeue" and handed.status == 200 and handed.attempt and handed.lease_id
        for call in calls
        if call.what == "dequeue" and call.attempt == handed.attempt
        if call.status == 404 and call.start >= handed.end and call.now < _until(handed, calls)[0]
        if call.end < _until(handed, calls)[1] and not _is_slow(handed, calls)
    ]


def _is_slow(handed: Asked, calls: list[Asked]) -> bool:
    """Return whether an extension of a lease took longer than attempts are remembered."""
    return any(
        call.what == "extend" and call.lease_id == handed.lease_id
        for call in calls
        if call.now - call.asked_at > REMEMBERED_S * 1000
    )


def _made_twice(trace: Trace) -> list[str]:
    """Return the queues that two requests created, and those whose creator got a 409."""
    made = [call for call in trace.calls if call.what == "create"]
    deletions = [call for call in trace.calls if call.what == "delete"]
    wrong = []
    if sum(call.status == 200 for call in made) > len(deletions):
        wrong.append("a queue was made twice")
    wrong += [
        f"{call.actor} was told to have made a queue that was there all the time"
        for call in made
        if call.end >= 0 and call.status == 200 and all(moment.exists for moment in _during(call, trace))
    ]
    if deletions and not made and all(call.end >= 0 and call.status == 200 for call in deletions):
        wrong += [
            f"item {call.n} was put into a queue that was not there"
            for call in trace.calls
            if call.what == "enqueue" and call.status == 200 and call.start > deletions[0].end
        ]
    if len(made) == 1 and made[0].status == 409 and not _during(made[0], trace)[0].exists:
        wrong.append("a queue was refused that was not there")
    return wrong


def _handed_while_paused(calls: list[Asked]) -> list[str]:
    """Return those who put in or were handed an item after the queue was paused."""
    paused = min((call.end for call in calls if call.what == "pause" and call.status == 200), default=None)
    return [
        f"{call.actor}'s {call.what} of {call.id} was not refused by a paused queue"
        for call in calls
        if paused is not None and call.what in ("enqueue", "dequeue")
        if call.status == 200 and call.start > paused
    ]


def _told_wrong(calls: list[Asked], trace: Trace) -> list[str]:
    """Return callers who were told of, or put back, too few dead letters, or got a wrong list of queues."""
    wrong = []
    for call in calls:
        if call.status != 200 or call.what not in ("dead_letters", "stats", "redrive", "queues"):
            continue
        moments = _during(call, trace)
        dead = frozenset.intersection(*(moment.dead for moment in moments))
        if call.what == "dead_letters" and dead - {row["id"] for row in call.body}:
            wrong.append(f"{call.actor} was told of {len(call.body)} dead letters; there were {sorted(dead)}")
        if call.what == "stats" and call.body["dead"] < len(dead):
            wrong.append(
                f"{call.actor} was told of {call.body['dead']} dead letters; there were {sorted(dead)}"
            )
        if call.what == "redrive" and moments[-1].dead & dead:
            wrong.append(
                f"{call.actor} put all back, but {sorted(moments[-1].dead & dead)} is dead all the time"
            )
        listed = call.what != "queues" or QUEUE in call.body
        if call.what == "queues" and all(moment.exists is not listed for moment in moments):
            wrong.append(f"{call.actor} was told of the queues {call.body}")
    return wrong


def _during(call: Asked, trace: Trace) -> list[Moment]:
    return trace.moments[max(0, int(call.start)) : int(call.end) + 1]


def _held_twice(calls: list[Asked]) -> list[str]:
    """Return the items that a second consumer was handed while the first one's lease was in force."""
    by_item: dict[str, list[Asked]] = defaultdict(list)
    for call in calls:
        if call.what == "dequeue" and call.status == 200 and call.id is not None:
            by_item[call.id].append(call)
    twice = []
    for item_id, holders in by_item.items():
        for first in holders:
            if first.lease_id is None:
                continue
            until, released = _until(first, calls)
            for second in holders:
                if second.lease_id == first.lease_id or second.end <= first.end:
                    continue
                if second.now < until and second.end < released:
                    twice.append(f"{second.actor} was handed {item_id}, which {first.actor} holds")
    return twice


def _until(holder: Asked, calls: list[Asked]) -> tuple[float, float]:
    """Return when a consumer's lease ends (Unix ms), and at which step the consumer began to end it."""
    until, released = holder.lease_until or 0.0, float("inf")
    for call in calls:
        if call.lease_id != holder.lease_id:
            continue
        if call.what == "extend" and call.status == 200:
            until = call.lease_until or 0.0
        elif call.what in ("ack", "nack"):
            released = min(released, call.start)
    return until, released


def _refused_holders(calls: list[Asked]) -> list[str]:
    """Return those who were told that their lease is over while it was not."""
    refused = []
    ended = [call for call in calls if call.what in ("delete", "redrive")]
    for call in calls:
        if call.what not in _ENDINGS or call.status != 409 or ended:
            continue
        holder = next(
            (
                one
                for one in calls
                if one.what == "dequeue" and one.lease_id == call.lease_id and one.status == 200
            ),
            None,
        )
        earlier = [
            one
            for one in calls
            if one.lease_id == call.lease_id and one.what in ("ack", "nack") and one.what != call.what
        ]
        if holder is None or earlier:
            continue
        until, _ = _until(holder, calls)
        if call.now < until:
            refused.append(f"{call.actor} was refused the {call.what} of a lease in force")
    return refused


def _ended_too_late(calls: list[Asked]) -> list[str]:
    """Return those who were told to have ended or extended a lease that was over when they asked."""
    late = []
    for call in calls:
        if call.what not in _ENDINGS or call.status != 200:
            continue
        earlier = [one for one in calls if one.lease_id == call.lease_id and one.start < call.start]
        handed = [one for one in earlier if one.what == "dequeue" and one.status == 200]
        # A request without a response may have ended the lease in time. A retry reports it.
        unheard = [one for one in earlier if one.what in _ENDINGS and one.status in (None, 503)]
        if handed and not unheard and _until(handed[0], earlier)[0] <= call.asked_at:
            late.append(f"{call.actor} could {call.what} a lease that was over")
    return late


def _came_back(calls: list[Asked]) -> list[str]:
    """Return the items that were deleted with their queue, and came out of the next one."""
    enqueued = {call.n: call for call in calls if call.what == "enqueue"}
    deletions = [call for call in calls if call.what == "delete" and call.status == 200]
    return [
        f"item {call.n} was deleted and came out again"
        for call in calls
        if call.what == "dequeue" and call.status == 200 and call.n in enqueued
        for deletion in deletions
        if enqueued[call.n].end < deletion.start and deletion.end < call.start
    ]


def _two_for_one_attempt(calls: list[Asked]) -> list[str]:
    """Return the attempts that were handed a second item while they had the first."""
    handed: dict[str, Asked] = {}
    two = []
    for call in calls:
        if call.what != "dequeue" or call.status != 200 or not call.attempt:
            continue
        first = handed.setdefault(call.attempt, call)
        if first.id != call.id:
            until = float("inf") if first.lease_id is None else (first.lease_until or 0)
            ended = any(
                one.what in _ENDINGS and one.lease_id == first.lease_id for one in calls if first.lease_id
            )
            if call.now < until and not ended:
                two.append(f"attempt {call.attempt} was handed {first.id} and {call.id}")
    return two


def _handed_too_often(calls: list[Asked], most: int) -> list[str]:
    if any(call.what == "redrive" for call in calls):
        return []
    times = Counter(item_id for call in calls for item_id in call.leased)
    return [f"{item_id} was handed out {number} times" for item_id, number in times.items() if number > most]


def _without_twins(calls: list[Asked]) -> list[Asked]:
    """Return the calls, but only one of several that gave one attempt the same item, or of repeated acks."""
    told: dict[tuple[str, str, str | None, str | None], Asked] = {}
    kept = []
    for call in calls:
        if call.status != 200 or not (call.what == "ack" or (call.what == "dequeue" and call.attempt)):
            kept.append(call)
            continue
        key = (call.what, call.attempt, call.id, call.lease_id)
        if key not in told:
            told[key] = replace(call)
            kept.append(told[key])
        elif call.what == "dequeue":
            told[key].start = min(told[key].start, call.start)
            told[key].end = max(told[key].end, call.end)
    return kept


def _is_item(row: Row, generation: str | None) -> bool:
    of_queue = "generation" not in row or row["generation"]["N"] == generation
    return of_queue and row["sk"]["S"].startswith("ITEM#") and "id" in row


def _is_leased(row: Row, now_ms: float) -> bool:
    return "lease_until" in row and float(row["lease_until"]["N"]) > now_ms


def _receives(row: Row) -> int:
    return int(row["receives"]["N"]) if "receives" in row else 0
