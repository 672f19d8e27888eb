"""Asking an API over HTTP whether a route answers as it should."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import requests

# As long as API Gateway may take, and its way back.
_TIMEOUT_S = 35
# A new deployment takes seconds until every one of API Gateway's hosts has it.
ATTEMPTS = 4
_SERVER_ERROR = 500
_SHOWN = 200


class ProbeFailed(Exception):
    """A route does not answer as it should. The sentence says which, and what it answers."""


@dataclass(frozen=True)
class Probe:
    """A request, and what its answer must be.

    Attributes
    ----------
    path
        After the base URL, query included.
    accepts
        Tells whether an answer with one of `statuses` is right; what it raises counts as no.
    hint
        What to look at when the answer is a 5xx.
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
    """Asks the API at `base_url`, again after a pause where the server fails.

    Parameters
    ----------
    base_url
        The URL in front of every route.
    attempts, pause_s
        How often a probe is asked at most, and the seconds between.
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
        """Answer the answer to `probe`.

        Raises
        ------
        ProbeFailed
            If it is not as it should be.
        """
        answer = self._answer(probe)
        if answer.status_code not in probe.statuses:
            allowed = " or ".join(map(str, probe.statuses))
            said = answer.text[:_SHOWN]
            if answer.status_code >= _SERVER_ERROR and probe.hint:
                said += f". {probe.hint}"
            raise ProbeFailed(f"{probe} answers {answer.status_code}, not {allowed}: {said}")
        if answer.headers.get("Access-Control-Allow-Origin") != "*":
            raise ProbeFailed(f"{probe} answers without CORS headers: no browser may read it.")
        if not _right(probe, answer):
            raise ProbeFailed(f"{probe} answers {answer.status_code}, but this: {answer.text[:_SHOWN]}")
        return answer

    def _answer(self, probe: Probe) -> requests.Response:
        for left in reversed(range(self._attempts)):
            try:
                answer = self._send(probe)
            except requests.RequestException as error:
                if not left:
                    raise ProbeFailed(f"{probe} gets no answer: {error}") from error
            else:
                if answer.status_code < _SERVER_ERROR or not left:
                    return answer
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


def _right(probe: Probe, answer: requests.Response) -> bool:
    try:
        return bool(probe.accepts(answer))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
