"""Run a handler in a fresh interpreter: this Python on the source tree, or Lambda's on an artifact.

With the folder of `awslambdaric`, the client that AWS runs functions with, a handler runs as on Lambda.
"""

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import cpu_quota
from benchmarks.runtime_api import RuntimeApi
from local.deployment import PROJECT

_FAULT = 400
PARTS = ("interpreter_ms", "import_ms", "init_cpu_ms", "answer_ms", "answer_cpu_ms", "second_ms")
# The time to the response of a call and its CPU time, in ms.
Call = Sequence[float]
# With the number of a process, this is the number of its clock of CPU time (CPUCLOCK_SCHED of Linux).
_PROCESS_CPU_TIME = 2
# Imports the handler, waits for a line, and calls the handler twice. It prints a line after each of the three
# steps, with times in milliseconds.
_PROGRAM = """
import time
started = time.perf_counter()
import importlib, json, sys
from types import SimpleNamespace
folder, spawned, module, name, event = json.loads(sys.stdin.readline())
sys.path.insert(0, folder)
loading = time.perf_counter()
handler = getattr(importlib.import_module(module), name)
imported = time.perf_counter() - loading
print(json.dumps([1000 * (started - spawned), 1000 * imported, 1000 * time.process_time()]), flush=True)
sys.stdin.readline()
context = SimpleNamespace(aws_request_id="first", get_remaining_time_in_millis=lambda: 900_000)
for _ in range(2):
    wall, cpu = time.perf_counter(), time.process_time()
    answer = handler(event, context)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    status = answer.get("statusCode", 200) if isinstance(answer, dict) else 200
    print(json.dumps([status, 1000 * wall, 1000 * cpu]), flush=True)
"""


# Runs a handler with the runtime client.
_CLIENT_PROGRAM = """
import sys
folder, client, handler = sys.argv[1:]
sys.path[:0] = [folder, client]
from awslambdaric.__main__ import main
main([sys.argv[0], handler])
"""


