"""Ask the account what a stage still needs before it is deployed: `python -m deploy.doctor STAGE`.

It changes nothing. Each finding is a sentence. If something is wrong, a second sentence says what to do.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from auth.certificates import CertificateRefused
from common.database_url import DatabaseUrlRefused, for_libpq
from common.presign import SIGNING_KEY
from deploy import certificate, network
from deploy.account import Account, AccountFailed, failures
from ingest.migration import READER, WRITER
from local.deployment import PROJECT

# AWS refuses to reserve the last 100 of an account's concurrent Lambdas.
UNRESERVABLE = 100
# A resource of every stack of this project. The earlier service's stack does not have it.
_OWN_RESOURCE = "ApiGatewayStage"
# What deploy/database.yml makes endpoints to.
_ENDPOINTS = {"s3", "dynamodb", "ssm", "lambda", "sqs", "sns"}
_NOT_FOUND = {"404", "NoSuchBucket", "NotFound", "NotFoundException", "ResourceNotFoundException"}


@dataclass(frozen=True)
class Finding:
    """What a check has found. `advice` says what to do; it is "" if everything is as it must be."""

    text: str
    advice: str = ""


@dataclass(frozen=True)
class Stage:
    """A stage of a network, its parameters, and whether its stack exists."""

    account: Account
    parameters: dict[str, Any]
    is_deployed: bool

    def makes(self, parameter: str) -> bool:
        """Tell whether the stage's next deployment creates what a parameter names."""
        return bool(self.parameters[parameter] == "make")


Check = Callable[[Stage], Iterator[Finding]]


def main(arguments: list[str]) -> int:
    """Print the findings, good and wrong; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.doctor", description=__doc__)
    parser.add_argument("stage", choices=network.STAGES)
    stage = parser.parse_args(arguments).stage
    try:
        names = network.read(network.path())
        with failures():
            findings = examine(Account(names, stage), network.parameters(names, stage))
    except (network.NetworkRefused, FileNotFoundError, AccountFailed) as error:
        print(error, file=sys.stderr)
        return 1
    for finding in findings:
        print(f"  wrong: {finding.text} {finding.advice}" if finding.advice else f"  good:  {finding.text}")
    wrong = sum(1 for finding in findings if finding.advice)
    print(f"{wrong} of {len(findings)} findings are wrong." if wrong else "The stage can be deployed.")
    return 1 if wrong else 0


def examine(account: Account, parameters: dict[str, Any]) -> list[Finding]:
    """Return the findings of all checks."""
    caller = account.client("sts").get_caller_identity()
    findings = [Finding(f"The keys belong to the account {caller['Account']}.")]
    stage = Stage(account, parameters, account.stack() is not None)
    for check in CHECKS:
        findings.extend(check(stage))
    return findings


def check_stack(stage: Stage) -> Iterator[Finding]:
    """Find a stack of the same name that another service has made, or one that cannot be updated."""
    name, found = stage.account.stack_name, stage.account.stack()
    if found is None:
        yield Finding(f"The stack {name} does not exist: this is the first deployment.")
        return
    if found["StackStatus"] in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}:
        yield Finding(
            f"The stack {name} is left over from a first deployment that failed ({found['StackStatus']}).",
            f"Delete it: aws cloudformation delete-stack --stack-name {name}",
        )
        return
    client = stage.account.client("cloudformation")
    try:
        client.describe_stack_resource(StackName=name, LogicalResourceId=_OWN_RESOURCE)
    except ClientError:
        yield Finding(
            f"The stack {name} belongs to another service, perhaps the earlier one.",
            "A deployment would delete its functions and tables. Change `service` in network.yml.",
        )
        return
    yield Finding(f"The stack {name} exists ({found['StackStatus']}).")


def check_concurrency(stage: Stage) -> Iterator[Finding]:
    """Compare the reserved concurrency of the stage with the account's quota."""
    limits = stage.account.client("lambda").get_account_settings()["AccountLimit"]
    quota = limits["ConcurrentExecutions"]
    text = f"The account may run {quota} Lambdas at once."
    wanted = [stage.parameters[name] or 0 for name in ("pollsAtOnce", "conversionsAtOnce", "zipsAtOnce")]
    if sum(wanted) and sum(wanted) > quota - UNRESERVABLE:
        yield Finding(
            text,
            f"The stage reserves {sum(wanted)}, and {UNRESERVABLE} must stay free. Reserve less, or request "
            "a higher quota in Service Quotas (Lambda, concurrent executions).",
        )
    elif quota < UNRESERVABLE:
        yield Finding(
            text,
            "One page of the UI uses ten. Request 1,000 in Service Quotas (Lambda, concurrent executions).",
        )
    else:
        yield Finding(text)


