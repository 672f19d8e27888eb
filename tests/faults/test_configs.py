"""Processes that change configs at the same time, of which one is killed. moto cannot prove atomicity."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from common import aws
from local import resources
from local.child import Child
from local.deployment import PROJECT, Deployment
from site_configs import listings, table
from tests.faults.engines import MODULES, Engine

SITES, CHANGES = ("aro1", "eco1", "mrc1", "mrc2"), 12


@pytest.fixture(params=MODULES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine with empty tables and an empty bucket, which this process uses too."""
    child = Child(MODULES[request.param])
    running = Engine(request.param, child.ready["url"])
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)
    aws._made_client.cache_clear()
    resources.make_tables(Deployment())
    resources.make_bucket()
    listings.forget()
    yield running
    aws._made_client.cache_clear()
    child.stop()


def writer(engine: Engine, site: str, changes: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.config_writer", site, str(changes)],
        cwd=PROJECT,
        env={**os.environ, **engine.environment()},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_each_writer_lists_its_change_and_none_is_lost(engine: Engine) -> None:
    writers = [writer(engine, site, CHANGES) for site in SITES]
    dying = writer(engine, "dies", 10_000)
    assert dying.stdout
    assert dying.stdout.readline() == "ready\n"
    time.sleep(1)
    dying.kill()
    found = [each.communicate(timeout=120)[0].splitlines() for each in writers]
    dying.communicate()
    assert found == [["ready", "done"]] * len(SITES)
    stored = dict(table.read_all(consistent=True))
    listed = json.loads(listings.all_configs("", accepts_gzip=True).text())
    assert listed == json.loads(json.dumps(stored, default=int))
    assert {site: listed[site] for site in SITES} == {site: {"number": CHANGES - 1} for site in SITES}
