"""Libraries for Lambda: installed from locked requirements for its Python and its Linux, and trimmed."""

import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

PYTHON_VERSION = "3.13"
# Lambda's python3.13 runs on Amazon Linux 2023, whose glibc is 2.34.
PLATFORM = "x86_64-manylinux_2_34"

# What stays of folders of which only a part is used: the AWS services, by boto3's names, that are called, and
# the tables that botocore reads for each of them; the files that pages.assets serves.
_NEEDED: Mapping[str, frozenset[str]] = {
    "botocore/data": frozenset(
        {
            "_retry.json",
            "dynamodb",
            "endpoints.json",
            "lambda",
            "partitions.json",
            "s3",
            "sdk-default-configuration.json",
            "ssm",
            "sts",
        }
    ),
    "flask_swagger_ui": frozenset({"dist"}),
    "flask_swagger_ui/dist": frozenset({"swagger-ui-bundle.js", "swagger-ui.css"}),
}
# astropy imports its own test runner whenever it is imported.
_IMPORTED_TESTS = PurePosixPath("astropy/tests")
# Who installed what, and how: it differs between machines. METADATA and licences stay: scanners of what is
# deployed read the one, and the other has to go along.
_INSTALLERS_NOTES = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"})


class InstallFailed(Exception):
    """The libraries could not be installed."""


def install(requirements: Iterable[Path], folder: Path) -> None:
    """Install exactly what `requirements` lock, hashes checked, into `folder`.

    Raises
    ------
    InstallFailed
        If uv says no: a hash differs, there is no wheel for Lambda, no registry answers.
    """
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--no-config",
        "--target",
        str(folder),
    ]
    command += ["--python-version", PYTHON_VERSION, "--python-platform", PLATFORM]
    # every dependency is locked; what the lock leaves out is left out on purpose
    command += ["--only-binary", ":all:", "--require-hashes", "--no-deps"]
    for file in requirements:
        command += ["--requirements", str(file)]
    ran = subprocess.run(command, capture_output=True, check=False, text=True)
    if ran.returncode:
        raise InstallFailed(f"The libraries for Lambda could not be installed:\n{ran.stderr}")


def needed_files(folder: Path) -> set[str]:
    """Answer the files of `folder` that are worth deploying, as paths relative to it."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {file for file in files if is_needed(PurePosixPath(file))}


def is_needed(path: PurePosixPath) -> bool:
    """Answer whether a file of a folder of libraries is used when they run."""
    return not (_is_unused(path) or _is_test(path) or _is_tool(path) or "__pycache__" in path.parts)


def _is_unused(path: PurePosixPath) -> bool:
    """Answer whether it lies in a folder of which other things are kept."""
    for folder, kept in _NEEDED.items():
        if path.is_relative_to(folder) and path.relative_to(folder).parts[0] not in kept:
            return True
    return False


def _is_test(path: PurePosixPath) -> bool:
    if path.name == "conftest.py" or path.match("test_*.py"):
        return True
    return any(parent.name in {"test", "tests"} and parent != _IMPORTED_TESTS for parent in path.parents)


def _is_tool(path: PurePosixPath) -> bool:
    """Answer whether it is a command, or a note of the installer's."""
    in_metadata = path.parent.suffix == ".dist-info"
    return path.parts[0] in {".lock", "bin"} or (in_metadata and path.name in _INSTALLERS_NOTES)
