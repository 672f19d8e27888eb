"""Site keys: how they are kept, compared, rotated and revoked, and the command that does it."""

import hmac
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from auth import keys, site_keys, store
from auth.site_keys import PIPE, SITE, Holder
from common import aws, logs
from local.deployment import PROJECT

MRC1 = Holder(SITE, "mrc1")

pytestmark = pytest.mark.usefixtures("aws", "protected")


def parameters() -> dict[str, Any]:
    found = aws.client("ssm").get_parameters_by_path(Path="/site-keys", Recursive=True, WithDecryption=True)
    return {parameter["Name"]: parameter for parameter in found["Parameters"]}


def test_a_key_has_256_bits_and_only_its_hash_is_kept_encrypted() -> None:
    key = site_keys.hand_out(MRC1)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", key)
    (parameter,) = parameters().values()
    assert (parameter["Name"], parameter["Type"]) == ("/site-keys/site/mrc1", "SecureString")
    assert key not in parameter["Value"]
    assert json.loads(parameter["Value"]) == [
        {"sha256": site_keys._digest(key), "made": datetime.now(UTC).date().isoformat()}
    ]


def test_the_hash_is_sha_256() -> None:
    # FIPS 180-2, appendix B.1
    assert site_keys._digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_every_holder_has_its_own_key() -> None:
    holders = [Holder(kind, f"name{number}") for kind in (SITE, PIPE) for number in range(12)]
    made = {holder: site_keys.hand_out(holder) for holder in holders}
    assert len(set(made.values())) == 24
    # SSM answers ten parameters at a time
    assert {holder: site_keys.holder(key) for holder, key in made.items()} == {h: h for h in holders}


def test_rotation_leaves_two_keys_good_and_no_more() -> None:
    first = site_keys.hand_out(MRC1)
    second = site_keys.rotate(MRC1)
    assert [site_keys.holder(key) for key in (first, second)] == [MRC1, MRC1]
    third = site_keys.rotate(MRC1)
    assert [site_keys.holder(key) for key in (first, second, third)] == [None, MRC1, MRC1]


def test_revoke_removes_the_earlier_key_or_all_keys() -> None:
    first = site_keys.hand_out(MRC1)
    second = site_keys.rotate(MRC1)
    site_keys.revoke(MRC1, earlier_only=True)
    assert [site_keys.holder(key) for key in (first, second)] == [None, MRC1]
    site_keys.revoke(MRC1, earlier_only=False)
    assert [site_keys.holder(key) for key in (first, second)] == [None, None]
    assert parameters() == {}


def test_revoking_one_holder_s_keys_leaves_the_others() -> None:
    site_keys.hand_out(MRC1)
    other = site_keys.hand_out(Holder(PIPE, "mrc1"))
    site_keys.revoke(MRC1, earlier_only=False)
    assert site_keys.holder(other) == Holder(PIPE, "mrc1")


def test_a_key_that_is_revoked_ends_within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(site_keys._valid_keys, "_good_for_s", 60)
    monkeypatch.setattr("common.cached.time", SimpleNamespace(monotonic=lambda: now))
    key = site_keys.hand_out(MRC1)
    assert site_keys.holder(key) == MRC1
    store.delete(SITE, "mrc1")
    read_all = Mock(wraps=store.read_all)
    monkeypatch.setattr(store, "read_all", read_all)

    now += 59.9
    assert site_keys.holder(key) == MRC1
    # invalid keys do not cause more reads of the parameter store
    assert [site_keys.holder(str(number)) for number in range(5)] == [None] * 5
    assert read_all.call_count == 0
    now += 0.2
    assert site_keys.holder(key) is None
    assert read_all.call_count == 1


def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [site_keys.hand_out(Holder(SITE, f"site{number}")) for number in range(3)]
    compare = Mock(wraps=hmac.compare_digest)
    monkeypatch.setattr("auth.site_keys.hmac", SimpleNamespace(compare_digest=compare))
    for key in (*made, "garbage"):
        compare.reset_mock()
        site_keys.holder(key)
        assert compare.call_count == 3


