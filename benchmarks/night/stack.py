"""The stack of `make serve` with protected writes, in its own process, with given backends.

The environment variable `NIGHT` is a JSON object with `endpoints` (of single AWS services, by their names),
`sites` and `pipes` (each gets a key), `log` (a file), and `forget_s`. In AWS there is always a Lambda that
has just started and must read its secrets and the site keys. Here one process serves all requests. It clears
its cache every `forget_s` seconds, so that the parameter store is read during the whole night.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

from auth import site_keys
from auth.site_keys import PIPE, SITE, Holder
from common import settings
from local.child import stay_until_parent_ends
from local.stack import Stack


class _Stack(Stack):
    """A stack whose AWS services have an endpoint each."""

    def __init__(self, endpoints: dict[str, str]) -> None:
        self._endpoints = endpoints
        super().__init__(0, demo=False)

    def _backends(self, aws_endpoint: str | None, say: Callable[[str], None]) -> None:
        super()._backends(aws_endpoint, say)
        for service, url in self._endpoints.items():
            os.environ[f"AWS_ENDPOINT_URL_{service.upper()}"] = url


def main() -> None:
    """Serve, print the URL and the keys, and end when the parent ends."""
    night = json.loads(os.environ["NIGHT"])
    log = os.open(night["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, sys.stderr.fileno())
    stack = _Stack(night["endpoints"])
    Thread(target=_forget, args=[night["forget_s"]], daemon=True).start()
    try:
        stay_until_parent_ends(_ready(stack, night))
    finally:
        stack.stop()


def _ready(stack: Stack, night: dict[str, Any]) -> dict[str, Any]:
    return {
        "url": stack.base_url,
        "token": stack.auth0.token("auth0|operator", ["admin"]),
        "site_keys": {site: site_keys.hand_out(Holder(SITE, site)) for site in night["sites"]},
        "pipe_keys": {pipe: site_keys.hand_out(Holder(PIPE, pipe)) for pipe in night["pipes"]},
    }


def _forget(every_s: float) -> None:
    while True:
        time.sleep(every_s)
        settings.secret.cache_clear()
        site_keys.forget()


if __name__ == "__main__":
    main()
