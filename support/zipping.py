"""Run the zip function against the endless S3 in its own process, and measure time and memory."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import requests

from local.child import Child
from local.deployment import PROJECT
from support.network import BUCKET

OK = 200
_RUN = """
import json, sys, time
from support.memory import peak_mb
from zip_function.handlers import pack

started = time.monotonic()
answer = pack(json.load(sys.stdin), None)
print(json.dumps([answer, peak_mb(), time.monotonic() - started]))
"""


@dataclass(frozen=True)
class Run:
    """A response of the zip function, the peak memory of its process, and its time."""

    answer: dict[str, Any]
    peak_mb: float
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Whether the zip was made."""
        return bool(self.answer["statusCode"] == OK)

    @property
    def message(self) -> str:
        """The message in the body."""
        return str(json.loads(self.answer["body"])["message"])


class EndlessS3:
    """A running endless S3."""

    def __init__(self) -> None:
        self._child = Child("support.endless_s3")
        self.url: str = self._child.ready["url"]

    def control(self, **orders: Any) -> None:
        """Reset the server with new settings."""
        requests.put(f"{self.url}/control", json=orders, timeout=10).raise_for_status()

    def report(self) -> dict[str, Any]:
        """Return the uploads and counts."""
        report: dict[str, Any] = requests.get(f"{self.url}/control", timeout=10).json()
        return report

    def stop(self) -> None:
        """Stop the server."""
        self._child.stop()

    def zip(self, filenames: list[str]) -> Run:
        """Run the zip function on files of this S3."""
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "S3_BUCKET_NAME": BUCKET,
        }
        ran = subprocess.run(
            [sys.executable, "-c", _RUN],
            cwd=PROJECT,
            env=environment,
            input=json.dumps({"filenames": filenames}),
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        return Run(*json.loads(ran.stdout))
