"""serverless.yml against the documented routes, and every handler against an empty machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.deployment import PROJECT, Deployment

# Every documented route, and the function behind it.
ROUTES = {
    "GET /": "home",
    "POST /dummy-requires-auth": "dummyRequiresAuth",
    "POST /upload": "upload",
    "POST /download": "download",
    "POST /downloadzip": "downloadZip",
    "GET /recentuploads": "recentUploads",
    "GET /infoimage/{site}/{channel}": "getInfoImage",
    "GET /image/{base_filename}": "getImage",
    "GET /{site}/latest_images/{n}": "getLatestImages",
    "GET /latest_image_all_sites": "getLatestImageAllSites",
    "GET /fitsheader/{base_filename}": "getFitsHeader",
    "GET /filtered_images": "getFilteredImages",
    "GET /{site}/config": "getConfig",
    "GET /all/config": "getAllConfigs",
    "PUT /{site}/config": "putConfig",
    "PUT /all/config": "putConfig",
    "DELETE /{site}/config": "deleteConfig",
    "DELETE /all/config": "deleteConfig",
    "POST /new_remotehq_browser": "newRemoteHqBrowser",
    "GET /control_room/{site}": "getControlRoom",
    "DELETE /control_room/{site}": "deleteControlRoom",
    "GET /control_room/{site}/restart": "restartControlRoom",
    "GET /nightlog/{site}": "getNightLog",
    "POST /nightlog/{site}": "postNightLog",
    "DELETE /nightlog/{site}": "deleteNightLog",
    "POST /pipe/queue": "createPipeQueue",
    "POST /pipe/enqueue": "enqueuePipeItem",
    "GET /pipe/queue/{queue_name}": "peekPipeQueue",
    "POST /pipe/queue/{queue_name}/dequeue": "dequeuePipeItem",
    "POST /pipe/queue/{queue_name}/ack": "acknowledgePipeItem",
    "POST /pipe/queue/{queue_name}/nack": "giveBackPipeItem",
    "POST /pipe/queue/{queue_name}/extend": "extendPipeLease",
    "GET /pipe/queue/{queue_name}/stats": "getPipeQueueStats",
    "GET /pipe/queue/{queue_name}/dead_letters": "listPipeDeadLetters",
    "POST /pipe/queue/{queue_name}/redrive": "redrivePipeDeadLetters",
    "PUT /pipe/queue/{queue_name}": "changePipeQueue",
    "DELETE /pipe/queue/{queue_name}": "deletePipeQueue",
    "GET /pipe/queues": "listPipeQueues",
    "POST /pipe/status": "setPipeStatus",
    "GET /pipe/status/{pipe_id}": "getPipeStatus",
    "DELETE /pipe/status/{pipe_id}": "deletePipeStatus",
    "GET /pipe/statuses": "listPipeStatuses",
    "GET /events": "getEvents",
    "GET /events/plot": "getEventsPlot",
    "GET /events/visibility": "getVisibility",
    "GET /events/moon/rise-set-illum": "getMoonEvents",
    "GET /now": "getNow",
    "GET /vo/sia2": "searchImages",
    "GET /vo/capabilities": "getVoCapabilities",
    "GET /vo/sia2/capabilities": "getVoCapabilities",
    "GET /vo/availability": "getVoAvailability",
    "GET /vo/file/{id}": "getVoFile",
    "GET /openapi.json": "getOpenApi",
    "GET /docs": "getDocs",
    "GET /docs/{asset}": "getAsset",
    "GET /console": "getConsole",
}
PROTECTED = {"POST /dummy-requires-auth", "POST /new_remotehq_browser", "DELETE /nightlog/{site}"}

HANDLERS = sorted({function.handler for function in Deployment().functions.values()})


def test_every_documented_route_is_deployed_and_no_other(deployment: Deployment) -> None:
    assert {f"{route.method} {route.resource}": route.function.name for route in deployment.routes} == ROUTES


def test_the_protected_routes_have_the_authorizer_and_no_other_has(deployment: Deployment) -> None:
    protected = [route for route in deployment.routes if route.authorizer is not None]
    assert {f"{route.method} {route.resource}" for route in protected} == PROTECTED
    assert {route.authorizer.name for route in protected if route.authorizer} == {"authorizer"}


def test_every_route_answers_preflight(deployment: Deployment) -> None:
    assert [route for route in deployment.routes if route.preflight_headers is None] == []


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_imports_without_network_and_without_environment(handler: str, tmp_path: Path) -> None:
    module, _, name = handler.replace("/", ".").rpartition(".")
    program = f"""
import json, socket, sys
def refuse(*_arguments, **_named): raise SystemExit("network")
socket.socket.connect = socket.getaddrinfo = refuse
sys.addaudithook(lambda event, _: refuse() if event in ("socket.connect", "socket.getaddrinfo") else None)
import {module}
heavy = ["astropy", "numpy", "boto3", "botocore", "psycopg2"]
print(json.dumps([callable({module}.{name}), [name for name in heavy if name in sys.modules]]))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath},
        capture_output=True,
        check=False,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [True, []]
