"""The CloudFormation templates of every stage, which `make lintdeploy` packages."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ingest import batches, bucket_notifications
from ingest.info_images import EXPIRES_AFTER_S
from local.deployment import PROJECT, Deployment
from support.network import SERVICE
from tests.deploy import package_combinations
from tests.deploy.package_combinations import LIMITED, STORED, STORED_WHOLE, SWITCHED, Combination
from zip_function.archives import FRESH_FOR_S

# CloudFormation's limits for templates in S3, from "Quotas" in its user guide.
MAX_RESOURCES = 500
MAX_BYTES = 1_000_000
LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]
TRACES = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]

FOLDER = os.environ.get("TEMPLATES", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="make lintdeploy packages the templates")


# The combination in which the stage makes everything.
WHOLE = SWITCHED[-1]
INTERFACES = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces"]
INGESTER = f"{SERVICE}-test-fileUploads"


@pytest.fixture(scope="module", params=["test", "dev", "prod"])
def stage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def template(stage: str) -> dict[str, Any]:
    return read(f"stage-{stage}")


def read(folder: str) -> dict[str, Any]:
    path = PROJECT / Path(FOLDER) / folder / "cloudformation-template-update-stack.json"
    made: dict[str, Any] = json.loads(path.read_text())
    return made


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: made for name, made in template["Resources"].items() if made["Type"] == kind}


def test_every_function_has_its_own_role_with_only_its_statements(
    template: dict[str, Any], stage: str
) -> None:
    made = of_type(template, "AWS::Lambda::Function")
    roles = of_type(template, "AWS::IAM::Role")
    by_name = {each["Properties"]["FunctionName"]: each["Properties"] for each in made.values()}
    used = [properties["Role"]["Fn::GetAtt"][0] for properties in by_name.values()]
    # The other role lets API Gateway write the access log.
    assert sorted(used) == sorted(set(roles) - {"ApiGatewayLogsRole"})
    deployed = [function for function in Deployment(stage).functions.values() if function.is_deployed]
    assert set(by_name) == {function.deployed_name for function in deployed}
    for function in deployed:
        role = roles[by_name[function.deployed_name]["Role"]["Fn::GetAtt"][0]]["Properties"]
        (policy,) = role["Policies"]
        logs, traces, *own = policy["PolicyDocument"]["Statement"]
        assert own == function.statements, function.name
        assert (logs["Action"], traces["Action"]) == (LOGS, TRACES)
        group = template["Resources"][logs["Resource"]["Fn::GetAtt"][0]]["Properties"]
        assert group == {"LogGroupName": f"/aws/lambda/{function.deployed_name}", "RetentionInDays": 90}


def test_tables_and_bucket_are_created_only_with_storage_make_and_are_retained(
    template: dict[str, Any], deployment: Deployment
) -> None:
    storage = [*of_type(template, "AWS::DynamoDB::Table").values(), template["Resources"]["ImagesBucket"]]
    assert len(storage) == len(deployment.tables) + 1
    for made in storage:
        assert made["Condition"] == "MakesStorage"
        # What a failed first deployment has made is deleted, so that it can be tried again.
        assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    # Other resources do not refer to them, because some stages do not create them.
    others = {name: made for name, made in template["Resources"].items() if made not in storage}
    for name, made in template["Resources"].items():
        if made in storage:
            assert f'"{name}"' not in json.dumps([others, template["Outputs"]])


def test_the_stage_has_limits_and_traces_and_is_its_own_resource(
    template: dict[str, Any], stage: str
) -> None:
    ((name, deployment),) = of_type(template, "AWS::ApiGateway::Deployment").items()
    assert "StageName" not in deployment["Properties"]
    properties = template["Resources"]["ApiGatewayStage"]["Properties"]
    assert (properties["StageName"], properties["DeploymentId"]) == (stage, {"Ref": name})
    (limits,) = properties["MethodSettings"]
    assert (limits["ResourcePath"], limits["HttpMethod"], properties["TracingEnabled"]) == ("/*", "*", True)
    assert limits["ThrottlingRateLimit"] > 0
    assert limits["ThrottlingBurstLimit"] > 0


def test_api_gateway_logs_every_request_without_query_strings_and_headers(
    template: dict[str, Any], stage: str
) -> None:
    made = template["Resources"]
    setting = made["ApiGatewayStage"]["Properties"]["AccessLogSetting"]
    assert setting["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Arn"]}
    assert set(json.loads(setting["Format"]).values()) == {
        "$context.requestId",
        "$context.requestTime",
        "$context.identity.sourceIp",
        "$context.httpMethod",
        "$context.path",
        "$context.status",
        "$context.error.responseType",
        "$context.responseLatency",
        "$context.responseLength",
    }
    group = made["AccessLog"]["Properties"]
    assert group == {"LogGroupName": f"/aws/apigateway/{SERVICE}-{stage}", "RetentionInDays": 90}


def test_api_gateway_may_write_logs_and_keeps_the_role_when_a_stage_is_removed(
    template: dict[str, Any],
) -> None:
    made = template["Resources"]
    # The account needs the role before a stage can log.
    assert "ApiGatewayAccount" in made["ApiGatewayStage"]["DependsOn"]
    account = made["ApiGatewayAccount"]["Properties"]
    assert account == {"CloudWatchRoleArn": {"Fn::GetAtt": ["ApiGatewayLogsRole", "Arn"]}}
    for name in ("ApiGatewayLogsRole", "ApiGatewayAccount"):
        policies = (made[name]["DeletionPolicy"], made[name]["UpdateReplacePolicy"])
        assert policies == ("RetainExceptOnCreate", "Retain")
    role = made["ApiGatewayLogsRole"]["Properties"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    (managed,) = role["ManagedPolicyArns"]
    assert managed["Fn::Sub"].endswith(":policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")


def test_a_deployment_waits_for_methods_and_gateway_responses(template: dict[str, Any]) -> None:
    ((_name, deployment),) = of_type(template, "AWS::ApiGateway::Deployment").items()
    for kind in ("AWS::ApiGateway::Method", "AWS::ApiGateway::GatewayResponse"):
        assert set(of_type(template, kind)) <= set(deployment["DependsOn"])


def test_functions_run_on_python_3_13_and_are_traced(template: dict[str, Any]) -> None:
    for made in of_type(template, "AWS::Lambda::Function").values():
        properties = made["Properties"]
        assert (properties["Runtime"], properties["TracingConfig"]) == ("python3.13", {"Mode": "Active"})


def reserved(template: dict[str, Any]) -> dict[str, int]:
    """Return the reserved concurrency of each handler that has one."""
    properties = [made["Properties"] for made in of_type(template, "AWS::Lambda::Function").values()]
    return {
        each["Handler"]: each["ReservedConcurrentExecutions"]
        for each in properties
        if "ReservedConcurrentExecutions" in each
    }


def test_no_concurrency_is_reserved_by_default(template: dict[str, Any]) -> None:
    # Otherwise a new account, with a limit of ten Lambdas, would refuse the deployment.
    assert reserved(template) == {}


def test_parameters_reserve_concurrency_for_the_expensive_functions() -> None:
    assert reserved(read(LIMITED.folder)) == {
        "pipe_queue/handlers.dequeue": 50,
        "downloads/handlers.download": 10,
        "zip_function/handlers.pack": 5,
    }


def test_without_an_ingester_nothing_of_it_is_made(template: dict[str, Any]) -> None:
    assert of_type(template, "AWS::Lambda::EventSourceMapping") == {}
    own = [*of_type(template, "AWS::SQS::Queue").values(), template["Resources"]["NewImages"]]
    assert {made.get("Condition") for made in own} == {"MakesIngester"}
    assert template["Conditions"]["MakesIngester"] == {"Fn::Equals": ["none", "make"]}


def test_an_ingester_reads_the_queue_that_the_bucket_notifies() -> None:
    template = read(WHOLE.folder)
    (mapping,) = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    properties = mapping["Properties"]
    assert properties["EventSourceArn"] == {"Fn::GetAtt": ["UploadQueue", "Arn"]}
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["ScalingConfig"] == {"MaximumConcurrency": 5}
    functions = [made["Properties"] for made in of_type(template, "AWS::Lambda::Function").values()]
    (function,) = [each for each in functions if each["FunctionName"] == INGESTER]
    queue = template["Resources"]["UploadQueue"]["Properties"]
    assert queue["VisibilityTimeout"] == 6 * function["Timeout"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == batches.MAX_RECEIVES
    bucket = template["Resources"]["ImagesBucket"]["Properties"]["NotificationConfiguration"]
    notified = bucket["Fn::If"][1]["QueueConfigurations"]
    prefixes = [each["Filter"]["S3Key"]["Rules"][0]["Value"] for each in notified]
    assert prefixes == list(bucket_notifications.PREFIXES)
    assert {each["Event"] for each in notified} == {bucket_notifications.EVENT}


def test_downloads_and_unfinished_uploads_expire(template: dict[str, Any]) -> None:
    rules = template["Resources"]["ImagesBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    uploads, downloads, pieces, info_images, allsky, data, versions = rules
    assert {rule["Status"] for rule in rules[:-1]} == {"Enabled"}
    # An all-sky image is replaced within minutes; the row of an info image expires first.
    assert EXPIRES_AFTER_S < 3 * 24 * 3600
    assert [(rule["Prefix"], rule["ExpirationInDays"]) for rule in (info_images, allsky)] == [
        ("info-images/", 3),
        ("allsky/", 3),
    ]
    # Images themselves never expire.
    assert data["Prefix"] == "data/"
    assert "ExpirationInDays" not in data
    assert data["Transitions"] == [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}]
    assert versions["Fn::If"][1]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert uploads["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert (pieces["Prefix"], pieces["ExpirationInDays"]) == ("pieces/", 2)
    # Otherwise a bucket that keeps versions would keep pieces as long as images.
    assert pieces["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    # This rule applies to the whole bucket.
    assert "Prefix" not in uploads
    assert (downloads["Prefix"], downloads["ExpirationInDays"]) == ("downloads/", 8)
    # A zip is packed again a day before it expires. Its link is valid for minutes.
    assert FRESH_FOR_S == (8 - 1) * 24 * 3600


def test_alarms_watch_existing_resources(template: dict[str, Any], stage: str) -> None:
    functions = {function.deployed_name for function in Deployment(stage).functions.values()}
    api = template["Resources"]["ApiGatewayRestApi"]["Properties"]["Name"]
    queues = {made["Properties"]["QueueName"] for made in of_type(template, "AWS::SQS::Queue").values()}
    known = {"FunctionName": functions, "ApiName": {api}, "Stage": {stage}, "QueueName": queues}
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert len(alarms) > 10
    for alarm in alarms.values():
        for dimension in alarm["Properties"].get("Dimensions", []):
            if dimension["Name"] == "DBInstanceIdentifier":
                assert dimension["Value"] == {"Ref": "Database"}
            else:
                assert dimension["Value"] in known[dimension["Name"]]
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "Alarms"}]


def test_every_gateway_response_has_the_common_headers(template: dict[str, Any]) -> None:
    responses = of_type(template, "AWS::ApiGateway::GatewayResponse")
    kinds = {response["Properties"]["ResponseType"] for response in responses.values()}
    # API Gateway uses the defaults for all types that are not listed, by its documentation of the types.
    assert kinds == {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"}
    for response in responses.values():
        headers = response["Properties"]["ResponseParameters"]
        prefix = "gatewayresponse.header.Access-Control-Allow-"
        assert headers[f"{prefix}Origin"] == "'*'"
        assert headers[f"{prefix}Credentials"] == "'true'"
        assert headers[f"{prefix}Headers"] == "'*'"
        assert headers[f"{prefix}Methods"] == "'GET,POST,PUT,DELETE,OPTIONS'"
        assert headers["gatewayresponse.header.X-Content-Type-Options"] == "'nosniff'"


def test_preflights_allow_every_origin(template: dict[str, Any]) -> None:
    methods = of_type(template, "AWS::ApiGateway::Method").values()
    preflights = [made["Properties"] for made in methods if made["Properties"]["HttpMethod"] == "OPTIONS"]
    asked = {made["Properties"]["ResourceId"].get("Ref", "") for made in methods}
    assert len(preflights) == len(asked)
    for preflight in preflights:
        (response,) = preflight["Integration"]["IntegrationResponses"]
        headers = response["ResponseParameters"]
        assert headers["method.response.header.Access-Control-Allow-Origin"] == "'*'"
        # A response template could return the caller's own origin.
        assert response["ResponseTemplates"] == {"application/json": ""}


def test_schedules_run_only_in_production(template: dict[str, Any], stage: str) -> None:
    rules = of_type(template, "AWS::Events::Rule").values()
    found = {(rule["Properties"]["ScheduleExpression"], rule["Properties"]["State"]) for rule in rules}
    state = "ENABLED" if stage == "prod" else "DISABLED"
    assert found == {("cron(5 * * * ? *)", state), ("rate(5 minutes)", state)}


@pytest.fixture(params=package_combinations.ALL, ids=lambda combination: combination.name)
def combination(request: pytest.FixtureRequest) -> Combination:
    made: Combination = request.param
    return made


def test_every_combination_is_within_cloudformation_s_limits(combination: Combination) -> None:
    template = read(combination.folder)
    # Ten are left for the next route: a function with a role of its own needs six or seven.
    assert len(template["Resources"]) <= MAX_RESOURCES - 10
    assert len(json.dumps(template, indent=2)) < MAX_BYTES * 0.9


def versions(template: dict[str, Any]) -> dict[str, str]:
    """Return the function of each published version, by the version's name in the template."""
    made = of_type(template, "AWS::Lambda::Version")
    return {name: version["Properties"]["FunctionName"]["Ref"] for name, version in made.items()}


