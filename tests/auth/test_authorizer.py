"""The authorizer's answer to every kind of token, made and signed here, and what it writes into the log."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from auth import handlers
from auth import userinfo as auth0_userinfo
from auth.certificates import CertificateRefused
from auth.certificates import public_key as public_key_of
from common import logs
from local.auth0 import AUDIENCE, Auth0
from support.network import REGION, ROLES_CLAIM
from tests.auth.conftest import USER as USERINFO
from tests.auth.conftest import UserInfo

ARN = f"arn:aws:execute-api:{REGION}:123456789012:abc/prod/POST/dummy-requires-auth"
# Tests use a day more or less than NOW, because they may run long after this module is imported.
NOW = int(time.time())
DAY_S = 24 * 3600


@pytest.fixture(autouse=True)
def settings(auth0: Auth0, userinfo: UserInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH0_CLIENT_ID", AUDIENCE)
    monkeypatch.setenv("AUTH0_CLIENT_PUBLIC_KEY", auth0.certificate)


def ask(headers: dict[str, str] | None) -> Any:
    """The authorizer's policy; "refused" if it raises the error that API Gateway turns into a 401."""
    event = {
        "type": "REQUEST",
        "methodArn": ARN,
        "headers": headers,
        "requestContext": {"requestId": "request-1"},
    }
    try:
        return handlers.authorize(event, None)
    except Exception as error:  # noqa: BLE001 - API Gateway looks only at the text
        return "refused" if str(error) == "Unauthorized" else error


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def encoded(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    whole = {"sub": "auth0|tester", "aud": AUDIENCE, "iat": NOW, "exp": NOW + DAY_S, **changes}
    return {name: value for name, value in whole.items() if value is not ...}


def relative(changes: dict[str, Any]) -> str:
    """The name of a test case. Times are relative to NOW, so that every process makes the same name."""
    times = range(NOW - DAY_S, NOW + DAY_S + 1)
    return str({name: value - NOW if value in times else value for name, value in changes.items()})


def test_a_valid_token_gets_policy_and_context_as_api_gateway_wants_them(
    auth0: Auth0, userinfo: UserInfo
) -> None:
    token = auth0.token("auth0|tester", [])
    answer = ask(bearer(token))
    assert answer == {
        "principalId": "auth0|tester",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": ARN}],
        },
        "context": {"userRoles": '["admin", "observer"]'},
    }
    assert userinfo.asked == [f"Bearer {token}"]
    # API Gateway fails the request on a context value that is neither text, number nor boolean.
    assert all(isinstance(value, str) for value in answer["context"].values())


@pytest.mark.parametrize("roles", [[], ["é", "a b"]])
def test_roles_are_json_text(auth0: Auth0, userinfo: UserInfo, roles: list[str]) -> None:
    userinfo.body = {ROLES_CLAIM: {"roles": roles}}
    answer = ask(bearer(auth0.token("auth0|tester", [])))
    assert json.loads(answer["context"]["userRoles"]) == roles


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("word", ["Bearer", "bearer", "BEARER"])
def test_the_header_name_and_the_word_bearer_may_have_any_case(
    auth0: Auth0, userinfo: UserInfo, name: str, word: str
) -> None:
    assert ask({name: f"{word} {auth0.token('auth0|tester', [])}"})["principalId"] == "auth0|tester"


@pytest.mark.parametrize(
    "header",
    ["", " ", "Bearer", "Bearer ", "{}", "Basic {}", "Bearer{}", "Bearer {} {}", "Bearer a.b", "Bearer ..."],
)
def test_a_malformed_header_is_refused_without_a_request_to_auth0(
    auth0: Auth0, userinfo: UserInfo, header: str
) -> None:
    token = auth0.token("auth0|tester", [])
    assert ask({"Authorization": header.format(token, token)}) == "refused"
    assert userinfo.asked == []


