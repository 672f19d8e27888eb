"""What the doctor finds in an account. A finding that reports a problem also says what to do."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from deploy import certificate, doctor, network
from deploy.account import Account
from local import environment
from local.auth0 import Auth0
from local.child import Child
from support.network import BUCKET, REGION, SERVICE

STACK = f"{SERVICE}-prod"


def replace(monkeypatch: pytest.MonkeyPatch, service: str, **operations: Callable[..., Any]) -> None:
    """Replace operations that moto does not have, or to which it always gives the same response."""
    make = Account.client

    def made(self: Account, name: str, region: str = "") -> Any:
        found = make(self, name, region)
        if name == service:
            for operation, answer in operations.items():
                setattr(found, operation, answer)
        return found

    monkeypatch.setattr(Account, "client", made)


def settings_with(quota: int) -> Callable[[], Any]:
    return lambda: {"AccountLimit": {"ConcurrentExecutions": quota}}


@pytest.fixture(scope="module")
def empty_account() -> Any:
    """An empty account, in a server of its own."""
    with pytest.MonkeyPatch.context() as patch:
        child = Child("local.aws_server")
        patch.setenv("AWS_ENDPOINT_URL", child.ready["url"])
        environment.bypass_proxies()
        yield child.ready["url"]
        child.stop()


@pytest.fixture
def account(
    empty_account: str, tmp_path: Path, auth0: Auth0, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Return a function: given parameters of prod, it returns what the doctor says.

    The account is empty at the start of each test.
    """
    monkeypatch.setenv("AWS_ENDPOINT_URL", empty_account)
    requests.post(f"{empty_account}/moto-api/reset", timeout=10).raise_for_status()
    replace(monkeypatch, "lambda", get_account_settings=settings_with(1000))
    monkeypatch.setattr(certificate, "FILE", tmp_path / "public_key")
    monkeypatch.setattr(doctor, "PROJECT", tmp_path)
    certificate.FILE.write_text(auth0.certificate)
    (tmp_path / "secrets.json").write_text('{"AUTH0_CLIENT_ID": "a"}')
    names = network.read(network.path())

    def say(**parameters: Any) -> str:
        given = {**network.parameters(names, "prod"), "ingest": "none", "domain": "none", **parameters}
        findings = doctor.examine(Account(names, "prod"), given)
        return "\n".join(f"{finding.text} {finding.advice}".strip() for finding in findings)

    return say


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


def make_bucket(region: str = REGION) -> None:
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    boto3.client("s3", region_name=region).create_bucket(Bucket=BUCKET, **location)  # type: ignore[arg-type]


def make_table(name: str) -> None:
    client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def make_stack(*, own: bool) -> None:
    name = "ApiGatewayStage" if own else "TheirTopic"
    body = json.dumps({"Resources": {name: {"Type": "AWS::SNS::Topic"}}})
    client("cloudformation").create_stack(StackName=STACK, TemplateBody=body)


def store(name: str, value: str) -> None:
    client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")


def test_an_empty_account_needs_storage_and_secrets(account: Callable[..., str]) -> None:
    said = account(storage="exist")
    assert f"The stack {STACK} does not exist: this is the first deployment." in said
    assert f"The bucket {BUCKET} does not exist. Set storage: make, or create it." in said
    assert "do not exist. Set storage: make, or create them." in said
    assert "The secret db-url is missing. Store the URL of a database user: aws ssm put-parameter" in said
    assert "The secret remotehq-token is missing." in said


def test_a_stage_that_makes_everything_needs_nothing_more(account: Callable[..., str]) -> None:
    store("remotehq-token", "x")
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        client("ec2").create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=REGION + zone)["Subnet"][
            "SubnetId"
        ]
        for block, zone in (("10.0.0.0/24", "a"), ("10.0.1.0/24", "b"))
    ]
    said = account(
        storage="make", database="make", network="vpc", ingest="make", vpc=vpc, subnets=",".join(subnets)
    )
    assert f"The name of the bucket {BUCKET} is free." in said
    assert "The 2 subnets are in 2 zones." in said
    assert "db-url" not in said
    assert "Of the six tables, 0 exist." in said


def test_what_is_there_already_is_not_made_again(account: Callable[..., str]) -> None:
    make_bucket()
    table = network.read(network.path())["tables"]["queues"]
    make_table(table)
    said = account(storage="make")
    assert f"The bucket {BUCKET} exists already. Set storage: exist" in said
    assert f"The tables {table} exist already. Set storage: exist" in said
    # If the stage itself has made them, they must exist.
    make_stack(own=True)
    said = account(storage="make")
    assert f"The bucket {BUCKET} exists.\n" in said
    assert "Of the six tables, 1 exist." in said


def test_a_bucket_in_another_region_is_reported(account: Callable[..., str]) -> None:
    make_bucket("ap-southeast-2")
    assert f"The bucket {BUCKET} is in ap-southeast-2. The network is in {REGION}" in account()


def test_a_bucket_of_another_account_is_reported(
    account: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_bucket: str) -> None:
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")

    replace(monkeypatch, "s3", head_bucket=refuse)
    assert "belongs to another account, or your keys may not see it. Choose another name" in account()


