"""Loads what a function needs before its first request.

Why: Lambda imports a handler's module in its init phase, with whole cores. Requests get the function's share
of a core: 0.29 at 512 MB. So libraries and clients that every request needs are loaded in the init phase.

Only on AWS: there `_HANDLER` names the function. Elsewhere each library is loaded by the first request that
needs it, so that programs and tests start fast. No part sends a request or reads a secret. (In a function
that starts from a snapshot, botocore asks Lambda for the credentials when it makes a client.)
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from common import aws, snapshot

# What `common` and botocore import while they send the first request. `encodings.idna` is for names of hosts.
_MODULES = ("botocore.exceptions", "botocore.parsers", "encodings.idna")

Part = Callable[[], None]
Handler = TypeVar("Handler", bound=Callable[..., Any])


def needs(*parts: Part) -> Callable[[Handler], Handler]:
    """Return a decorator that loads parts if this process is the Lambda of the decorated handler.

    Parameters
    ----------
    parts
        What every request of the handler needs.
    """

    def load(handler: Handler) -> Handler:
        if os.environ.get("_HANDLER") == f"{handler.__module__.replace('.', '/')}.{handler.__name__}":
            _load(parts)
            snapshot.register(partial(_load, parts))
        return handler

    return load


def _load(parts: Sequence[Part]) -> None:
    for part in parts:
        part()


def client(service: aws.Service, **options: Any) -> Part:
    """Return a part: the client that `common.aws.client` makes with these arguments, and its errors."""

    def load() -> None:
        for module in _MODULES:
            import_module(module)
        aws.client(service, **options)

    return load


DYNAMODB, S3, SECRETS = client("dynamodb"), client("s3"), client("ssm")


def postgres() -> None:
    """Load the driver of PostgreSQL, and what reads the secret with its URL."""
    import_module("psycopg2.extensions")
    SECRETS()


def signed_urls() -> None:
    """Load botocore, which holds the credentials that sign URLs."""
    aws.session()
