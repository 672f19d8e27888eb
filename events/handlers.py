"""Lambda entry points of the events."""

import time
from http import HTTPStatus

from auth.endpoints import endpoint
from common import init_phase
from common.requests import Request
from common.responses import Response, ok
from events import arguments, moon
from events.almanac import Almanac, almanac, iso_events, tai_events
from events.errors import as_objects
from events.observers import find
from events.plot import night_plot
from events.targets import visibility

SVG = "image/svg+xml; charset=utf-8"
# The picture has its colours in a style element. It loads nothing and runs nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@init_phase.needs(init_phase.DYNAMODB)
@endpoint
def get_events(request: Request) -> Response:
    """`GET /events?site=&when=&format=`: return the events of a site's night, sorted by time.

    They are Julian dates in TAI, or with `format=iso` UTC texts.
    """
    with as_objects():
        is_iso = arguments.is_iso(request.parameter("format"))
    night = _almanac(request)
    return ok(iso_events(night) if is_iso else tai_events(night))


@init_phase.needs(init_phase.DYNAMODB)
@endpoint
def get_plot(request: Request) -> Response:
    """`GET /events/plot?site=&when=&ra=&dec=&name=`: return a picture of a site's night as SVG.

    `ra`, `dec` and `name` may be repeated, once for each target.
    """
    with as_objects():
        targets = arguments.targets(*(request.parameters(name) for name in ("ra", "dec", "name")))
    return Response(
        HTTPStatus.OK,
        night_plot.svg(_almanac(request), targets, time.time()),
        {"Content-Type": SVG, "Content-Security-Policy": POLICY},
    )


@init_phase.needs(init_phase.DYNAMODB)
@endpoint
def get_visibility(request: Request) -> Response:
    """`GET /events/visibility?site=&ra=&dec=&when=`: return when a target is visible in a site's night."""
    with as_objects():
        ra, dec = arguments.target(request.parameter("ra"), request.parameter("dec"))
    return ok(visibility(_almanac(request), ra, dec))


@endpoint
def get_moon_events(request: Request) -> Response:
    """`GET /events/moon/rise-set-illum?lat=&lng=&start=&end=`: return rises and sets, with transits."""
    place = arguments.place(request.parameter("lat"), request.parameter("lng"))
    start, end = arguments.interval(request.parameter("start"), request.parameter("end"))
    return ok(moon.passages(place, start, end))


def _almanac(request: Request) -> Almanac:
    """Return the almanac of the requested site and night."""
    with as_objects():
        site = arguments.site_code(request.parameter("site"))
        when = arguments.moment(request.parameter("when"), time.time())
        return almanac(find(site), when)
