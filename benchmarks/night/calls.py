"""Calls of the API and their responses."""

import time
from dataclasses import dataclass
from typing import Any

import requests

OK, NO_CONTENT, NOT_FOUND, CONFLICT, UNAVAILABLE, SERVER_ERROR = 200, 204, 404, 409, 503, 500
# The gateway gives up after 29 s.
TIMEOUT_S = 35.0
# The status of a call that was never answered.
NONE = 0

_DATABASE, _TABLES, _FILES, _SECRETS = "postgres", "dynamodb", "s3", "ssm"

# The backends that each route needs. Only a fault of one of them excuses a 503.
NEEDS = {
    "GET /": (),
    "POST /upload": (_SECRETS, _TABLES),
    "POST /download": (_FILES,),
    "GET /recentuploads": (_TABLES,),
    "GET /infoimage/{site}/{channel}": (_TABLES,),
    "GET /image/{base_filename}": (_DATABASE,),
    "GET /fitsheader/{base_filename}": (_DATABASE,),
    "GET /{site}/latest_images/{n}": (_DATABASE,),
    "GET /latest_image_all_sites": (_DATABASE, _TABLES),
    "GET /filtered_images": (_DATABASE,),
    "GET /{site}/config": (_TABLES,),
    "GET /all/config": (_TABLES,),
    "PUT /{site}/config": (_SECRETS, _TABLES),
    "GET /control_room/{site}": (_SECRETS, _TABLES),
    "GET /control_room/{site}/restart": (_SECRETS, _TABLES),
    "GET /nightlog/{site}": (_TABLES,),
    "POST /nightlog/{site}": (_SECRETS, _TABLES),
    "POST /pipe/queue": (_SECRETS, _TABLES),
    "POST /pipe/enqueue": (_SECRETS, _TABLES),
    "GET /pipe/queue/{queue_name}": (_TABLES,),
    "POST /pipe/queue/{queue_name}/dequeue": (_SECRETS, _TABLES),
    "POST /pipe/queue/{queue_name}/ack": (_SECRETS, _TABLES),
    "POST /pipe/queue/{queue_name}/nack": (_SECRETS, _TABLES),
    "GET /pipe/queue/{queue_name}/stats": (_TABLES,),
    "GET /pipe/queues": (_TABLES,),
    "POST /pipe/status": (_SECRETS, _TABLES),
    "GET /pipe/statuses": (_TABLES,),
    "GET /events": (_TABLES,),
    "GET /events/plot": (_TABLES,),
    "GET /events/moon/rise-set-illum": (),
    # presigned: the responses come from S3 itself and are only reported
    "S3 POST": (_FILES,),
    "S3 GET": (_FILES,),
}

# Normal statuses of a night besides 2xx: an image that is not filed yet, an empty queue, a lease that ran
# out.
_EXPECTED = {
    "GET /infoimage/{site}/{channel}": {NOT_FOUND},
    "GET /image/{base_filename}": {NOT_FOUND},
    "GET /fitsheader/{base_filename}": {NOT_FOUND},
    "POST /pipe/queue/{queue_name}/dequeue": {NOT_FOUND},
    "POST /pipe/queue/{queue_name}/ack": {CONFLICT},
    "POST /pipe/queue/{queue_name}/nack": {CONFLICT},
}


@dataclass(frozen=True)
class Call:
    """A call and its response.

    Attributes
    ----------
    began
        `time.monotonic()`.
    status
        HTTP's, or `NONE`.
    text
        The beginning of the response, if the status is not a normal one.
    retry_after
        The header.
    """

    route: str
    began: float
    seconds: float
    status: int
    text: str = ""
    retry_after: str | None = None

    @property
    def ended(self) -> float:
        """When the response came (`time.monotonic()`)."""
        return self.began + self.seconds

    @property
    def is_good(self) -> bool:
        """Whether the status is a normal one of the route."""
        return OK <= self.status < 300 or self.status in _EXPECTED.get(self.route, ())  # noqa: PLR2004 - 2xx

    @property
    def is_honest(self) -> bool:
        """Whether the response is a 503 with a `Retry-After` in seconds."""
        return self.status == UNAVAILABLE and (self.retry_after or "").isdecimal()

    @property
    def is_to_s3(self) -> bool:
        """Whether the call went directly to S3."""
        return self.route.startswith("S3")


class Caller:
    """The HTTP connection of one actor.

    Parameters
    ----------
    base_url
        The API's.
    headers
        Headers with a key or a token.
    calls
        The list to which calls are appended.
    """

    def __init__(self, base_url: str, headers: dict[str, str], calls: list[Call]) -> None:
        self._base_url = base_url
        self._calls = calls
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(headers)

    def ask(self, route: str, path: str, **arguments: Any) -> requests.Response | None:
        """Call a route of the API; return the response, or None if none came."""
        return self.fetch(route, route.partition(" ")[0], self._base_url + path, **arguments)

    def fetch(self, route: str, method: str, url: str, **arguments: Any) -> requests.Response | None:
        """Call any URL."""
        began = time.monotonic()
        try:
            answer = self._session.request(method, url, timeout=TIMEOUT_S, **arguments)
        except requests.RequestException as error:
            self._calls.append(Call(route, began, time.monotonic() - began, NONE, type(error).__name__))
            return None
        self._note(route, began, answer)
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _note(self, route: str, began: float, answer: requests.Response) -> None:
        seconds = time.monotonic() - began
        text = "" if answer.ok else answer.text[:200]
        self._calls.append(
            Call(route, began, seconds, answer.status_code, text, answer.headers.get("Retry-After"))
        )


def status_of(answer: requests.Response | None) -> int:
    """Return the status of an answer, `NONE` if there is none."""
    return NONE if answer is None else answer.status_code
