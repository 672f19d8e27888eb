"""The workflow's role: what CloudFormation needs for the resources of a stage, and nothing else."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from deploy import deploy_role, network
from local.deployment import PROJECT
from support.network import BUCKET, REGION, SERVICE

# Rights that AWS's schemas list, but only for features that these templates do not use. IAM does not know
# the actions in the last line: there, the right to put a setting is also the right to delete it.
FEATURES = """
dynamodb:EnableKinesis* dynamodb:DisableKinesis* dynamodb:UpdateKinesis* dynamodb:*Replica dynamodb:Import*
dynamodb:DescribeImport dynamodb:PutResourcePolicy dynamodb:DeleteResourcePolicy dynamodb:BatchWriteItem
dynamodb:*Item dynamodb:Query dynamodb:Scan dynamodb:UpdateContributorInsights kinesis:* firehose:*
elasticfilesystem:* s3files:* s3tables:* vpc-lattice:* vpce:* kms:Decrypt kms:Encrypt kms:GenerateDataKey
kms:ListAliases kms:RevokeGrant logs:*Kms* lambda:PutFunctionCodeSigningConfig
lambda:DeleteFunctionCodeSigningConfig lambda:GetCodeSigningConfig lambda:GetLayerVersion
lambda:PutFunctionRecursionConfig lambda:PutFunctionScalingConfig lambda:PassCapacityProvider
lambda:PutRuntimeManagementConfig lambda:AssociateRuntimeAlias lambda:PutProvisioned*
lambda:DeleteProvisioned* codedeploy:*
apigateway:UpdateRestApiPolicy logs:PutDataProtectionPolicy logs:DeleteDataProtectionPolicy logs:*IndexPolicy
logs:DeleteResourcePolicy logs:*BearerToken* logs:*DeletionProtection logs:CreateLogStream
logs:DescribeLogStreams logs:PutLogEvents iam:*RolePermissionsBoundary iam:ListRoles
sns:PutDataProtectionPolicy rds:*RoleToDBInstance rds:*RoleFromDBInstance rds:*ReadReplica rds:Restore*
rds:*BackupsReplication s3:*Metadata* s3:*Abac s3:PutAnalytics* s3:DeleteBucketAnalytics* s3:PutBucketWebsite
s3:DeleteBucketWebsite s3:PutAccelerate* s3:PutIntelligent* s3:PutInventory* s3:PutMetrics*
s3:DeleteBucketMetrics* s3:PutBucketLogging s3:PutReplication* s3:DeleteBucketReplication
s3:PutBucketReplication s3:PutBucketObjectLock* s3:PutObjectLock* s3:PutBucketAcl s3:PutObjectAcl
s3:ListTagsForResource s3:TagResource s3:UntagResource s3:REST.*
secretsmanager:ReplicateSecretToRegions secretsmanager:RemoveRegionsFromReplication
s3:DeleteBucketCors s3:DeleteBucketEncryption s3:DeleteBucketLifecycle
""".split()  # noqa: SIM905 - more readable than a list
# Actions that osls (the deploying program) calls itself, in addition to those of CloudFormation.
OF_OSLS = {
    *("s3:GetBucketLocation", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject"),
    *("s3:ListBucketVersions", "lambda:GetFunctionConfiguration", "s3:GetBucketTagging"),
}


def statements() -> list[dict[str, Any]]:
    resources = yaml.safe_load(deploy_role.TEMPLATE.read_text())["Resources"]
    return [
        statement
        for resource in resources.values()
        if resource["Type"] == "AWS::IAM::RolePolicy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed() -> set[str]:
    return {
        action for each in statements() if each["Effect"] == "Allow" for action in as_list(each["Action"])
    }


def types() -> set[str]:
    """Return the types of the resources that the project's own files define, and those that osls adds."""
    own = {
        resource["Type"]
        for file in ("tables", "ingest", "database", "gateway", "alarms")
        for resource in yaml.safe_load((PROJECT / "deploy" / f"{file}.yml").read_text())["Resources"].values()
    }
    return own | {
        *("AWS::ApiGateway::Authorizer", "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Method"),
        *("AWS::ApiGateway::Resource", "AWS::ApiGateway::RestApi", "AWS::Events::Rule", "AWS::IAM::Role"),
        *(
            "AWS::Lambda::Alias",
            "AWS::Lambda::Version",
            "AWS::Lambda::EventInvokeConfig",
            "AWS::Lambda::EventSourceMapping",
            "AWS::Lambda::Function",
        ),
        *("AWS::Lambda::Permission", "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::S3::BucketPolicy"),
    }


