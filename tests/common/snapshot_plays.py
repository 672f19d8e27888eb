"""Play snapshot and restore with functions against a local stack; print the results as JSON.

The stack's settings would disturb other tests of the same process.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from werkzeug import Request, Response

from benchmarks import cold_starts, seeded_stack
from local.deployment import PROJECT, Deployment
from local.server import Server
from support.seed_data import QUEUE, SeedData
from tests.common.snapshot_play import COPIES

LEASING = "dequeuePipeItem"
# This function shows what would happen without the hooks.
EXAMPLE, WITHOUT_HOOKS = "getLatestImages", "getLatestImages without hooks"
PLAYED = [*(function.name for function in Deployment().snapshot_functions), LEASING]


@Request.application
def credentials(request: Request) -> Response:
    """Return the credentials of the Lambda whose token the request has."""
    keys = {
        "AccessKeyId": f"KEY-{request.headers['Authorization']}",
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
    }
    return Response(json.dumps(keys), mimetype="application/json")


def main() -> None:
    """Print a JSON object of plays, by function."""
    found: dict[str, Any] = {}
    server = Server(0, credentials)
    server.start()
    with seeded_stack.running() as seed:
        for name, handler, made in cold_starts.functions(seed):
            if name not in PLAYED:
                continue
            events = list(islice(made, COPIES))
            if name == LEASING:
                _put_items(seed)
                events = [{**event, "queryStringParameters": {"lease_seconds": "60"}} for event in events]
            found[name] = _play(server.url, handler, events)
            if name == EXAMPLE:
                found[WITHOUT_HOOKS] = _play(server.url, handler, events, hooks=False)
    sys.stdout.write(json.dumps(found))


def _put_items(seed: SeedData) -> None:
    for number in range(3 * COPIES):
        seed.api.post("/pipe/enqueue", json={"queue_name": QUEUE, "payload": {"number": number}})


def _play(credentials_url: str, handler: str, events: list[Any], *, hooks: bool = True) -> Any:
    path, _, name = handler.rpartition(".")
    ours = {"DATABASE_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    of_lambda = {
        "_HANDLER": handler,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{credentials_url}/credentials",
    }
    play = {"module": path.replace("/", "."), "name": name, "events": events, "hooks": hooks}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.common.snapshot_play"],
        cwd=PROJECT,
        env={key: value for key, value in os.environ.items() if key not in ours} | of_lambda,
        input=json.dumps(play),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=60,
    )
    return json.loads(ran.stdout)


if __name__ == "__main__":
    main()
