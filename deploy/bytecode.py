"""Compile all modules before deployment, because Lambda cannot store bytecode.

It would compile each module that a function imports at every cold start: 0.3 s of CPU time for the libraries,
and 20 to 50 ms for the project's own modules. The bytecode of a library replaces its source, and needs about
as much space. The project's own sources stay beside their bytecode, so that tracebacks show their lines.
"""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.interpreter import lambda_python

# Lambda unpacks an artifact here. Tracebacks show this path.
_TASK_ROOT = "/var/task"
_TIMEOUT_S = 300


class CompileFailed(Exception):
    """A module cannot be compiled."""


def compile_libraries(folder: Path, names: Iterable[str]) -> set[str]:
    """Compile the Python sources in `names`; return all names, each source replaced by its bytecode file.

    Parameters
    ----------
    folder
        The folder of the installed libraries. Bytecode is written beside the sources.
    names
        Files, as paths relative to `folder`.

    Raises
    ------
    CompileFailed
        If a source has a syntax error.
    """
    names = set(names)
    sources = {name for name in names if name.endswith(".py")}
    _compile(folder, sources, "-b")
    return (names - sources) | {f"{source}c" for source in sources}


def beside_sources(files: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Compile the Python sources among `files`; return the bytecode, where Python looks for it first.

    Parameters
    ----------
    files
        The paths of an artifact's files, by their names in it.
    folder
        An empty folder to compile in.

    Returns
    -------
    dict
        The paths of the bytecode, by its names in the artifact: `__pycache__/module.cpython-313.pyc`.

    Raises
    ------
    CompileFailed
        If a source has a syntax error.
    """
    sources = {name: path for name, path in files.items() if name.endswith(".py")}
    for name, path in sources.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    _compile(folder, sources)
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.pyc")}


def _compile(folder: Path, sources: Iterable[str], *options: str) -> None:
    # unchecked-hash: bytecode without a timestamp, which Python loads without comparing it with its source.
    command = [lambda_python(), "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    command += [*options, "-s", str(folder), "-p", _TASK_ROOT, "-i", "-"]
    ran = subprocess.run(
        command,
        input="\n".join(str(folder / source) for source in sorted(sources)),
        # A fixed hash seed: otherwise the order of set constants differs between builds.
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        check=False,
        text=True,
        timeout=_TIMEOUT_S,
    )
    if ran.returncode:
        raise CompileFailed(f"A module for Lambda could not be compiled:\n{ran.stdout}{ran.stderr}")
