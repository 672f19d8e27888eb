"""Lambda entry points of the queues and of the PIPE machines' statuses."""

from collections.abc import Iterator
from typing import Any

from common import logs, request_context
from common.dynamodb import Item, check_position
from common.endpoints import endpoint
from common.errors import BadRequest, NotFound
from common.requests import Request
from common.responses import Listing, Response, ok
from pipe_queue import adoption, dead_letters, items, leases, names, polls, queues, reports, statuses
from pipe_queue.patience import patient


@endpoint
@patient
def create_queue(request: Request) -> Response:
    """`POST /pipe/queue`: make a queue; 409 if there is one."""
    body = request.json_object()
    if body.get("queue_name") in (None, ""):
        raise BadRequest("Missing required field: queue_name")
    name = names.check_new("queue_name", body["queue_name"])
    queues.create(name, queues.check_max_receives(body.get("max_receives")))
    return ok({"message": f"Queue created: {name}"})


@endpoint
@patient
def enqueue(request: Request) -> Response:
    """`POST /pipe/enqueue`: put an item into a queue."""
    return ok(items.enqueue(items.parse(request.json_object())))


@endpoint
@patient
def peek(request: Request) -> Response:
    """`GET /pipe/queue/{queue_name}?limit=&after=`: the oldest items, leased ones too; nothing changes."""
    limit = items.check_limit(request.parameter("limit"))
    return ok(_page(items.peek(_queue(request), limit, _after(request)), limit))


@endpoint
@patient
def dequeue(request: Request) -> Response:
    """`POST /pipe/queue/{queue_name}/dequeue?lease_seconds=&attempt_id=&wait=`: the oldest free item."""
    name = _name(request)
    poll = polls.parse(request)
    item = leases.hand_out(queues.existing(name), poll)
    if item is None:
        raise NotFound(f"Queue is empty: {name}")
    return ok(item)


@endpoint
@patient
def acknowledge(request: Request) -> Response:
    """`POST /pipe/queue/{queue_name}/ack`: the work on a leased item is done, remove it."""
    item_id, lease_id = polls.held_item(request)
    leases.acknowledge(_name(request), item_id, lease_id)
    return ok({"message": f"Item acknowledged: {item_id}"})


@endpoint
@patient
def give_back(request: Request) -> Response:
    """`POST /pipe/queue/{queue_name}/nack`: the work on a leased item failed, put it back."""
    item_id, lease_id = polls.held_item(request)
    leases.give_back(_queue(request), item_id, lease_id)
    return ok({"message": f"Item returned: {item_id}"})


@endpoint
@patient
def extend(request: Request) -> Response:
    """`POST /pipe/queue/{queue_name}/extend`: hold a leased item for `lease_seconds` from now."""
    item_id, lease_id = polls.held_item(request)
    lease_ms = polls.lease_ms(request.parameter("lease_seconds"))
    return ok(leases.extend(_name(request), item_id, lease_id, lease_ms))


@endpoint
@patient
def get_stats(request: Request) -> Response:
    """`GET /pipe/queue/{queue_name}/stats`: how many are waiting, leased, dead, and since when."""
    return ok(items.stats(_queue(request)))


@endpoint
@patient
def list_dead_letters(request: Request) -> Response:
    """`GET /pipe/queue/{queue_name}/dead_letters?limit=&after=`: the oldest dead letters."""
    limit = items.check_limit(request.parameter("limit"))
    return ok(_page(dead_letters.listing(_queue(request), limit, _after(request)), limit))


@endpoint
@patient
def redrive(request: Request) -> Response:
    """`POST /pipe/queue/{queue_name}/redrive`: put a dead letter, or all of them, back into the queue."""
    item_id = request.parameter("id")
    checked = None if item_id is None else names.check_id("id", item_id)
    return ok({"redriven": dead_letters.redrive(_queue(request), checked)})


@endpoint
@patient
def change_queue(request: Request) -> Response:
    """`PUT /pipe/queue/{queue_name}`: change `max_receives`, or pause the queue."""
    settings = queues.check_settings(request.json_object())
    queue = _queue(request)
    return ok((queues.change(queue, settings) if settings else queue).settings())


@endpoint
@patient
def delete_queue(request: Request) -> Response:
    """`DELETE /pipe/queue/{queue_name}`: remove a queue and all that is in it."""
    name = _name(request)
    queues.delete(name)
    return ok({"message": f"Queue deleted: {name}"})


@endpoint
@patient
def list_queues(request: Request) -> Response:
    """`GET /pipe/queues?after=`: `{queue: number of items}`, leased ones included."""
    adoption.adopt_all()
    counts = queues.counts(check_position("after", request.query.get("after", "")))
    return ok(Listing(counts.items(), lambda name: {"after": name}, is_object=True))


@endpoint
@patient
def set_status(request: Request) -> Response:
    """`POST /pipe/status`: what a PIPE machine is doing."""
    return ok(statuses.write(request.json_object()))


@endpoint
@patient
def get_status(request: Request) -> Response:
    """`GET /pipe/status/{pipe_id}`: what a PIPE machine said last; 404 if it never did."""
    return ok(statuses.read(request.path["pipe_id"]))


@endpoint
@patient
def delete_status(request: Request) -> Response:
    """`DELETE /pipe/status/{pipe_id}`: forget a PIPE machine; 200 also when there was none."""
    pipe_id = request.path["pipe_id"]
    statuses.delete(pipe_id)
    return ok({"message": f"Status deleted for PIPE: {pipe_id}"})


@endpoint
@patient
def list_statuses(request: Request) -> Response:
    """`GET /pipe/statuses?after=`: what every PIPE machine said last, by id."""
    adoption.adopt_all()
    listed = statuses.listing(check_position("after", request.query.get("after", "")))
    by_id = ((status["pipe_id"], status) for status in listed)
    return ok(Listing(by_id, lambda pipe_id: {"after": pipe_id}))


def report_queues(_event: dict[str, Any], context: Any) -> None:
    """Every five minutes: log how every queue is doing, in lines that CloudWatch makes metrics of."""
    logs.set_up()
    request_context.update(request_id=context.aws_request_id)
    for metric in reports.metrics(reports.of_every_queue()):
        logs.logger.info("queue", extra={"fields": metric})


def _name(request: Request) -> str:
    return names.check_known("queue_name", request.path["queue_name"])


def _queue(request: Request) -> queues.Queue:
    return queues.existing(_name(request))


def _after(request: Request) -> str:
    after = request.query.get("after", "")
    return names.check_id("after", after) if after else ""


def _page(found: Iterator[Item], limit: int) -> Listing:
    """Return a list that leads on where it is shorter than the caller asked for."""
    by_id = ((item["id"], item) for item in found)
    return Listing(by_id, lambda item_id: {"limit": str(limit), "after": item_id})
