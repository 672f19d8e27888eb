"""The workflows: their stages, permissions, pinned actions and make targets."""

import re
from typing import Any

import pytest
import yaml

from deploy.network import STAGES
from local.deployment import PROJECT

WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))


def read(name: str) -> dict[str, Any]:
    # In YAML 1.1 a bare "on" means true.
    workflow: dict[Any, Any] = yaml.safe_load((PROJECT / ".github" / "workflows" / name).read_text())
    return {str(key): value for key, value in workflow.items()}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_whose_version_is_named(path: Any) -> None:
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_every_stage_has_a_branch_that_deploys_it() -> None:
    branches = read("deploy.yml")["True"]["push"]["branches"]
    stages = {"prod" if branch == "main" else branch for branch in branches}
    assert stages == set(STAGES)


def test_only_a_push_deploys_and_only_the_deploy_job_gets_keys() -> None:
    workflow = read("deploy.yml")
    jobs = workflow["jobs"]
    assert workflow["permissions"] == {"contents": "read"}
    assert {name: job.get("permissions") for name, job in jobs.items()} == {
        "test": None,
        "package": None,
        "deploy": {"contents": "read", "id-token": "write"},
    }
    assert jobs["deploy"]["if"] == "github.event_name == 'push'"
    secrets = [name for name, job in jobs.items() if "secrets." in yaml.safe_dump(job)]
    assert secrets == ["deploy"]


def test_only_tested_packages_are_deployed() -> None:
    jobs = read("deploy.yml")["jobs"]
    assert (jobs["deploy"]["needs"], jobs["package"]["needs"]) == ("package", "test")
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    # No other job checks the templates that osls makes from serverless.yml.
    packaging = [step.get("run", step.get("uses", "")) for step in jobs["package"]["steps"]]
    upload = next(number for number, step in enumerate(packaging) if step.startswith("actions/upload"))
    assert "make package PYTHON=python" in packaging[:upload]
    assert packaging[upload + 1 :] == ["make -o package lintdeploy PYTHON=python"]


def test_the_certificate_is_checked_before_the_job_gets_aws_keys() -> None:
    steps = read("deploy.yml")["jobs"]["deploy"]["steps"]
    checked = next(number for number, step in enumerate(steps) if "make stage" in step.get("run", ""))
    keys = next(number for number, step in enumerate(steps) if "configure-aws" in step.get("uses", ""))
    assert checked < keys
    makefile = (PROJECT / "Makefile").read_text()
    assert "-m deploy.certificate" in makefile.partition("\nstage:")[2].partition("\n\n")[0]


def test_every_make_target_that_a_workflow_calls_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    for path in WORKFLOWS:
        for target in re.findall(r"run: make (?:-o package )?([a-z]+)\b", path.read_text()):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
