"""Libraries compiled ahead of time: Lambda cannot keep what it compiles, and compiles at every cold start.

A module goes as `module.pyc` in place of its source, which needs no `__pycache__` and as much room as before.
The project's own modules stay sources, for the lines in tracebacks.
"""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from deploy.interpreter import lambda_python

# Where Lambda unpacks an artifact: what tracebacks name.
_TASK_ROOT = "/var/task"
_TIMEOUT_S = 300


class CompileFailed(Exception):
    """A library's module could not be compiled."""


def compile_libraries(folder: Path, names: Iterable[str]) -> set[str]:
    """Compile what is source of `names`; answer all names, with what was compiled in place of its source.

    Parameters
    ----------
    folder
        Where the libraries are installed. Bytecode is written beside the sources.
    names
        Files, as paths relative to it.

    Raises
    ------
    CompileFailed
        If a source has an error.
    """
    names = set(names)
    sources = {name for name in names if name.endswith(".py")}
    _compile(folder, sources)
    return (names - sources) | {f"{source}c" for source in sources}


def _compile(folder: Path, sources: Iterable[str]) -> None:
    # unchecked-hash: no timestamp inside, and nothing to look for beside it
    command = [lambda_python(), "-m", "compileall", "-q", "-f", "-b", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", _TASK_ROOT, "-i", "-"]
    ran = subprocess.run(
        command,
        input="\n".join(str(folder / source) for source in sorted(sources)),
        # no hash seed but this one: the order of a set's members would differ between builds
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        check=False,
        text=True,
        timeout=_TIMEOUT_S,
    )
    if ran.returncode:
        raise CompileFailed(f"A library for Lambda could not be compiled:\n{ran.stdout}{ran.stderr}")
