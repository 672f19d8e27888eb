"""Backfill and redrive: progress, bounds, and going on after an interruption."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.aws import client
from ingest import backfill, queues, redrive
from ingest.notifications import StoredObject, parse_message
from support.network import BUCKET
from tests.ingest import faults
from tests.ingest.exposures import notification

NAME = "saf-sq01-20260101-{:08d}-EX10.jpg"
DATA = [f"data/{NAME.format(number)}" for number in range(25)]


@pytest.fixture(autouse=True)
def queue_urls(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, name in (("INGEST_QUEUE_URL", "uploads"), ("INGEST_DEAD_LETTERS_URL", "dead")):
        monkeypatch.setenv(variable, client("sqs").create_queue(QueueName=name)["QueueUrl"])
    monkeypatch.setattr(redrive, "_WAIT_S", 0)
    monkeypatch.setattr(backfill, "_PAUSE_S", 0.01)


def received(variable: str = "INGEST_QUEUE_URL") -> list[StoredObject]:
    """Return all objects of a queue's messages and remove the messages."""
    sqs: Any = client("sqs")
    url, found = os.environ[variable], []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found += parse_message(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


@pytest.fixture
def bucket() -> None:
    """A bucket with images, and with files that a backfill leaves out."""
    s3: Any = client("s3")
    for key in [*DATA, "data/notes.pdf", "info-images/mrc1-a-20260101-00000001-EX10.jpg"]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"content")


def last_keys(tmp_path: Path) -> list[str]:
    """Return the last key that is noted for each backfill."""
    return list(json.loads((tmp_path / "progress.json").read_text()).values())


def run_with_fault(run: Callable[[], int], place: int, kind: str) -> bool:
    """Run a command with a fault at one of its calls of AWS; return whether it succeeded anyway."""
    with faults.injected([faults.FINE] * place + [kind]):
        try:
            return run() == 0
        except faults.Crash:
            return False


def run_backfill(tmp_path: Path, *arguments: str) -> int:
    return backfill.main(["--progress", str(tmp_path / "progress.json"), *arguments])


@pytest.mark.usefixtures("bucket")
def test_a_backfill_sends_each_image_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_backfill(tmp_path) == 0
    found = received()
    assert sorted(stored.key for stored in found) == DATA
    assert {(stored.size_bytes, stored.is_new) for stored in found} == {(7, False)}
    assert capsys.readouterr().out.endswith("Done: 26 objects seen, 25 sent to the queue.\n")


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--prefix", "data/saf-sq01-20260101-0000001"], 10),
        (["--prefix", "info-images/"], 1),
        (["--since", "2100-01-01"], 0),
        (["--until", "2026-01-01"], 0),
        (["--since", "2020-01-01T00:00Z"], 25),
    ],
)
def test_a_backfill_is_limited_by_prefix_and_date(tmp_path: Path, arguments: list[str], count: int) -> None:
    assert run_backfill(tmp_path, *arguments) == 0
    assert len(received()) == count


