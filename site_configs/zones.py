"""The time zone of a site."""

from collections.abc import Callable, Mapping
from typing import Any

Config = Mapping[str, Any]


def wema_of(config: Config) -> str | None:
    """Return the code of the WEMA (enclosure computer) that a site's config names; None if it names none."""
    name = config.get("wema_name")
    return name if isinstance(name, str) and name else None


def zone_name(config: Config, read: Callable[[str], Config | None]) -> Any:
    """Return the time zone of a site's config, else that of its WEMA's; None if neither has one.

    The value is as stored: it may be something other than the name of a time zone.

    Parameters
    ----------
    config
        The site's own.
    read
        Returns the config of a site, or None. Called only if the site's own has no time zone.
    """
    own, wema = config.get("TZ_database_name"), wema_of(config)
    if own or wema is None:
        return own
    return (read(wema) or {}).get("TZ_database_name")
