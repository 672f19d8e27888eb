"""Each break of the code is seen by the simulator, in far fewer schedules than `make test` plays."""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.simulation.mutations import EVERY, seen

Played = dict[str, "Future[tuple[bool, str]]"]


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    """Each break, played in a process of its own, as many at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(seen, name) for name in EVERY}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", EVERY)
def test_a_break_is_seen(name: str, played: Played) -> None:
    was_seen, told = played[name].result()
    assert was_seen, told
