"""An artifact unpacked as Lambda unpacks it, and what is in it run by Lambda's Python, confined."""

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
    """Something in an artifact does not work."""


class UnpackedArtifact:
    """An unpacked artifact.

    Parameters
    ----------
    file
        The artifact.
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
            If one of them cannot be imported from the artifact alone.
        """
        failures: dict[str, str] = self._ask({"import": sorted(names)}, _IMPORT_TIMEOUT_S)["failures"]
        if failures:
            lines = [f"  {name}: {why}" for name, why in failures.items()]
            raise ArtifactBroken("\n".join(["These cannot be imported:", *lines]))

    def run(self, function: Function, event: Any, timeout_s: float) -> Any:
        """Answer what the handler of `function` answers to `event`, in a process that then ends.

        Raises
        ------
        ArtifactBroken
            With the handler's own words, if it raises.
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
        told = self._ask({"run": call}, timeout_s)
        if "errorType" in told:
            raise ArtifactBroken(told["errorMessage"])
        return told["answer"]

    def _ask(self, what: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        # -I and -S: no site-packages, no PYTHONPATH; -B: the folder stays as unpacked
        command = [lambda_python(), "-I", "-S", "-B", str(_RUNTIME), str(self._folder)]
        try:
            ran = subprocess.run(
                confined(command),
                input=json.dumps(what),
                capture_output=True,
                check=False,
                text=True,
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        if ran.returncode:
            raise ArtifactBroken(ran.stderr)
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer


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
        """Answer what the function's handler answers to `event`; its exceptions come as `ArtifactBroken`."""
        return self._artifact_of[function.handler].run(function, event, timeout_s or TIMEOUT_S)
