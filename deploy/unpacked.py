"""Run the handlers of an unpacked artifact with Lambda's Python and file system."""

import json
import subprocess
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deploy.confinement import confined
from deploy.interpreter import lambda_python
from local.deployment import Function
from local.invocation import TIMEOUT_S, Invoker

_RUNTIME = Path(__file__).with_name("lambda_runtime.py")
_IMPORT_TIMEOUT_S = 120


class ArtifactBroken(Exception):
    """A handler or module of an artifact does not work."""


class UnpackedArtifact:
    """An unpacked artifact.

    Parameters
    ----------
    file
        The zip file.
    folder
        An empty folder to unpack it into.
    """

    def __init__(self, file: Path, folder: Path) -> None:
        self._folder = folder
        with zipfile.ZipFile(file) as archive:
            archive.extractall(folder)

    def check_imports(self, names: Iterable[str]) -> None:
        """Import handlers (`folder/module.function`) and modules (`package.module`) by their names.

        Raises
        ------
        ArtifactBroken
            If one of them cannot be imported.
        """
        failures: dict[str, str] = self._execute({"import": sorted(names)}, _IMPORT_TIMEOUT_S)["failures"]
        if failures:
            lines = [f"  {name}: {why}" for name, why in failures.items()]
            raise ArtifactBroken("\n".join(["These cannot be imported:", *lines]))

    def run(self, function: Function, event: Any, timeout_s: float) -> Any:
        """Return the response of `function` to `event`, from a new process.

        Raises
        ------
        ArtifactBroken
            If the handler raises, with its message.
        TimeoutError
            If it takes longer than `timeout_s`.
        """
        call = {
            "handler": function.handler,
            "event": event,
            "name": function.deployed_name,
            "request_id": str(uuid.uuid4()),
            "timeout_s": timeout_s,
        }
        result = self._execute({"run": call}, timeout_s)
        if "errorType" in result:
            raise ArtifactBroken(result["errorMessage"])
        return result["response"]

    def _execute(self, command: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        # -I and -S: no site-packages and no PYTHONPATH. -B: write no bytecode into the folder.
        program = [lambda_python(), "-I", "-S", "-B", str(_RUNTIME), str(self._folder)]
        try:
            ran = subprocess.run(
                confined(program),
                input=json.dumps(command),
                capture_output=True,
                check=False,
                text=True,
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        if ran.returncode:
            raise ArtifactBroken(ran.stderr)
        result: dict[str, Any] = json.loads(ran.stdout)
        return result


class UnpackedInvoker(Invoker):
    """Runs each function from the artifact that serverless.yml gives it.

    Parameters
    ----------
    artifact_of
        The unpacked artifact of each handler.
    """

    def __init__(self, artifact_of: dict[str, UnpackedArtifact]) -> None:
        super().__init__()
        self._artifact_of = artifact_of

    def __call__(self, function: Function, event: Any, timeout_s: float | None = None) -> Any:
        """Return the function's response to `event`. Exceptions of the handler become `ArtifactBroken`."""
        return self._artifact_of[function.handler].run(function, event, timeout_s or TIMEOUT_S)