def test_without_snapshots_no_version_is_published(template: dict[str, Any]) -> None:
    assert versions(template) == {}
    assert of_type(template, "AWS::Lambda::Alias") == {}
    assert "SnapStart" not in json.dumps(template)


@pytest.mark.parametrize("stored", [STORED, STORED_WHOLE], ids=lambda combination: combination.name)
def test_listed_functions_start_from_a_snapshot_and_others_do_not(stored: Combination) -> None:
    template = read(stored.folder)
    functions = of_type(template, "AWS::Lambda::Function")
    with_snapshot = {
        name: made["Properties"] for name, made in functions.items() if "SnapStart" in made["Properties"]
    }
    for properties in with_snapshot.values():
        assert properties["SnapStart"] == {"ApplyOn": "PublishedVersions"}
        # What Lambda does not take a snapshot of.
        assert "EphemeralStorage" not in properties
        assert "FileSystemConfigs" not in properties
    prefix = f"{stored.network_names['service']}-{stored.stage}-"
    names = {each["FunctionName"].removeprefix(prefix) for each in with_snapshot.values()}
    assert names == {function.name for function in Deployment().snapshot_functions}
    # Each has a version, which replaces the earlier one: an earlier one would be kept and paid for.
    assert sorted(versions(template).values()) == sorted(with_snapshot)
    for version in of_type(template, "AWS::Lambda::Version").values():
        assert "DeletionPolicy" not in version