@pytest.mark.usefixtures("bucket")
def test_a_backfill_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [[{"Key": key, "Size": 7, "LastModified": datetime.now(UTC)} for key in DATA[:20]]]

    def interrupted(_prefix: str, _start: str) -> Any:
        yield from pages
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(backfill, "_pages", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_backfill(tmp_path)
    assert last_keys(tmp_path) == [DATA[19]]
    assert run_backfill(tmp_path) == 0
    assert f"Going on after {DATA[19]}." in capsys.readouterr().out
    assert sorted(stored.key for stored in received()) == DATA


@pytest.fixture
def small_pages() -> Iterator[None]:
    """S3 lists ten objects at a time."""
    s3: Any = client("s3")
    event = "provide-client-params.s3.ListObjectsV2"

    def limit(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "MaxKeys": 10}

    s3.meta.events.register(event, limit)
    yield
    s3.meta.events.unregister(event, limit)


@pytest.mark.usefixtures("bucket", "small_pages")
def test_a_backfill_reads_every_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_backfill(tmp_path) == 0
    assert sorted(stored.key for stored in received()) == DATA
    assert capsys.readouterr().out.splitlines()[0] == (
        f"10 objects seen, 9 sent to the queue, up to {DATA[8]}."
    )


@pytest.mark.usefixtures("bucket", "small_pages")
@pytest.mark.parametrize("kind", [faults.CRASH_BEFORE, faults.CRASH_AFTER, faults.LOST])
def test_a_backfill_that_ends_anywhere_loses_nothing(tmp_path: Path, kind: str) -> None:
    place, is_done = 0, False
    while not is_done:
        is_done = run_with_fault(lambda: run_backfill(tmp_path), place, kind)
        if not is_done:
            assert run_backfill(tmp_path) == 0
        found = [stored.key for stored in received()]
        assert set(found) == set(DATA)
        # Those of one page may be sent again.
        assert len(found) <= len(DATA) + 10
        assert last_keys(tmp_path) == [""]
        place += 1
    assert place == 1 + 10


@pytest.mark.usefixtures("bucket", "small_pages")
def test_a_backfill_of_other_dates_or_another_prefix_starts_at_the_beginning(tmp_path: Path) -> None:
    assert not run_with_fault(lambda: run_backfill(tmp_path, "--since", "2020-01-01"), 5, faults.CRASH_BEFORE)
    assert 0 < len(received()) < 25
    assert run_backfill(tmp_path) == 0
    assert sorted(stored.key for stored in received()) == DATA
    assert run_backfill(tmp_path, "--prefix", "data/saf") == 0
    assert sorted(stored.key for stored in received()) == DATA
    assert run_backfill(tmp_path, "--since", "2020-01-01") == 0
    assert 0 < len(received()) < 25


@pytest.mark.usefixtures("bucket")
def test_a_backfill_that_is_done_starts_anew(tmp_path: Path) -> None:
    for _ in range(2):
        assert run_backfill(tmp_path) == 0
        assert len(received()) == 25


@pytest.mark.parametrize("name", ["data/saf-a b+ü&<%41-20260101-00000001-EX10.jpg"])
def test_a_backfill_knows_odd_names(tmp_path: Path, name: str) -> None:
    client("s3").put_object(Bucket=BUCKET, Key=name, Body=b"content")
    assert run_backfill(tmp_path) == 0
    assert [stored.key for stored in received()] == [name]


@pytest.mark.parametrize("date", ["yesterday", "2026-13-01"])
def test_an_invalid_date_is_refused(tmp_path: Path, date: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_backfill(tmp_path, "--since", date)
    assert "a date like 2026-01-31" in capsys.readouterr().err


@pytest.mark.usefixtures("bucket")
def test_a_backfill_waits_while_the_queue_is_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths, seen = iter([30, 20, 5, 5, 5, 5]), []

    def waiting(_url: str) -> int:
        seen.append(next(lengths))
        return seen[-1]

    monkeypatch.setattr(queues, "waiting", waiting)
    assert run_backfill(tmp_path, "--most-waiting", "10") == 0
    assert seen[:3] == [30, 20, 5]


def put_dead(count: int) -> None:
    sqs: Any = client("sqs")
    for number in range(count):
        sqs.send_message(
            QueueUrl=os.environ["INGEST_DEAD_LETTERS_URL"],
            MessageBody=notification(StoredObject(DATA[number], 1, 1_767_000_000.0)),
            MessageAttributes={"reason": {"DataType": "String", "StringValue": "The JPG is broken."}},
        )


def test_a_list_of_dead_letters_leaves_them(capsys: pytest.CaptureFixture[str]) -> None:
    put_dead(12)
    assert redrive.main(["--list"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert f"The JPG is broken.: {DATA[0]}" in printed
    assert printed[-1] == "12 dead letters."
    assert len(received("INGEST_DEAD_LETTERS_URL")) == 12


def test_a_redrive_puts_back_at_most_the_limit(capsys: pytest.CaptureFixture[str]) -> None:
    put_dead(25)
    assert redrive.main(["--limit", "12"]) == 0
    assert capsys.readouterr().out.endswith("Done: put back 12 messages.\n")
    assert len(received()) == 12
    assert redrive.main([]) == 0
    assert len(received()) == 13
    assert received("INGEST_DEAD_LETTERS_URL") == []


def test_a_dead_letter_that_comes_back_meanwhile_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    put_dead(3)
    send = queues.send_all

    def send_and_fail_again(url: str, bodies: list[str]) -> None:
        send(url, bodies)
        put_dead(len(bodies))

    monkeypatch.setattr(queues, "send_all", send_and_fail_again)
    assert redrive.main([]) == 0
    assert len(received("INGEST_DEAD_LETTERS_URL")) == 3


def test_an_interrupted_redrive_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    put_dead(3)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(queues, "send_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            redrive.main([])
    url = os.environ["INGEST_DEAD_LETTERS_URL"]
    assert queues.waiting(url) == 3


@pytest.mark.parametrize(
    ("arguments", "done"), [([], "Done: put back 2 messages."), (["--list"], "2 dead letters.")]
)
def test_dead_letters_that_are_invisible_are_mentioned(
    capsys: pytest.CaptureFixture[str], arguments: list[str], done: str
) -> None:
    put_dead(5)
    sqs: Any = client("sqs")
    sqs.receive_message(
        QueueUrl=os.environ["INGEST_DEAD_LETTERS_URL"], MaxNumberOfMessages=3, VisibilityTimeout=60
    )
    assert redrive.main(arguments) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-2:] == [done, "About 3 more cannot be received now; run this again in 120 s."]


@pytest.mark.parametrize("limit", ["0", "-1"])
def test_a_limit_below_one_puts_nothing_back(limit: str) -> None:
    put_dead(1)
    assert redrive.main(["--limit", limit]) == 0
    assert len(received("INGEST_DEAD_LETTERS_URL")) == 1


def test_a_message_that_is_not_s3_s_is_listed_and_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    sqs: Any = client("sqs")
    sqs.send_message(QueueUrl=os.environ["INGEST_DEAD_LETTERS_URL"], MessageBody="x" * 1000)
    assert redrive.main(["--list"]) == 0
    expected = f"The ingester ended while it filed this; see its log: {'x' * 200}"
    assert capsys.readouterr().out.splitlines()[0] == expected
    assert redrive.main([]) == 0
    (message,) = sqs.receive_message(QueueUrl=os.environ["INGEST_QUEUE_URL"])["Messages"]
    assert message["Body"] == "x" * 1000


@pytest.mark.parametrize("kind", [faults.CRASH_BEFORE, faults.CRASH_AFTER, faults.LOST])
def test_a_redrive_that_ends_anywhere_loses_nothing(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(redrive, "_VISIBILITY_S", 0)
    place, is_done = 0, False
    while not is_done:
        put_dead(12)
        is_done = run_with_fault(lambda: redrive.main([]), place, kind)
        assert redrive.main([]) == 0
        assert received("INGEST_DEAD_LETTERS_URL") == []
        found = [stored.key for stored in received()]
        assert set(found) == set(DATA[:12])
        # Those of one batch may be sent again.
        assert len(found) <= 12 + queues.BATCH
        place += 1
    # The calls: one count, and two times receive, send and delete.
    assert place == 1 + 7
