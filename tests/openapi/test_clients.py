"""Clients that generators make of the contract: every operation is in them, and every body is typed.

`make clients` has all three generated and insists on Node; without Node the TypeScript ones are skipped.
"""

import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from auth.access import NEEDS
from local.demo.configs import site_configurations
from pages.document import TARGET
from support.client import ApiClient
from support.contract import Contract

CLIENTS = Path(__file__).with_name("clients")
PROGRAMS = CLIENTS / "node_modules" / ".bin"
IMAGE = "mrc1-sq01-20260101-00000001-EX10.jpg"


def snake(camel: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", camel).lower()


@pytest.fixture(scope="module")
def operations(contract: Contract) -> list[dict[str, Any]]:
    found = [each for item in contract.document["paths"].values() for each in item.values()]
    assert len(found) == len(NEEDS)
    return found


class PythonClient:
    """The package that openapi-python-client generates."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.client = importlib.import_module(f"{name}.client")
        self.models: Any = importlib.import_module(f"{name}.models")

    def module(self, operation: dict[str, Any]) -> ModuleType:
        return self.operation(operation["tags"][0], snake(operation["operationId"]))

    def operation(self, tag: str, name: str) -> ModuleType:
        return importlib.import_module(f"{self._name}.api.{tag}.{name}")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PythonClient]:
    folder = tmp_path_factory.mktemp("client")
    program = [
        sys.executable,
        "-m",
        "openapi_python_client",
        "generate",
        "--meta",
        "none",
        "--fail-on-warning",
    ]
    files: list[str | Path] = [
        "--config",
        CLIENTS / "openapi_python_client.yaml",
        "--output-path",
        folder / "photonranch",
    ]
    made = subprocess.run(
        [*program, *files, "--path", TARGET], capture_output=True, text=True, check=False, timeout=120
    )
    assert made.returncode == 0, made.stdout + made.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield PythonClient("photonranch")
    for name in [name for name in sys.modules if name.partition(".")[0] == "photonranch"]:
        del sys.modules[name]


def test_the_python_client_has_every_operation_with_a_typed_body(
    python: PythonClient, operations: list[dict[str, Any]]
) -> None:
    for operation in operations:
        arguments = inspect.signature(python.module(operation)._get_kwargs).parameters
        assert ("body" in arguments) == ("requestBody" in operation), operation["operationId"]
        if "body" in arguments:
            annotation = arguments["body"].annotation
            assert annotation is not Any
            kinds = getattr(annotation, "__args__", (annotation,))
            assert any(hasattr(kind, "to_dict") for kind in kinds), operation["operationId"]


@pytest.mark.usefixtures("ingester")
def test_a_python_client_calls_the_running_api(python: PythonClient, api: ApiClient, token: str) -> None:
    models, made = python.models, []
    client = python.client.AuthenticatedClient(base_url=api.base_url, token=token, timeout=35)

    def call(tag: str, name: str, *path: str, **given: Any) -> Any:
        made.append(name)
        answer = python.operation(tag, name).sync_detailed(*path, client=client, **given)
        assert answer.status_code < 300, (name, answer)
        return answer.parsed

    config = models.Configuration.from_dict(site_configurations()["mrc"])
    assert call("service", "home") == "New photon ranch API"
    assert call("service", "dummy_requires_auth") == "successful authorization"
    assert call("configs", "put_config", "mrc", body=config).response_metadata.http_status_code == 200
    assert call("configs", "get_config", "mrc").configuration["latitude"] == config["latitude"]
    assert call("configs", "get_all_configs").additional_properties.keys() == {"mrc"}
    assert call("events", "get_events", site="mrc", when=1773446400)["Sun Set"] == pytest.approx(
        2461113.58522, abs=1e-5
    )
    assert call("events", "get_events_plot", site="mrc").startswith("<svg")
    request = models.UploadRequest(object_name=IMAGE, s3_directory=models.UploadRequestS3Directory.DATA)
    assert call("uploads", "upload", body=request).fields.key == f"data/{IMAGE}"
    assert call("uploads", "recent_uploads", site="all") == []
    assert call("images", "get_latest_images", "mrc", "3") == []
    note = models.NewNightNote(note_data=models.NewNightNoteNoteDataType0.from_dict({"message": "Clear."}))
    assert call("nightlog", "post_night_log", "mrc1", body=note) == "Note created successfully"
    assert call("nightlog", "get_night_log", "mrc1").note_data["message"] == "Clear."
    assert call("nightlog", "delete_night_log", "mrc1") is None
    queue = models.NewQueue(queue_name="focus", max_receives=3)
    assert call("queues", "create_pipe_queue", body=queue).message == "Queue created: focus"
    item = call(
        "queues", "enqueue_pipe_item", body=models.NewItem(queue_name="focus", payload={"site": "mrc1"})
    )
    assert [each.id for each in call("queues", "peek_pipe_queue", "focus")] == [item.id]
    leased = call("queues", "dequeue_pipe_item", "focus", lease_seconds=60)
    assert (leased.id, leased.payload, leased.receive_count) == (item.id, {"site": "mrc1"}, 1)
    held = models.Held(id=leased.id, lease_id=leased.lease_id)
    assert (
        call("queues", "acknowledge_pipe_item", "focus", body=held).message == f"Item acknowledged: {item.id}"
    )
    assert call("queues", "list_pipe_queues")["focus"] == 0
    details = models.NewStatusDetailsType0.from_dict({"free_gb": 812.5})
    status = models.NewStatus(pipe_id="pipe-1", status="busy", details=details)
    assert call("pipes", "set_pipe_status", body=status).details["free_gb"] == 812.5
    assert [each.pipe_id for each in call("pipes", "list_pipe_statuses")] == ["pipe-1"]
    assert len(set(made)) >= 15


def test_a_python_client_reads_what_goes_wrong(python: PythonClient, api: ApiClient) -> None:
    client = python.client.Client(base_url=api.base_url, timeout=35)
    status = python.models.NewStatus(
        pipe_id="pipe-1",
        status="busy",
        details=python.models.NewStatusDetailsType0.from_dict({"x": "x" * 410_000}),
    )
    too_large = python.operation("pipes", "set_pipe_status").sync_detailed(client=client, body=status)
    assert (too_large.status_code, too_large.parsed[:20]) == (413, "Too large to store: ")
    refused = python.operation("nightlog", "delete_night_log").sync_detailed("mrc1", client=client)
    assert (refused.status_code, refused.parsed.message) == (401, "Unauthorized")


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what openapi-typescript and hey-api make, and a program that uses both."""
    if not PROGRAMS.exists() or not shutil.which("node"):
        if os.environ.get("REQUIRE_NODE"):
            pytest.fail("REQUIRE_NODE is set, and the generators are not installed: make clients")
        pytest.skip("needs Node and its packages: make clients")
    folder = tmp_path_factory.mktemp("typescript")
    for name in ("calls.ts", "tsconfig.json"):
        shutil.copy(CLIENTS / name, folder)
    run_program("openapi-typescript", TARGET, "--output", folder / "schema.ts")
    run_program(
        "openapi-ts", "--input", TARGET, "--output", folder / "sdk", "--client", "@hey-api/client-fetch"
    )
    return folder


def run_program(name: str, *arguments: str | Path) -> None:
    ran = subprocess.run(
        [PROGRAMS / name, *arguments], capture_output=True, text=True, check=False, timeout=240, cwd=CLIENTS
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_typescript_takes_both_clients_and_a_program_that_uses_them(typescript: Path) -> None:
    run_program("tsc", "--project", typescript)


def test_openapi_typescript_has_every_operation(typescript: Path, operations: list[dict[str, Any]]) -> None:
    made = (typescript / "schema.ts").read_text()
    assert not re.findall(
        r".*: Record<string, never>;|.*@enum \{unknown\}",
        made.partition("webhooks")[2].partition("\n")[2].partition("$defs")[0],
    )
    for operation in operations:
        assert f"\n    {operation['operationId']}: {{\n" in made


def test_hey_api_has_every_operation_with_a_typed_body(
    typescript: Path, operations: list[dict[str, Any]]
) -> None:
    functions = (typescript / "sdk" / "sdk.gen.ts").read_text()
    types = (typescript / "sdk" / "types.gen.ts").read_text()
    for operation in operations:
        name = operation["operationId"]
        assert f"\nexport const {name} = " in functions
        data = types.partition(f"\nexport type {name[0].upper()}{name[1:]}Data = {{")[2].partition("\n};")[0]
        body = re.search(r"    body\??: (.*);", data)
        assert body
        assert (body[1] == "never") == ("requestBody" not in operation), name
        assert "unknown" not in body[1]
