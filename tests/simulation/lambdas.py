"""The real handlers put into a simulation: its DynamoDB, its clock, its random numbers, one thread.

`install` changes modules of this process permanently. Call it only in a process that does nothing else.
"""

import json
import os
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from common import aws, logs
from local.deployment import Deployment
from local.environment import CREDENTIALS
from pipe_queue import handlers
from tests.simulation.dynamodb import Arguments, Client, Ignored, Key, Model
from tests.simulation.simulation import Answer, Budget, Caller, Moment, Simulation

TABLE_SETTING = "PIPE_QUEUE_TABLE_NAME"
_PACKAGES = ("common.", "pipe_queue.")


class CurrentSimulation:
    """Where the handlers look for the simulation that they are in."""

    def __init__(self) -> None:
        self.simulation: Simulation = Simulation(Model({}), budget=Budget(), look=lambda _: Moment())

    def request(self, operation: str, arguments: Arguments) -> dict[str, Any]:
        """Send a request in the simulation as it is now."""
        return self.simulation.request(operation, arguments)

    def time(self) -> float:
        """Return the time in the simulation as it is now; Unix seconds."""
        return self.simulation.time()

    def sleep(self, seconds: float) -> None:
        """Let time pass in the simulation as it is now."""
        self.simulation.sleep(seconds)


def install() -> CurrentSimulation:
    """Make this process's handlers use the simulation that the stage's `simulation` names."""
    stage = CurrentSimulation()
    os.environ.update({**CREDENTIALS, **Deployment().environment})
    logs.logger.disabled = True
    client = Client(stage.request)
    vars(aws)["client"] = lambda _service, **_: client
    time = types.SimpleNamespace(
        time=stage.time,
        monotonic=lambda: stage.simulation.now_s,
        sleep=stage.sleep,
        perf_counter=lambda: 0.0,
    )
    uuid = types.SimpleNamespace(uuid4=lambda: types.SimpleNamespace(hex=stage.simulation.new_id()))
    random = types.SimpleNamespace(uniform=lambda low, _high: low)
    replaced = {
        "time": time,
        "uuid": uuid,
        "random": random,
        "ThreadPoolExecutor": OneThread,
        "Pool": OneThread,
    }
    for name, module in list(sys.modules.items()):
        if name.startswith(_PACKAGES) and name != "common.logs":
            vars(module).update({key: new for key, new in replaced.items() if key in vars(module)})
    return stage


def new_model(without_condition: Ignored | None = None) -> Model:
    """Return a model with the queues' table; it ignores the conditions that `without_condition` selects."""
    return Model({table_name(): Key("pk", "sk")}, without_condition=without_condition)


def table_name() -> str:
    """Return the name of the queues' table."""
    return os.environ[TABLE_SETTING]


class OneThread:
    """A pool without threads: it runs each call at once."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @staticmethod
    def map(function: Callable[..., Any], *arguments: Iterable[Any]) -> Iterator[Any]:
        """Return what `function` makes of each."""
        return iter([function(*each) for each in zip(*arguments, strict=False)])


def ask(name: str, *, path: Any = None, query: Any = None, body: Any = None) -> Answer:
    """Return the answer of the handler of that name."""
    answer = getattr(handlers, name)(
        {
            "resource": "/simulated",
            "httpMethod": "POST",
            "headers": None,
            "pathParameters": path,
            "queryStringParameters": query,
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
            "requestContext": {"requestId": "r"},
        },
        None,
    )
    text = answer["body"]
    is_json = answer["headers"].get("Content-Type") == "application/json"
    return Answer(answer["statusCode"], json.loads(text) if is_json else text)


def call(caller: Caller, what: str, handler: str, known: dict[str, Any], **event: Any) -> Answer:
    """Return the answer of a handler, called by an actor and written down."""
    return caller.call(what, lambda: ask(handler, **event), **known)
