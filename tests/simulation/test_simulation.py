"""`make simulate` with fewer schedules, and its output for a single schedule."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from local.deployment import PROJECT
from tests.simulation.scenarios import SCENARIOS

SCHEDULES = 15_000


def simulate(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(1200)
def test_no_schedule_breaks_a_promise(summary_line: Callable[[str], None]) -> None:
    played = simulate("--schedules", str(SCHEDULES))
    summary_line(played.stdout.splitlines()[-1])
    found = re.fullmatch(r"(\d+) schedules, 0 violations", played.stdout.splitlines()[-1])
    assert found, played.stdout + played.stderr
    assert int(found[1]) >= SCHEDULES
    assert f"{len(SCENARIOS)} of {len(SCENARIOS)} cases" in played.stdout
    assert played.returncode == 0


def test_a_time_may_be_given_instead_of_a_number() -> None:
    played = simulate("--seconds", "1", "--only", "two consumers, two items", "--processes", "1")
    assert re.fullmatch(r"[1-9]\d* schedules, 0 violations", played.stdout.splitlines()[-1]), played.stdout


def test_a_schedule_is_played_again_from_its_choices() -> None:
    again: list[Any] = [simulate("--only", "two consumers", "--choices", "0.1.0.1.2") for _ in range(2)]
    assert again[0].stdout == again[1].stdout
    assert "  1. consumer 1: get_item METADATA -> a row" in again[0].stdout
