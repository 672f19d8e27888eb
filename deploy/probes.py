"""Probe the routes of an API over HTTP: send a request and check the response."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import requests

# API Gateway's limit of 29 s, plus network time.
_TIMEOUT_S = 35
# A new deployment takes seconds to reach every host of API Gateway.
ATTEMPTS = 4
_SERVER_ERROR = 500
# Characters of a response that an error shows.
_SHOWN = 200


class ProbeFailed(Exception):
    """A response is not as expected. The message names the route and quotes the response."""


@dataclass(frozen=True)
class Probe:
    """A request and a check of its response.

    Attributes
    ----------
    path
        The path after the base URL, with the query.
    accepts
        Returns whether a response with one of `statuses` is as expected. An exception counts as no.
    hint
        A sentence for the error message if the response is a 5xx.
    """

    path: str
    accepts: Callable[[requests.Response], Any]
    method: str = "GET"
    statuses: tuple[int, ...] = (200,)
    json: Any = None
    token: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class ProbeClient:
    """Sends probes to the API at `base_url`, and retries 5xx responses and connection errors.

    Parameters
    ----------
    base_url
        The URL before every path.
    attempts, pause_s
        The maximum number of attempts per probe, and the pause between them in seconds.
    """

    def __init__(self, base_url: str, *, attempts: int = ATTEMPTS, pause_s: float = 5) -> None:
        self._base_url = base_url.rstrip("/")
        self._attempts = attempts
        self._pause_s = pause_s
        self._session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._session.close()

    def run(self, probe: Probe) -> requests.Response:
        """Send `probe` and return the response.

        Raises
        ------
        ProbeFailed
            If the response is not as expected.
        """
        response = self._response(probe)
        if response.status_code not in probe.statuses:
            allowed = " or ".join(map(str, probe.statuses))
            shown = response.text[:_SHOWN]
            if response.status_code >= _SERVER_ERROR and probe.hint:
                shown += f". {probe.hint}"
            raise ProbeFailed(f"{probe} returns {response.status_code}, not {allowed}: {shown}")
        if response.headers.get("Access-Control-Allow-Origin") != "*":
            raise ProbeFailed(f"{probe} has no CORS headers: browsers cannot read the response.")
        if not _is_accepted(probe, response):
            raise ProbeFailed(
                f"{probe} returns {response.status_code} with an unexpected body: {response.text[:_SHOWN]}"
            )
        return response

    def _response(self, probe: Probe) -> requests.Response:
        for left in reversed(range(self._attempts)):
            try:
                response = self._send(probe)
            except requests.RequestException as error:
                if not left:
                    raise ProbeFailed(f"{probe} gets no response: {error}") from error
            else:
                if response.status_code < _SERVER_ERROR or not left:
                    return response
            time.sleep(self._pause_s)
        raise ValueError("attempts must be at least 1")

    def _send(self, probe: Probe) -> requests.Response:
        headers = {"Authorization": f"Bearer {probe.token}"} if probe.token else {}
        return self._session.request(
            probe.method,
            self._base_url + probe.path,
            json=probe.json,
            headers=headers,
            timeout=_TIMEOUT_S,
        )


def _is_accepted(probe: Probe, response: requests.Response) -> bool:
    try:
        return bool(probe.accepts(response))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
