"""A small night in which backends fail while they are in use; `make soak` plays a long one."""

import time
from collections.abc import Callable, Iterator

import pytest

from benchmarks.night import disturbances
from benchmarks.night.backends import POSTGRES, Backends
from benchmarks.night.calls import NEEDS, UNAVAILABLE, Call
from benchmarks.night.disturbances import RECOVERY_S, Disturbance, Window
from benchmarks.night.report import is_excused
from benchmarks.night.session import Session, Size, running

SMALL = Size(
    sites=3,
    pipes=4,
    viewers=3,
    exposure_s=2,
    poll_s=0.4,
    view_s=0.2,
    operator_s=0.5,
    lease_s=8,
    forget_s=0.5,
    ask_again_s=0.3,
)
DISTURBANCES = (
    Disturbance(POSTGRES, "crashed"),
    Disturbance(POSTGRES, "cut"),
    Disturbance("s3", "killed"),
    Disturbance("dynamodb", "killed"),
    Disturbance("dynamodb", "cut"),
    Disturbance("ssm", "cut"),
)
# Only a guard against a test that hangs. Speed is measured by the benchmarks.
LONGEST_S = 60.0
WELL_AGAIN = 3


@pytest.fixture
def backends() -> Iterator[Backends]:
    with Backends(delay_s=1.0) as backends:
        yield backends


@pytest.fixture
def session(backends: Backends) -> Iterator[Session]:
    with running(SMALL, backends) as session:
        yield session


def wait_for(session: Session, wanted: Callable[[Call], bool], count: int) -> None:
    """Wait until `count` calls satisfy `wanted`."""
    end = time.monotonic() + LONGEST_S
    while sum(map(wanted, tuple(session.calls))) < count:
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def played(disturbance: Disturbance, backends: Backends, session: Session) -> Window:
    """Disturb until a call gets a 503, then wait for successful calls that need the backend."""

    def needs_it(call: Call, since: float) -> bool:
        return call.began > since and not call.is_to_s3 and disturbance.backend in NEEDS[call.route]

    def until_felt() -> None:
        began = time.monotonic()
        wait_for(session, lambda call: needs_it(call, began) and call.status == UNAVAILABLE, 1)

    window = disturbances.play(disturbance, backends, until_felt)
    wait_for(session, lambda call: needs_it(call, window.returned) and call.is_good, WELL_AGAIN)
    return window


def test_nothing_but_honest_503s_and_nothing_lost(backends: Backends, session: Session) -> None:
    session.begin()
    windows = [played(disturbance, backends, session) for disturbance in DISTURBANCES]
    session.end()
    own = [call for call in session.calls if not call.is_to_s3]
    assert [call for call in own if not call.is_good and not is_excused(call, windows)] == []
    assert [window for window in windows if window.recovery_s(own) > RECOVERY_S] == []
    findings = session.check(in_order=False)
    assert findings.wrong == []
    # a night in which nothing was done proves nothing
    assert all(findings.checked.values()), findings.checked
