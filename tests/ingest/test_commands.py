"""Backfill and redrive: progress, bounds, and going on after an interruption."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.aws import client
from ingest import backfill, queues, redrive
from ingest.notifications import StoredObject, parse_message
from tests.ingest.exposures import BUCKET, notification

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
    assert json.loads((tmp_path / "progress.json").read_text()) == {"data/": DATA[19]}
    assert run_backfill(tmp_path) == 0
    assert f"Going on after {DATA[19]}." in capsys.readouterr().out
    assert sorted(stored.key for stored in received()) == DATA


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


def test_dead_letters_go_back_at_most_so_many(capsys: pytest.CaptureFixture[str]) -> None:
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
