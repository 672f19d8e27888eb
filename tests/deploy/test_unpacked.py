"""Handlers of an unpacked artifact run without anything else of the machine."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy import confinement
from deploy.unpacked import ArtifactBroken, UnpackedArtifact, UnpackedInvoker
from local.deployment import Function

HANDLERS = """
import os, pathlib, sys, time

def echo(event, context):
    print("printed by the handler")
    left_ms = context.get_remaining_time_in_millis()
    in_time = 0 < left_ms <= 9000
    python = sys.version_info[:2]
    return {"event": event, "name": context.function_name, "in time": in_time, "version": python}

def refuse(event, context):
    raise ValueError("Unauthorized")

def write(event, context):
    written = []
    for folder in ("/tmp", "/dev/shm", ".", "/var/tmp", sys.path[0]):
        file = pathlib.Path(folder) / f"photonranch-{os.getpid()}"
        try:
            file.write_text("written")
            file.unlink()
            written.append(folder)
        except OSError:
            pass
    return written

def hang(event, context):
    time.sleep(60)

def path(event, context):
    return sys.path

def leave(event, context):
    sys.exit("gone")
"""

TMP = "/tmp"  # noqa: S108 - what Lambda calls it

Make = Callable[[dict[str, str]], UnpackedArtifact]


def run(artifact: UnpackedArtifact, name: str, timeout_s: float = 9) -> Any:
    return UnpackedInvoker({f"shop/handlers.{name}": artifact})(
        Function(name, f"photonranch-{name}", f"shop/handlers.{name}", 128), {"é": 1}, timeout_s
    )


@pytest.fixture
def artifact(unpacked: Make) -> UnpackedArtifact:
    return unpacked({"shop/__init__.py": "", "shop/handlers.py": HANDLERS})


def test_a_handler_runs_as_in_lambda(artifact: UnpackedArtifact) -> None:
    assert run(artifact, "echo") == {
        "event": {"é": 1},
        "name": "photonranch-echo",
        "in time": True,
        "version": [3, 13],
    }


def test_an_exception_of_the_handler_is_raised(artifact: UnpackedArtifact) -> None:
    with pytest.raises(ArtifactBroken, match=r"^Unauthorized$"):
        run(artifact, "refuse")


def test_a_handler_that_ends_its_process_is_reported(artifact: UnpackedArtifact) -> None:
    with pytest.raises(ArtifactBroken, match="gone"):
        run(artifact, "leave")


@pytest.mark.skipif(not confinement.possible(), reason="this system cannot confine a process")
def test_a_handler_can_write_to_tmp_only(artifact: UnpackedArtifact, tmp_path: Path) -> None:
    written = run(artifact, "write")
    below_tmp = [str(tmp_path / "unpacked")] if tmp_path.is_relative_to(TMP) else []
    assert written == [TMP, *below_tmp]


def test_a_handler_that_hangs_times_out(artifact: UnpackedArtifact) -> None:
    with pytest.raises(TimeoutError):
        run(artifact, "hang", timeout_s=2)


def test_only_python_and_the_artifact_are_importable(
    artifact: UnpackedArtifact, python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    # The tests may run on the same Python, whose standard library is then in both paths.
    program = [python, "-I", "-S", "-c", "import json, sys; print(json.dumps(sys.path))"]
    standard_library = json.loads(subprocess.run(program, capture_output=True, check=True).stdout)
    path = run(artifact, "path")
    assert path == [str(tmp_path / "unpacked"), *standard_library]
    assert not [entry for entry in path if "site-packages" in entry]


def test_importable_names_pass(artifact: UnpackedArtifact) -> None:
    artifact.check_imports(["shop/handlers.echo", "shop", "json.decoder"])


def test_failed_imports_are_named_with_their_errors(unpacked: Make) -> None:
    artifact = unpacked({"shop.py": "import requests", "bad.py": "1 / 0"})
    with pytest.raises(ArtifactBroken) as caught:
        artifact.check_imports(["shop", "bad", "shop/handlers.run", "json"])
    assert str(caught.value).splitlines() == [
        "These cannot be imported:",
        "  bad: ZeroDivisionError: division by zero",
        "  shop: ModuleNotFoundError: No module named 'requests'",
        "  shop/handlers.run: ModuleNotFoundError: No module named 'requests'",
    ]
