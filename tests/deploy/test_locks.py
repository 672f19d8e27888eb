"""The lock files of the artifacts agree with the lock file of the development environment."""

import re

import pytest

from deploy.artifacts import ARTIFACTS
from local.deployment import PROJECT


def locked(name: str) -> dict[str, frozenset[str]]:
    """Return the hashes in a lock file by requirement: `name==version`, with the environment marker."""
    text = re.sub(r"^ *#.*\n", "", (PROJECT / name).read_text(), flags=re.MULTILINE)
    entries = text.replace("\\\n", " ").strip().splitlines()
    return {
        entry.split(" --hash=")[0].strip(): frozenset(re.findall(r"--hash=(\S+)", entry)) for entry in entries
    }


def test_the_versions_for_serving_are_the_tested_versions() -> None:
    def versions(name: str) -> set[str]:
        return {entry.partition(" ;")[0] for entry in locked(name)}

    assert versions("requirements-serve.txt") <= versions("requirements-dev.txt")


@pytest.mark.parametrize("artifact", ARTIFACTS, ids=lambda artifact: artifact.name)
def test_deployed_versions_are_the_tested_versions(artifact: object) -> None:
    assert isinstance(artifact, type(ARTIFACTS[0]))
    tested = locked("requirements-dev.txt")
    for name in artifact.requirements:
        deployed = locked(name)
        assert deployed
        for entry, hashes in deployed.items():
            requirement = entry.partition(" ;")[0]
            same = [tested[other] for other in tested if other.partition(" ;")[0] == requirement]
            assert same == [hashes], entry
            assert hashes


def test_the_artifacts_together_have_every_library_for_lambda() -> None:
    together = {
        entry.partition(" ;")[0]
        for name in ("light", "ingest", "imaging")
        for entry in locked(f"requirements-{name}.txt")
    }
    assert together == {entry.partition(" ;")[0] for entry in locked("requirements.txt")}


def test_renovate_can_repeat_the_command_of_every_lock() -> None:
    config = (PROJECT / ".github" / "renovate.json5").read_text()
    for lock in PROJECT.glob("requirements*.txt"):
        _, command, *_ = lock.read_text().splitlines()
        # Renovate takes `--option=value`, and neither `--option value` nor `-o value`.
        words = command.removeprefix("#    uv pip compile ").split()
        assert [word for word in words if not word.startswith("--")] == [f"{lock.stem}.in"], lock.name
        assert lock.stem.removeprefix("requirements").removeprefix("-") in config
