"""The estimated price of a million requests."""

import pytest

from benchmarks import prices
from benchmarks.list_prices import LAMBDA_GB_S


@pytest.mark.parametrize(
    ("route", "lambdas"), [("GET /", 1), ("POST /dummy-requires-auth", 2), ("POST /downloadzip", 2)]
)
def test_every_function_that_a_request_runs_is_paid(route: str, lambdas: int) -> None:
    (price,) = [price for price in prices.prices() if price.route == route]
    running = 0.5 * price.lambda_ms * 1000 * LAMBDA_GB_S.each
    assert price.compute - running == pytest.approx(lambdas * 0.20)
