"""Run a handler in a fresh interpreter: this Python on the source tree, or Lambda's on an artifact."""

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.deployment import PROJECT

_FAULT = 400
# Prints the status of the response and four times in milliseconds: the start of the interpreter, the import
# of the handler, the call of the handler, and the CPU time of the whole process.
_PROGRAM = """
import time
started = time.perf_counter()
import importlib, json, sys
from types import SimpleNamespace
folder, spawned, module, name, event = json.load(sys.stdin)
sys.path.insert(0, folder)
loading = time.perf_counter()
handler = getattr(importlib.import_module(module), name)
loaded = time.perf_counter()
context = SimpleNamespace(aws_request_id="first", get_remaining_time_in_millis=lambda: 900_000)
answer = handler(event, context)
parts = started - spawned, loaded - loading, time.perf_counter() - loaded, time.process_time()
status = answer.get("statusCode", 200) if isinstance(answer, dict) else 200
print(json.dumps([status, *(part * 1000 for part in parts)]))
"""


@dataclass(frozen=True)
class Runtime:
    """A Python with its options and the folders that are searched for handlers, in order."""

    command: tuple[str, ...]
    folders: tuple[Path, ...]

    @property
    def name(self) -> str:
        """A description of the runtime."""
        version = subprocess.run(
            [self.command[0], "--version"], capture_output=True, check=True, text=True
        ).stdout.strip()
        return f"{version}, {'source tree' if self.folders == (PROJECT,) else 'artifact'}"

    def first_answer(self, handler: str, event: Any) -> dict[str, float]:
        """Run a handler in a fresh interpreter; return the parts of its time, in ms.

        The secret of PostgreSQL's URL comes from the parameter store, as in AWS.
        """
        path, _, name = handler.rpartition(".")
        folder = next(folder for folder in self.folders if (folder / f"{path}.py").exists())
        order = [str(folder), time.perf_counter(), path.replace("/", "."), name, event]
        ran = subprocess.run(
            [*self.command, "-c", _PROGRAM],
            cwd=folder,
            env={key: value for key, value in os.environ.items() if key != "DATABASE_URL"},
            input=json.dumps(order),
            capture_output=True,
            check=True,
            text=True,
        )
        status, *parts = json.loads(ran.stdout)
        assert status < _FAULT, f"{handler} answers {status}: {ran.stderr}"
        return dict(zip(("interpreter_ms", "import_ms", "answer_ms", "cpu_ms"), parts, strict=True))


def of_source() -> Runtime:
    """Return this Python on the source tree."""
    return Runtime((sys.executable,), (PROJECT,))


def of_artifacts(artifacts: Iterable[Path], python: str, folder: Path) -> Runtime:
    """Return a Python on artifacts alone: what is not compiled in them is compiled at each start.

    Parameters
    ----------
    artifacts
        Zips, or folders that they were unpacked into.
    python
        The interpreter.
    folder
        Where to unpack zips.
    """
    command = (_executable(python), "-I", "-S", "-B")
    return Runtime(command, tuple(_unpacked(artifact, folder) for artifact in artifacts))


def _executable(python: str) -> str:
    """Return the path of the interpreter itself. pyenv's commands are scripts, which take additional time."""
    version = {"PYENV_VERSION": python.removeprefix("python")} if python.startswith("python") else {}
    command = [python, "-c", "import sys; print(sys.executable)"]
    ran = subprocess.run(command, env={**os.environ, **version}, capture_output=True, check=True, text=True)
    return ran.stdout.strip()


def _unpacked(artifact: Path, folder: Path) -> Path:
    if artifact.is_dir():
        return artifact.resolve()
    with zipfile.ZipFile(artifact) as archive:
        archive.extractall(folder / artifact.stem)
    return folder / artifact.stem