@pytest.mark.parametrize("stored", [STORED, STORED_WHOLE], ids=lambda combination: combination.name)
def test_api_gateway_may_call_and_calls_the_alias_of_a_function_with_a_snapshot(stored: Combination) -> None:
    template = read(stored.folder)
    published = versions(template)
    aliases = {
        made["Properties"]["FunctionName"]["Ref"]: made["Properties"]
        for made in of_type(template, "AWS::Lambda::Alias").values()
    }
    assert sorted(aliases) == sorted(published.values())
    for function, alias in aliases.items():
        version, attribute = alias["FunctionVersion"]["Fn::GetAtt"]
        assert (published[version], attribute) == (function, "Version")

    def is_of_alias(parts: list[Any]) -> bool:
        """Tell whether the ARN of a function with an alias is followed by the alias."""
        (at,) = [
            number for number, part in enumerate(parts) if isinstance(part, dict) and "Fn::GetAtt" in part
        ]
        return (
            "".join(map(str, parts[at + 1 :]))
            .lstrip(":")
            .startswith(aliases[parts[at]["Fn::GetAtt"][0]]["Name"])
        )

    called, allowed = set[str](), set[str]()
    for made in of_type(template, "AWS::ApiGateway::Method").values():
        uri = made["Properties"]["Integration"].get("Uri", {})
        for function in aliases:
            if f'"{function}"' in json.dumps(uri):
                assert is_of_alias(uri["Fn::Join"][1])
                called.add(function)
    for made in of_type(template, "AWS::Lambda::Permission").values():
        target = made["Properties"]["FunctionName"]
        for function in aliases:
            if f'"{function}"' in json.dumps(target):
                assert is_of_alias(target["Fn::Join"][1])
                allowed.add(function)
    assert called == allowed == set(aliases)


