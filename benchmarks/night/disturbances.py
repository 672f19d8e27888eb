"""Faults of backends, and which failed calls each fault excuses."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.night.backends import POSTGRES, SERVICES, Backends
from benchmarks.night.calls import NEEDS, UNAVAILABLE, Call
from support.proxy import Mode

# The longest time (s) after a backend's return until every call succeeds again.
RECOVERY_S = 5.0


@dataclass(frozen=True)
class Disturbance:
    """A backend and its fault: a mode of its proxy, or "stopped" or "crashed" for PostgreSQL."""

    backend: str
    what: str


@dataclass(frozen=True)
class Window:
    """A disturbance with its start and its end (`time.monotonic()`)."""

    disturbance: Disturbance
    began: float
    returned: float

    def excuses(self, call: Call) -> bool:
        """Return whether the disturbance excuses a 503 of a call."""
        needed = self.disturbance.backend in NEEDS[call.route]
        return needed and call.ended >= self.began and call.began <= self.returned + RECOVERY_S

    def recovery_s(self, calls: Sequence[Call]) -> float:
        """Return the seconds from the backend's return to the end of the last call of `late`."""
        return max((call.ended - self.returned for call in self.late(calls)), default=0.0)

    def late(self, calls: Sequence[Call]) -> list[Call]:
        """Return the calls that began after the backend's return and still got a 503 or hung."""
        since = [call for call in calls if call.began > self.returned and self.excuses(call)]
        return [call for call in since if call.status == UNAVAILABLE or call.seconds > RECOVERY_S]


_MODES = (Mode.KILLED, Mode.SLOW, Mode.CUT, Mode.SILENT)
ALL = (
    Disturbance(POSTGRES, "crashed"),
    Disturbance(POSTGRES, "stopped"),
    *(Disturbance(POSTGRES, mode.value) for mode in _MODES if mode is not Mode.KILLED),
    *(Disturbance(service, mode.value) for service in SERVICES for mode in _MODES),
)


def play(disturbance: Disturbance, backends: Backends, meanwhile: Callable[[], None]) -> Window:
    """Disturb a backend until `meanwhile` returns; return start and end."""
    begin, end = _ways(disturbance, backends)
    began = time.monotonic()
    begin()
    try:
        meanwhile()
    finally:
        end()
    return Window(disturbance, began, time.monotonic())


def _ways(disturbance: Disturbance, backends: Backends) -> tuple[Callable[[], None], Callable[[], None]]:
    database = backends.database
    if disturbance.what == "crashed":
        return database.kill, database.start
    if disturbance.what == "stopped":
        return database.stop, database.start
    proxy = backends.proxies[disturbance.backend]
    return lambda: proxy.switch(Mode(disturbance.what)), lambda: proxy.switch(Mode.CALM)
