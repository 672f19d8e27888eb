"""Many files at once while PostgreSQL is away: everything is filed once, broken files excepted.

`FILES` in the environment sets their number: 300 in `make test`, 10,000 by hand.
"""

import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from common import postgres
from common.aws import client
from ingest import queues, redrive
from local.uploads import UploadPoller
from support.network import BUCKET
from support.proxy import Mode, Proxy
from tests.ingest.exposures import UPLOADS, exposure, rows

FILES = int(os.environ.get("FILES", "300"))
# One file in this many is broken.
BROKEN_EVERY = 25
TEXT = next(content for name, content in exposure().items() if name.endswith(".txt"))
AWAY_S = 4.0


@pytest.fixture
def proxy(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy in front of PostgreSQL."""
    parts = urlsplit(database)
    folder = parse_qs(parts.query)["host"][0]
    made = Proxy(f"{folder}/.s.PGSQL.5432", delay_s=0)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres:@127.0.0.1:{made.port}/postgres")
    postgres.close_idle()
    yield made
    postgres.close_idle()
    made.stop()


def keys() -> dict[str, bytes]:
    """Return the files by key: header texts, and some JPGs that cannot be read."""
    return {
        f"data/ric2-sq01-20260102-{number:08d}-EX{'10.jpg' if number % BROKEN_EVERY == 0 else '00.txt'}": (
            b"not a JPG" if number % BROKEN_EVERY == 0 else TEXT
        )
        for number in range(FILES)
    }


def put_all(contents: dict[str, bytes]) -> None:
    s3 = client("s3")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda item: s3.put_object(Bucket=BUCKET, Key=item[0], Body=item[1]), contents.items()))


def until(check: Any, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.2)


@pytest.mark.timeout(FILES)
def test_nothing_is_lost_or_doubled_while_postgresql_is_away(
    ingester: UploadPoller, proxy: Proxy, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    contents, away_s = keys(), AWAY_S
    broken = {key for key, content in contents.items() if content != TEXT}
    put_all(contents)
    until(lambda: len(rows(database)) > FILES // 10, within_s=60 + FILES / 10)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    proxy.switch(Mode.KILLED)
    time.sleep(away_s)
    proxy.switch(Mode.CALM)
    until(lambda: queues.waiting(os.environ["INGEST_QUEUE_URL"]) == 0, within_s=120 + FILES / 10)
    # What failed five times during the outage is put back, as an operator does afterwards.
    dead = queues.waiting(os.environ["INGEST_DEAD_LETTERS_URL"])
    assert dead >= len(broken)
    redrive.main([])
    until(lambda: queues.waiting(os.environ["INGEST_QUEUE_URL"]) == 0, within_s=120 + FILES / 10)
    filed = [row for row in rows(database) if row["header"]]
    assert len(filed) == len({row["base_filename"] for row in filed}) == FILES - len(broken)
    assert sorted(row["filename"] for row in UPLOADS.scan()) == sorted(contents)
    assert queues.waiting(os.environ["INGEST_DEAD_LETTERS_URL"]) == len(broken)
    assert redrive.main(["--list", "--limit", "10"]) == 0
    assert "The file is not a JPG.: data/ric2-" in capsys.readouterr().out
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    assert grown_mb < 40