def check_bucket(stage: Stage) -> Iterator[Finding]:
    """Find out whether the bucket exists, and whose it is."""
    name = stage.account.network["bucket"]
    status = _status(lambda: stage.account.client("s3").head_bucket(Bucket=name))
    if status == "exists":
        region = _bucket_region(stage.account, name)
        if region != stage.account.region:
            yield Finding(
                f"The bucket {name} is in {region}.",
                f"The network is in {stage.account.region}: change one of them.",
            )
        elif stage.makes("storage") and not stage.is_deployed:
            yield Finding(
                f"The bucket {name} exists already.",
                "Set storage: exist, or choose another name for a new bucket.",
            )
        else:
            yield Finding(f"The bucket {name} exists.")
    elif status == "missing" and stage.makes("storage"):
        yield Finding(f"The name of the bucket {name} is free.")
    elif status == "missing":
        yield Finding(f"The bucket {name} does not exist.", "Set storage: make, or create it.")
    else:
        yield Finding(
            f"The bucket {name} belongs to another account, or your keys may not see it.",
            "Choose another name in network.yml.",
        )


def _bucket_region(account: Account, name: str) -> str:
    found = account.client("s3").get_bucket_location(Bucket=name).get("LocationConstraint")
    # S3 has no name for its first region.
    return str(found or "us-east-1")


def check_tables(stage: Stage) -> Iterator[Finding]:
    """Find out which tables exist."""
    client = stage.account.client("dynamodb")
    names = stage.account.network["tables"].values()
    found = [name for name in names if _has_table(client, name)]
    missing = [name for name in names if name not in found]
    if stage.makes("storage") and found and not stage.is_deployed:
        yield Finding(
            f"The tables {', '.join(found)} exist already.",
            "Set storage: exist, or choose other names in network.yml.",
        )
    elif not stage.makes("storage") and missing:
        yield Finding(f"The tables {', '.join(missing)} do not exist.", "Set storage: make, or create them.")
    else:
        yield Finding(f"Of the six tables, {len(found)} exist.")


def _has_table(client: Any, name: str) -> bool:
    return _status(lambda: client.describe_table(TableName=name)) == "exists"


def check_secrets(stage: Stage) -> Iterator[Finding]:
    """Find out which secrets are stored."""
    put = "aws ssm put-parameter --type SecureString --name {} --value …"
    # `make migrate` stores the URLs of a database that it reaches through the stage's own function.
    if stage.parameters["network"] == "public":
        yield from _database_secret(stage, READER, put)
        if stage.makes("ingest"):
            yield from _database_secret(stage, WRITER, put)
    needed = {"remotehq-token": put.format("remotehq-token") + " (any text, if nobody uses RemoteHQ)"}
    if stage.parameters["urlSigner"] == "user":
        needed[SIGNING_KEY] = f"make signing-key STAGE={stage.account.stage}"
    for name, command in needed.items():
        stored = stage.account.parameter(name) is not None
        yield Finding(
            f"The secret {name} is {'stored' if stored else 'missing'}.",
            "" if stored else f"Store it: {command}",
        )


def _database_secret(stage: Stage, name: str, put: str) -> Iterator[Finding]:
    url = stage.account.parameter(name)
    if url is None:
        yield Finding(
            f"The secret {name} is missing.", f"Store the URL of a database user: {put.format(name)}"
        )
        return
    try:
        for_libpq(url)
    except DatabaseUrlRefused:
        yield Finding(
            f"The secret {name} is no URL that PostgreSQL's client reads.",
            "It must have the form postgresql://user:password@host:port/database.",
        )
    else:
        yield Finding(f"The secret {name} is stored.")


