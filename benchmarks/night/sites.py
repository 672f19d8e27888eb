"""A simulated site computer: it uploads exposures, sends its config, and enqueues work."""

import hashlib
import json
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

from benchmarks.night import uploads
from benchmarks.night.actors import ATTEMPTS, ON_LEASES, PLAIN, Actor, numbers, until_answered
from benchmarks.night.calls import NO_CONTENT, NONE, OK, SERVER_ERROR, Caller, status_of
from benchmarks.night.expected_state import Uploaded
from support.queue_history import Call as QueueCall

_JPG, _THUMBNAIL, _FITS = "EX10.jpg", "EX11.jpg", "EX10.fits.fz"
_UPLOAD_TRIES = 3


class Site(Actor):
    """The computer of one site; a step is an exposure."""

    def __init__(self, code: str, pipeline: Caller, *rest: Any) -> None:
        super().__init__(*rest)
        self.code = code
        # a site's own key does not allow calls to queues
        self._pipeline = pipeline

    def step(self) -> None:
        """Upload an exposure, and send the other data that is due."""
        number = next(numbers)
        self._upload_exposure(number)
        if number % 4 == 0:
            self._upload_info_image(number, channel=number // 4 % 3 + 1)
        self._enqueue_all(number)
        if number % 2 == 0:
            self.tell_config(number)
        if number % 5 == 0:
            self._write_note(number)

    def _upload_exposure(self, number: int) -> None:
        base = self._base_filename(number)
        # FITS first: the row of the image then has its header from the start
        uploaded = [
            self._upload(f"{base}-{_FITS}", uploads.fits(number)),
            self._upload(f"{base}-{_JPG}", uploads.jpg(number, uploads.JPG_WIDTH)),
            self._upload(f"{base}-{_THUMBNAIL}", uploads.jpg(number, uploads.THUMBNAIL_WIDTH)),
        ]
        if all(uploaded):
            self.expected.images.append(base)

    def _upload_info_image(self, number: int, channel: int) -> None:
        base = f"{self.code}-info-{datetime.now(UTC):%Y%m%d}-{number:08d}"
        content = uploads.jpg(number, uploads.THUMBNAIL_WIDTH)
        uploaded = self._upload(f"{base}-{_JPG}", content, s3_directory="info-images", info_channel=channel)
        self.expected.channels[self.code, channel].note(base, NO_CONTENT if uploaded else NONE)

    def _upload(self, name: str, content: bytes, **options: Any) -> bool:
        """Request a form and post the file with it, with retries; return whether S3 accepted the file."""
        for _ in range(_UPLOAD_TRIES):
            form = self.caller.ask("POST /upload", "//upload/", json={"object_name": name, **options})
            if form is not None and form.status_code == OK and self._post(form.json(), content):
                return True
            if self.night.stopped.wait(1):
                break
        return False

    def _post(self, form: dict[str, Any], content: bytes) -> bool:
        key = form["fields"]["key"]
        uploaded = self.expected.uploads.setdefault(
            key, Uploaded(hashlib.sha256(content).hexdigest(), len(content))
        )
        answer = self.caller.fetch(
            "S3 POST", "POST", form["url"], data=form["fields"], files={"file": content}
        )
        status = status_of(answer)
        uploaded.accepted += status == NO_CONTENT
        uploaded.unknown += status == NONE or status >= SERVER_ERROR
        return status == NO_CONTENT

    def _enqueue_all(self, number: int) -> None:
        self._enqueue(ON_LEASES, number)
        if number % 3 == 0:
            self._enqueue(PLAIN, number)
        if number % 3 == 1:
            self._enqueue(ATTEMPTS, number)

    def tell_config(self, number: int = 0) -> None:
        """Send the site's config as it is at the exposure `number`."""
        config = uploads.config(self.code, number)
        # as site software does: a slash at the end, no Content-Type
        answer = self.caller.ask("PUT /{site}/config", f"/{self.code}/config/", data=json.dumps(config))
        self.expected.configs[self.code].note(config, status_of(answer))

    def _write_note(self, number: int) -> None:
        note = {"site": self.code, "message": f"note {number}", "ttl_hours": 48}
        answer = self.caller.ask("POST /nightlog/{site}", f"/nightlog/{self.code}", json={"note_data": note})
        self.expected.notes[self.code].note(note, status_of(answer))

    def _base_filename(self, number: int) -> str:
        return f"{self.code}-sq01-{datetime.now(UTC):%Y%m%d}-{number:08d}"

    def _enqueue(self, queue: str, number: int) -> None:
        """Enqueue an item. Except in the plain queue it has a dedup id, so that the call may be repeated."""
        body = {"queue_name": queue, "payload": {"n": number}, "sender": self.code}
        call = partial(self._pipeline.ask, "POST /pipe/enqueue", "/pipe/enqueue")
        began = time.monotonic()
        if queue == PLAIN:
            answer = call(json=body)
        else:
            answer = until_answered(
                partial(call, json={**body, "dedup_id": f"n{number}"}), self.night.ask_again_s
            )
        item_id = answer.json()["id"] if answer is not None and answer.status_code == OK else None
        self.expected.queues[queue].append(
            QueueCall("enqueue", began, number, time.monotonic(), status_of(answer) or None, item_id)
        )