def test_a_stack_of_another_service_is_reported(account: Callable[..., str]) -> None:
    make_stack(own=False)
    said = account()
    assert f"The stack {STACK} belongs to another service, perhaps the earlier one." in said
    assert "Change `service` in network.yml." in said


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_a_stack_that_cannot_be_updated_is_reported(
    account: Callable[..., str], status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Account, "stack", lambda _self: {"StackStatus": status})
    assert f"aws cloudformation delete-stack --stack-name {STACK}" in account()


@pytest.mark.parametrize(
    ("count", "reserved", "words"),
    [
        (10, None, "Request 1,000 in Service Quotas"),
        (1000, None, "The account may run 1000 Lambdas at once.\n"),
        (120, 50, "The stage reserves 50, and 100 must stay free"),
        (150, 50, "The account may run 150 Lambdas at once.\n"),
    ],
)
def test_the_quota_must_be_enough_for_what_is_reserved(
    account: Callable[..., str], count: int, reserved: int | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(monkeypatch, "lambda", get_account_settings=settings_with(count))
    assert words in account(pollsAtOnce=reserved)


def test_secrets_are_judged_and_never_shown(account: Callable[..., str]) -> None:
    store("db-url", "mysql://api:hunter2@host/images")
    store("ingest-db-url", "postgresql://ingest:hunter2@host/images")
    said = account(ingest="make", urlSigner="user")
    assert "The secret db-url is no URL that PostgreSQL's client reads." in said
    assert "The secret ingest-db-url is stored." in said
    assert "The secret url-signing-key is missing. Store it: make signing-key STAGE=prod" in said
    assert "hunter2" not in said


def test_the_files_for_tokens_are_judged(account: Callable[..., str]) -> None:
    certificate.FILE.write_text("no certificate")
    (certificate.FILE.parent / "secrets.json").write_text("{}")
    said = account()
    assert "Store the tenant's certificate as PEM." in said
    assert "secrets.json has no AUTH0_CLIENT_ID." in said
    certificate.FILE.unlink()
    assert "The file public_key is missing." in account()


def imported_certificate(domain: str) -> str:
    """Store a certificate of a host in ACM; return its ARN."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    arn = client("acm").import_certificate(
        Certificate=made.public_bytes(pem),
        PrivateKey=key.private_bytes(
            pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        ),
    )["CertificateArn"]
    return str(arn)


def test_the_certificate_must_be_issued_for_the_domain(account: Callable[..., str]) -> None:
    domain = network.read(network.path())["domain"]
    good = imported_certificate(domain)
    assert f"The certificate of {domain} is issued." in account(domain="map", certificate=good)
    other = imported_certificate("other.example")
    assert f"Request one for {domain}." in account(domain="map", certificate=other)
    waiting = client("acm").request_certificate(DomainName=domain)["CertificateArn"]
    assert "is not issued yet (PENDING_VALIDATION)" in account(domain="map", certificate=waiting)
    gone = good.rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000"
    assert f"does not exist in {REGION}." in account(domain="map", certificate=gone)


def test_a_domain_that_is_not_made_must_exist(account: Callable[..., str]) -> None:
    domain = network.read(network.path())["domain"]
    assert f"The domain {domain} does not exist. Set `certificate`" in account(domain="map")
    client("apigateway").create_domain_name(domainName=domain)
    assert f"The domain {domain} exists." in account(domain="map")


def test_subnets_must_exist_in_two_zones_of_the_vpc(account: Callable[..., str]) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}a")[
            "Subnet"
        ]["SubnetId"]
        for number in range(2)
    ]
    in_vpc = {"network": "vpc", "vpc": vpc}
    assert f"All subnets are in {REGION}a. A database needs" in account(**in_vpc, subnets=",".join(made))
    assert "The subnets cannot be read" in account(**in_vpc, subnets="subnet-0123456789abcdef0")
    elsewhere = {"network": "vpc", "vpc": "vpc-0123456789abcdef0"}
    assert "are not in vpc-0123456789abcdef0." in account(**elsewhere, subnets=",".join(made))


def test_endpoints_that_exist_cannot_be_made_again(account: Callable[..., str]) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    in_vpc = {"network": "vpc", "vpc": vpc, "subnets": subnet}
    assert "has endpoints already" not in account(**in_vpc)
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")["VpcEndpoint"]
    assert f"The VPC {vpc} has endpoints already, to s3. Set endpoints: exist" in account(**in_vpc)
    assert "has endpoints already" not in account(**in_vpc, endpoints="exist")
    own = [{"Key": "aws:cloudformation:stack-name", "Value": STACK}]
    ec2.create_tags(Resources=[made["VpcEndpointId"]], Tags=own)
    assert "has endpoints already" not in account(**in_vpc)


def test_the_command_tells_how_much_is_wrong(
    account: Callable[..., str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert account()
    assert doctor.main(["prod"]) == 1
    said = capsys.readouterr().out
    assert "  wrong: " in said
    assert said.splitlines()[-1].endswith(" findings are wrong.")
    monkeypatch.setattr(doctor, "CHECKS", (doctor.check_stack,))
    assert doctor.main(["prod"]) == 0
    assert capsys.readouterr().out.endswith("The stage can be deployed.\n")


def test_an_account_that_does_not_answer_is_one_error_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert doctor.main(["prod"]) == 1
    assert capsys.readouterr().err.startswith("AWS says: Could not connect")
