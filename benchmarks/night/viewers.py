"""Simulated users: viewers without a token, and an operator with one."""

from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks.night.actors import QUEUES, Actor
from benchmarks.night.calls import OK, status_of


class Viewer(Actor):
    """A user who looks at images, sites and queues in the web UI."""

    def step(self) -> None:
        """Call one of the read routes."""
        views = list(self._views())
        route, path = self.dice.choices(
            [view[1:] for view in views], weights=[float(view[0]) for view in views]
        )[0]
        self.caller.ask(str(route), str(path))

    def _views(self) -> Iterator[tuple[float, str, str]]:
        """Return weights, routes and paths."""
        site, queue = self.dice.choice(self.night.sites), self.dice.choice(QUEUES)
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        moon = f"lat=34.46&lng=-119.68&start={today}T00:00:00Z&end={today}T23:59:59Z"
        yield 4, "GET /{site}/latest_images/{n}", f"/{site}/latest_images/24"
        yield 2, "GET /filtered_images", f"/filtered_images?site={site}&start_date={today}&filter=lum"
        yield 1, "GET /latest_image_all_sites", "/latest_image_all_sites/"
        yield 3, "GET /infoimage/{site}/{channel}", f"/infoimage/{site}/{self.dice.randint(1, 3)}"
        yield 2, "GET /recentuploads", f"/recentuploads?site={site}"
        yield 0.2, "GET /recentuploads", "/recentuploads?site=all"
        yield 2, "GET /{site}/config", f"/{site}/config"
        yield 0.3, "GET /all/config", "/all/config"
        yield 2, "GET /events", f"/events?site={site}"
        yield 0.5, "GET /events/plot", f"/events/plot?site={site}"
        yield 1, "GET /events/moon/rise-set-illum", f"/events/moon/rise-set-illum?{moon}"
        yield 2, "GET /nightlog/{site}", f"/nightlog/{site}"
        yield 1, "GET /pipe/queues", "/pipe/queues"
        yield 1, "GET /pipe/queue/{queue_name}/stats", f"/pipe/queue/{queue}/stats"
        yield 0.5, "GET /pipe/queue/{queue_name}", f"/pipe/queue/{queue}"
        yield 2, "GET /pipe/statuses", "/pipe/statuses"
        yield 0.5, "GET /", "/"
        if self.expected.images:
            name = self.dice.choice(self.expected.images[-200:])
            yield 2, "GET /image/{base_filename}", f"/image/{name}"
            yield 1, "GET /fitsheader/{base_filename}", f"/fitsheader/{name}"


class Operator(Actor):
    """A user with a token: opens control rooms, restarts them, downloads small FITS files."""

    def step(self) -> None:
        """Open or restart a room, or download an image."""
        site = self.dice.choice(self.night.sites)
        what = self.dice.randrange(3)
        if what == 0 or not self.expected.images:
            self.caller.ask("GET /control_room/{site}", f"/control_room/{site}")
        elif what == 1:
            room = self.caller.ask("GET /control_room/{site}", f"/control_room/{site}")
            if status_of(room) == OK:
                self.caller.ask("GET /control_room/{site}/restart", f"/control_room/{site}/restart")
        else:
            self._download(self.dice.choice(self.expected.images))

    def _download(self, base_filename: str) -> None:
        body = {
            "object_name": f"{base_filename}-EX10.fits.fz",
            "image_type": self.dice.choice(["fits", "tif"]),
        }
        answer = self.caller.ask("POST /download", "/download", json=body)
        if answer is not None and answer.status_code == OK:
            self.caller.fetch("S3 GET", "GET", answer.text)
