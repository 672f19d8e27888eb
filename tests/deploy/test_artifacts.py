"""Which function runs from which artifact."""

import itertools
from pathlib import Path

import pytest

from deploy.artifacts import handlers_by_artifact
from local.deployment import Deployment

ONE_FUNCTION = """
package: {{ artifact: build/light.zip }}
functions:
  one: {{ handler: one/handlers.run, package: {{ artifact: {artifact} }} }}
  other: {{ handler: other/handlers.run }}
"""


def test_every_function_has_an_artifact(deployment: Deployment) -> None:
    found = handlers_by_artifact()
    assert sorted(itertools.chain(*found.values())) == sorted(
        function.handler for function in deployment.functions.values()
    )


def test_only_download_runs_with_numpy_and_astropy() -> None:
    assert handlers_by_artifact()["imaging"] == ["downloads/handlers.download"]


def test_a_function_s_own_artifact_overrides_the_default(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(ONE_FUNCTION.format(artifact="build/imaging.zip"))
    assert handlers_by_artifact(tmp_path / "serverless.yml") == {
        "light": ["other/handlers.run"],
        "ingest": [],
        "imaging": ["one/handlers.run"],
    }


def test_an_unknown_artifact_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(ONE_FUNCTION.format(artifact="build/heavy.zip"))
    with pytest.raises(ValueError, match="one runs from heavy, which is not one of light, ingest, imaging"):
        handlers_by_artifact(tmp_path / "serverless.yml")
