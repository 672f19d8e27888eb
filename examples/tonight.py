#!/usr/bin/env python3
"""Shows tonight's events at a site in the site's local time and in UTC, and marks the next event.

    python examples/tonight.py http://127.0.0.1:4000/api mrc
    python examples/tonight.py http://127.0.0.1:4000/api mrc --plot night.svg

Prints one line for each event, sorted by time, with a mark at the next event. Then it prints the Moon's times
and the note from the night log. Exit status: 0 for success, 1 if the API cannot be reached, 2 if the request
is invalid. Needs the library `requests`.
"""

import argparse
import re
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests

NO_CONTENT, BAD_REQUEST, FAULT = 204, 400, 500
TIMEOUT_S = 35
DAY_S = 86400

# Julian date of 1970-01-01, and the seconds that TAI is ahead of UTC since 2017 (IERS Bulletin C).
UNIX_EPOCH_JD = 2440587.5
TAI_MINUS_UTC_S = 37


class Refused(Exception):
    """The API rejected the request. Retrying does not help."""


class Failed(Exception):
    """The request failed. Retrying may help."""


class Api:
    """The routes of the API about a night.

    Parameters
    ----------
    base_url
        Like "http://127.0.0.1:4000/api".
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = requests.Session()

    def get(self, path: str, **query: Any) -> requests.Response:
        """Return the response of a route, or raise `Refused` or `Failed`."""
        try:
            answer = self._session.get(f"{self._base_url}{path}", params=query, timeout=TIMEOUT_S)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise Failed(f"no connection ({type(error).__name__})") from error
        # /events also responds with 500 if the site's config lacks a value.
        if answer.status_code > FAULT:
            raise Failed(f"{answer.status_code}: {answer.text[:300]}")
        if answer.status_code >= BAD_REQUEST:
            raise Refused(_sentence(answer))
        return answer

    def place(self, site: str) -> dict[str, Any]:
        """Return the config that has a site's place: its own, or that of its enclosure."""
        config: dict[str, Any] = self.get(f"/{site}/config").json()["configuration"]
        enclosure = config.get("wema_name")
        if "latitude" in config or not enclosure or enclosure == site:
            return config
        return self.place(str(enclosure))


def unix_time(tai_jd: float) -> float:
    """Return the Unix seconds of a TAI Julian date."""
    return (tai_jd - UNIX_EPOCH_JD) * DAY_S - TAI_MINUS_UTC_S


def lines(events: dict[str, float], zone: ZoneInfo, now: float) -> list[str]:
    """Return a line for each event, with the next one marked."""
    times = {name: unix_time(tai_jd) for name, tai_jd in events.items()}
    following = min((moment for moment in times.values() if moment > now), default=None)
    return [
        f"{'>' if moment == following else ' '} {_clock(moment, zone)}  {_clock(moment, UTC)}  "
        f"{_distance(moment - now):>11}  {name}"
        for name, moment in times.items()
    ]


def where_the_sun_stays(api: Api, site: str, now: float) -> str:
    """Return a sentence about a day without rise and set of the Sun, from the plot's description."""
    found = re.search(
        r"The Sun (stays .*? all day|does not set: .*?°)\.", api.get("/events/plot", site=site, when=now).text
    )
    return found[0] if found else "The Sun neither rises nor sets."


def moon(api: Api, config: dict[str, Any], zone: ZoneInfo, now: float) -> str:
    """Return a sentence about the Moon's next rise and set."""
    start = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    passages = api.get(
        "/events/moon/rise-set-illum",
        lat=config["latitude"],
        lng=config["longitude"],
        start=f"{start:%Y-%m-%dT%H:%M:%SZ}",
        end=f"{start + timedelta(days=4):%Y-%m-%dT%H:%M:%SZ}",
    ).json()
    for passage in passages:
        rise, end = (datetime.fromisoformat(passage[name]).timestamp() for name in ("rise", "set"))
        if end > now:
            lit = f"{100 * passage['illumination']:.0f} % lit"
            return f"Moon: up from {_clock(rise, zone)} to {_clock(end, zone)} local time, {lit}"
    return "Moon: neither rises nor sets in the next days"


def note(api: Api, site: str) -> str:
    """Return a sentence with the night log's note."""
    answer = api.get(f"/nightlog/{site}")
    if answer.status_code == NO_CONTENT:
        return "Night log: no note"
    data = answer.json()["note_data"]
    return f"Night log: {data.get('message', data) if isinstance(data, dict) else data}"


def main() -> int:
    """Show the night; return the exit status."""
    options = _options()
    now = time.time() if options.when is None else options.when
    api = Api(options.base_url)
    try:
        _show(api, options.site, now)
        if options.plot:
            options.plot.write_text(api.get("/events/plot", site=options.site, when=now).text)
    except Refused as error:
        print(f"{options.site}: {error}", file=sys.stderr)
        return 2
    except requests.exceptions.JSONDecodeError:
        print(f"{options.base_url}: the server at this address is not the Photon Ranch API", file=sys.stderr)
        return 2
    except (Failed, OSError) as error:
        print(f"{options.base_url}: {error}", file=sys.stderr)
        return 1
    return 0


def _show(api: Api, site: str, now: float) -> None:
    config = api.place(site)
    events = api.get("/events", site=site, when=now).json()
    # The events were computed, so the config is complete.
    zone = ZoneInfo(config["TZ_database_name"])
    print(f"{site}, {zone.key}\n\n  local             UTC")
    print("\n".join(lines(events, zone, now)))
    if "Sunrise" not in events and "Sun Set" not in events:
        print(f"\n{where_the_sun_stays(api, site, now)}")
    print(f"\n{moon(api, config, zone, now)}\n{note(api, site)}")


def _clock(moment: float, zone: Any) -> str:
    return f"{datetime.fromtimestamp(moment, zone):%b %d %H:%M:%S}"


def _distance(seconds: float) -> str:
    hours, minutes = divmod(round(abs(seconds) / 60), 60)
    words = f"{hours}:{minutes:02} h"
    return f"in {words}" if seconds >= 0 else f"{words} ago"


def _sentence(answer: requests.Response) -> str:
    if "json" in answer.headers.get("Content-Type", ""):
        return str(answer.json().get("error", answer.text))
    return answer.text


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base_url", help="the API's URL, like http://127.0.0.1:4000/api")
    parser.add_argument("site", help="the site's code, like mrc")
    parser.add_argument("--when", type=float, metavar="UNIX_SECONDS", help="a time in another night (now)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write a picture of the night, an SVG")
    options = parser.parse_args()
    if not options.base_url.startswith(("http://", "https://")):
        parser.error(f"base_url must begin with http:// or https://, not {options.base_url!r}")
    return options


if __name__ == "__main__":
    sys.exit(main())
