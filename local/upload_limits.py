"""The size limit of presigned forms: S3 enforces it, moto ignores it."""

import base64
import json
from typing import Any

from moto.s3.exceptions import EntityTooSmall, S3ClientError
from moto.s3.responses import S3Response

_post_as_moto_does = S3Response._bucket_response_post  # noqa: SLF001 - moto has no public hook


class EntityTooLarge(S3ClientError):
    """The file is larger than the form allows, with the code and the message of S3."""

    def __init__(self) -> None:
        super().__init__("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")


def install() -> None:
    """Make moto enforce the condition `content-length-range` of a form."""
    setattr(S3Response, "_bucket_response_post", _post)  # noqa: B010 - mypy knows the method as one of moto's


def _post(self: Any, request: Any, bucket_name: str) -> Any:
    policy = self.querystring.get("policy")
    if policy:
        _check_size(len(self.body), policy[0])
    return _post_as_moto_does(self, request, bucket_name)


def _check_size(size: int, policy: str) -> None:
    for condition in json.loads(base64.b64decode(policy))["conditions"]:
        if isinstance(condition, list) and condition[0] == "content-length-range":
            if size > condition[2]:
                raise EntityTooLarge
            if size < condition[1]:
                raise EntityTooSmall
