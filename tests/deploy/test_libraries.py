"""Which files of the libraries are deployed."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import botocore.loaders
import botocore.session
import pytest
import urllib3
from botocore import xform_name

from common.aws_session import SERVICES
from deploy import libraries
from deploy.artifacts import ARTIFACTS
from deploy.build import own_files
from local.deployment import PROJECT
from pages.assets import ASSETS, OWN


@pytest.mark.parametrize(
    "path",
    [
        "astropy/tests/runner.py",
        "botocore/data/endpoints.json",
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "botocore/client.py",
        "flask_swagger_ui/dist/swagger-ui.css",
        "numpy/testing/__init__.py",
        "numpy-2.5.5.dist-info/METADATA",
        "numpy-2.5.5.dist-info/licenses/LICENSE.txt",
        "psycopg2_binary.libs/libpq.so.5",
        "requests/latest.py",
    ],
)
def test_needed_files_are_deployed(path: str) -> None:
    assert libraries.is_needed(PurePosixPath(path))


@pytest.mark.parametrize(
    "path",
    [
        ".lock",
        "astropy/conftest.py",
        "astropy/io/fits/tests/data/arange.fits",
        "astropy/tests/test_logger.py",
        "astropy/tests/tests/test_runner.py",
        "bin/f2py",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "certifi/tests/__init__.py",
        "flask_swagger_ui/__init__.py",
        "flask_swagger_ui/dist/swagger-ui.js.map",
        "numpy/__pycache__/version.cpython-313.pyc",
        "numpy/lib/tests/test_io.py",
        "numpy-2.5.5.dist-info/RECORD",
        "numpy-2.5.5.dist-info/INSTALLER",
    ],
)
def test_other_files_are_left_out(path: str) -> None:
    assert not libraries.is_needed(PurePosixPath(path))


def test_botocore_keeps_every_service_that_is_called() -> None:
    files = {path for artifact in ARTIFACTS for path in own_files(artifact).values() if path.suffix == ".py"}
    called = {name for file in files for name in re.findall(r'client\(\s*"([a-z0-9-]+)"', file.read_text())}
    assert called == {"dynamodb", "lambda", "s3", "sns", "sqs", "ssm"}
    for service in called:
        assert libraries.is_needed(PurePosixPath(f"botocore/data/{service}/1/service-2.json.gz"))


def test_the_pages_keep_every_file_of_swagger_ui_that_they_serve() -> None:
    served = {name for name in ASSETS if not any(OWN.rglob(name))}
    assert served
    for name in served:
        assert libraries.is_needed(PurePosixPath(f"flask_swagger_ui/dist/{name}"))


@pytest.mark.parametrize("locked", ["six==1.17.0", f"six==1.17.0 --hash=sha256:{'0' * 64}"])
def test_a_requirement_without_its_hash_is_not_installed(tmp_path: Path, locked: str) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(locked)
    with pytest.raises(libraries.InstallFailed, match=r"(?i)hash"):
        libraries.install([lock], tmp_path / "installed")


def test_a_changed_file_changes_no_later_install(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    (pinned,) = re.findall(r"(?m)^six==(?:.*\\\n)*.*", (PROJECT / "requirements-light.txt").read_text())
    lock.write_text(pinned)
    for name in ("one", "other"):
        libraries.install([lock], tmp_path / name)
        with (tmp_path / name / "six.py").open("a") as file:
            file.write("changed = True\n")
    texts = [(tmp_path / name / "six.py").read_text() for name in ("one", "other")]
    assert [text.count("changed = True") for text in texts] == [1, 1]


@pytest.fixture(scope="module")
def trimmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trimmed models and endpoints of the botocore that this environment has."""
    folder = tmp_path_factory.mktemp("libraries")
    data = Path(botocore.__file__).parent / "data"
    for service in SERVICES:
        shutil.copytree(data / service, folder / "botocore" / "data" / service)
    for name in ("endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json"):
        shutil.copyfile(data / name, folder / "botocore" / "data" / name)
    libraries.trim_models(folder)
    libraries.trim_endpoints(folder)
    return folder / "botocore" / "data"


def session(data: Path | None = None) -> botocore.session.Session:
    """A session that reads its descriptions from a folder, or from botocore's own."""
    made = botocore.session.Session()
    if data:
        loader = botocore.loaders.Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
        made.register_component("data_loader", loader)
    return made


