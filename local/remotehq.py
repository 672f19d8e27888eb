"""A stand-in for RemoteHQ: rooms and shared browsers over HTTP, with faults on demand."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from werkzeug import Request, Response

TOKEN = "local"  # noqa: S105 - valid only for this stand-in
# The first segment of its paths on the gateway.
PREFIX = "remotehq"
SITE = "https://remotehq.example"


@dataclass(frozen=True)
class Fault:
    """A failure of a call.

    Attributes
    ----------
    status
        The call has no effect and gets this status. None runs the call.
    late_s
        Delay of the response (seconds).
    body
        Replaces the body of the response.
    """

    status: int | None = None
    late_s: float = 0.0
    body: bytes | None = None


class RemoteHq:
    """A RemoteHQ without rooms and browsers at the start.

    Attributes
    ----------
    rooms
        The rooms by slug, each with `id`, `slug`, `url`, `app`, and the properties of its creation.
    browsers
        The properties of each shared browser.
    calls
        Every call in order: "POST /rooms".
    slug_of
        Returns the slug of a new room for its name.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Remove all rooms, browsers, calls and faults."""
        self.rooms: dict[str, dict[str, Any]] = {}
        self.browsers: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.slug_of: Callable[[str], str] = str
        self._faults: dict[str, list[Fault | None]] = {}

    def fail(self, call: str, *faults: Fault | None) -> None:
        """Make the next calls fail, one with each of `faults`; the last fault applies to all later calls.

        Parameters
        ----------
        call
            "POST /cb", "POST /rooms", "DELETE /rooms" or "PUT /rooms".
        faults
            None lets a call succeed.
        """
        self._faults[call] = list(faults)

    def __call__(self, request: Request) -> Response:
        """Serve `/remotehq/v1/…`."""
        parts = request.path.strip("/").split("/")[2:]
        call = f"{request.method} /{parts[0] if parts else ''}"
        with self._lock:
            self.calls.append(f"{request.method} /{'/'.join(parts)}")
            fault = self._next_fault(call) or Fault()
            response = _error(fault.status) if fault.status else self._route(call, parts[1:], request)
        time.sleep(fault.late_s)
        if fault.body is not None:
            response.set_data(fault.body)
        return response

    def _next_fault(self, call: str) -> Fault | None:
        faults = self._faults.get(call, [])
        return faults.pop(0) if len(faults) > 1 else next(iter(faults), None)

    def _route(self, call: str, rest: list[str], request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _error(401)
        match call, rest:
            case "POST /cb", []:
                return self._open_browser(request.get_json())
            case "POST /rooms", []:
                return self._make_room(request.get_json())
            case "DELETE /rooms", [slug]:
                return _error(404) if self.rooms.pop(slug, None) is None else Response(status=204)
            case "PUT /rooms", [slug, "room-app-config"]:
                return self._configure_room(slug, request.get_json())
        return _error(404)

    def _open_browser(self, browser: dict[str, Any]) -> Response:
        self.browsers.append(browser)
        name = uuid.uuid4().hex
        data = {"instanceURN": f"urn:remotehq:cb:{name}", "embedURL": f"{SITE}/embed/{name}"}
        return _json(200, {"data": data, "error": None})

    def _make_room(self, room: dict[str, Any]) -> Response:
        slug = self.slug_of(room["name"])
        if slug in self.rooms:
            return _error(409)
        made = {"id": uuid.uuid4().hex, "slug": slug, "url": f"{SITE}/{slug}"}
        self.rooms[slug] = {**room, **made, "app": None}
        return _json(201, {"data": made, "error": None})

    def _configure_room(self, slug: str, app: dict[str, Any]) -> Response:
        if slug not in self.rooms:
            return _error(404)
        self.rooms[slug]["app"] = app
        return _json(200, {"data": app, "error": None})


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")


def _error(status: int) -> Response:
    response = _json(status, {"data": None, "error": {"message": f"refused with {status}"}})
    if 300 <= status < 400:  # noqa: PLR2004 - the class of redirects
        response.headers["Location"] = f"/{PREFIX}/elsewhere"
    return response
