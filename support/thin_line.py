"""A site's line to the API and to S3, which breaks after given numbers of bytes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import requests
from werkzeug import Request, Response

from local.server import Server
from support.proxy import Proxy


class ThinLine:
    """What a site sends to the API and to S3 goes through this line.

    Parameters
    ----------
    api_url, s3_url
        Where the servers listen.
    cuts
        Numbers of bytes. When so many have been sent in all, the connection in use is reset.

    Attributes
    ----------
    url
        The API's URL at the site's end of the line.
    sent_bytes
        Sent so far, the lost bytes included.
    cuts_done
        How often the line has broken.
    """

    def __init__(self, api_url: str, s3_url: str, cuts: Iterable[int]) -> None:
        self.sent_bytes = 0
        self.cuts_done = 0
        self._api_url, self._s3_url = api_url, s3_url
        self._cuts = sorted(cuts)
        self._lock = Lock()
        self._front = Server(0, self._ask_api)
        self._front.start()
        self._to_api, self._to_s3 = (
            Proxy(urlsplit(url).port or 0, 0, self._breaks_with) for url in (self._front.url, s3_url)
        )
        self.url = f"{self._to_api.url}/api"

    def stop(self) -> None:
        """Stop listening."""
        self._to_api.stop()
        self._to_s3.stop()
        self._front.stop()

    def _breaks_with(self, count: int) -> bool:
        """Count bytes that are sent; return whether the line breaks now."""
        with self._lock:
            self.sent_bytes += count
            if self.cuts_done < len(self._cuts) and self.sent_bytes >= self._cuts[self.cuts_done]:
                self.cuts_done += 1
                return True
        return False

    def _ask_api(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Forward a request to the API. In its response, S3 is at the site's end of the line."""
        with Request(environ) as request:
            path = request.path.removeprefix("/api")
            answer = requests.post(
                self._api_url + path,
                data=request.get_data(),
                headers={"Content-Type": "application/json"},
                timeout=60,
            )
        text = answer.text.replace(self._s3_url, self._to_s3.url)
        return Response(text, answer.status_code, content_type=answer.headers["Content-Type"])(
            environ, start_response
        )


@contextmanager
def thin_line(api_url: str, s3_url: str, cuts: Iterable[int]) -> Iterator[ThinLine]:
    """Provide a line, and stop it at the end."""
    line = ThinLine(api_url, s3_url, cuts)
    try:
        yield line
    finally:
        line.stop()
