"""The bill of a month: its lines, and what they depend on."""

import re

import pytest
import yaml

from benchmarks import list_prices, monthly
from benchmarks.list_prices import MONTH_S
from local.deployment import PROJECT, Deployment
from pipe_queue import arguments, leases


def test_storage_is_the_last_month_in_standard_and_the_others_in_infrequent_access() -> None:
    # 20 nights of 240 exposures of 30.5 MB are 146.4 GB; two objects of each are moved.
    assert monthly.storage(1, 1) == pytest.approx(146.4 * 0.023)
    assert monthly.storage(1, 12) == pytest.approx(146.4 * (0.023 + 11 * 0.0125) + 2 * 4800 * 10e-6)
    assert monthly.storage(50, 12) == pytest.approx(50 * monthly.storage(1, 12))


def test_the_price_of_a_wait_is_memory_polls_and_table_reads() -> None:
    # A quarter of a GB for 2,628,000 s; a call each 15 s; two units each half second.
    assert monthly.long_polls(256) == pytest.approx(
        2_628_000 * (0.25 * 16.6667e-6 + 3.70e-6 / 15 + 2 * 2 * 0.125e-6)
    )
    assert monthly.long_polls(512) - monthly.long_polls(256) == pytest.approx(MONTH_S * 0.25 * 16.6667e-6)
    assert monthly.plain_polls() < monthly.long_polls(monthly.dequeue_mb()) / 20


def test_the_wait_in_the_estimate_is_that_of_the_code() -> None:
    assert (monthly.WAIT_S, monthly.LOOK_S) == (arguments.MAX_WAIT_S, leases.LOOK_EVERY_S)


def test_the_function_that_waits_has_less_memory_than_others() -> None:
    config = yaml.safe_load((PROJECT / "serverless.yml").read_text())
    assert config["functions"]["dequeuePipeItem"]["memorySize"] == monthly.dequeue_mb() == 256
    assert config["provider"]["memorySize"] > monthly.dequeue_mb()


def test_snapshots_are_paid_for_by_the_memory_of_their_functions() -> None:
    # Fifteen functions with 512 MB and one with 1,024.
    assert sum(monthly.snapshot_gb()) == 15 * 0.5 + 1
    assert monthly.snapshots() == pytest.approx(8.5 * 2_628_000 * 1.5046e-6)
    assert monthly.restores(10_000) == pytest.approx(0.5 * 1.397998)
    assert monthly.init_phases(10_000) < monthly.restores(10_000) / 20


@pytest.mark.parametrize("line", ["metrics of queues", "alarms"])
def test_metrics_and_alarms_do_not_grow(line: str) -> None:
    assert monthly.LINES[line](3) == monthly.LINES[line](1000)


def test_every_alarm_is_counted() -> None:
    text = "".join(path.read_text() for path in (PROJECT / "deploy").glob("*.yml"))
    assert monthly.alarm_count() == len(re.findall(r"Type: AWS::CloudWatch::Alarm", text))


@pytest.mark.parametrize("line", monthly.LINES)
def test_a_line_grows_with_the_network_or_not_at_all(line: str) -> None:
    small, middle, large = (monthly.LINES[line](sites) for sites in monthly.SIZES)
    assert 0 < small <= middle <= large


def test_the_sum_has_one_month_of_storage() -> None:
    others = sum(reckon(3) for name, reckon in monthly.LINES.items() if not name.startswith("images kept"))
    assert monthly.first_total(3) == pytest.approx(others + monthly.storage(3, 1))
    assert monthly.twelfth_total(3) == pytest.approx(others + monthly.storage(3, 12))


def test_a_list_of_configs_is_read_after_changes_and_every_five_minutes_at_most() -> None:
    few, many = monthly.all_configs(1000, 100), monthly.all_configs(1000, 1_000_000)
    assert few > 100 * monthly.list_read(1000)
    per_page = (monthly.all_configs(1000, 2_000_000) - many) / 1_000_000
    assert per_page < monthly.list_read(1000)


def test_every_list_price_has_a_source() -> None:
    assert len(list_prices.ALL) > 20
    for price in list_prices.ALL:
        assert price.page
        assert price.dollars > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", list_prices.WRITTEN_ON)


def test_every_priced_route_exists() -> None:
    routes = {f"{route.method} {route.resource}" for route in Deployment().routes}
    assert {route for route, *_ in (*monthly._OPENED, *monthly._CONSOLE, monthly._REFRESHED)} <= routes
