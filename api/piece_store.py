"""Uploads in pieces, which go on where they stopped: the objects in S3.

    pieces/{fingerprint}/piece-{number}   a piece, sent by the caller
    pieces/{fingerprint}/part-{number}    a part, made of pieces

A rule of the bucket deletes them after two days. The finished file has the fingerprint in its metadata. So a
repeated request finds that the file is complete.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from api.pieces import ASKED_AT_ONCE, PARTS_AT_ONCE, PIECE_BYTES, Part, PieceList
from common import s3
from common.parallel import in_order
from common.presign import put_url
from common.settings import setting

FOLDER = "pieces"
# A slow connection needs minutes for the pieces of one response.
URLS_GOOD_FOR_S = 3600
_THREADS = 8
_MARK = "pieces"
# The upload or one of its parts is gone, because another request has finished it or because it is too old.
_GONE = frozenset({"NoSuchUpload", "NoSuchKey"})


def is_complete(file: PieceList) -> bool:
    """Return whether the file is stored, made of these pieces. One HEAD."""
    head = s3.find("head_object", Key=file.key)
    return head is not None and head["Metadata"].get(_MARK) == file.fingerprint


def complete(file: PieceList) -> dict[str, Any]:
    """Return the response for a complete file: no piece is missing."""
    return _response(file, file.size, [], is_complete=True)


def make_parts(file: PieceList) -> dict[str, Any]:
    """Make the parts whose pieces are all stored; return the response: what is stored and what is missing.

    A call lists the objects of the upload, 1,000 in a request. Each new part costs a GET for each piece and
    one PUT. The call that makes the last part also makes the file. S3 copies each part then, and if there are
    several parts, two requests start and complete a multipart upload.

    Raises
    ------
    Unavailable
        If S3 is down or busy.
    """
    sizes = _sizes(file)
    parts = list(file.parts())
    made = {part.number for part in parts if _part_name(part) in sizes}
    stored = {
        number for number in range(len(file.md5)) if sizes.get(_piece_name(number)) == file.bytes_of(number)
    }
    ready = [part for part in parts if part.number not in made and stored.issuperset(part.pieces)]
    for part in ready[:PARTS_AT_ONCE]:
        broken = _make(file, part)
        stored -= broken
        if not broken:
            made.add(part.number)
    if len(made) == len(parts):
        _finish(file, parts)
        return complete(file)
    stored.update(number for part in parts if part.number in made for number in part.pieces)
    missing = [number for number in range(len(file.md5)) if number not in stored]
    return _response(file, sum(map(file.bytes_of, stored)), missing[:ASKED_AT_ONCE], is_complete=False)


def _response(
    file: PieceList, stored_bytes: int, missing: Iterable[int], *, is_complete: bool
) -> dict[str, Any]:
    return {
        "complete": is_complete,
        "piece_bytes": PIECE_BYTES,
        "stored_bytes": stored_bytes,
        "missing": [_wanted(file, number) for number in missing],
    }


def _wanted(file: PieceList, number: int) -> dict[str, Any]:
    size, md5 = file.bytes_of(number), file.md5[number]
    return {
        "number": number,
        "size_bytes": size,
        "url": put_url(_key(file, _piece_name(number)), URLS_GOOD_FOR_S, size, md5),
        "headers": {"Content-MD5": md5},
    }


def _sizes(file: PieceList) -> dict[str, int]:
    """Return the size of each stored piece and part by its name, in bytes."""
    prefix = _key(file, "")
    after: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    while True:
        page = s3.request("list_objects_v2", Prefix=prefix, **after)
        sizes.update((each["Key"].removeprefix(prefix), each["Size"]) for each in page.get("Contents", []))
        if not page["IsTruncated"]:
            return sizes
        after = {"ContinuationToken": page["NextContinuationToken"]}


def _make(file: PieceList, part: Part) -> set[int]:
    """Store a part, and return no pieces. If pieces are gone or not as announced, return only these."""
    contents = list(
        in_order(
            lambda number: s3.read(_key(file, _piece_name(number))) or b"", part.pieces, _THREADS, _THREADS
        )
    )
    broken = {
        number
        for number, content in zip(part.pieces, contents, strict=True)
        if b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode() != file.md5[number]
    }
    if not broken:
        s3.request("put_object", Key=_key(file, _part_name(part)), Body=b"".join(contents))
    return broken


def _finish(file: PieceList, parts: list[Part]) -> None:
    """Make the file from its parts. S3 copies them."""
    from botocore.exceptions import ClientError

    try:
        _copy(file, parts)
    except ClientError as error:
        # botocore repeats a request whose response was lost. The repeated one then finds its upload finished.
        if s3.code(error) not in _GONE:
            raise
        if not is_complete(file):
            raise s3.no_answer() from error


def _copy(file: PieceList, parts: list[Part]) -> None:
    written: dict[str, Any] = {"Key": file.key, "Metadata": {_MARK: file.fingerprint}}
    sources = [{"Bucket": setting("S3_BUCKET_NAME"), "Key": _key(file, _part_name(part))} for part in parts]
    if len(parts) == 1:
        s3.request("copy_object", CopySource=sources[0], MetadataDirective="REPLACE", **written)
        return
    upload = {"Key": file.key, "UploadId": s3.request("create_multipart_upload", **written)["UploadId"]}

    def copy(number: int) -> dict[str, Any]:
        copied = s3.request("upload_part_copy", CopySource=sources[number - 1], PartNumber=number, **upload)
        return {"ETag": copied["CopyPartResult"]["ETag"], "PartNumber": number}

    copied = list(in_order(copy, range(1, len(parts) + 1), _THREADS, 2 * _THREADS))
    s3.request("complete_multipart_upload", MultipartUpload={"Parts": copied}, **upload)


def _key(file: PieceList, name: str) -> str:
    return f"{FOLDER}/{file.fingerprint}/{name}"


def _piece_name(number: int) -> str:
    return f"piece-{number:05d}"


def _part_name(part: Part) -> str:
    return f"part-{part.number:05d}"
