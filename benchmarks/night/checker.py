"""Compare what is stored after a night with the responses that clients got."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import boto3

from benchmarks.night.actors import ON_LEASES, PLAIN, QUEUES, Night
from benchmarks.night.calls import NO_CONTENT, NOT_FOUND, OK, Caller
from benchmarks.night.expected_state import ExpectedState, Register, Uploaded
from local.environment import CREDENTIALS
from support import queue_history as history
from support.network import REGION

_LOOK_EVERY_S = 0.5
_FETCHED_AT_ONCE = 4


@dataclass
class Findings:
    """The result of the comparison.

    Attributes
    ----------
    checked
        How many values of each kind were compared.
    wrong
        Sentences; empty if everything stored matches the responses.
    in_unknown_hands
        Items that plain dequeues removed, whose responses were lost. The documentation allows this.
    """

    checked: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    in_unknown_hands: int = 0


class Checker:
    """Reads everything back: files directly from S3, the rest by the API.

    Parameters
    ----------
    caller
        Of the API.
    night
        The night, with the state that the responses imply.
    aws_url
        S3's URL, without the proxy.
    bucket
        The bucket's name.
    """

    def __init__(self, caller: Caller, night: Night, aws_url: str, bucket: str) -> None:
        self._caller = caller
        self._night = night
        self._expected: ExpectedState = night.expected_state
        self._bucket = bucket
        self._s3 = boto3.client(
            "s3",
            endpoint_url=aws_url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def check(self, *, in_order: bool) -> Findings:
        """Compare everything. The queues must be empty.

        Parameters
        ----------
        in_order
            Whether there were no faults, so that the order of the items must be right too.
        """
        findings = Findings()
        checks = {
            "configs": self._configs(),
            "notes": self._notes(),
            "statuses": self._statuses(),
            "info images": self._channels(),
            "files": self._files(),
            "logged uploads": self._log(),
            "images": self._images(),
        }
        for name, sentences in checks.items():
            results = list(sentences)
            findings.checked[name] = len(results)
            findings.wrong += [f"{name}: {sentence}" for sentence in results if sentence]
        for queue in QUEUES:
            self._queue(queue, findings, in_order=in_order)
        self._s3.close()
        findings.wrong += self._night.fallen
        return findings

    def wait_for_ingester(self, within_s: float) -> None:
        """Wait until the ingester has filed every file in S3, or until the time is over."""
        end = time.monotonic() + within_s
        while any(chain(self._log(), self._images(), self._channels())) and time.monotonic() < end:
            time.sleep(_LOOK_EVERY_S)

    def _read(self, route: str, path: str) -> Any:
        answer = self._caller.ask(route, path)
        if answer is None or answer.status_code not in (OK, NO_CONTENT, NOT_FOUND):
            raise RuntimeError(f"{path} cannot be read back")
        return answer.json() if answer.status_code == OK else None

    def _configs(self) -> Iterator[str]:
        stored = self._read("GET /all/config", "/all/config")
        for site, register in self._expected.configs.items():
            yield _compared(site, register, stored.get(site))

    def _notes(self) -> Iterator[str]:
        for site, register in self._expected.notes.items():
            note = self._read("GET /nightlog/{site}", f"/nightlog/{site}")
            yield _compared(site, register, note and note["note_data"])

    def _statuses(self) -> Iterator[str]:
        listed = self._read("GET /pipe/statuses", "/pipe/statuses")
        stored = {status["pipe_id"]: status["details"] for status in listed}
        for pipe, register in self._expected.statuses.items():
            yield _compared(pipe, register, stored.get(pipe))

    def _channels(self) -> Iterator[str]:
        for (site, channel), register in self._expected.channels.items():
            shown = self._read("GET /infoimage/{site}/{channel}", f"/infoimage/{site}/{channel}")
            # if the upload got no response, the channel may wait for an image that never comes
            if not register.possible:
                yield _compared(f"{site} {channel}", register, shown and shown["base_filename"])

    def _files(self) -> Iterator[str]:
        accepted = [(key, uploaded) for key, uploaded in self._expected.uploads.items() if uploaded.accepted]
        with ThreadPoolExecutor(_FETCHED_AT_ONCE) as pool:
            yield from pool.map(lambda pair: self._file(*pair), accepted)

    def _file(self, key: str, uploaded: Uploaded) -> str:
        try:
            content = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return f"{key} is not there"
        return "" if hashlib.sha256(content).hexdigest() == uploaded.sha256 else f"{key} is another"

    def _log(self) -> Iterator[str]:
        logged: Counter[tuple[str, int]] = Counter()
        for site in self._night.sites:
            items = self._read("GET /recentuploads", f"/recentuploads?site={site}")
            logged.update((item["filename"], item["size_bytes"]) for item in items)
        for key, uploaded in self._expected.uploads.items():
            times = logged[key, uploaded.size]
            if not uploaded.accepted <= times <= uploaded.accepted + uploaded.unknown:
                yield f"{key} is logged {times} times, S3 took it {uploaded.accepted} + {uploaded.unknown}"
            else:
                yield ""

    def _images(self) -> Iterator[str]:
        for name in self._expected.images:
            image = self._read("GET /image/{base_filename}", f"/image/{name}") or {}
            flags = [image.get(f"{file}_exists") for file in ("fits_10", "jpg_medium", "jpg_small")]
            yield "" if flags == [True] * 3 else f"{name} has the files {flags}"

    def _queue(self, queue: str, findings: Findings, *, in_order: bool) -> None:
        calls = self._expected.queues[queue]
        verdict = history.judge(calls, on_leases=queue == ON_LEASES)
        findings.checked[f"items of {queue}"] = verdict.accepted
        lost = verdict.lost
        unheard = sum(call.what == "dequeue" and call.status is None for call in calls)
        if queue == PLAIN and len(lost) <= unheard:
            findings.in_unknown_hands, lost = len(lost), []
        wrong = {"lost": lost, "doubled": verdict.doubled, "never enqueued": verdict.unexpected}
        if in_order:
            wrong["overtaken"] = verdict.reordered
        for how, items in wrong.items():
            if items:
                findings.wrong.append(f"items of {queue} {how}: {items}")
                findings.wrong += [str(call) for call in calls if call.n in items]


def _compared(name: str, register: Register, stored: Any) -> str:
    return "" if register.allows(stored) else f"{name} is {stored!r:.200}, not {register.certain!r:.200}"
