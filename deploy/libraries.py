"""Install the locked libraries for Lambda's Python and Linux, and select the files that are needed.

The selection leaves out tests, tools, and the AWS services that nothing calls. It reduces the light libraries
from 60 to 42 MB unzipped, and those for imaging from 146 to 112 MB.
"""

import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

PYTHON_VERSION = "3.13"
# Lambda's python3.13 runs on Amazon Linux 2023, with glibc 2.34.
PLATFORM = "x86_64-manylinux_2_34"

# Folders of which only these entries are needed. botocore/data: the AWS services that are called, and the
# files that botocore reads for every service. flask_swagger_ui: the files that pages.assets serves.
_NEEDED: Mapping[str, frozenset[str]] = {
    "botocore/data": frozenset(
        {
            "_retry.json",
            "dynamodb",
            "endpoints.json",
            "lambda",
            "partitions.json",
            "s3",
            "sns",
            "sqs",
            "sdk-default-configuration.json",
            "ssm",
            "sts",
        }
    ),
    "flask_swagger_ui": frozenset({"dist"}),
    "flask_swagger_ui/dist": frozenset({"swagger-ui-bundle.js", "swagger-ui.css"}),
}
# astropy always imports its test runner.
_IMPORTED_TESTS = PurePosixPath("astropy/tests")
# Notes of the installer, which differ between machines. METADATA stays for security scanners, and licences
# must be distributed with the code.
_INSTALLER_FILES = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"})


class InstallFailed(Exception):
    """uv could not install the libraries."""


def install(requirements: Iterable[Path], folder: Path) -> None:
    """Install exactly the versions that the lock files name into `folder`, and check their hashes.

    Raises
    ------
    InstallFailed
        If uv fails: for example a hash differs, Lambda's platform has no wheel, or the registry is
        unreachable.
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
    # The lock files name every dependency that is needed: flask-swagger-ui's own are left out on purpose.
    command += ["--only-binary", ":all:", "--require-hashes", "--no-deps"]
    for file in requirements:
        command += ["--requirements", str(file)]
    ran = subprocess.run(command, capture_output=True, check=False, text=True)
    if ran.returncode:
        raise InstallFailed(f"The libraries for Lambda could not be installed:\n{ran.stderr}")


def needed_files(folder: Path) -> set[str]:
    """Return the files of `folder` to deploy, as paths relative to it."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {file for file in files if is_needed(PurePosixPath(file))}


def is_needed(path: PurePosixPath) -> bool:
    """Return whether the libraries need a file at run time."""
    return not (_is_left_out(path) or _is_test(path) or _is_tool(path) or "__pycache__" in path.parts)


def _is_left_out(path: PurePosixPath) -> bool:
    """Return whether a file is in one of the `_NEEDED` folders but not among its needed entries."""
    for folder, needed in _NEEDED.items():
        if path.is_relative_to(folder) and path.relative_to(folder).parts[0] not in needed:
            return True
    return False


def _is_test(path: PurePosixPath) -> bool:
    if path.name == "conftest.py" or path.match("test_*.py"):
        return True
    return any(parent.name in {"test", "tests"} and parent != _IMPORTED_TESTS for parent in path.parents)


def _is_tool(path: PurePosixPath) -> bool:
    """Return whether a file is a command-line program or a file of the installer."""
    in_metadata = path.parent.suffix == ".dist-info"
    return path.parts[0] in {".lock", "bin"} or (in_metadata and path.name in _INSTALLER_FILES)
