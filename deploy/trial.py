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
from deploy.build import imports
from deploy.questions import Asker, Question
from deploy.unpacked import Broken, Unpacked, UnpackedInvoker
from local.stack import Stack

_SITE = "mrc1"
# Little-endian, big-endian.
_TIFF_STARTS = (b"II*\0", b"MM\0*")
_TIMEOUT_S = 30


def run() -> None:
    """Try the built artifacts.

    Raises
    ------
    Broken
        If something in one cannot be imported, or a route does not answer as it should.
    """
    if not confinement.possible():
        print("This system cannot confine a process: the artifacts may write more than Lambda lets them.")
    with TemporaryDirectory(prefix="photonranch-trial-") as folder:
        unpacked = unpack(Path(folder))
        handlers = handlers_by_artifact()
        for artifact in ARTIFACTS:
            unpacked[artifact.name].check_imports(imports(artifact))
        artifact_of = {handler: unpacked[name] for name, own in handlers.items() for handler in own}
        _ask_every_service(UnpackedInvoker(artifact_of))


def unpack(folder: Path) -> dict[str, Unpacked]:
    """Unpack every built artifact below `folder`; answer them by their names."""
    return {artifact.name: Unpacked(artifact.file, folder / artifact.name) for artifact in ARTIFACTS}


def _ask_every_service(invoker: UnpackedInvoker) -> None:
    stack = Stack(0, demo=True, say=print, invoker=invoker)
    try:
        with Asker(stack.base_url, attempts=1) as asker:
            wrong = smoke.check(asker)
            if wrong:
                raise Broken("\n".join(wrong))
            _ask_what_writes(asker, stack.auth0.token("auth0|trial", ["admin"]))
    finally:
        stack.stop()


def _ask_what_writes(asker: Asker, token: str) -> None:
    """Ask what a deployed API is not asked just to try it: routes that store, and one for users alone."""
    asker.ask(_posted("/dummy-requires-auth", {}, token=token))
    asker.ask(_posted("/upload", {"object_name": f"{_SITE}-trial-20260101-00000001-EX01.fits.fz"}))
    asker.ask(_posted(f"/nightlog/{_SITE}", {"note_data": "The trial of a package."}))
    asker.ask(_posted("/pipe/queue", {"queue_name": "trial"}))
    asker.ask(Question(f"/control_room/{_SITE}", lambda answer: answer.json()["url"]))
    image = asker.ask(Question(f"/{_SITE}/latest_images/1", lambda answer: answer.json()[0])).json()[0]
    _ask_for_tiff(asker, image)
    _ask_for_refusals(asker)
    _ask_for_odd_files(asker)
    _ask_for_zip(asker, image)


def _ask_for_tiff(asker: Asker, image: dict[str, Any]) -> None:
    name = f"{image['base_filename']}-{image['data_type']}10.fits.fz"
    made = asker.ask(_posted("/download", {"object_name": name, "image_type": "tif"})).text
    if bz2.decompress(_fetched(made))[:4] not in _TIFF_STARTS:
        raise Broken("POST /download makes something that is no TIFF.")


def _ask_for_refusals(asker: Asker) -> None:
    """Ask twice for each file that was made to deceive a decoder: a refusal, and the same again."""
    for file in fits_cases.HOSTILE:
        refused = replace(_posted("/download", {"object_name": _uploaded(asker, file)}), statuses=(413, 422))
        if len({asker.ask(refused).text for _ in range(2)}) > 1:
            raise Broken(f"POST /download refuses {file.name} in other words the second time.")


def _ask_for_odd_files(asker: Asker) -> None:
    """Ask for each file that was read wrongly once: as a TIFF, and as plain FITS with the right pixels."""
    for file in fits_cases.ODD:
        name = _uploaded(asker, file)
        made = asker.ask(_posted("/download", {"object_name": name})).text
        if fits_cases.data_of(_fetched(made)) != fits_cases.right_data(file):
            raise Broken(f"POST /download makes wrong pixels of {file.name}.")
        asker.ask(_posted("/download", {"object_name": name, "image_type": "tif"}))


def _uploaded(asker: Asker, file: Path) -> str:
    """Upload a file; return the name that it has then."""
    name = f"{_SITE}-{file.name}"
    form = asker.ask(_posted("/upload", {"object_name": name})).json()
    stored = requests.post(
        form["url"], data=form["fields"], files={"file": file.read_bytes()}, timeout=_TIMEOUT_S
    )
    stored.raise_for_status()
    return name


def _ask_for_zip(asker: Asker, image: dict[str, Any]) -> None:
    """Ask for a zip, which `downloadZip` has the zip function make, found through boto3."""
    second = image["capture_date"] // 1000
    wanted = {"start_timestamp_s": second, "end_timestamp_s": second + 1, "fits_size": "small", "site": _SITE}
    made = asker.ask(_posted("/downloadzip", wanted)).json()["message"]
    with zipfile.ZipFile(io.BytesIO(_fetched(made))) as archive:
        if archive.testzip() or not archive.namelist():
            raise Broken("POST /downloadzip makes a zip that cannot be read.")


def _posted(path: str, body: dict[str, Any], token: str = "") -> Question:
    return Question(path, lambda answer: answer.text, method="POST", json=body, token=token)


def _fetched(url: str) -> bytes:
    answer = requests.get(url, timeout=_TIMEOUT_S)
    answer.raise_for_status()
    return answer.content
