"""Acceptance test of the built artifacts: every import, and every service over HTTP.

It finds what only the deployed code can get wrong: a module or library left out, or a wheel that does not
run on Lambda's Python. Without it, such a mistake would reach a stage first.

The local gateway sends each call to a new process of Lambda's Python. The process runs the unpacked
artifact and can write to `/tmp` only. PostgreSQL, local AWS backends and the demo network are behind it.
"""

import bz2
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from deploy import confinement, fits_cases, smoke
from deploy.artifacts import ARTIFACTS, handlers_by_artifact
from deploy.build import required_imports
from deploy.probes import Probe, ProbeClient
from deploy.unpacked import ArtifactBroken, UnpackedArtifact, UnpackedInvoker
from local.stack import Stack

_SITE = "mrc1"
# The first bytes of a TIFF file, little-endian and big-endian.
_TIFF_STARTS = (b"II*\0", b"MM\0*")
_TIMEOUT_S = 30


def run() -> None:
    """Test the built artifacts.

    Raises
    ------
    ArtifactBroken
        If an import fails, or a response is not as expected.
    """
    if not confinement.possible():
        print("This system cannot confine a process, so writes outside /tmp are not detected.")
    with TemporaryDirectory(prefix="photonranch-acceptance-") as folder:
        unpacked = unpack(Path(folder))
        handlers = handlers_by_artifact()
        for artifact in ARTIFACTS:
            unpacked[artifact.name].check_imports(required_imports(artifact))
        artifact_of = {handler: unpacked[name] for name, own in handlers.items() for handler in own}
        _test_every_service(UnpackedInvoker(artifact_of))


def unpack(folder: Path) -> dict[str, UnpackedArtifact]:
    """Unpack every built artifact below `folder`; return them by their names."""
    return {artifact.name: UnpackedArtifact(artifact.file, folder / artifact.name) for artifact in ARTIFACTS}


def _test_every_service(invoker: UnpackedInvoker) -> None:
    stack = Stack(0, demo=True, say=print, invoker=invoker)
    try:
        with ProbeClient(stack.base_url, attempts=1) as client:
            wrong = smoke.failures(client)
            if wrong:
                raise ArtifactBroken("\n".join(wrong))
            _test_writes(client, stack.auth0.token("auth0|acceptance", ["admin"]))
        _test_migration(stack, invoker)
    finally:
        stack.stop()


def _test_writes(client: ProbeClient, token: str) -> None:
    """Test the routes that the smoke test leaves out because they write or need a user's token."""
    client.run(_post("/dummy-requires-auth", {}, token=token))
    client.run(_post("/upload", {"object_name": f"{_SITE}-acceptance-20260101-00000001-EX01.fits.fz"}))
    client.run(_post(f"/nightlog/{_SITE}", {"note_data": "A note of the acceptance test."}))
    client.run(_post("/pipe/queue", {"queue_name": "acceptance"}))
    client.run(Probe(f"/control_room/{_SITE}", lambda response: response.json()["url"]))
    image = client.run(Probe(f"/{_SITE}/latest_images/1", _is_filed)).json()[0]
    _test_tiff(client, image)
    _test_refusals(client)
    _test_odd_files(client)
    _test_zip(client, image)


def _test_migration(stack: Stack, invoker: UnpackedInvoker) -> None:
    """Migrate the database, which is up to date: the artifact must have the schemas."""
    said = invoker(stack.deployment.functions["migrateDatabase"], {"files_uploads": True}, _TIMEOUT_S)
    if not any(sentence.startswith("CREATE TABLE") for sentence in said):
        raise ArtifactBroken(f"migrateDatabase has not applied the schema: {said}")


def _is_filed(response: requests.Response) -> bool:
    """Return whether the ingester has filed the newest demo image, with its header and a thumbnail."""
    image = response.json()[0]
    return bool(image["filter_used"] and image["jpg_small_exists"])


def _test_tiff(client: ProbeClient, image: dict[str, Any]) -> None:
    name = f"{image['base_filename']}-{image['data_type']}10.fits.fz"
    url = client.run(_post("/download", {"object_name": name, "image_type": "tif"})).text
    if bz2.decompress(_download(url))[:4] not in _TIFF_STARTS:
        raise ArtifactBroken("POST /download makes a file that is not a TIFF.")


def _test_refusals(client: ProbeClient) -> None:
    """Request each hostile FITS file twice. Both responses must be the same refusal."""
    for file in fits_cases.HOSTILE:
        refused = replace(_post("/download", {"object_name": _upload(client, file)}), statuses=(413, 422))
        if len({client.run(refused).text for _ in range(2)}) > 1:
            raise ArtifactBroken(f"POST /download refuses {file.name} with two different messages.")


def _test_odd_files(client: ProbeClient) -> None:
    """Request each FITS file that was once read wrongly, as plain FITS and as TIFF, and check the pixels."""
    for file in fits_cases.ODD:
        name = _upload(client, file)
        url = client.run(_post("/download", {"object_name": name})).text
        if fits_cases.data_of(_download(url)) != fits_cases.expected_data(file):
            raise ArtifactBroken(f"POST /download returns wrong pixels of {file.name}.")
        client.run(_post("/download", {"object_name": name, "image_type": "tif"}))


def _upload(client: ProbeClient, file: Path) -> str:
    """Upload a file; return its object name."""
    name = f"{_SITE}-{file.name}"
    form = client.run(_post("/upload", {"object_name": name})).json()
    stored = requests.post(
        form["url"], data=form["fields"], files={"file": file.read_bytes()}, timeout=_TIMEOUT_S
    )
    stored.raise_for_status()
    return name


def _test_zip(client: ProbeClient, image: dict[str, Any]) -> None:
    """Request a zip. `downloadZip` invokes the zip function through botocore."""
    second = image["capture_date"] // 1000
    wanted = {"start_timestamp_s": second, "end_timestamp_s": second + 1, "fits_size": "small", "site": _SITE}
    url = client.run(_post("/downloadzip", wanted)).json()["message"]
    with zipfile.ZipFile(io.BytesIO(_download(url))) as archive:
        if archive.testzip() or not archive.namelist():
            raise ArtifactBroken("POST /downloadzip makes an unreadable zip.")


def _post(path: str, body: dict[str, Any], token: str = "") -> Probe:
    return Probe(path, lambda response: response.text, method="POST", json=body, token=token)


def _download(url: str) -> bytes:
    response = requests.get(url, timeout=_TIMEOUT_S)
    response.raise_for_status()
    return response.content
