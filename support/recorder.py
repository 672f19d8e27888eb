"""Count the requests that the product makes to its backends, with any client."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from botocore.client import BaseClient
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the class has a small letter

from local.deployment import Deployment
from support.capacity import READS, Writes, read_units
from support.permissions import unwatched

Cost = dict[str, dict[str, float]]

# Other services that are called over plain HTTP, named by the first path segment of their stand-ins.
NEIGHBOURS = ("auth0", "remotehq")


class Recorder:
    """Counts operations of AWS, connections and statements of PostgreSQL, and HTTP requests."""

    def __init__(self, deployment: Deployment) -> None:
        self._keys = {
            table["TableName"]: [key["AttributeName"] for key in table["KeySchema"]]
            for table in deployment.tables
        }
        self._lock = Lock()
        self._recording: Cost | None = None

    @contextmanager
    def recording(self) -> Iterator[Cost]:
        """Count requests inside the block, by backend and operation."""
        cost: Cost = defaultdict(lambda: defaultdict(float))
        self._recording = cost
        try:
            yield cost
        finally:
            self._recording = None

    def count(self, backend: str, operation: str, number: float = 1) -> None:
        """Add to a count. Thread-safe."""
        with self._lock:
            if self._recording is not None:
                self._recording[backend][operation] += number

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Install the counters inside the block. PostgreSQL connections must be opened inside it."""
        with pytest.MonkeyPatch.context() as patch:
            self._count_aws(patch)
            self._count_postgres(patch)
            self._count_http(patch)
            yield

    def _count_aws(self, patch: pytest.MonkeyPatch) -> None:
        call = BaseClient._make_api_call  # type: ignore[attr-defined]

        def counted(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
            backend = client.meta.service_model.service_name
            self.count(backend, operation)
            if backend != "dynamodb" or self._recording is None:
                return call(client, operation, parameters)
            return self._metered(partial(call, client), operation, parameters)

        patch.setattr(BaseClient, "_make_api_call", counted)

    def _metered(self, send: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        def look(operation: str, parameters: Mapping[str, Any]) -> Any:
            with unwatched():
                return send(operation, parameters)

        if operation in READS:
            self.count("units", "read", read_units(look, operation, parameters))
            return send(operation, parameters)
        writes = Writes(look, operation, parameters, self._keys)
        try:
            return send(operation, parameters)
        finally:
            self.count("units", "write", writes.units())

    def _count_postgres(self, patch: pytest.MonkeyPatch) -> None:
        connect, count = psycopg2.connect, self.count

        class CountingCursor(Cursor):
            def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - psycopg2's own name
                count("postgres", "statement")
                super().execute(query, vars)

        def counted(*args: Any, **named: Any) -> Any:
            count("postgres", "connect")
            return connect(*args, cursor_factory=CountingCursor, **named)

        patch.setattr(psycopg2, "connect", counted)

    def _count_http(self, patch: pytest.MonkeyPatch) -> None:
        send = HTTPConnection.request

        def counted(connection: Any, method: str, url: str, *more: Any, **named: Any) -> Any:
            neighbour = urlsplit(url).path.split("/")[1]
            if neighbour in NEIGHBOURS:
                self.count(neighbour, method)
            return send(connection, method, url, *more, **named)

        patch.setattr(HTTPConnection, "request", counted)
