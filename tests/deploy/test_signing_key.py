"""Links signed with the key of a user that may only read."""

import json
from collections.abc import Iterator

import boto3
import pytest
import requests

from common import presign, settings
from common.aws import client
from deploy import signing_key
from support.network import BUCKET, REGION, SERVICE

USER = f"{SERVICE}-url-signer"


@pytest.fixture
def signing(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A stage with `urlSigner: user`."""
    monkeypatch.setenv("URL_SIGNER", "user")
    presign._credentials.cache_clear()
    yield monkeypatch
    presign._credentials.cache_clear()


def stored() -> dict[str, str]:
    value = client("ssm").get_parameter(Name=presign.SIGNING_KEY, WithDecryption=True)["Parameter"]["Value"]
    key: dict[str, str] = json.loads(value)
    return key


def test_links_are_signed_with_the_user_s_key(
    signing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert signing_key.main(["prod"]) == 0
    key = stored()
    assert key["access_key_id"] in capsys.readouterr().out
    client("s3").put_object(Bucket=BUCKET, Key="data/a.jpg", Body=b"stars")
    url = presign.get_url("data/a.jpg")
    assert f"X-Amz-Credential={key['access_key_id']}%2F" in url
    # A user's key has no session token, which would expire.
    assert "X-Amz-Security-Token" not in url
    assert requests.get(url, timeout=10).content == b"stars"


def test_the_user_may_only_read_what_links_lead_to(signing: pytest.MonkeyPatch) -> None:
    signing_key.main(["prod"])
    iam = boto3.client("iam", region_name=REGION)
    assert iam.list_user_policies(UserName=USER)["PolicyNames"] == ["read-files"]
    (statement,) = iam.get_user_policy(UserName=USER, PolicyName="read-files")["PolicyDocument"]["Statement"]
    assert statement["Action"] == "s3:GetObject"
    assert f"arn:aws:s3:::{BUCKET}/data/*" in statement["Resource"]


def test_the_old_key_is_kept_until_it_is_deleted(
    signing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    signing_key.main(["prod"])
    first = stored()["access_key_id"]
    signing_key.main(["prod"])
    second = stored()["access_key_id"]
    assert first != second
    assert signing_key.main(["prod"]) == 1
    assert "two keys, the most that AWS allows" in capsys.readouterr().err
    assert signing_key.main(["prod", "--delete-old"]) == 0
    assert capsys.readouterr().out == f"Deleted {first}.\n"
    signing_key.main(["prod", "--delete-old"])
    assert capsys.readouterr().out == f"There is no key but {second}.\n"


def test_without_a_key_nothing_is_deleted(
    signing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert signing_key.main(["prod", "--delete-old"]) == 1
    assert "There is no secret url-signing-key" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["no JSON", "{}", "[]"])
def test_a_secret_that_is_no_key_is_an_error(signing: pytest.MonkeyPatch, content: str) -> None:
    client("ssm").put_parameter(Name=presign.SIGNING_KEY, Value=content, Type="SecureString")
    settings.secret.cache_clear()
    with pytest.raises(presign.SigningKeyRefused):
        presign.get_url("data/a.jpg")
