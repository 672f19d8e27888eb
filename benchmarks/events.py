"""Measure how long the events routes take, from event to response."""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from benchmarks import figures
from benchmarks.figures import machine
from common import logs
from local import environment, resources
from local.child import Child
from local.demo.configs import site_configurations
from local.deployment import Deployment

ROUNDS = 300
OK = 200
DAY_S = 86_400
FIRST_NIGHT = 1_767_268_800
PLACE = {"lat": "34.459375", "lng": "-119.681172"}
MONTH = {"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}
YEAR = {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}


def main() -> None:
    """Print medians in milliseconds, and keep them."""
    environment.forget_aws()
    logs.set_up()
    logs.logger.setLevel("ERROR")
    print(f"Events ({machine()}); each /events asks for another night")
    kept = {}
    for name, milliseconds in _figures():
        kept[name] = milliseconds
        print(f"  {name:36}  {milliseconds:7.2f} ms")
    figures.write("events", figures.rounded(kept))


def _figures() -> Iterator[tuple[str, float]]:
    """Measure, and yield names and milliseconds."""
    from events import handlers
    from site_configs import store

    configs = site_configurations()
    with patch.object(store, "read", configs.get):
        yield "GET /events, config at hand", _median(handlers.get_events, _night)
        yield "GET /events/plot, config at hand", _median(handlers.get_plot, _night)
    yield "GET /events/moon, 31 days", _median(handlers.get_moon_events, lambda _: PLACE | MONTH)
    yield "GET /events/moon, a year", _median(handlers.get_moon_events, lambda _: PLACE | YEAR)
    yield from _with_dynamodb(configs, handlers.get_events)


def _with_dynamodb(configs: dict[str, Any], handler: Callable[..., Any]) -> Iterator[tuple[str, float]]:
    """Measure with configs in moto's DynamoDB. Most of the time is moto's own."""
    from site_configs import store

    deployment = Deployment()
    os.environ.update(deployment.environment)
    child = Child("local.aws_server")
    try:
        os.environ["AWS_ENDPOINT_URL"] = child.ready["url"]
        resources.make_tables(deployment)
        for site, config in configs.items():
            store.write(site, config)
        yield "GET /events, config from moto", _median(handler, _night)
        yield "reading the config from moto", _median(lambda _event, _context: store.read("mrc"), _night)
    finally:
        child.stop()


def _night(number: int) -> dict[str, str]:
    return {"site": "mrc", "when": str(FIRST_NIGHT + number * DAY_S)}


def _median(handler: Callable[..., Any], query: Callable[[int], dict[str, str]]) -> float:
    return statistics.median(_once(handler, query(number)) for number in range(ROUNDS))


def _once(handler: Callable[..., Any], query: dict[str, str]) -> float:
    event = {"httpMethod": "GET", "resource": "/events", "queryStringParameters": query}
    start = time.perf_counter()
    answer = handler(event, None)
    taken = (time.perf_counter() - start) * 1000
    assert answer.get("statusCode", OK) == OK, json.dumps(answer)
    return taken


if __name__ == "__main__":
    main()
