"""What the tests run against: real PostgreSQL, moto's server and the gateway, clean for each test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import requests
from hypothesis import settings as hypothesis_settings
from psycopg2.extensions import parse_dsn

from common import postgres, settings
from common.aws import client
from ingest import schema as ingest_schema
from local import environment, resources, uploads
from local.auth0 import AUDIENCE, Auth0
from local.child import Child
from local.deployment import Deployment
from local.gateway import Gateway, StandIn
from local.invocation import Invoker
from local.lambda_api import PREFIX, lambda_api
from local.remotehq import PREFIX as REMOTEHQ
from local.remotehq import TOKEN as REMOTEHQ_TOKEN
from local.remotehq import RemoteHq
from local.server import HOST, Server
from local.uploads import UploadPoller
from now import answer
from site_configs.store import forget_site_codes
from support.client import ApiClient
from support.contract import Contract
from support.permissions import Permissions
from support.proxy import Proxy
from tests.aws_server import KEEP, RETURN
from tests.image_table import ImageTable

# Nothing that a developer has set, database or AWS account, is ever touched by a test.
environment.forget_aws()
os.environ.pop("DATABASE_URL", None)

# The same examples at every run, however slow the machine: a red run can be run again.
hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis_settings.load_profile("repeatable")


# The name of a test's property whose text is shown at the end of the run.
SUMMARY_LINE = "summary_line"


@pytest.fixture
def summary_line(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Keeps a line that is printed when all tests are over, also where they ran in several processes."""
    return lambda line: record_property(SUMMARY_LINE, line)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the lines that tests kept with `summary_line`, after the line that counts the tests."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    reports = [report for how in ("passed", "failed") for report in reporter.stats.get(how, [])]
    for report in reports:
        for name, line in report.user_properties:
            if name == SUMMARY_LINE:
                reporter.write_line(line)


@pytest.fixture(scope="session")
def deployment() -> Deployment:
    return Deployment()


@pytest.fixture(scope="session")
def auth0() -> Auth0:
    return Auth0()


@pytest.fixture(scope="session")
def remotehq_stand_in() -> RemoteHq:
    return RemoteHq()


@pytest.fixture(scope="session")
def permissions(deployment: Deployment) -> Iterator[Permissions]:
    """The functions' roles, which judge every call of AWS that handlers make behind `api`."""
    judge = Permissions(deployment)
    with pytest.MonkeyPatch.context() as patch:
        judge.watch(patch)
        yield judge


@pytest.fixture(scope="session")
def aws_url(deployment: Deployment, auth0: Auth0, permissions: Permissions) -> Iterator[str]:
    """Where moto's server listens; this process's settings and AWS clients lead to it."""
    os.environ.update(deployment.environment)
    os.environ.update(AUTH0_CLIENT_ID=AUDIENCE, AUTH0_CLIENT_PUBLIC_KEY=auth0.certificate)
    child = Child("tests.aws_server")
    url = os.environ["AWS_ENDPOINT_URL"] = child.ready["url"]
    resources.make_tables(deployment)
    resources.make_bucket()
    requests.post(url + KEEP, timeout=10).raise_for_status()
    yield url
    child.stop()


@pytest.fixture
def aws(aws_url: str) -> str:
    """Provide empty tables and an empty bucket. Return the URL of S3, DynamoDB, SQS and SSM."""
    requests.post(aws_url + RETURN, timeout=10).raise_for_status()
    settings.secret.cache_clear()
    forget_site_codes()
    answer.forget()
    return aws_url


@pytest.fixture(scope="session")
def image_table() -> Iterator[ImageTable]:
    child = Child("local.postgres_server")
    yield ImageTable(child.ready["url"])
    child.stop()


@pytest.fixture(scope="session")
def postgres_url(image_table: ImageTable) -> str:
    return image_table.url


@pytest.fixture
def database(image_table: ImageTable, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Provide an empty image table. Return PostgreSQL's URL, which `DATABASE_URL` has too."""
    monkeypatch.setenv("DATABASE_URL", image_table.url)
    image_table.empty()
    yield image_table.url
    postgres.close_idle()


@pytest.fixture
def own_database(image_table: ImageTable, tmp_path: Path) -> Iterator[str]:
    """Provide an empty database, on TCP, with no user but its owner. Return the owner's URL."""
    name = f"own_{tmp_path.name.replace('-', '_')}"[:60].lower()
    connection = psycopg2.connect(image_table.url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    proxy = Proxy(f"{parse_dsn(image_table.url)['host']}/.s.PGSQL.5432", 0)
    yield f"postgresql://postgres@{HOST}:{proxy.port}/{name}"
    proxy.stop()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        for user in ("api", "ingest"):
            cursor.execute(f"DROP ROLE IF EXISTS {user}")
    connection.close()


@pytest.fixture
def ingester(
    aws: str, database: str, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> Iterator[UploadPoller]:
    """The ingester, which files what arrives in the empty bucket into an empty image table."""
    monkeypatch.setattr(uploads, "RETRY_AFTER_S", 0)
    ingest_schema.apply(database)
    uploads.make_queues(deployment)
    poller = UploadPoller(deployment, Invoker())
    poller.start()
    yield poller
    poller.stop()


@pytest.fixture(scope="session")
def gateway_url(
    deployment: Deployment, auth0: Auth0, remotehq_stand_in: RemoteHq, aws_url: str
) -> Iterator[str]:
    """The URL of the gateway, which has every route of serverless.yml and uses the backends of `aws_url`."""
    invoker = Invoker()
    stand_ins: dict[str, StandIn] = {
        "auth0": auth0,
        REMOTEHQ: remotehq_stand_in,
        PREFIX: lambda_api(deployment.functions, invoker),
    }
    server = Server(0, Gateway(deployment, invoker, stand_ins))
    environment.set_gateway(server.url)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def contract() -> Contract:
    """docs/openapi.yaml, which judges every answer that `api` gets."""
    return Contract()


@pytest.fixture
def api(
    gateway_url: str, deployment: Deployment, contract: Contract, permissions: Permissions, aws: str
) -> Iterator[ApiClient]:
    """A caller of the API over HTTP, with empty tables behind it."""
    permissions.refused.clear()
    with ApiClient(f"{gateway_url}/{deployment.base_path}", contract) as client:
        yield client
    assert permissions.refused == set()


@pytest.fixture
def token(auth0: Auth0) -> str:
    """A bearer token that the protected routes accept."""
    return auth0.token("auth0|tester", ["admin"])


@pytest.fixture
def remotehq(aws: str, remotehq_stand_in: RemoteHq) -> RemoteHq:
    """RemoteHQ, without rooms or browsers, and the token for it in the parameter store."""
    client("ssm").put_parameter(
        Name="remotehq-token", Value=REMOTEHQ_TOKEN, Type="SecureString", Overwrite=True
    )
    remotehq_stand_in.reset()
    return remotehq_stand_in
