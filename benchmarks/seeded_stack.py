"""A local stack with the data of the cost tests, and the requests that those tests count."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from benchmarks import local_stack
from common import aws
from local import resources
from local.deployment import Deployment
from pipe_queue.store import table as queue_table
from support.client import ApiClient
from support.cost_cases import CASES, Case, Step, call, dead_letter, post
from support.seed_data import QUEUE, SeedData

MOTO_TIMEOUT_S = 10.0
# The case that represents a route, if it is not the route's first case.
STANDING_FOR = {"POST /download": "a FITS, made before", "POST /downloadzip": "six files, packed before"}


@dataclass(frozen=True)
class Measured:
    """A route and the cost case that represents it.

    Attributes
    ----------
    name
        The case's.
    again
        What makes the case possible once more, done before each call and not measured.
    """

    route: str
    name: str
    case: Case
    again: tuple[Step, ...] = ()


def _item(seed: SeedData) -> None:
    seed.api.post("/pipe/enqueue", json={"queue_name": QUEUE, "payload": {"files": ["a"] * 20}})


# What must be done before a route can be called again.
_AGAIN: dict[str, tuple[Step, ...]] = {
    "POST /pipe/queue": (call("DELETE", "/pipe/queue/new"),),
    "POST /pipe/queue/{queue_name}/dequeue": (_item,),
    "POST /pipe/queue/{queue_name}/ack": (_item, SeedData.lease),
    "POST /pipe/queue/{queue_name}/nack": (_item, SeedData.lease),
    "POST /pipe/queue/{queue_name}/extend": (_item, SeedData.lease),
    "POST /pipe/queue/{queue_name}/redrive": (dead_letter,),
    "DELETE /pipe/queue/{queue_name}": (post("/pipe/queue", {"queue_name": QUEUE}),),
    "DELETE /control_room/{site}": (call("GET", "/control_room/mrc1"),),
    "PUT /{site}/config": (call("PUT", "/mrc1/config", json={"name": "y"}),),
    "DELETE /{site}/config": (call("PUT", "/mrc1/config", json={"name": "x"}),),
    "POST /pipe/enqueue": (),
}


def measured() -> Iterator[Measured]:
    """Return every route of the cost table."""
    for route, cases in CASES.items():
        name = STANDING_FOR.get(route, next(iter(cases)))
        yield Measured(route, name, cases[name], _AGAIN.get(route, ()))


@contextmanager
def running() -> Iterator[SeedData]:
    """Run a local stack with the seed data inside the block."""
    with (
        local_stack.running() as stack,
        pytest.MonkeyPatch.context() as patch,
        ApiClient(stack.base_url) as api,
    ):
        # With a large table, moto may take longer than the queues' read timeout. DynamoDB itself takes
        # milliseconds.
        patch.setattr(queue_table.table, "_read_timeout_s", MOTO_TIMEOUT_S)
        filled = SeedData(api, stack.auth0.token("auth0|observer", ["admin"]), patch)
        filled.fill()
        filled.warm_up()
        yield filled


def prepare(filled: SeedData, of: Measured) -> None:
    """Store everything that a case needs before its first call."""
    filled.fill()
    filled.warm_up()
    for depth in of.case.depths[-1:]:
        filled.put_items(depth)
    for step in of.case.before:
        step(filled)


def start_over(filled: SeedData) -> None:
    """Reset DynamoDB to the seed data."""
    client, deployment = aws.client("dynamodb"), Deployment()
    for table in deployment.tables:
        client.delete_table(TableName=table["TableName"])
    resources.make_tables(deployment)
    filled.fill()
    filled.warm_up()