def test_each_package_publishes_versions_of_its_own() -> None:
    # Otherwise a deployment of the same commit would not restart these functions.
    descriptions = [
        version["Properties"]["Description"]
        for stored in (STORED, STORED_WHOLE)
        for version in of_type(read(stored.folder), "AWS::Lambda::Version").values()
    ]
    assert len(set(descriptions)) == len((STORED, STORED_WHOLE))


def test_every_function_has_one_role_which_in_a_vpc_may_make_interfaces(combination: Combination) -> None:
    template, given = read(combination.folder), combination.given
    in_vpc = given["network"] == "vpc"
    roles = of_type(template, "AWS::IAM::Role")
    functions = [made["Properties"] for made in of_type(template, "AWS::Lambda::Function").values()]
    used = [function["Role"]["Fn::GetAtt"][0] for function in functions]
    assert sorted(used) == sorted(set(roles) - {"ApiGatewayLogsRole"})
    for function, role in zip(functions, used, strict=True):
        (policy,) = roles[role]["Properties"]["Policies"]
        actions = [statement["Action"] for statement in policy["PolicyDocument"]["Statement"]]
        assert (INTERFACES in actions) == in_vpc
        assert ("VpcConfig" in function) == in_vpc
    names = {function["Handler"] for function in functions}
    assert ("ingest/handlers.migrate_database" in names) == in_vpc
    assert ("ingest/handlers.file_uploads" in names) == (given["ingest"] == "make")


