"""The observer of a site: place and time zone, from the stored configs."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytz
from pytz.tzinfo import BaseTzInfo

from common.number_parsing import as_float
from events.altitudes import Place
from events.errors import BadConfig
from site_configs import store
from site_configs.zones import Config, wema_of, zone_name

# If a config has none of these, the site's place is that in the config of its WEMA (enclosure computer).
COORDINATES = ("latitude", "longitude", "elevation")
# From the shore of the Dead Sea (-430 m) to the top of Mount Everest (8849 m), rounded outwards.
RANGES = {"latitude": (-90, 90), "longitude": (-180, 180), "elevation": (-500, 9000)}
# Usual temperature (deg C) and pressure (hPa). Altitudes here are without refraction, so the values change no
# event. A config without them is still incomplete, and this error tells its owner.
REFERENCES = ("reference_ambient", "reference_pressure")


@dataclass(frozen=True)
class Observer:
    """A site's place on Earth, its time zone and its full name."""

    place: Place
    zone: BaseTzInfo
    name: str


def find(site: str) -> Observer:
    """Return the observer of a site, from the stored configs.

    Raises
    ------
    BadConfig
        If there is no such site, or its config lacks the place.
    """
    return find_among(store.read, site)


def find_among(read: Callable[[str], Config | None], site: str) -> Observer:
    """Return the observer of a site, from configs that `read` returns by site code; None for no config.

    Raises
    ------
    BadConfig
        As `find`.
    """
    own = read(site)
    if own is None:
        raise BadConfig(f"No config found for site {site}.")
    name = own.get("name")
    config = _config_with_place(read, own)
    zone = zone_name(own, lambda wema: read(wema) if config is own else config)
    return observer_of(config, zone, name if isinstance(name, str) and name else site)


def _config_with_place(read: Callable[[str], Config | None], own: Config) -> Config:
    """Return the config that has a site's place: its own, or its WEMA's."""
    wema = wema_of(own)
    if wema is None or any(own.get(name) is not None for name in COORDINATES):
        return own
    config = read(wema)
    if config is None:
        raise BadConfig(f"The config has no coordinates, and its WEMA {wema} has no config.")
    return config


def observer_of(config: Config, zone: Any, name: str) -> Observer:
    """Return the observer at the place of a config.

    Parameters
    ----------
    config
        Has the place.
    zone
        The name of the time zone, as stored.
    name
        The site's full name.

    Raises
    ------
    BadConfig
        If the config lacks the place, or `zone` is not a time zone.
    """
    place = Place(*(_coordinate(config, parameter) for parameter in COORDINATES))
    for parameter in REFERENCES:
        _number(config, parameter)
    return Observer(place, _zone(zone), name)


def _coordinate(config: Config, name: str) -> float:
    value = _number(config, name)
    low, high = RANGES[name]
    if not low <= value <= high:
        raise BadConfig(f"The site's config has {name} {value:g}, outside {low} to {high}.")
    return value


def _number(config: Config, name: str) -> float:
    """Return a parameter that is a number, a number as text, or a list that starts with one."""
    given = config.get(name)
    if isinstance(given, list):
        given = given[0] if given else None
    if given is None:
        raise BadConfig(f"The site's config lacks {name}.")
    value = as_float(given)
    if math.isnan(value):
        raise BadConfig(f"The site's config has a {name} that is not a number.")
    return value


def _zone(name: Any) -> BaseTzInfo:
    if name is None:
        raise BadConfig("The site's config lacks TZ_database_name.")
    try:
        return pytz.timezone(name)
    except (pytz.UnknownTimeZoneError, AttributeError) as error:
        raise BadConfig("The site's config has a TZ_database_name that is not a time zone.") from error
