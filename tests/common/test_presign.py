"""Presigned URLs: ours against botocore's own signer, byte for byte."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import botocore.session
import pytest
import requests
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from common import aws, presign
from support.network import BUCKET

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(lambda text: f"data/{text}") | (
    st.text(" +%é~!*'()$&,:;=@?#/\\\"<>", min_size=1).map(lambda text: f"data/x{text}")
)
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
TOKENS = st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80)
DISPOSITIONS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31))  # noqa: DTZ001 - made UTC below


@pytest.fixture
def fresh_clients() -> Iterator[None]:
    """Nothing kept from other credentials or endpoints, before and after."""
    caches = (presign._credentials, presign._place, aws.session, aws._made_client)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


class FrozenDatetime(datetime):
    """The clock of both signers."""

    moment = datetime(2026, 1, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.moment if tz else cls.moment.replace(tzinfo=None)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.moment.replace(tzinfo=None)


def botocore_client(credentials: Credentials) -> Any:
    """botocore's client for the environment's region and endpoint; it reads `credentials` at each call."""
    session: Any = botocore.session.get_session()
    session._credentials = credentials
    style: Literal["path", "virtual"] = "path" if aws.custom_endpoint("s3") else "virtual"
    config = Config(signature_version="s3v4", s3={"addressing_style": style})
    return session.create_client("s3", region_name=aws.region(), config=config)


@pytest.mark.usefixtures("fresh_clients")
@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:5000", "http://s3.local/"])
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-2"])
def test_get_urls_are_botocores_byte_for_byte(
    endpoint: str | None, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3_BUCKET_NAME", BUCKET)
    monkeypatch.setenv("REGION", region)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    credentials = Credentials("AKIA/+TEST", "")
    client = botocore_client(credentials)
    monkeypatch.setattr(presign, "_credentials", lambda: credentials)
    monkeypatch.setattr(presign, "datetime", FrozenDatetime)
    monkeypatch.setattr("botocore.auth.get_current_datetime", FrozenDatetime.utcnow)

    @settings(max_examples=100)
    @given(
        key=KEYS,
        expires_s=st.integers(1, presign.WEEK_S),
        disposition=DISPOSITIONS,
        secret=SECRETS,
        token=TOKENS,
        moment=MOMENTS,
    )
    def compare(  # noqa: PLR0913 - all that a URL depends on
        *, key: str, expires_s: int, disposition: str | None, secret: str, token: str | None, moment: datetime
    ) -> None:
        credentials.secret_key, credentials.token = secret, token
        FrozenDatetime.moment = moment.replace(tzinfo=UTC)
        asked = {"ResponseContentDisposition": disposition} if disposition else {}
        theirs = client.generate_presigned_url(
            "get_object", Params={"Bucket": BUCKET, "Key": key, **asked}, ExpiresIn=expires_s
        )
        assert presign.get_url(key, expires_s, disposition) == theirs

    compare()


@pytest.mark.usefixtures("aws")
def test_a_get_url_fetches_its_object() -> None:
    key = "data/mrc1 ünï+%41~(1).txt"
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"stars")
    assert requests.get(presign.get_url(key), timeout=10).content == b"stars"


@pytest.mark.usefixtures("fresh_clients")
@pytest.mark.parametrize(
    ("region", "host"),
    [("us-east-1", "s3.amazonaws.com"), ("eu-west-2", "s3.eu-west-2.amazonaws.com")],
)
def test_in_aws_urls_are_virtual_hosted(region: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("S3_BUCKET_NAME", BUCKET)
    monkeypatch.setenv("REGION", region)
    assert presign.get_url("data/a.jpg").startswith(f"https://{BUCKET}.{host}/data/a.jpg?")
    assert presign.post_form("data/a.jpg", 300, 1000)["url"] == f"https://{BUCKET}.{host}/"
