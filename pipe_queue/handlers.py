"""Lambda entry points of the queues and of the PIPE machines' statuses."""

from collections.abc import Iterator
from typing import Any

from auth import access
from auth.endpoints import endpoint
from common import init_phase, logs, request_context
from common.dynamodb import check_position
from common.endpoints import Endpoint, Handler
from common.errors import BadRequest, NotFound
from common.requests import Request
from common.responses import Listing, Response, ok
from pipe_queue import (
    arguments,
    counting,
    dead_letters,
    items,
    leases,
    legacy_import,
    names,
    queues,
    reports,
    statuses,
)
from pipe_queue.items import PublicItem
from pipe_queue.retries import READ_TIMEOUT_S, with_retries

_TABLE = init_phase.client("dynamodb", read_timeout_s=READ_TIMEOUT_S)


def queue_endpoint(function: Endpoint) -> Handler:
    """Make a Lambda handler whose requests to the table are retried while it is busy."""
    return init_phase.needs(_TABLE, access.load_checks)(endpoint(with_retries(function)))


@queue_endpoint
def create_queue(request: Request) -> Response:
    """`POST /pipe/queue`: create a queue; 409 if it exists."""
    body = request.json_object()
    if body.get("queue_name") in (None, ""):
        raise BadRequest("Missing required field: queue_name")
    name = names.check_new("queue_name", body["queue_name"])
    queues.create(name, queues.check_max_receives(body.get("max_receives")))
    return ok({"message": f"Queue created: {name}"})


@queue_endpoint
def enqueue(request: Request) -> Response:
    """`POST /pipe/enqueue`: put an item into a queue."""
    return ok(items.enqueue(items.parse(request.json_object())))


@queue_endpoint
def peek(request: Request) -> Response:
    """`GET /pipe/queue/{queue_name}?limit=&after=`: return the oldest items, also leased ones. Read only."""
    limit = items.check_limit(request.parameter("limit"))
    return ok(_page(items.peek(_queue(request), limit, _after(request)), limit))


@queue_endpoint
def dequeue(request: Request) -> Response:
    """`POST /pipe/queue/{queue_name}/dequeue?lease_seconds=&attempt_id=&wait=`: take the oldest free item."""
    poll = arguments.parse_poll(request)
    item = leases.hand_out(queues.existing(poll.queue_name), poll)
    if item is None:
        raise NotFound(f"Queue is empty: {poll.queue_name}")
    return ok(item)


@queue_endpoint
def acknowledge(request: Request) -> Response:
    """`POST /pipe/queue/{queue_name}/ack`: remove a leased item after its work is done."""
    item_id, lease_id = arguments.parse_lease_ids(request)
    leases.acknowledge(_name(request), item_id, lease_id)
    return ok({"message": f"Item acknowledged: {item_id}"})


@queue_endpoint
def give_back(request: Request) -> Response:
    """`POST /pipe/queue/{queue_name}/nack`: put a leased item back after its work failed."""
    item_id, lease_id = arguments.parse_lease_ids(request)
    leases.give_back(_queue(request), item_id, lease_id)
    return ok({"message": f"Item returned: {item_id}"})


@queue_endpoint
def extend(request: Request) -> Response:
    """`POST /pipe/queue/{queue_name}/extend`: extend a lease to `lease_seconds` from now."""
    item_id, lease_id = arguments.parse_lease_ids(request)
    lease_ms = arguments.parse_lease_ms(request.parameter("lease_seconds"))
    return ok(leases.extend(_name(request), item_id, lease_id, lease_ms))


@queue_endpoint
def get_stats(request: Request) -> Response:
    """`GET /pipe/queue/{queue_name}/stats`: return counts of items by state, and the oldest age."""
    return ok(items.stats(_queue(request)))


@queue_endpoint
def list_dead_letters(request: Request) -> Response:
    """`GET /pipe/queue/{queue_name}/dead_letters?limit=&after=`: return the oldest dead letters."""
    limit = items.check_limit(request.parameter("limit"))
    return ok(_page(dead_letters.listing(_queue(request), limit, _after(request)), limit))


@queue_endpoint
def redrive(request: Request) -> Response:
    """`POST /pipe/queue/{queue_name}/redrive`: put one or all dead letters back."""
    item_id = request.parameter("id")
    checked = None if item_id is None else names.check_id("id", item_id)
    return ok({"redriven": dead_letters.redrive(_queue(request), checked)})


@queue_endpoint
def change_queue(request: Request) -> Response:
    """`PUT /pipe/queue/{queue_name}`: change `max_receives`, or pause the queue."""
    settings = queues.check_settings(request.json_object())
    queue = _queue(request)
    return ok((queues.change(queue, settings) if settings else queue).settings())


@queue_endpoint
def delete_queue(request: Request) -> Response:
    """`DELETE /pipe/queue/{queue_name}`: remove a queue and everything in it."""
    name = _name(request)
    queues.delete(name)
    return ok({"message": f"Queue deleted: {name}"})


@queue_endpoint
def list_queues(request: Request) -> Response:
    """`GET /pipe/queues?after=`: return `{queue: number of items}`, leased ones included."""
    legacy_import.import_all()
    counts = counting.counts(check_position("after", request.query.get("after", "")))
    return ok(Listing(counts.items(), lambda name: {"after": name}, is_object=True))


@queue_endpoint
def set_status(request: Request) -> Response:
    """`POST /pipe/status`: store a PIPE machine's status."""
    return ok(statuses.write(request.json_object()))


@queue_endpoint
def get_status(request: Request) -> Response:
    """`GET /pipe/status/{pipe_id}`: return a PIPE machine's last status; 404 without one."""
    return ok(statuses.read(request.path["pipe_id"]))


@queue_endpoint
def delete_status(request: Request) -> Response:
    """`DELETE /pipe/status/{pipe_id}`: remove a status; 200 also if there was none."""
    pipe_id = request.path["pipe_id"]
    statuses.delete(pipe_id)
    return ok({"message": f"Status deleted for PIPE: {pipe_id}"})


@queue_endpoint
def list_statuses(request: Request) -> Response:
    """`GET /pipe/statuses?after=`: return every PIPE machine's last status, by id."""
    legacy_import.import_all()
    listed = statuses.listing(check_position("after", request.query.get("after", "")))
    by_id = ((status["pipe_id"], status) for status in listed)
    return ok(Listing(by_id, lambda pipe_id: {"after": pipe_id}))


@init_phase.needs(_TABLE)
def report_queues(_event: dict[str, Any], context: Any) -> None:
    """Log the worst figures of all queues as CloudWatch metrics. Runs every five minutes."""
    logs.set_up()
    request_context.update(request_id=context.aws_request_id)
    logs.logger.info("queues", extra={"fields": reports.metrics(reports.of_every_queue())})


def _name(request: Request) -> str:
    return names.check_known("queue_name", request.path["queue_name"])


def _queue(request: Request) -> queues.Queue:
    return queues.existing(_name(request))


def _after(request: Request) -> str:
    after = request.query.get("after", "")
    return names.check_id("after", after) if after else ""


def _page(found: Iterator[PublicItem], limit: int) -> Listing:
    """Return a list with a link to the next page if it is shorter than the caller asked for."""
    by_id = ((item["id"], item) for item in found)
    return Listing(by_id, lambda item_id: {"limit": str(limit), "after": item_id})