@pytest.mark.parametrize("service", sorted(libraries.OPERATIONS))
def test_a_trimmed_model_has_each_operation_as_before(trimmed: Path, service: str) -> None:
    whole, small = (each.get_service_model(service) for each in (session(), session(trimmed)))
    assert set(small.operation_names) == libraries.OPERATIONS[service]
    for name in small.operation_names:
        for kind in ("input_shape", "output_shape"):
            assert described(getattr(small.operation_model(name), kind)) == described(
                getattr(whole.operation_model(name), kind)
            )
        assert [described(error) for error in small.operation_model(name).error_shapes] == [
            described(error) for error in whole.operation_model(name).error_shapes
        ]


def described(shape: Any, within: tuple[str, ...] = ()) -> Any:
    """A shape with all shapes in it."""
    if shape is None or shape.name in within:
        return None
    inner = getattr(shape, "members", None) or {
        name: getattr(shape, name) for name in ("member", "key", "value") if hasattr(shape, name)
    }
    members = {name: described(each, (*within, shape.name)) for name, each in inner.items()}
    return shape.name, shape.type_name, shape.serialization, shape.metadata, members


def test_trimmed_endpoints_are_the_same_in_every_region(trimmed: Path) -> None:
    sessions: list[Any] = [session(), session(trimmed)]
    # as botocore itself gets it
    whole, small = (each._get_internal_component("endpoint_resolver") for each in sessions)
    partitions = whole.get_available_partitions()
    assert {"aws", "aws-cn", "aws-us-gov"} <= set(partitions)
    for service in SERVICES:
        for partition in partitions:
            regions = whole.get_available_endpoints(service, partition, allow_non_regional=True)
            assert small.get_available_endpoints(service, partition, allow_non_regional=True) == regions
            for region in [*regions, "us-east-1", "xx-new-1"]:
                assert small.construct_endpoint(service, region) == whole.construct_endpoint(service, region)


# Makes every client, and prints which of the modules were loaded that are replaced, or left out beside them.
_CLIENTS = """
import json, sys
from typing import get_args
from common import aws
for service in get_args(aws.Service):
    aws.client(service)
aws.client("ssm").get_paginator("get_parameters_by_path")
print(json.dumps(sorted(name for name in sys.modules if name.startswith(("botocore.docs", "urllib3.http2")))))
"""


def copied(folder: Path, module: Any) -> None:
    """Copy the modules of a package that are deployed into a folder."""
    package = Path(module.__file__).parent
    for source in package.rglob("*.py"):
        name = source.relative_to(package.parent)
        if libraries.is_needed(PurePosixPath(name.as_posix())):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)


def test_clients_are_made_with_the_replaced_modules(tmp_path: Path) -> None:
    copied(tmp_path, botocore)
    copied(tmp_path, urllib3)
    (tmp_path / "botocore" / "data").symlink_to(Path(botocore.__file__).parent / "data")
    libraries.replace_modules(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-c", _CLIENTS],
        cwd=PROJECT,
        env={
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "a",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [
        "botocore.docs",
        "botocore.docs.docstring",
        "botocore.docs.utils",
        "urllib3.http2",
        "urllib3.http2.probe",
    ]


@pytest.mark.parametrize("gone", sorted(libraries.REPLACED))
def test_a_module_that_is_gone_is_not_replaced(tmp_path: Path, gone: str) -> None:
    for name in libraries.REPLACED.keys() - {gone}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(libraries.InstallFailed, match=gone):
        libraries.replace_modules(tmp_path)


def test_the_operations_of_functions_are_in_the_models() -> None:
    """Every operation that the code of the artifacts names is one that the trimmed models have."""
    known = {xform_name(name) for operations in libraries.OPERATIONS.values() for name in operations}
    files = {path for artifact in ARTIFACTS for path in own_files(artifact).values() if path.suffix == ".py"}
    named = {
        name
        for file in files
        for name in re.findall(
            r'(?:request|find|_write|_request|_pages|get_paginator)\(\s*"([a-z_0-9]+)"', file.read_text()
        )
    }
    assert len(named) > 15
    assert named - known == set()
