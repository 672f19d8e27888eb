"""The demo network's configs as sites send them: with tonight's events and the size of the camera's pictures.

An observatory's computer adds both to its config before each `PUT /{site}/config`. The web UI's home page
reads the events there, never from `/events`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from events.almanac import almanac
from events.observers import observer_of
from local.demo.configs import site_configurations
from local.demo.sites import SITES

if TYPE_CHECKING:
    from collections.abc import Mapping

CAMERA_SIZE: Final = {"camera_size_x": 3600, "camera_size_y": 2700}
"""Unbinned pixels of the detector that a picture has."""
DUBLIN_JD: Final = 2415020
"""Julian date of 1899-12-31T12:00, from which Dublin Julian dates count."""
UNIX_EPOCH_DUBLIN_JD: Final = 2440587.5 - DUBLIN_JD
DAY_S: Final = 86400


def sent_configurations(now: float) -> dict[str, dict[str, Any]]:
    """Return the configs of the demo network's six sites as they are sent at a moment (Unix seconds)."""
    configs = site_configurations()
    for site in SITES:
        events = _events(configs[site.enclosure], site.enclosure, now)
        configs[site.enclosure]["events"] = events
        configs[site.observatory]["events"] = dict(events)
        for camera in configs[site.observatory]["camera"].values():
            camera.update(CAMERA_SIZE)
    return configs


def _events(config: Mapping[str, Any], name: str, now: float) -> dict[str, float]:
    """Return the events of the night at a site as Dublin Julian dates (UTC), in the order of time."""
    night = almanac(observer_of(config, name), now)
    return {event: time / DAY_S + UNIX_EPOCH_DUBLIN_JD for event, time in night.events.items()}
