"""Sample the resources of the stack's process, from Linux's /proc and from PostgreSQL."""

import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread

import psycopg2

APPLICATION = "photonranch-api"


@dataclass(frozen=True)
class Sample:
    """The resources in use at one moment.

    Attributes
    ----------
    at_s
        Seconds since watching began.
    memory_mb
        Resident.
    descriptors, sockets
        Open file descriptors, and those of them that are sockets.
    threads
        Running threads.
    connections
        Connections to PostgreSQL, as PostgreSQL counts them.
    work_files
        Files and folders in the process's folder for temporary files.
    """

    at_s: float
    memory_mb: float
    descriptors: int
    sockets: int
    threads: int
    connections: int
    work_files: int


class Watcher:
    """Samples a process periodically.

    Parameters
    ----------
    pid
        The process.
    database_url
        PostgreSQL's URL, without the proxy.
    work_folder
        The process's folder for temporary files.
    every_s
        From one sample to the next.
    """

    def __init__(self, pid: int, database_url: str, work_folder: Path, every_s: float) -> None:
        self.samples: list[Sample] = []
        self._process = Path("/proc") / str(pid)
        self._database_url = database_url
        self._work_folder = work_folder
        self._every_s = every_s
        self._began = time.monotonic()
        self._stopped = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Start sampling."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sampling."""
        self._stopped.set()
        self._thread.join()

    def sample(self) -> Sample:
        """Take one sample."""
        status = dict(
            line.split(":", 1) for line in (self._process / "status").read_text().splitlines() if ":" in line
        )
        links = self._links()
        return Sample(
            at_s=round(time.monotonic() - self._began, 1),
            memory_mb=round(int(status["VmRSS"].split()[0]) / 1024, 2),
            descriptors=len(links),
            sockets=sum(link.startswith("socket:") for link in links),
            threads=int(status["Threads"]),
            connections=self._connections(),
            work_files=sum(1 for _ in self._work_folder.rglob("*")),
        )

    def _watch(self) -> None:
        while not self._stopped.wait(self._every_s):
            self.samples.append(self.sample())

    def _links(self) -> list[str]:
        links = []
        for entry in (self._process / "fd").iterdir():
            try:
                links.append(str(entry.readlink()))
            except OSError:  # closed meanwhile
                continue
        return links

    def _connections(self) -> int:
        connection = psycopg2.connect(self._database_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [APPLICATION]
                )
                return int((cursor.fetchone() or (0,))[0])
        finally:
            connection.close()


def slope(samples: list[Sample], what: str) -> float:
    """Return by how much something grows per minute.

    This is the slope of the least-squares line through the minimum of each minute.

    Work in progress during a sample comes and goes; a leak raises the minimum.
    """
    floors = _floors(samples, what)
    times, values = [at_s / 60 for at_s, _ in floors], [value for _, value in floors]
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((moment - middle) ** 2 for moment in times)
    return (
        sum((moment - middle) * (value - mean) for moment, value in zip(times, values, strict=True)) / spread
    )


def _floors(samples: list[Sample], what: str) -> list[tuple[float, float]]:
    """Return the minimum of something in each minute, as pairs of time and value."""
    minutes: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for sample in samples:
        minutes[int(sample.at_s // 60)].append((float(asdict(sample)[what]), sample.at_s))
    return [(at_s, value) for value, at_s in map(min, minutes.values())]