def needed(kind: str) -> set[str]:
    """Return the rights that CloudFormation needs for a type, as AWS's schema of the type names them."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
    rights = {
        right
        for operation in ("create", "read", "update", "delete")
        for right in handlers.get(operation, {}).get("permissions", [])
    }
    return {right for right in rights if not any(fnmatchcase(right, feature) for feature in FEATURES)}


@pytest.mark.parametrize("kind", sorted(types()))
def test_the_role_may_do_what_a_type_of_resource_needs(kind: str) -> None:
    assert needed(kind) - allowed() == set()


def test_the_types_are_those_of_the_compiled_templates() -> None:
    compiled = list((PROJECT / "build").glob("stage-*/cloudformation-template-update-stack.json"))
    if not compiled:
        pytest.skip("make lintdeploy packages the templates")
    found = {
        resource["Type"]
        for file in compiled
        for resource in json.loads(file.read_text())["Resources"].values()
    }
    assert found <= types()


def test_the_role_may_do_nothing_else() -> None:
    rights = {right for kind in types() for right in needed(kind)}
    more = {right for right in allowed() - rights - OF_OSLS if not right.startswith("cloudformation:")}
    # The first is an older name of an action: CloudFormation uses it to set what happens when a function
    # fails. The second reads network interfaces.
    assert more <= {"lambda:UpdateFunctionEventInvokeConfig", "ec2:DescribeNetworkInterfaces"}


def test_no_statement_allows_everything_of_a_service() -> None:
    assert not [action for action in allowed() if "*" in action]


def test_the_role_may_pass_roles_only_to_the_services_that_need_them() -> None:
    (passed,) = [
        each for each in statements() if each["Effect"] == "Allow" and each["Action"] == "iam:PassRole"
    ]
    assert passed["Condition"]["StringEquals"]["iam:PassedToService"] == [
        "lambda.amazonaws.com",
        "apigateway.amazonaws.com",
    ]
    (refused,) = [each for each in statements() if each["Effect"] == "Deny"]
    assert refused["Resource"]["Fn::Sub"].endswith("role/${Stack}-deploy")
    assert {"iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PassRole"} <= set(refused["Action"])


def test_the_policies_together_are_within_iam_s_limit() -> None:
    # The limit applies to the sum of a role's inline policies. White space does not count.
    text = json.dumps(statements(), separators=(",", ":")).replace("${AWS::Partition}", "aws")
    assert (
        len(text.replace("${AWS::AccountId}", "0" * 12).replace("${AWS::Region}", "ap-northeast-1")) < 10_240
    )


@pytest.mark.usefixtures("aws")
def test_the_command_makes_the_role_and_updates_it(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert deploy_role.main(["prod", "somebody/telescopes"]) == 0
        told = capsys.readouterr().out
        assert told.startswith(
            "Give the environment prod of somebody/telescopes the variable DEPLOY_ROLE_ARN: arn:"
        )
    stack = boto3.client("cloudformation", region_name=REGION).describe_stacks(
        StackName=f"{SERVICE}-prod-deploy-role"
    )["Stacks"][0]
    given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert given["Bucket"] == BUCKET
    assert given["Queues"] == network.read(network.path())["tables"]["queues"]


def test_the_file_is_named_in_the_documents() -> None:
    assert Path(deploy_role.TEMPLATE).name in (PROJECT / "docs" / "deployment.md").read_text()
