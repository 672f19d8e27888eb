"""Install the locked libraries for Lambda's Python and Linux, and select the files that are needed.

The selection leaves out tests, tools, and the AWS services and operations that nothing calls. It reduces the
light libraries from 60 to 40 MB unzipped, and those for imaging from 146 to 111 MB.
"""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from common.aws_session import SERVICES

PYTHON_VERSION = "3.13"
# Lambda's python3.13 runs on Amazon Linux 2023, with glibc 2.34.
PLATFORM = "x86_64-manylinux_2_34"

# The operations of AWS that functions use, by service. botocore itself uses the last line of DynamoDB and S3:
# to find DynamoDB's endpoint, to sign forms, and to find a bucket's region.
OPERATIONS: Mapping[str, frozenset[str]] = {
    "dynamodb": frozenset(
        {"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan"}
        | {"TransactWriteItems", "UpdateItem"}
        | {"DescribeEndpoints"}
    ),
    "lambda": frozenset({"Invoke"}),
    "s3": frozenset(
        {"CopyObject", "DeleteObject", "GetObject", "HeadObject", "ListObjectsV2", "PutObject"}
        | {"AbortMultipartUpload", "CompleteMultipartUpload", "CreateMultipartUpload", "UploadPart"}
        | {"UploadPartCopy"}
        | {"CreateBucket", "HeadBucket"}
    ),
    "sns": frozenset({"Publish"}),
    "sqs": frozenset({"SendMessage"}),
    "ssm": frozenset({"GetParameter", "GetParametersByPath"}),
}
# botocore's list of the endpoints of all services.
ENDPOINTS = "botocore/data/endpoints.json"
# Modules that every function would load and none uses, with what replaces them. The originals describe each
# operation in HTML, and find out whether a library for HTTP/2 is installed.
REPLACED: Mapping[str, str] = {
    "botocore/docs/__init__.py": "",
    "botocore/docs/docstring.py": """class ClientMethodDocstring(str):
    def __new__(cls, **_described):
        return super().__new__(cls)


PaginatorDocstring = WaiterDocstring = ClientMethodDocstring
""",
    "urllib3/http2/__init__.py": "",
}
# Folders of which only these entries are needed. botocore/data: the AWS services that are called, and the
# files that botocore reads for every service. flask_swagger_ui: the files that pages.assets serves.
_NEEDED: Mapping[str, frozenset[str]] = {
    "botocore/data": SERVICES
    | {"_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"},
    "botocore/docs": frozenset({"__init__.py", "docstring.py", "utils.py"}),
    "urllib3/http2": frozenset({"__init__.py", "probe.py"}),
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
    # Not linked to uv's cache: the build changes files, and others install from the cache.
    command += ["--link-mode", "copy"]
    # The lock files name every dependency that is needed: flask-swagger-ui's own are left out on purpose.
    command += ["--only-binary", ":all:", "--require-hashes", "--no-deps"]
    for file in requirements:
        command += ["--requirements", str(file)]
    ran = subprocess.run(command, capture_output=True, check=False, text=True)
    if ran.returncode:
        raise InstallFailed(f"The libraries for Lambda could not be installed:\n{ran.stderr}")


def trim_models(folder: Path) -> None:
    """Keep only the `OPERATIONS` in botocore's models of the services, and the shapes that they need.

    botocore reads a model when it makes a client. A whole one takes 10 to 20 ms of CPU time.
    """
    for service, operations in OPERATIONS.items():
        # botocore reads the newest version
        path = max((folder / "botocore" / "data" / service).glob("*/service-2.json.gz"))
        model = json.loads(gzip.decompress(path.read_bytes()))
        model["operations"] = {name: model["operations"][name] for name in sorted(operations)}
        model["shapes"] = _used_shapes(model)
        # without a time, so that the artifact is the same each time
        path.write_bytes(gzip.compress(json.dumps(model).encode(), mtime=0))


def _used_shapes(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shapes that the operations of a model refer to, directly or through other shapes."""
    used: dict[str, Any] = {}
    waiting = [model["operations"]]
    while waiting:
        for name in _references(waiting.pop()):
            if name not in used:
                used[name] = model["shapes"][name]
                waiting.append(used[name])
    return {name: shape for name, shape in model["shapes"].items() if name in used}


def _references(part: Any) -> Iterator[str]:
    """Return the names of the shapes that a part of a model refers to."""
    if isinstance(part, list):
        for member in part:
            yield from _references(member)
    elif isinstance(part, dict):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        for member in part.values():
            yield from _references(member)


def trim_endpoints(folder: Path) -> None:
    """Keep only the endpoints of `SERVICES`, in every region, in botocore's list.

    botocore reads the list when it makes the first client. The whole list takes 40 ms of CPU time.
    """
    path = folder / ENDPOINTS
    endpoints = json.loads(path.read_text())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in sorted(SERVICES & services.keys())}
    path.write_text(json.dumps(endpoints, separators=(",", ":")))


def replace_modules(folder: Path) -> None:
    """Write the `REPLACED` modules. The originals take 10 ms of CPU time of each init phase.

    Raises
    ------
    InstallFailed
        If a library does not have the module any more.
    """
    for name, text in REPLACED.items():
        path = folder / name
        if not path.exists():
            raise InstallFailed(
                f"{name} is not in the library any more: look whether functions still load what it did, and "
                "change REPLACED in deploy/libraries.py."
            )
        path.write_text(text)


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
