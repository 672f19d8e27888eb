"""Estimate the price of a million requests to each route from counted requests, CPU time and bytes.

Why: the number of requests, the CPU time and the bytes are measured. Only a price makes them comparable.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from benchmarks import figures, seeded_stack
from benchmarks.list_prices import (
    BYTE_OUT,
    GATEWAY_REQUEST,
    LAMBDA_GB_S,
    LAMBDA_REQUEST,
    MILLION,
    READ_UNIT,
    S3_READ,
    S3_WRITE,
    WRITE_UNIT,
)
from local.deployment import PROJECT, Deployment

# Lambda gives a whole core at this memory, and a share of one below.
CORE_MB = 1769
# How long a backend takes to answer inside a region, besides the CPU time: assumed, not measured.
WAIT_MS = {
    "dynamodb": 5.0,
    "s3": 20.0,
    "ssm": 10.0,
    "postgres": 3.0,
    "lambda": 50.0,
    "auth0": 150.0,
    "remotehq": 500.0,
}
S3_WRITES = ("Put", "Create", "Upload", "Complete")


@dataclass(frozen=True)
class Price:
    """US dollars for a million requests by kind, and how long Lambda runs for one request, ms."""

    route: str
    lambda_ms: float
    gateway: float
    compute: float
    stores: float
    transfer: float

    @property
    def total(self) -> float:
        """US dollars for a million requests."""
        return self.gateway + self.compute + self.stores + self.transfer


def prices() -> list[Price]:
    """Return the price of each route, for the case that `benchmarks.routes` measures."""
    known = figures.read("routes")["figures"]
    return [price(of.route, of.name) for of in seeded_stack.measured() if of.route in known]


def price(route: str, case: str) -> Price:
    """Return the price of a case of costs.yaml. The CPU time and the bytes are the route's."""
    memory = memory_mb()
    return _price(
        route,
        _counted()[route][case],
        figures.read("routes")["figures"][route],
        memory.get(route, memory[""]),
        guarded=route in _guarded(),
    )


@cache
def _guarded() -> set[str]:
    """Return the routes that an authorizer protects."""
    return {f"{each.method} {each.resource}" for each in Deployment().routes if each.authorizer}


@cache
def _counted() -> dict[str, dict[str, Any]]:
    """Return costs.yaml."""
    counted: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "support" / "costs.yaml").read_text())
    return counted


def _price(
    route: str, cost: dict[str, Any], measured: dict[str, float], memory_mb: float, *, guarded: bool
) -> Price:
    # the route's own function, its authorizer, and one that it invokes
    lambdas = 1 + guarded + sum(cost.get("lambda", {}).values())
    waits = sum(WAIT_MS[backend] * sum(cost[backend].values()) for backend in WAIT_MS if backend in cost)
    lambda_ms = measured["handler_cpu_p50_ms"] / min(1.0, memory_mb / CORE_MB) + waits
    return Price(
        route=route,
        lambda_ms=lambda_ms,
        gateway=MILLION * GATEWAY_REQUEST.each,
        compute=MILLION
        * (LAMBDA_REQUEST.each * lambdas + memory_mb / 1024 * lambda_ms / 1000 * LAMBDA_GB_S.each),
        stores=MILLION * _stores(cost),
        transfer=MILLION * measured["answer_bytes"] * BYTE_OUT.each,
    )


def _stores(cost: dict[str, Any]) -> float:
    units = cost.get("units", {})
    objects = sum(
        count * (S3_WRITE.each if operation.startswith(S3_WRITES) else S3_READ.each)
        for operation, count in cost.get("s3", {}).items()
    )
    return float(units.get("read", 0) * READ_UNIT.each + units.get("write", 0) * WRITE_UNIT.each + objects)


@cache
def memory_mb() -> dict[str, float]:
    """Return the memory of the functions by route; "" has the default."""
    deployment = Deployment()
    own = {f"{route.method} {route.resource}": route.function.memory_mb for route in deployment.routes}
    return {"": deployment.default_memory_mb, **own}
