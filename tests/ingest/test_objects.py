"""Objects of S3: ranges, and objects that change or disappear while they are read."""

import io
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError
from botocore.response import StreamingBody

from common import s3
from common.errors import NotFound, Unavailable, Unprocessable
from ingest import objects
from tests.ingest.exposures import put

KEY = "data/a-b-EX10.jpg"

pytestmark = pytest.mark.usefixtures("aws")


def test_a_range_knows_the_size_of_the_whole() -> None:
    put("a-b-EX10.jpg", b"0123456789")
    found = objects.read_range(KEY, 3, 4, None)
    assert (found.content, found.object_bytes) == (b"3456", 10)
    assert objects.read_range(KEY, 8, 100, found.etag).content == b"89"


def test_an_object_that_was_replaced_is_tried_again() -> None:
    put("a-b-EX10.jpg", b"0123456789")
    etag = objects.read_range(KEY, 0, 4, None).etag
    put("a-b-EX10.jpg", b"abcdefghij")
    with pytest.raises(Unavailable, match="the file was replaced while it was read"):
        objects.read_range(KEY, 4, 4, etag)


def test_an_object_that_is_missing_or_empty() -> None:
    with pytest.raises(NotFound):
        objects.read_range(KEY, 0, 4, None)
    put("a-b-EX10.jpg", b"")
    with pytest.raises(Unprocessable, match="The file is empty"):
        objects.read_range(KEY, 0, 4, None)


def test_an_object_that_is_too_large() -> None:
    put("a-b-EX10.jpg", b"0123456789")
    with pytest.raises(Unprocessable, match="The file has 10 bytes; at most 4 are read"):
        objects.read_whole(KEY, 4)


class Cut(io.BytesIO):
    """A body whose connection ends early."""

    def read(self, *_: Any) -> bytes:
        raise IncompleteReadError(actual_bytes=1, expected_bytes=4)


@pytest.mark.parametrize("body", [Cut(), io.BytesIO(b"01")], ids=["cut", "short"])
def test_a_body_that_ends_early_is_tried_again(body: io.BytesIO, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: Any, **__: Any) -> dict[str, Any]:
        return {"Body": StreamingBody(body, 4), "ContentRange": "bytes 0-3/10", "ETag": "e"}

    monkeypatch.setattr(s3, "find", answer)
    with pytest.raises(Unavailable):
        objects.read_range(KEY, 0, 4, None)
