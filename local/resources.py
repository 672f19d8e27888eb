"""Create the tables, bucket, queue and secrets of the API in the local backends."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from common import aws
from db import schema
from local import remotehq
from local.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import QueueConfigurationTypeDef

# The CloudFormation properties of a table that CreateTable accepts.
_CREATE_TABLE = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
)
LANDED_QUEUE = "landed-files"


@dataclass(frozen=True)
class Landed:
    """A file that arrived in S3: its key, its size in bytes, and the time (Unix seconds)."""

    key: str
    size: int
    at_s: float


def make_tables(deployment: Deployment) -> None:
    """Create the tables of serverless.yml that do not exist yet."""
    client = aws.client("dynamodb")
    for properties in deployment.tables:
        table = {name: properties[name] for name in _CREATE_TABLE if name in properties}
        try:
            client.create_table(**table)
        except client.exceptions.ResourceInUseException:
            continue
        if "TimeToLiveSpecification" in properties:
            client.update_time_to_live(
                TableName=table["TableName"],
                TimeToLiveSpecification=properties["TimeToLiveSpecification"],
            )


def make_bucket() -> None:
    """Create the bucket if it does not exist yet."""
    client = aws.client("s3")
    try:
        client.create_bucket(Bucket=os.environ["S3_BUCKET_NAME"])
    except (client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
        return


def make_secrets() -> None:
    """Write the secrets of production's parameter store, with local values."""
    client = aws.client("ssm")
    for name, value in (("db-url", os.environ["DATABASE_URL"]), ("remotehq-token", remotehq.TOKEN)):
        client.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


def make_schema() -> None:
    """Create the image table and its indexes if they do not exist yet."""
    schema.apply(os.environ["DATABASE_URL"])


def announce_landed_files() -> str:
    """Make S3 notify a queue of every file for the ingester; return the queue's URL."""
    queue = aws.client("sqs")
    url: str = queue.create_queue(QueueName=LANDED_QUEUE)["QueueUrl"]
    arn = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("s3").put_bucket_notification_configuration(
        Bucket=os.environ["S3_BUCKET_NAME"],
        NotificationConfiguration={
            "QueueConfigurations": [_notification(arn, prefix) for prefix in ("data/", "info-images/")]
        },
    )
    return url


def landed_files(message: Mapping[str, Any]) -> list[Landed]:
    """Return the files in a message of the queue."""
    return [
        Landed(
            key=unquote_plus(record["s3"]["object"]["key"]),
            size=int(record["s3"]["object"]["size"]),
            at_s=datetime.fromisoformat(record["eventTime"]).timestamp(),
        )
        for record in json.loads(message["Body"]).get("Records", [])
    ]


def _notification(queue_arn: str, prefix: str) -> "QueueConfigurationTypeDef":
    return {
        "QueueArn": queue_arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
    }
