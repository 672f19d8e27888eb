"""Complete builds of the artifacts from the locked requirements."""

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from deploy import archive
from deploy.artifacts import ARTIFACTS, Artifact
from deploy.build import ArtifactTooLarge, build, check_size, required_imports
from deploy.unpacked import UnpackedArtifact
from local.deployment import Function
from tests.events import event

# For each artifact a handler that needs no backend, an event, and words of its result in JSON.
HANDLERS = {
    "light": (
        "api/service_handlers.home",
        event(method="POST"),
        ['"statusCode": 200', "New photon ranch API"],
    ),
    "ingest": ("ingest/handlers.file_uploads", {"Records": []}, ['"batchItemFailures": []']),
    "imaging": (
        "downloads/handlers.download",
        event(method="POST", body={"s3_directory": "nowhere"}),
        ['"statusCode": 403', "s3_directory"],
    ),
}
NOT_TO_BE_DEPLOYED = re.compile(
    r"(^|/)(\.git|secrets\.json|public_key|conftest\.pyc?|test_[^/]*\.pyc?|RECORD|INSTALLER)(/|$)"
)
# Libraries are deployed without sources.
OWN_SOURCE = re.compile(r"\.py$")


def _bytecode(source: str) -> str:
    folder, _, name = source.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-313.pyc"


@pytest.mark.parametrize("artifact", ARTIFACTS, ids=lambda artifact: artifact.name)
@pytest.mark.usefixtures("python")
def test_an_artifact_is_reproducible_small_clean_and_complete(artifact: Artifact, tmp_path: Path) -> None:
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    build(artifact, one)
    build(artifact, other)
    assert archive.sha256(one) == archive.sha256(other)
    assert one.stat().st_size < 50_000_000
    names = zipfile.ZipFile(one).namelist()
    assert [name for name in names if NOT_TO_BE_DEPLOYED.search(name)] == []
    assert [name for name in names if "/tests/" in name and not name.startswith("astropy/tests/")] == []
    assert [name for name in names if name.startswith("botocore/__init__")] == ["botocore/__init__.pyc"]
    compiled = [name for name in names if "/__pycache__/" in name]
    assert sorted(compiled) == sorted(map(_bytecode, filter(OWN_SOURCE.search, names)))
    unpacked = UnpackedArtifact(one, tmp_path / "unpacked")
    unpacked.check_imports(required_imports(artifact))
    handler, given, words = HANDLERS[artifact.name]
    result = json.dumps(unpacked.run(Function("one", "one", handler, 128), given, timeout_s=29))
    assert [word for word in words if word not in result] == []


def test_an_artifact_over_its_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.py").write_bytes(bytes(2_000_000))
    archive.write(tmp_path / "it.zip", {"large.py": tmp_path / "large.py"})
    check_size(replace(ARTIFACTS[0], limit_mb=2), tmp_path / "it.zip")
    with pytest.raises(ArtifactTooLarge, match=r"light has 2\.0 MB unzipped, over its limit of 1\.9 MB"):
        check_size(replace(ARTIFACTS[0], limit_mb=1.9), tmp_path / "it.zip")
