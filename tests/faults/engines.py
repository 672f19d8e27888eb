"""The two stand-ins for DynamoDB that the queues are tried on, and processes that play Lambdas."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import boto3

from local.child import Child
from local.deployment import PROJECT, Deployment
from local.environment import CREDENTIALS
from support.network import REGION

# moto, one request at a time, and MiniStack. Only the latter honours client tokens.
MODULES = {"moto": "local.aws_server", "ministack": "tests.faults.ministack_server"}
_TABLE = "PIPE_QUEUE_TABLE_NAME"


@dataclass(frozen=True)
class Engine:
    """A running engine with an empty table."""

    name: str
    url: str

    @property
    def honours_tokens(self) -> bool:
        return self.name == "ministack"

    def environment(self) -> dict[str, str]:
        """The environment of a Lambda that uses this engine."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**kept, **CREDENTIALS, **Deployment().environment, "AWS_ENDPOINT_URL": self.url}

    def clear(self) -> None:
        """Create the table again."""
        client = boto3.client(
            "dynamodb",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        deployment = Deployment()
        name = deployment.environment[_TABLE]
        (table,) = [table for table in deployment.tables if table["TableName"] == name]
        if name in client.list_tables()["TableNames"]:
            client.delete_table(TableName=name)
        client.create_table(
            **{key: table[key] for key in ("TableName", "AttributeDefinitions", "KeySchema", "BillingMode")}
        )
        client.close()


@contextmanager
def running(name: str) -> Iterator["Troupe"]:
    """Run an engine, "moto" or "ministack", and yield a troupe of actors that use it."""
    child = Child(MODULES[name])
    troupe = Troupe(Engine(name, child.ready["url"]))
    try:
        yield troupe
    finally:
        troupe.stop()
        child.stop()


class ActorProcess:
    """A process that runs `tests.faults.actor`."""

    def __init__(self, engine: Engine) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.actor"],
            cwd=PROJECT,
            env=engine.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def wait_until_ready(self) -> None:
        """Wait until it takes jobs."""
        if not self._output.readline():
            raise RuntimeError("the actor did not start")

    def begin(self, job: dict[str, Any]) -> None:
        """Give it a job."""
        self._input.write(json.dumps(job) + "\n")
        self._input.flush()

    def result(self) -> Any:
        """Return the job's result when it is done. It is also None if the process was killed meanwhile."""
        line = self._output.readline()
        return json.loads(line) if line else None

    def do(self, job: dict[str, Any]) -> Any:
        """Give it a job and wait for its result."""
        self.begin(job)
        return self.result()

    @property
    def was_killed(self) -> bool:
        """Whether it ended by a signal."""
        return (self._process.poll() or 0) < 0

    def stop(self) -> None:
        """End it."""
        with suppress(BrokenPipeError):
            self._input.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()

    @property
    def is_running(self) -> bool:
        """Whether it can take a job."""
        return self._process.poll() is None

    @property
    def _input(self) -> Any:
        return self._process.stdin

    @property
    def _output(self) -> Any:
        return self._process.stdout


class Troupe:
    """Actors that use an engine, kept from one scenario to the next."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._actors: list[ActorProcess] = []

    def actors(self, count: int) -> list[ActorProcess]:
        """Return `count` actors that take jobs; those that died are replaced."""
        self._dismiss([actor for actor in self._actors if not actor.is_running])
        new = [ActorProcess(self.engine) for _ in range(count - len(self._actors))]
        self._actors += new
        for actor in new:
            actor.wait_until_ready()
        return self._actors[:count]

    def stop(self) -> None:
        """End them all."""
        self._dismiss(list(self._actors))

    def _dismiss(self, actors: list[ActorProcess]) -> None:
        for actor in actors:
            self._actors.remove(actor)
            actor.stop()
