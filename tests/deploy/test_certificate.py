"""The certificate is checked before anything is built or deployed."""

from pathlib import Path

import pytest

from auth.certificates import CertificateRefused
from deploy import __main__ as package
from deploy import certificate
from local.auth0 import Auth0
from local.deployment import PROJECT


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(certificate, "FILE", tmp_path / "public_key")
    return tmp_path / "public_key"


@pytest.mark.parametrize("body_alone", [False, True])
def test_a_good_certificate_passes(file: Path, auth0: Auth0, body_alone: bool) -> None:  # noqa: FBT001
    lines = auth0.certificate.splitlines()
    file.write_text("\n".join(lines[1:-1] if body_alone else lines))
    assert certificate.main() == 0


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"\xff\xfe", (PROJECT / "public_key.example").read_bytes()]
)
def test_a_bad_certificate_is_an_error_of_one_sentence(
    file: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(content)
    assert certificate.main() == 1
    assert capsys.readouterr().err.startswith(("public_key: This is no ", "public_key: This is not "))


def test_a_missing_certificate_is_an_error(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert certificate.main() == 1
    assert "public_key" in capsys.readouterr().err


def test_nothing_is_built_with_a_bad_certificate(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("no certificate")
    monkeypatch.setattr(package, "lambda_python", lambda: "python")
    monkeypatch.setattr(package, "build", lambda *_: pytest.fail("built"))
    assert package.main() == 1
    assert "public_key: This is no certificate of an RSA key" in capsys.readouterr().err


def test_the_error_does_not_quote_the_file(file: Path) -> None:
    file.write_text("secret-text")
    with pytest.raises(CertificateRefused) as raised:
        certificate.check(file)
    assert "secret-text" not in str(raised.value)
    assert raised.value.__cause__ is None