@pytest.mark.parametrize("headers", [None, {}, {"X-Authorization": "Bearer {}"}])
def test_no_header_is_refused(headers: dict[str, str] | None) -> None:
    assert ask(headers) == "refused"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - 1},
        {"exp": ...},
        {"exp": "soon"},
        {"nbf": NOW + DAY_S},
        {"iat": NOW + DAY_S},
        {"aud": "another-client"},
        {"aud": ...},
        {"aud": []},
        {"sub": ...},
        {"sub": 5},
    ],
    ids=relative,
)
def test_a_token_with_a_wrong_claim_is_refused_without_asking_auth0(
    auth0: Auth0, userinfo: UserInfo, changes: dict[str, Any]
) -> None:
    token = jwt.encode(claims(**changes), auth0._key, algorithm="RS256")
    assert ask(bearer(token)) == "refused"
    assert userinfo.asked == []


@pytest.mark.parametrize("changes", [{"nbf": NOW - 60}, {"aud": ["another", AUDIENCE]}], ids=relative)
def test_a_token_with_valid_claims_is_accepted(
    auth0: Auth0, userinfo: UserInfo, changes: dict[str, Any]
) -> None:
    token = jwt.encode(claims(**changes), auth0._key, algorithm="RS256")
    assert ask(bearer(token))["principalId"] == "auth0|tester"


def unsigned(algorithm: str) -> str:
    return f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(claims())}."


def signed_with_the_certificate(certificate: str) -> str:
    """HS256 with a public text as its secret: jwt refuses to make it, an attacker does not."""
    head = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims())}"
    return f"{head}.{encoded(hmac.digest(certificate.encode(), head.encode(), hashlib.sha256))}"


def public_key(auth0: Auth0) -> str:
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return auth0._key.public_key().public_bytes(*form).decode()


FORGERIES: dict[str, Callable[[Auth0], str]] = {
    "another key": lambda _: Auth0().token("auth0|tester", []),
    "none": lambda _: unsigned("none"),
    "None": lambda _: unsigned("None"),
    "HS256 with the certificate": lambda auth0: signed_with_the_certificate(auth0.certificate),
    "HS256 with its one line": lambda auth0: signed_with_the_certificate(
        auth0.certificate.replace("\n", " ")
    ),
    "HS256 with the public key": lambda auth0: signed_with_the_certificate(public_key(auth0)),
    "RS512": lambda auth0: jwt.encode(claims(), auth0._key, algorithm="RS512"),
    "PS256": lambda auth0: jwt.encode(claims(), auth0._key, algorithm="PS256"),
    "ES256": lambda _: jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), algorithm="ES256"),
    "a key of its own": lambda _: jwt.encode(
        claims(),
        key := rsa.generate_private_key(65537, 2048),
        algorithm="RS256",
        headers={"jwk": jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)},
    ),
    "other claims": lambda auth0: ".".join(
        [
            (parts := auth0.token("auth0|tester", []).split("."))[0],
            encoded(claims(sub="auth0|root")),
            parts[2],
        ]
    ),
    "no signature": lambda auth0: auth0.token("auth0|tester", []).rpartition(".")[0] + ".",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused_without_asking_auth0(auth0: Auth0, userinfo: UserInfo, forgery: str) -> None:
    token = FORGERIES[forgery](auth0)
    assert ask(bearer(token)) == "refused"
    assert userinfo.asked == []