def check_auth0(_stage: Stage) -> Iterator[Finding]:
    """Check the two files that the authorizer needs to check tokens."""
    try:
        certificate.check(certificate.FILE)
    except FileNotFoundError:
        yield Finding(
            "The file public_key is missing.", "Store the tenant's certificate: see public_key.example."
        )
    except CertificateRefused as error:
        yield Finding(f"{error}", "Store the tenant's certificate as PEM.")
    else:
        yield Finding("The certificate in public_key is good.")
    file = PROJECT / "secrets.json"
    try:
        audience = json.loads(file.read_text())["AUTH0_CLIENT_ID"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        audience = ""
    yield (
        Finding("The audience of tokens is in secrets.json.")
        if audience
        else Finding("secrets.json has no AUTH0_CLIENT_ID.", "See secrets.json.example.")
    )


def check_domain(stage: Stage) -> Iterator[Finding]:
    """Check the certificate of a domain that the stage makes, or that the domain exists."""
    name, arn = stage.account.network["domain"], stage.parameters["certificate"]
    if stage.parameters["domain"] != "map":
        yield Finding(f"{name} does not lead to this stage (domain: none).")
    elif arn:
        yield from _certificate(stage.account, name, arn)
    else:
        client = stage.account.client("apigateway")
        status = _status(lambda: client.get_domain_name(domainName=name))
        advice = "" if status == "exists" else "Set `certificate`, with which the stage makes the domain."
        yield Finding(f"The domain {name} {'exists' if not advice else 'does not exist'}.", advice)


def _certificate(account: Account, domain: str, arn: str) -> Iterator[Finding]:
    client = account.client("acm")
    try:
        found = client.describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError:
        yield Finding(
            f"The certificate {arn} does not exist in {account.region}.",
            f"Request one for {domain} in ACM, in {account.region}.",
        )
        return
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", [])}
    if found["Status"] != "ISSUED":
        yield Finding(
            f"The certificate of {domain} is not issued yet ({found['Status']}).",
            "Create the DNS records that ACM shows, and wait for some minutes.",
        )
    elif not names & {domain, f"*.{domain.partition('.')[2]}"}:
        yield Finding(f"The certificate is for {', '.join(sorted(names))}.", f"Request one for {domain}.")
    else:
        yield Finding(f"The certificate of {domain} is issued.")


def check_subnets(stage: Stage) -> Iterator[Finding]:
    """Check the subnets of a stage in a VPC."""
    if stage.parameters["network"] != "vpc":
        return
    wanted = stage.parameters["subnets"].split(",")
    client = stage.account.client("ec2")
    try:
        found = client.describe_subnets(SubnetIds=wanted)["Subnets"]
    except ClientError as error:
        yield Finding(f"The subnets cannot be read: {error}.", "Name subnets that exist in network.yml.")
        return
    zones = {subnet["AvailabilityZone"] for subnet in found}
    others = [subnet["SubnetId"] for subnet in found if subnet["VpcId"] != stage.parameters["vpc"]]
    if others:
        yield Finding(
            f"The subnets {', '.join(others)} are not in {stage.parameters['vpc']}.",
            "Name subnets of one VPC.",
        )
    elif len(zones) == 1:
        yield Finding(f"All subnets are in {zones.pop()}.", "A database needs subnets in two zones.")
    else:
        yield Finding(f"The {len(found)} subnets are in {len(zones)} zones.")


def check_endpoints(stage: Stage) -> Iterator[Finding]:
    """Find endpoints in the VPC that the stage would make again. AWS refuses the second one."""
    if (stage.parameters["network"], stage.parameters["endpoints"]) != ("vpc", "make"):
        return
    vpc = stage.parameters["vpc"]
    in_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    found = stage.account.client("ec2").describe_vpc_endpoints(Filters=in_vpc)["VpcEndpoints"]
    services = {each["ServiceName"].rpartition(".")[2] for each in found if not _is_of(stage, each)}
    others = sorted(services & _ENDPOINTS)
    if others:
        yield Finding(
            f"The VPC {vpc} has endpoints already, to {', '.join(others)}.",
            "Set endpoints: exist if all that the stage needs are there; otherwise delete these.",
        )


def _is_of(stage: Stage, endpoint: dict[str, Any]) -> bool:
    """Return whether the stage's own stack made this endpoint."""
    tags = {tag["Key"]: tag["Value"] for tag in endpoint.get("Tags", [])}
    return tags.get("aws:cloudformation:stack-name") == stage.account.stack_name


def _status(ask: Callable[[], Any]) -> str:
    """Return "exists", "missing" or "forbidden" for the thing that `ask` requests from AWS."""
    try:
        ask()
    except ClientError as error:
        return "missing" if error.response["Error"]["Code"] in _NOT_FOUND else "forbidden"
    return "exists"


CHECKS: tuple[Check, ...] = (
    check_stack,
    check_concurrency,
    check_bucket,
    check_tables,
    check_secrets,
    check_auth0,
    check_domain,
    check_subnets,
    check_endpoints,
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
