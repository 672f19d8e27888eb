"""axe, the program that looks for what assistive technology cannot use."""

import os
from typing import Any

import pytest
from selenium import webdriver

from local.deployment import PROJECT

PROGRAM = PROJECT / "tests" / "openapi" / "clients" / "node_modules" / "axe-core" / "axe.min.js"


def program() -> str:
    """Return axe's program; skip the test if it is not installed."""
    if not PROGRAM.exists():
        if os.environ.get("REQUIRE_NODE"):
            pytest.fail("REQUIRE_NODE is set, and axe is not installed: make clients")
        pytest.skip("needs axe, which make clients installs")
    return PROGRAM.read_text()


def violations(browser: webdriver.Chrome) -> list[str]:
    """Return what axe finds on a page that has its program."""
    # Colors fade into each other, and what is in between is not for reading.
    script = """
        const done = arguments[0];
        Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null)))
          .then(() => axe.run()).then((found) => done(found.violations))"""
    found: list[dict[str, Any]] = browser.execute_async_script(script)
    return [
        f"{each['id']}: {node['target']} {node['html'][:120]}" for each in found for node in each["nodes"]
    ]
