"""Each break of the code is seen by the simulator, in far fewer schedules than `make test` plays."""

import pytest

from tests.simulation.mutations import EVERY, seen


@pytest.mark.parametrize("name", EVERY)
def test_a_break_is_seen(name: str) -> None:
    was_seen, told = seen(name)
    assert was_seen, told
