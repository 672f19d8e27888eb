"""The size limit of presigned forms, which S3 holds an upload to and moto does not look at."""

import base64
import json
from typing import Any

from moto.s3.exceptions import EntityTooSmall, S3ClientError
from moto.s3.responses import S3Response

_post_as_moto_does = S3Response._bucket_response_post  # noqa: SLF001 - moto has no other way in


class EntityTooLarge(S3ClientError):
    """The file is larger than the form allows: S3's own code and words."""

    def __init__(self) -> None:
        super().__init__("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")


def install() -> None:
    """Have moto refuse what a form's condition `content-length-range` does not allow."""
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
