"""What each function loads in Lambda's init phase, and that its first call then loads nothing more."""

import sys
from typing import Any, Literal

import pytest

from benchmarks import cold_starts
from common import aws, init_phase
from local.deployment import Deployment
from tests.common.programs import result_of

LIBRARIES = {"boto3", "botocore", "psycopg2", "jwt", "ephem", "numpy", "astropy"}
NAMES = [name for name, each in Deployment().functions.items() if each.handler not in cold_starts.UNMEASURED]


@pytest.fixture(scope="module")
def loads() -> dict[str, Any]:
    """By function: status, addresses that its import connected to, modules and clients after each step."""
    return result_of("tests.common.init_loads", timeout_s=280)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_first_call_loads_nothing_that_the_init_phase_could(loads: dict[str, Any], name: str) -> None:
    status, connected, (modules, clients), (modules_then, clients_then) = loads[name]
    assert status < 400
    assert connected == []
    assert sorted(set(modules_then) - set(modules)) == []
    assert clients_then == clients


@pytest.mark.slow
def test_elsewhere_the_import_loads_no_library(loads: dict[str, Any]) -> None:
    _, _, (modules, clients), (modules_then, clients_then) = loads["getConfig elsewhere"]
    assert not LIBRARIES & set(modules)
    assert "botocore" in modules_then
    assert (clients, clients_then) == (0, 1)


def test_only_the_handler_of_this_lambda_loads_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def one() -> None: ...

    module = one.__module__.replace(".", "/")
    monkeypatch.setenv("_HANDLER", f"{module}.other")
    assert init_phase.needs(lambda: loaded.append("part"))(one) is one
    assert loaded == []
    monkeypatch.setenv("_HANDLER", f"{module}.one")
    init_phase.needs(lambda: loaded.append("part"))(one)
    assert loaded == ["part"]


def test_a_protected_stage_loads_what_checks_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    from auth import access

    loaded: list[str] = []
    monkeypatch.setattr(init_phase, "SECRETS", lambda: loaded.append("secrets"))
    access.load_checks()
    assert loaded == []
    monkeypatch.setenv("WRITE_ACCESS", "protected")
    access.load_checks()
    assert loaded == ["secrets"]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("service", ["dynamodb", "s3", "ssm"])
def test_a_part_makes_the_client_that_requests_use(service: Literal["dynamodb", "s3", "ssm"]) -> None:
    aws._made_client.cache_clear()
    init_phase.client(service)()
    made = aws._made_client.cache_info().misses
    assert aws.client(service).meta.service_model.service_name == service
    assert aws._made_client.cache_info().misses == made


@pytest.mark.usefixtures("aws")
def test_the_driver_of_postgresql_and_the_credentials_are_loaded() -> None:
    aws._made_client.cache_clear()
    init_phase.postgres()
    init_phase.signed_urls()
    assert "psycopg2.extensions" in sys.modules
    made = aws._made_client.cache_info().misses
    aws.client("ssm")
    assert aws._made_client.cache_info().misses == made
