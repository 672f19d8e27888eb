"""The demo network's configs as sites send them: with tonight's events and the size of the camera's pictures.

An observatory's computer adds both before each `PUT /{site}/config`. The web UI's home page reads the events
from the config and never from `/events`.
"""

from typing import Any, Final

from events.almanac import almanac
from events.observers import observer_of
from local.demo.configs import site_configurations
from local.demo.sites import CAMERA_BINNING, HEIGHT, SITES, WIDTH

UNIX_EPOCH_DUBLIN_JD: Final = 25567.5
"""The Dublin Julian date of 1970-01-01; such dates count days from 1899-12-31T12:00."""


def sent_configurations(now: float) -> dict[str, dict[str, Any]]:
    """Return the configs of the demo network's six sites as they are sent at `now` (Unix seconds)."""
    configs = site_configurations()
    size = {"camera_size_x": WIDTH * CAMERA_BINNING, "camera_size_y": HEIGHT * CAMERA_BINNING}
    for site in SITES:
        enclosure = configs[site.enclosure]
        night = almanac(observer_of(enclosure, enclosure["TZ_database_name"], site.enclosure), now)
        # in the order of time
        events = {event: time / 86400 + UNIX_EPOCH_DUBLIN_JD for event, time in night.events.items()}
        configs[site.enclosure]["events"] = events
        configs[site.observatory]["events"] = dict(events)
        for camera in configs[site.observatory]["camera"].values():
            camera.update(size)
    return configs
