"""Create the tables, the bucket and the secrets of the API in the local backends."""

import os
from collections.abc import Callable
from typing import Any

from common import aws
from db import schema
from ingest import schema as ingest_schema
from local import remotehq
from local.deployment import Deployment

# The CloudFormation properties of a table that CreateTable accepts.
_CREATE_TABLE = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
)


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
        client.create_bucket(Bucket=os.environ["S3_BUCKET_NAME"], **_location())
    except (client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
        return


def _location() -> dict[str, Any]:
    """Return the arguments with which CreateBucket makes a bucket in the region.

    For its first region, us-east-1, S3 rejects them.
    """
    if aws.region() == aws.DEFAULT_REGION:
        return {}
    return {"CreateBucketConfiguration": {"LocationConstraint": aws.region()}}


def make_secrets() -> None:
    """Write the secrets of production's parameter store, with local values.

    The embedded PostgreSQL has one user: it owns the image table, reads it and writes it.
    """
    client = aws.client("ssm")
    urls = dict.fromkeys(("db-url", "ingest-db-url", "owner-db-url"), os.environ["DATABASE_URL"])
    for name, value in {**urls, "remotehq-token": remotehq.TOKEN}.items():
        client.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


def make_schema(say: Callable[[str], None]) -> None:
    """Create the image table, its indexes, and what the ingester needs, if they do not exist yet.

    A table of the user's own in which images have several rows stays as it is.
    """
    url = os.environ["DATABASE_URL"]
    schema.apply(url)
    if count := ingest_schema.count_duplicates(url):
        say(
            f"{count} images have more than one row, so uploads will not be filed. To merge the rows, run: "
            f"DATABASE_URL={url} python -m ingest.schema"
        )
    else:
        ingest_schema.apply(url)
