"""A trial of the artifacts before they are deployed: every import, and every service over HTTP.

The functions run from the unpacked artifacts, each call in a fresh process of Lambda's Python that can write
to `/tmp` alone, behind the local gateway, with PostgreSQL, AWS stand-ins and the demo network.
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
# Little-endian, big-endian.
_TIFF_STARTS = (b"II*\0", b"MM\0*")
_TIMEOUT_S = 30


def run() -> None:
    """Try the built artifacts.

    Raises
    ------
    ArtifactBroken
        If something in one cannot be imported, or a route does not answer as it should.
    """
    if not confinement.possible():
        print("This system cannot confine a process: the artifacts may write more than Lambda lets them.")
    with TemporaryDirectory(prefix="photonranch-trial-") as folder:
        unpacked = unpack(Path(folder))
        handlers = handlers_by_artifact()
        for artifact in ARTIFACTS:
            unpacked[artifact.name].check_imports(required_imports(artifact))
        artifact_of = {handler: unpacked[name] for name, own in handlers.items() for handler in own}
        _test_every_service(UnpackedInvoker(artifact_of))


def unpack(folder: Path) -> dict[str, UnpackedArtifact]:
    """Unpack every built artifact below `folder`; answer them by their names."""
    return {artifact.name: UnpackedArtifact(artifact.file, folder / artifact.name) for artifact in ARTIFACTS}


def _test_every_service(invoker: UnpackedInvoker) -> None:
    stack = Stack(0, demo=True, say=print, invoker=invoker)
    try:
        with ProbeClient(stack.base_url, attempts=1) as client:
            wrong = smoke.failures(client)
            if wrong:
                raise ArtifactBroken("\n".join(wrong))
            _test_writes(client, stack.auth0.token("auth0|trial", ["admin"]))
    finally:
        stack.stop()


def _test_writes(client: ProbeClient, token: str) -> None:
    """Ask what a deployed API is not asked just to try it: routes that store, and one for users alone."""
    client.run(_post("/dummy-requires-auth", {}, token=token))
    client.run(_post("/upload", {"object_name": f"{_SITE}-trial-20260101-00000001-EX01.fits.fz"}))
    client.run(_post(f"/nightlog/{_SITE}", {"note_data": "The trial of a package."}))
    client.run(_post("/pipe/queue", {"queue_name": "trial"}))
    client.run(Probe(f"/control_room/{_SITE}", lambda answer: answer.json()["url"]))
    image = client.run(Probe(f"/{_SITE}/latest_images/1", lambda answer: answer.json()[0])).json()[0]
    _test_tiff(client, image)
    _test_refusals(client)
    _test_odd_files(client)
    _test_zip(client, image)


def _test_tiff(client: ProbeClient, image: dict[str, Any]) -> None:
    name = f"{image['base_filename']}-{image['data_type']}10.fits.fz"
    made = client.run(_post("/download", {"object_name": name, "image_type": "tif"})).text
    if bz2.decompress(_download(made))[:4] not in _TIFF_STARTS:
        raise ArtifactBroken("POST /download makes something that is no TIFF.")


def _test_refusals(client: ProbeClient) -> None:
    """Ask twice for each file that was made to deceive a decoder: a refusal, and the same again."""
    for file in fits_cases.HOSTILE:
        refused = replace(_post("/download", {"object_name": _upload(client, file)}), statuses=(413, 422))
        if len({client.run(refused).text for _ in range(2)}) > 1:
            raise ArtifactBroken(f"POST /download refuses {file.name} in other words the second time.")


def _test_odd_files(client: ProbeClient) -> None:
    """Ask for each file that was read wrongly once: as a TIFF, and as plain FITS with the right pixels."""
    for file in fits_cases.ODD:
        name = _upload(client, file)
        made = client.run(_post("/download", {"object_name": name})).text
        if fits_cases.data_of(_download(made)) != fits_cases.right_data(file):
            raise ArtifactBroken(f"POST /download makes wrong pixels of {file.name}.")
        client.run(_post("/download", {"object_name": name, "image_type": "tif"}))


def _upload(client: ProbeClient, file: Path) -> str:
    """Upload a file; return the name that it has then."""
    name = f"{_SITE}-{file.name}"
    form = client.run(_post("/upload", {"object_name": name})).json()
    stored = requests.post(
        form["url"], data=form["fields"], files={"file": file.read_bytes()}, timeout=_TIMEOUT_S
    )
    stored.raise_for_status()
    return name


def _test_zip(client: ProbeClient, image: dict[str, Any]) -> None:
    """Ask for a zip, which `downloadZip` has the zip function make, found through boto3."""
    second = image["capture_date"] // 1000
    wanted = {"start_timestamp_s": second, "end_timestamp_s": second + 1, "fits_size": "small", "site": _SITE}
    made = client.run(_post("/downloadzip", wanted)).json()["message"]
    with zipfile.ZipFile(io.BytesIO(_download(made))) as archive:
        if archive.testzip() or not archive.namelist():
            raise ArtifactBroken("POST /downloadzip makes a zip that cannot be read.")


def _post(path: str, body: dict[str, Any], token: str = "") -> Probe:
    return Probe(path, lambda answer: answer.text, method="POST", json=body, token=token)


def _download(url: str) -> bytes:
    answer = requests.get(url, timeout=_TIMEOUT_S)
    answer.raise_for_status()
    return answer.content
