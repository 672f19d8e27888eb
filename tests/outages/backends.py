"""Every backend of the API behind a proxy of its own, through which its answers can be cut."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from auth import site_keys
from common import aws, postgres, settings
from support.proxy import Mode, Proxy

AWS_SERVICES = ("s3", "dynamodb", "ssm")


class Proxies:
    """The proxies by their backends: AWS's services, `lambda`, `remotehq`, `auth0` and `postgres`."""

    def __init__(self, aws_url: str, gateway_url: str, database_url: str) -> None:
        folder = parse_qs(urlsplit(database_url).query)["host"][0]
        upstreams: dict[str, int | str] = {
            **{service: urlsplit(aws_url).port or 0 for service in AWS_SERVICES},
            **{name: urlsplit(gateway_url).port or 0 for name in ("lambda", "remotehq", "auth0")},
            "postgres": f"{folder}/.s.PGSQL.5432",
        }
        self._proxies = {name: Proxy(at, delay_s=0) for name, at in upstreams.items()}

    def lead(self, patch: pytest.MonkeyPatch) -> None:
        """Lead this process's clients through the proxies."""
        for service in (*AWS_SERVICES, "lambda"):
            patch.setenv(f"AWS_ENDPOINT_URL_{service.upper()}", self._proxies[service].url)
        patch.setenv("REMOTEHQ_API_URL", f"{self._proxies['remotehq'].url}/remotehq/v1")
        patch.setenv("AUTH0_USERINFO_URL", f"{self._proxies['auth0'].url}/auth0/userinfo")
        port = self._proxies["postgres"].port
        patch.setenv("DATABASE_URL", f"postgresql://postgres@127.0.0.1:{port}/postgres")
        forget()

    @contextmanager
    def disturbed(self, backend: str, mode: Mode) -> Iterator[None]:
        """Cut the answers of a backend, for the length of the block."""
        forget()
        self._proxies[backend].switch(mode)
        try:
            yield
        finally:
            self._proxies[backend].switch(Mode.CALM)

    def stop(self) -> None:
        """End them all."""
        for proxy in self._proxies.values():
            proxy.stop()


def forget() -> None:
    """Forget clients, secrets and site keys, as in a Lambda that has just started."""
    aws._made_client.cache_clear()
    settings.secret.cache_clear()
    site_keys.forget()
    postgres.close_idle()
