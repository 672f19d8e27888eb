"""The backends of a night: PostgreSQL and AWS's services, optionally each behind a proxy."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from local.child import Child
from local.server import HOST
from support.postgres import Database
from support.proxy import Proxy

SERVICES = ("s3", "dynamodb", "ssm")
POSTGRES = "postgres"


@dataclass(frozen=True)
class Places:
    """The backends' URLs, and those of single AWS services by name."""

    database_url: str
    aws_url: str
    endpoints: dict[str, str]


class Backends:
    """PostgreSQL and moto's server, each in its own process.

    Parameters
    ----------
    delay_s
        The delay of a slow backend's responses. None: no proxies.
    """

    def __init__(self, delay_s: float | None = None) -> None:
        self.database = Database()
        self._aws = Child("local.aws_server")
        self.aws_url: str = self._aws.ready["url"]
        port = urlsplit(self.aws_url).port or 0
        upstreams: dict[str, int | str] = {POSTGRES: self.database.socket, **dict.fromkeys(SERVICES, port)}
        self.proxies = {} if delay_s is None else {name: Proxy(at, delay_s) for name, at in upstreams.items()}

    @property
    def places(self) -> Places:
        """The URLs for the stack."""
        if not self.proxies:
            return Places(self.database.url, self.aws_url, {})
        database_url = f"postgresql://postgres@{HOST}:{self.proxies[POSTGRES].port}/postgres"
        return Places(
            database_url, self.aws_url, {service: self.proxies[service].url for service in SERVICES}
        )

    def __enter__(self) -> Self:
        """Return the backends."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every backend."""
        for proxy in self.proxies.values():
            proxy.stop()
        self._aws.stop()
        self.database.close()
