"""Time a presigned GET URL: this project's signing, botocore with one client, botocore with a new client."""

import os
import timeit
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from benchmarks import figures
from benchmarks.figures import machine
from common.presign import get_url
from local.environment import forget_aws
from support.network import BUCKET, REGION

KEY = "data/mrc1-sq01-20260101-00000001-EX10.jpg"


def main() -> None:
    """Print microseconds for one URL each way, and keep them."""
    forget_aws()
    os.environ["S3_BUCKET_NAME"] = BUCKET
    client = _client()
    kept = figures.rounded(
        {
            "ours": _microseconds(lambda: get_url(KEY), 20_000),
            "botocore, client kept": _microseconds(lambda: _botocore_url(client), 500),
            "botocore, client per URL": _microseconds(lambda: _botocore_url(_client()), 20),
        }
    )
    print(f"One presigned GET URL ({machine()})")
    for way, microseconds in kept.items():
        print(f"  {way:24} {microseconds:9g} us")
    figures.write("presign", kept)


def _client() -> Any:
    return boto3.client("s3", region_name=REGION, config=Config(signature_version="s3v4"))


def _botocore_url(client: Any) -> str:
    params = {"Bucket": BUCKET, "Key": KEY}
    url: str = client.generate_presigned_url("get_object", Params=params, ExpiresIn=3600)
    return url


def _microseconds(call: Callable[[], Any], number: int) -> float:
    """Return the best mean of five rounds."""
    return min(timeit.repeat(call, number=number, repeat=5)) / number * 1e6


if __name__ == "__main__":
    main()