@dataclass(frozen=True)
class Runtime:
    """A Python with its options and the folders that are searched for handlers, in order.

    Attributes
    ----------
    client
        The folder of `awslambdaric`, if it runs the handlers.
    """

    command: tuple[str, ...]
    folders: tuple[Path, ...]
    client: Path | None = None

    @property
    def name(self) -> str:
        """A description of the runtime."""
        version = subprocess.run(
            [self.command[0], "--version"], capture_output=True, check=True, text=True
        ).stdout.strip()
        place = "source tree" if self.folders == (PROJECT,) else "artifact"
        return f"{version}, {place}{', awslambdaric' if self.client else ''}"

    def has(self, handler: str) -> bool:
        """Return whether one of the folders has the handler's module."""
        return self._folder_of(handler) is not None

    def _folder_of(self, handler: str) -> Path | None:
        path, _, _ = handler.rpartition(".")
        return next((folder for folder in self.folders if (folder / f"{path}.py").exists()), None)

    def cold_start(self, handler: str, event: Any, memory_mb: float, *, prepared: bool) -> dict[str, float]:
        """Run a handler in a fresh interpreter; return the parts of its time, in ms.

        The secret of PostgreSQL's URL comes from the parameter store, as in AWS.

        Parameters
        ----------
        handler, event
            What is run, and its event.
        memory_mb
            The function's memory, and so its part of a core after the init phase.
        prepared
            Whether the init phase loads what `common.init_phase` declares.

        Returns
        -------
        dict
            The init phase: `interpreter_ms`, `import_ms`, `init_cpu_ms`. The first call: `answer_ms`,
            `answer_cpu_ms`. The second call: `second_ms`. Calls have the function's part of a core.
        """
        path, _, name = handler.rpartition(".")
        folder = self._folder_of(handler)
        assert folder is not None, f"no folder has {handler}"
        environment = {
            key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "_HANDLER"}
        }
        if prepared:
            environment["_HANDLER"] = handler
        share = cpu_quota.cores(memory_mb)
        if self.client:
            return self._by_client(handler, folder, event, environment, share)
        with cpu_quota.group(share) as quota, self._started(folder, environment) as process:
            order = [str(folder), time.perf_counter(), path.replace("/", "."), name, event]
            init = _told(process, order)
            if quota is not None:
                cpu_quota.confine(process.pid, quota)
            status, *first = _told(process, "call")
            assert status < _FAULT, f"{handler} answers {status}"
            _, *second = _line(process)
            process.wait(timeout=60)
        return _parts(init, first, second, share, is_confined=quota is not None)

    def _by_client(
        self, handler: str, folder: Path, event: Any, environment: dict[str, str], share: float
    ) -> dict[str, float]:
        """Return the parts as `cold_start` does; the interpreter's start is in `import_ms`."""
        api = RuntimeApi()
        command = [*self.command, "-c", _CLIENT_PROGRAM, str(folder), str(self.client), handler]
        environment = {**environment, "AWS_LAMBDA_RUNTIME_API": api.address}
        started = time.perf_counter()
        with (
            cpu_quota.group(share) as quota,
            # The log of the function would come between the figures.
            subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as process,
        ):
            try:
                api.wait_until_asked()
                init = (1000 * (time.perf_counter() - started), _cpu_ms(process.pid))
                if quota is not None:
                    cpu_quota.confine(process.pid, quota)
                (answer, first), (_, second) = (_call(api, process.pid, event) for _ in range(2))
            finally:
                process.kill()
                process.wait()
                api.stop()
        status = answer.get("statusCode", 200) if isinstance(answer, dict) else 200
        assert status < _FAULT, f"{handler} answers {answer}"
        return _parts((0.0, *init), first, second, share, is_confined=quota is not None)

    def _started(self, folder: Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*self.command, "-c", _PROGRAM],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def _parts(
    init: Sequence[float], first: Call, second: Call, cores: float, *, is_confined: bool
) -> dict[str, float]:
    """Return the parts of a cold start by name. Without a quota, the waits are scaled CPU times."""
    first_ms, second_ms = (wall if is_confined else cpu / min(1, cores) for wall, cpu in (first, second))
    return dict(zip(PARTS, (*init, first_ms, first[1], second_ms), strict=True))


def _call(api: RuntimeApi, pid: int, event: Any) -> tuple[Any, Call]:
    """Call a function; return its response too."""
    started, cpu_ms = time.perf_counter(), _cpu_ms(pid)
    answer = api.call(event)
    ms = 1000 * (time.perf_counter() - started)
    api.wait_until_asked()
    return answer, (ms, _cpu_ms(pid) - cpu_ms)


def _cpu_ms(pid: int) -> float:
    """Return the CPU time of a process so far, in ms; also that of threads that have ended."""
    return time.clock_gettime_ns(~pid << 3 | _PROCESS_CPU_TIME) / 1e6


def _told(process: "subprocess.Popen[str]", order: Any) -> Any:
    """Send a line to a process, and return what its next line says."""
    assert process.stdin is not None
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    return _line(process)


def _line(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def of_source() -> Runtime:
    """Return this Python on the source tree."""
    return Runtime((sys.executable,), (PROJECT,))


def of_artifacts(artifacts: Iterable[Path], python: str, folder: Path, client: Path | None = None) -> Runtime:
    """Return a Python on artifacts alone: what is not compiled in them is compiled at each start.

    Parameters
    ----------
    artifacts
        Zips, or folders that they were unpacked into.
    python
        The interpreter.
    folder
        Where to unpack zips.
    client
        The folder of `awslambdaric`. Without it, its part is imitated.
    """
    command = (_executable(python), "-I", "-S", "-B")
    folders = tuple(_unpacked(artifact, folder) for artifact in artifacts)
    return Runtime(command, folders, client.resolve() if client else None)


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