@pytest.mark.parametrize(
    "stored",
    [
        lambda pem: pem.replace("\n", " "),
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: f"\n{pem} \r\n",
        lambda pem: "\n".join(pem.splitlines()[1:-1]),
        lambda pem: "".join(pem.splitlines()[1:-1]),
        lambda pem: " ".join(["", *pem.splitlines()[1:-1], "\n"]),
    ],
)
def test_a_certificate_serves_in_every_form_in_which_it_is_kept(
    auth0: Auth0, monkeypatch: pytest.MonkeyPatch, stored: Any
) -> None:
    monkeypatch.setenv("AUTH0_CLIENT_PUBLIC_KEY", stored(auth0.certificate))
    assert ask(bearer(auth0.token("auth0|tester", [])))["principalId"] == "auth0|tester"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH0_CLIENT_PUBLIC_KEY", "no certificate"),
        ("AUTH0_CLIENT_PUBLIC_KEY", "-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----"),
        ("AUTH0_CLIENT_PUBLIC_KEY", "AAAA"),
        ("AUTH0_CLIENT_PUBLIC_KEY", ""),
        ("AUTH0_CLIENT_ID", ""),
        ("AUTH0_USERINFO_URL", ""),
    ],
)
def test_a_setting_that_is_wrong_is_not_the_token_s_fault(
    auth0: Auth0, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    # API Gateway makes a 500 of any text but "Unauthorized".
    assert str(ask(bearer(auth0.token("auth0|tester", [])))) == "The authorizer is not configured"


def test_a_certificate_of_another_kind_of_key_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    with pytest.raises(CertificateRefused, match="RSA"):
        public_key_of(certificate.public_bytes(serialization.Encoding.PEM).decode())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (USERINFO, 401),
        (USERINFO, 429),
        (USERINFO, 500),
        (b"", 200),
        (b"<html>", 200),
        (b"[" * 100_000, 200),
        ({}, 200),
        ([], 200),
        (None, 200),
        ({ROLES_CLAIM: None}, 200),
        ({ROLES_CLAIM: {}}, 200),
        ({ROLES_CLAIM: []}, 200),
        ({ROLES_CLAIM: {"roles": None}}, 200),
        ({ROLES_CLAIM: {"roles": "admin"}}, 200),
    ],
    ids=repr,
)
def test_auth0_that_refuses_or_names_no_roles_is_refused(
    auth0: Auth0, userinfo: UserInfo, body: Any, status: int
) -> None:
    userinfo.body = body
    userinfo.status = status
    assert ask(bearer(auth0.token("auth0|tester", []))) == "refused"
    assert len(userinfo.asked) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/userinfo", "no url"])
def test_auth0_out_of_reach_is_refused(auth0: Auth0, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AUTH0_USERINFO_URL", url)
    assert ask(bearer(auth0.token("auth0|tester", []))) == "refused"


def test_auth0_is_not_waited_for_long(
    auth0: Auth0, userinfo: UserInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sum(auth0_userinfo.TIMEOUT_S) < 10
    monkeypatch.setattr(auth0_userinfo, "TIMEOUT_S", (0.2, 0.2))
    userinfo.late_s = 1.0
    began = time.monotonic()
    assert ask(bearer(auth0.token("auth0|tester", []))) == "refused"
    assert time.monotonic() - began < 0.9


def test_no_token_and_no_claim_is_ever_logged(
    auth0: Auth0,
    userinfo: UserInfo,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setattr(logs.logger, "propagate", True)
    good = auth0.token("auth0|tester", [], secret_claim="hidden-claim")
    expired = auth0.token("auth0|tester", [], exp=NOW - 1, secret_claim="hidden-claim")
    for token in (good, expired, good[:-4] + "AAAA", unsigned("none")):
        ask(bearer(token))
    userinfo.body = {ROLES_CLAIM: "hidden-claim"}
    ask(bearer(good))
    monkeypatch.setenv("AUTH0_CLIENT_PUBLIC_KEY", "hidden-claim")
    ask(bearer(good))
    logged = "".join([*capsys.readouterr(), caplog.text])
    assert logged.count('"message": "token refused", "request_id": "request-1", "error": "TokenRefused"') == 3
    assert logged.count('"error": "UserInfoFailed"') == 1
    assert logged.count('"error": "CertificateRefused"') == 1
    assert logged.count("it must be the signing certificate of the Auth0 tenant") == 1
    for text in (
        good[:-4],
        good.split(".")[1],
        expired,
        "hidden-claim",
        "auth0|tester",
        "observer@example.org",
    ):
        assert text not in logged
