"""Where a site's observer stands, as the stored configs tell."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytz
from pytz.tzinfo import BaseTzInfo

from common.numerals import as_float
from events.altitudes import Place
from events.errors import BadConfig
from site_configs import store

Config = Mapping[str, Any]

# A config with none of these takes its place from the config of its WEMA.
COORDINATES = ("latitude", "longitude", "elevation")
# From the shore of the Dead Sea (-430 m) to the top of Mount Everest (8849 m), rounded outwards.
RANGES = {"latitude": (-90, 90), "longitude": (-180, 180), "elevation": (-500, 9000)}
# Usual temperature (deg C) and pressure (hPa). Altitudes here are without refraction, so they change no
# event; a config without them is incomplete all the same, and its owner learns it here.
REFERENCES = ("reference_ambient", "reference_pressure")


@dataclass(frozen=True)
class Observer:
    """A site's place on Earth, its zone, and its name in words."""

    place: Place
    zone: BaseTzInfo
    name: str


def find(site: str) -> Observer:
    """Answer the observer of a site.

    Raises
    ------
    BadConfig
        If there is no such site, or its config does not tell where it is.
    """
    own = store.read(site)
    if own is None:
        raise BadConfig(f"No config found for site {site}.")
    name = own.get("name")
    return observer_of(_telling(own), name if isinstance(name, str) and name else site)


def _telling(own: Config) -> Config:
    """Answer the config that tells where a site is: its own, or its WEMA's."""
    wema = own.get("wema_name")
    if not isinstance(wema, str) or not wema or any(own.get(name) is not None for name in COORDINATES):
        return own
    config = store.read(wema)
    if config is None:
        raise BadConfig(f"The config has no coordinates, and its WEMA {wema} has no config.")
    return config


def observer_of(config: Config, name: str) -> Observer:
    """Return the observer whose place and zone a config tells.

    Raises
    ------
    BadConfig
        If it does not tell them.
    """
    place = Place(*(_coordinate(config, parameter) for parameter in COORDINATES))
    for parameter in REFERENCES:
        _number(config, parameter)
    return Observer(place, _zone(config), name)


def _coordinate(config: Config, name: str) -> float:
    value = _number(config, name)
    low, high = RANGES[name]
    if not low <= value <= high:
        raise BadConfig(f"The site's config has {name} {value:g}, outside {low} to {high}.")
    return value


def _number(config: Config, name: str) -> float:
    """Answer a parameter: a number, a number as text, or a list whose first entry is one."""
    given = config.get(name)
    if isinstance(given, list):
        given = given[0] if given else None
    if given is None:
        raise BadConfig(f"The site's config lacks {name}.")
    value = as_float(given)
    if math.isnan(value):
        raise BadConfig(f"The site's config has a {name} that is no number.")
    return value


def _zone(config: Config) -> BaseTzInfo:
    name = config.get("TZ_database_name")
    if name is None:
        raise BadConfig("The site's config lacks TZ_database_name.")
    try:
        return pytz.timezone(name)
    except (pytz.UnknownTimeZoneError, AttributeError) as error:
        raise BadConfig("The site's config has a TZ_database_name that is no zone.") from error
