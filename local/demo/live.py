"""`DEMO=live`: the demo network takes new images while it is night at its sites.

Every few minutes each site in the dark takes an exposure and sends it as a real site does: over HTTP, the
header text first. A PIPE takes a job for it from the queue, and the first exposure of a night brings a note.
"""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread
from typing import Any, Final

import requests

from common import logs
from local.demo import ephemeris
from local.demo.schedule import Exposure, exposure_at
from local.demo.sites import SITES, Site

EVERY_S: Final = 180
"""Time between two exposures of a site (s)."""
_TIMEOUT_S: Final = 30
_QUEUE: Final = "smartstacks"
_PIPE: Final = "pipe1"
# A real site sends large FITS files only sometimes.
_FITS_EVERY: Final = 3


class LiveDemo:
    """The sites and PIPEs of the demo network, in a thread.

    Parameters
    ----------
    base_url
        Of the API.
    token
        Of a user who may change data.
    say
        Called with a line for each exposure.
    """

    def __init__(self, base_url: str, token: str, say: Callable[[str], None]) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._say = say
        self._taken: dict[tuple[str, date], int] = {}
        self._stopped = Event()
        self._thread = Thread(target=self._work, daemon=True)
        # Pictures are made in another process: astropy would slow the API's own down.
        self._maker = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after its present exposure."""
        self._stopped.set()
        self._thread.join()
        self._maker.shutdown()

    def step(self, now: datetime) -> list[str]:
        """Let each site in the dark take an exposure at `now` (naive, UTC); return the names."""
        return [
            self._expose(site, now) for site in SITES if ephemeris.sun(site, now).altitude < ephemeris.DARK
        ]

    def _work(self) -> None:
        while not self._stopped.is_set():
            started = time.monotonic()
            try:
                names = self.step(datetime.now(UTC).replace(tzinfo=None, microsecond=0))
            except Exception as error:  # noqa: BLE001 - the next exposure may succeed
                logs.logger.error("live demo failed", extra={"fields": logs.failure(error)})
            else:
                self._say(f"New exposures: {', '.join(names)}" if names else "It is day at every demo site.")
            self._stopped.wait(max(0.0, EVERY_S - (time.monotonic() - started)))

    def _expose(self, site: Site, now: datetime) -> str:
        night = _night(site, now)
        number = self._taken.get((site.observatory, night), 0)
        self._taken[site.observatory, night] = number + 1
        exposure = exposure_at(site, night, now, number)
        files = self._maker.submit(_files, exposure).result()
        for name, content in files.items():
            if not name.endswith(".fz") or number % _FITS_EVERY == 0:
                self._upload(name, content)
        jpg = next(name for name in files if name.endswith(".jpg"))
        self._upload(jpg, files[jpg], s3_directory="info-images", info_channel=1)
        if number == 0:
            note = {"username": "Demo Observer", "message": f"First exposure: {exposure.target.name}."}
            self._post(f"/nightlog/{site.observatory}", {"note_data": note})
        self._do_job(exposure.base_filename, site)
        return exposure.base_filename

    def _do_job(self, base_filename: str, site: Site) -> None:
        """Enqueue a job for an exposure, and do the oldest job of the queue as a PIPE does."""
        job = {"base_filename": base_filename, "site": site.observatory}
        self._post("/pipe/enqueue", {"queue_name": _QUEUE, "payload": job, "sender": site.observatory})
        item = self._post(f"/pipe/queue/{_QUEUE}/dequeue?lease_seconds=60", {}).json()
        self._tell("processing", item["payload"])
        self._post(f"/pipe/queue/{_QUEUE}/ack", {"id": item["id"], "lease_id": item["lease_id"]})
        self._tell("idle", {})

    def _tell(self, status: str, job: Any) -> None:
        self._post("/pipe/status", {"pipe_id": _PIPE, "status": status, "details": {"job": job}})

    def _upload(self, name: str, content: bytes, **options: Any) -> None:
        form = self._post("/upload", {"object_name": name, **options}).json()
        # S3 would refuse a second kind of authorization.
        sent = requests.post(form["url"], data=form["fields"], files={"file": content}, timeout=_TIMEOUT_S)
        sent.raise_for_status()

    def _post(self, path: str, body: dict[str, Any]) -> requests.Response:
        response = self._session.post(f"{self._base_url}{path}", json=body, timeout=_TIMEOUT_S)
        response.raise_for_status()
        return response


def _night(site: Site, now: datetime) -> date:
    """Return the local date of the evening before `now`."""
    return (now.replace(tzinfo=UTC).astimezone(site.zone) - timedelta(hours=12)).date()


def _files(exposure: Exposure) -> dict[str, bytes]:
    # Slow to import, and needed in the other process alone.
    from local.demo.files import make_files

    return make_files(exposure).contents
