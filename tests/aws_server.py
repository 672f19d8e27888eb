"""The local AWS services with two extra requests: remember the empty tables and bucket, and restore them.

To make the tables before each test took 50 ms of CPU time, a third of what a test of a route takes.
"""

import copy
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend
from werkzeug import Response

from local import aws_server
from local.child import stay_until_parent_ends
from support.network import REGION

KEEP, RETURN = "/test-api/keep", "/test-api/return"
_PARTITION = "aws"


class Resettable:
    """Serves moto, and the two requests.

    `KEEP` remembers the existing tables and buckets, which must be empty. `RETURN` removes everything
    and creates those tables and buckets again.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._tables: dict[str, Any] = {}
        self._buckets: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if environ["PATH_INFO"] == KEEP:
            self._keep()
        elif environ["PATH_INFO"] == RETURN:
            self._return()
        else:
            return self._app(environ, start_response)
        return Response(status=204)(environ, start_response)

    def _keep(self) -> None:
        self._tables = {name: _empty(table) for name, table in _dynamodb().tables.items()}
        self._buckets = list(_s3().buckets)

    def _return(self) -> None:
        moto_api_backend.reset()
        _dynamodb().tables.update({name: _empty(table) for name, table in self._tables.items()})
        for name in self._buckets:
            _s3().create_bucket(name, REGION)


def _dynamodb() -> Any:
    return get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][REGION]


def _s3() -> Any:
    return get_backend("s3")[DEFAULT_ACCOUNT_ID][_PARTITION]


def _empty(table: Any) -> Any:
    """Return a table with the same definition, and without rows."""
    empty = copy.copy(table)
    empty.items = defaultdict(dict)
    # a copy, because a test may switch the time to live off
    empty.ttl = dict(table.ttl)
    return empty


def main() -> None:
    """Serve on a free port, print the URL, and end when the parent ends."""
    server = aws_server.make_server(Resettable)
    server.start()
    stay_until_parent_ends({"url": server.url})


if __name__ == "__main__":
    main()
