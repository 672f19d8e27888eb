"""Start and stop everything that `make serve` runs."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from auth import access
from common import logs
from common.database_url import for_libpq
from local import environment, remotehq, resources
from local.auth0 import AUDIENCE, Auth0
from local.child import Child
from local.deployment import PROJECT, Deployment
from local.gateway import Gateway, StandIn
from local.invocation import Invoker
from local.lambda_api import PREFIX, lambda_api
from local.remotehq import RemoteHq
from local.server import Server
from local.uploads import UploadPoller, make_queues

CACHE = PROJECT / ".local"

_KEY_COMMAND = (
    "AWS_ENDPOINT_URL={0[AWS_ENDPOINT_URL]} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local "
    ".venv/bin/python -m auth.keys make site mrc1"
)


class Stack:
    """The API, its backends and the stand-ins for other services, on this machine.

    The handlers run in this process, so the process's environment becomes that of the Lambdas.

    Parameters
    ----------
    port
        Port of the gateway on 127.0.0.1; 0 for any free port.
    demo
        Whether to load the demo network.
    live
        Whether the demo network continues to take images.
    say
        Called with a line for each step.
    invoker
        Runs the handlers; by default in this process.

    Attributes
    ----------
    deployment, auth0, uploads
        serverless.yml; the stand-in for Auth0; what hands S3's messages to the ingester.
    """

    def __init__(
        self,
        port: int,
        *,
        demo: bool,
        live: bool = False,
        say: Callable[[str], None] = lambda _words: None,
        invoker: Invoker | None = None,
    ) -> None:
        self._invoker = invoker or Invoker()
        self._running = ExitStack()
        self._children: list[Child] = []
        self.deployment = Deployment()
        self.auth0 = Auth0()
        try:
            self._server = self._start(port, demo=demo, say=say)
            if live:
                self._start_live_demo(say)
        except BaseException:
            self.stop()
            raise

    @property
    def base_url(self) -> str:
        """The base URL of all routes, without a trailing slash."""
        return f"{self._server.url}/{self.deployment.base_path}"

    def ended_backend(self) -> str | None:
        """Return the module of a backend that ended unexpectedly, or None."""
        return next((child.module for child in self._children if not child.running), None)

    def stop(self) -> None:
        """Stop everything in reverse order of its start."""
        self._running.close()

    def _start(self, port: int, *, demo: bool, say: Callable[[str], None]) -> Server:
        aws_endpoint = environment.forget_aws()
        os.environ.update({**self.deployment.environment, **environment.overrides()})
        os.environ.update(AUTH0_CLIENT_ID=AUDIENCE, AUTH0_CLIENT_PUBLIC_KEY=self.auth0.certificate)
        logs.set_up()
        server = self._gateway(port)
        self._backends(aws_endpoint, say)
        environment.set_gateway(server.url)
        resources.make_schema(say)
        resources.make_tables(self.deployment)
        resources.make_bucket()
        resources.make_secrets()
        make_queues(self.deployment)
        self.uploads = UploadPoller(self.deployment, self._invoker)
        self.uploads.start()
        self._running.callback(self.uploads.stop)
        if demo:
            self._load_demo(CACHE, say)
        if access.protected():
            say(f"Writes need a token or a site key. To make a key: {_KEY_COMMAND.format(os.environ)}")
        server.start()
        self._running.callback(server.stop)
        return server

    def _start_live_demo(self, say: Callable[[str], None]) -> None:
        from local.demo.live import LiveDemo

        demo = LiveDemo(self.base_url, self.auth0.token("auth0|demo-network", access.writer_roles()[:1]), say)
        demo.start()
        self._running.callback(demo.stop)

    def _gateway(self, port: int) -> Server:
        """Return the gateway's server, which fails at once if the port is in use."""
        stand_ins: dict[str, StandIn] = {
            "auth0": self.auth0,
            remotehq.PREFIX: RemoteHq(),
            PREFIX: lambda_api(self.deployment.functions, self._invoker),
        }
        return Server(port, Gateway(self.deployment, self._invoker, stand_ins))

    def _backends(self, aws_endpoint: str | None, say: Callable[[str], None]) -> None:
        database_url = os.environ.get("DATABASE_URL")
        if not database_url:
            database_url = self._child("local.postgres_server", "PostgreSQL", say)
        if not aws_endpoint:
            aws_endpoint = self._child("local.aws_server", "S3, DynamoDB and SSM", say)
        environment.set_backends(aws_endpoint, for_libpq(database_url))

    def _child(self, module: str, name: str, say: Callable[[str], None]) -> str:
        say(f"Starting {name} …")
        started_s = time.monotonic()
        child = Child(module)
        say(f"{name}: ready after {time.monotonic() - started_s:.1f} s")
        self._running.callback(child.stop)
        self._children.append(child)
        return str(child.ready["url"])

    @staticmethod
    def _load_demo(cache: Path, say: Callable[[str], None]) -> None:
        from local.demo.load import load

        load(cache, say)