MALFORMED = {
    "/site-keys/site/mrc2": "not JSON",
    "/site-keys/site/mrc3": '{"sha256": "a", "made": "b"}',
    "/site-keys/site/mrc4": '[{"sha256": "short", "made": "2026-01-01"}]',
    "/site-keys/site/mrc5": '["a"]',
    "/site-keys/site/mrc6": '[{"sha256": 1, "made": "2026-01-01"}]',
    "/site-keys/site/mrc7": f'[{{"sha256": "{"0" * 64}", "made": null}}]',
    "/site-keys/site/mrc8": f'[{{"sha256": "{"0" * 64}", "made": "a", "more": 1}}]',
    "/site-keys/site/mrc9": "[" * 4000,
    "/site-keys/site/a/b": f'[{{"sha256": "{"0" * 64}", "made": "2026-01-01"}}]',
    "/site-keys/user/a": f'[{{"sha256": "{"0" * 64}", "made": "2026-01-01"}}]',
    "/site-keys/mrc1": "[]",
}


@pytest.fixture
def malformed() -> list[str]:
    """Store malformed parameters where the keys are; return their names, sorted."""
    for name, value in MALFORMED.items():
        aws.client("ssm").put_parameter(Name=name, Value=value, Type="String")
    return sorted(MALFORMED)


def test_a_malformed_parameter_does_not_disable_other_keys_and_is_logged_once_per_read(
    malformed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(site_keys._valid_keys, "_good_for_s", 60)
    logs.set_up()
    key = site_keys.hand_out(MRC1)
    assert [site_keys.holder(shown) for shown in (key, key, "garbage")] == [MRC1, MRC1, None]
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["message"], line["parameters"]) == ("malformed site keys", malformed)
    assert not any(value in str(line) for value in MALFORMED.values() if len(value) > 2)


def test_a_malformed_parameter_is_listed_kept_from_being_overwritten_and_revoked(
    malformed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    site_keys.hand_out(MRC1)
    assert keys.main(["list"]) == 0
    said = capsys.readouterr()
    assert [line.split()[1] for line in said.out.splitlines()] == ["mrc1"]
    assert [line.split()[0] for line in said.err.splitlines()] == malformed
    for command in (["make"], ["rotate"], ["revoke", "--earlier"]):
        assert keys.main([*command, "site", "mrc2"]) == 1
        assert capsys.readouterr().err == (
            "/site-keys/site/mrc2 cannot be read: its value is not a list of keys in JSON. Revoke it first.\n"
        )
    assert keys.main(["revoke", "site", "mrc2"]) == 0
    assert keys.main(["make", "site", "mrc2"]) == 0


def run(*arguments: str) -> tuple[int, str, str]:
    """Run the command as an administrator does."""
    ran = subprocess.run(
        [sys.executable, "-m", "auth.keys", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


def test_the_command_hands_out_a_valid_key() -> None:
    status, key, complaint = run("make", "site", "mrc1")
    assert (status, complaint) == (0, "")
    assert site_keys.holder(key.strip()) == MRC1


def test_the_commands_rotate_list_and_revoke(capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str) -> str:
        assert keys.main(arguments) == 0
        return capsys.readouterr().out

    first = said("make", "pipe", "pipe1").strip()
    second = said("rotate", "pipe", "pipe1").strip()
    today = datetime.now(UTC).date().isoformat()
    assert said("list").splitlines() == [
        f"pipe  pipe1             {today}  {site_keys._digest(key)[:12]}" for key in (first, second)
    ]
    assert said("revoke", "pipe", "pipe1", "--earlier") == ""
    assert [site_keys.holder(key) for key in (first, second)] == [None, Holder(PIPE, "pipe1")]
    said("revoke", "pipe", "pipe1")
    assert said("list") == ""


def test_the_command_overwrites_no_key_and_finds_none_where_there_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = site_keys.hand_out(MRC1)
    assert keys.main(["make", "site", "mrc1"]) == 1
    assert capsys.readouterr() == ("", "site mrc1 has a key; rotate it, or revoke it first.\n")
    assert site_keys.holder(key) == MRC1
    for command in (["rotate"], ["revoke"], ["revoke", "--earlier"]):
        assert keys.main([*command, "site", "mrc2"]) == 1
        assert capsys.readouterr() == ("", "site mrc2 has no key.\n")


@pytest.mark.parametrize(
    "arguments", [["make", "user", "a"], ["make", "site", "a/b"], ["make", "site", ""], []]
)
def test_the_command_takes_no_nonsense(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        keys.main(arguments)
    assert capsys.readouterr().err.startswith("usage: python -m auth.keys")
    assert parameters() == {}
