"""The hourly schedule: it replaces each site's control room in the site's afternoon.

No one observes then, and a browser uses much memory after a day.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytz

from common import logs
from remotehq import rooms, store
from remotehq.client import BUDGET_S
from site_configs import store as site_configs
from site_configs.zones import zone_name

RESTART_HOUR = 15
# The longest time of one restart: its calls, its wait and DynamoDB.
_RESTART_MS = (BUDGET_S + 8) * 1000


def restart_rooms(now: datetime, time_left_ms: Callable[[], int]) -> list[str]:
    """Restart the rooms of the sites where it is now 15:00 to 16:00. A failure does not stop the others.

    Parameters
    ----------
    now
        The time, with its time zone.
    time_left_ms
        Returns the time that the function may still run. A restart starts only if it can end in time.

    Returns
    -------
    list of str
        The sites whose rooms were restarted.
    """
    configs = {site: _about_zone(config) for site, config in site_configs.read_all()}
    sites = [room["site"] for room in store.read_all()]
    return [
        site
        for site in sorted(sites)
        if _is_afternoon(site, configs, now) and _restarted(site, time_left_ms())
    ]


def _restarted(site: str, time_left_ms: int) -> bool:
    if time_left_ms < _RESTART_MS:
        _warn("no time left to restart a room", site)
        return False
    try:
        rooms.restart(site)
    except Exception as error:  # noqa: BLE001 - one room failing must not stop the others
        _warn("room not restarted", site, logs.failure(error))
        return False
    return True


def _is_afternoon(site: str, configs: dict[str, dict[str, Any]], now: datetime) -> bool:
    try:
        zone = pytz.timezone(zone_name(configs.get(site, {}), configs.get))
    except (pytz.UnknownTimeZoneError, AttributeError):
        _warn("no time zone known", site)
        return False
    return now.astimezone(zone).hour == RESTART_HOUR


def _about_zone(config: Any) -> dict[str, Any]:
    """Return the time zone settings of a config. The rest, up to 400 KB, is dropped."""
    members = config if isinstance(config, dict) else {}
    return {name: members[name] for name in ("TZ_database_name", "wema_name") if name in members}


def _warn(message: str, site: str, fields: dict[str, str] | None = None) -> None:
    logs.logger.warning(message, extra={"fields": {"site": site, **(fields or {})}})