def test_functions_in_a_vpc_are_in_the_given_subnets_and_groups(combination: Combination) -> None:
    given = combination.given
    for made in of_type(read(combination.folder), "AWS::Lambda::Function").values():
        place = made["Properties"].get("VpcConfig")
        if place:
            assert place["SubnetIds"] == given["subnets"].split(",")
            groups = list(filter(None, given["securityGroups"].split(",")))
            assert place["SecurityGroupIds"] == [{"Ref": "FunctionsSecurityGroup"}, *groups]


def is_made(template: dict[str, Any], name: str) -> bool:
    """Tell whether CloudFormation makes a resource, from the constants that its condition compares."""

    def holds(condition: Any) -> bool:
        ((kind, values),) = condition.items()
        if kind == "Condition":
            return holds(template["Conditions"][values])
        if kind == "Fn::And":
            return all(holds(value) for value in values)
        if kind == "Fn::Not":
            return not holds(values[0])
        assert kind == "Fn::Equals"
        return bool(values[0] == values[1])

    condition = template["Resources"][name].get("Condition")
    return condition is None or holds({"Condition": condition})


def test_the_switches_make_what_they_say(combination: Combination) -> None:
    template, given = read(combination.folder), combination.given
    in_vpc, files_uploads = given["network"] == "vpc", given["ingest"] == "make"
    makes_endpoints = in_vpc and given["endpoints"] == "make"
    expected = {
        "ImagesBucket": given["storage"] == "make",
        "PipeQueueTable": given["storage"] == "make",
        "UploadQueue": files_uploads,
        "FunctionsSecurityGroup": in_vpc,
        "Database": given["database"] == "make",
        "EndpointS3": makes_endpoints,
        "EndpointDynamoDb": makes_endpoints,
        "EndpointSsm": makes_endpoints,
        "EndpointLambda": makes_endpoints,
        "EndpointSqs": makes_endpoints and files_uploads,
        "EndpointSns": makes_endpoints and files_uploads,
        "ApiDomain": bool(given["domain"] == "map" and given["certificate"]),
        "AlarmsByEmail": bool(given["alarmEmail"]),
    }
    assert {name: is_made(template, name) for name in expected} == expected


def test_functions_in_a_vpc_have_an_endpoint_for_each_service_that_they_call() -> None:
    template = read(WHOLE.folder)
    called = {
        action.partition(":")[0]
        for function in Deployment("test").functions.values()
        for statement in function.statements
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
    }
    # Lambda itself takes the messages of the queue from SQS; the function sends dead letters.
    endpoints = of_type(template, "AWS::EC2::VPCEndpoint").values()
    services = [made["Properties"]["ServiceName"]["Fn::Sub"].rpartition(".")[2] for made in endpoints]
    assert sorted(services) == sorted(called)


def test_the_database_is_private_encrypted_and_backed_up() -> None:
    database = read(WHOLE.folder)["Resources"]["Database"]
    assert (database["DeletionPolicy"], database["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")
    properties = database["Properties"]
    assert properties["PubliclyAccessible"] is False
    assert properties["StorageEncrypted"] is True
    assert properties["DeletionProtection"] is True
    assert properties["BackupRetentionPeriod"] >= 7
    # Its certificate is signed by a root of common/certificates/rds.
    assert properties["CACertificateIdentifier"].startswith("rds-ca-rsa2048")
    # No template and no parameter holds the password.
    assert properties["MasterUserPassword"]["Fn::Sub"].startswith(
        "{{resolve:secretsmanager:${DatabaseSecret}:"
    )
    rules = read(WHOLE.folder)["Resources"]["DatabaseSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert [rule["SourceSecurityGroupId"] for rule in rules] == [{"Ref": "FunctionsSecurityGroup"}]


def test_the_bucket_is_encrypted_private_and_open_to_the_ui() -> None:
    names = WHOLE.network_names
    properties = read(WHOLE.folder)["Resources"]["ImagesBucket"]["Properties"]
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    (cors,) = properties["CorsConfiguration"]["CorsRules"]
    assert cors["AllowedOrigins"] == names["ui"]["origins"]
    assert cors["AllowedMethods"] == ["GET", "HEAD", "POST"]
    assert properties["VersioningConfiguration"]["Fn::If"][:2] == ["KeepsVersions", {"Status": "Enabled"}]
