"""List prices of AWS in us-east-1 in US dollars, without free tiers, discounts and taxes. They change.

Each is from the pricing page of its service, `https://aws.amazon.com/{page}/pricing/`.
"""

from dataclasses import dataclass

# The day on which they were written down.
WRITTEN_ON = "2026-11-27"

MILLION = 1_000_000
HOURS = 730.0
MONTH_S = HOURS * 3600


@dataclass(frozen=True)
class ListPrice:
    """A price.

    Attributes
    ----------
    what
        What is paid for.
    dollars
        For one `unit`.
    unit
        In words.
    units
        How many of the things that the code counts are one unit.
    page
        The first part of the pricing page's path.
    """

    what: str
    dollars: float
    unit: str
    units: float
    page: str

    @property
    def each(self) -> float:
        """US dollars for one of the things that the code counts."""
        return self.dollars / self.units


GATEWAY_REQUEST = ListPrice("request to a REST API", 3.50, "million", MILLION, "api-gateway")
LAMBDA_REQUEST = ListPrice("call of a Lambda function", 0.20, "million", MILLION, "lambda")
LAMBDA_GB_S = ListPrice("a Lambda's memory while it runs", 16.6667, "million GB seconds", MILLION, "lambda")
SNAPSHOT_GB_S = ListPrice(
    "snapshot kept, by its function's memory", 1.5046, "million GB seconds", MILLION, "lambda"
)
RESTORE_GB = ListPrice(
    "restore of a snapshot, by its function's memory", 139.7998, "million GB", MILLION, "lambda"
)
READ_UNIT = ListPrice("unit read from DynamoDB", 0.125, "million", MILLION, "dynamodb/on-demand")
WRITE_UNIT = ListPrice("unit written to DynamoDB", 0.625, "million", MILLION, "dynamodb/on-demand")
S3_READ = ListPrice("S3 request that reads", 0.40, "million", MILLION, "s3")
S3_WRITE = ListPrice("S3 request that writes", 5.00, "million", MILLION, "s3")
S3_MOVE = ListPrice("object moved to Standard-IA", 10.00, "million", MILLION, "s3")
S3_GB = ListPrice("S3 Standard", 0.023, "GB and month", 1, "s3")
S3_IA_GB = ListPrice("S3 Standard-IA", 0.0125, "GB and month", 1, "s3")
BYTE_OUT = ListPrice("bytes to the Internet", 0.09, "GB", 1e9, "ec2/on-demand")
METRIC = ListPrice("custom metric", 0.30, "metric and month", 1, "cloudwatch")
ALARM = ListPrice("alarm", 0.10, "alarm and month", 1, "cloudwatch")
LOG_BYTE = ListPrice("bytes logged", 0.50, "GB", 1e9, "cloudwatch")
LOG_GB = ListPrice("logs kept", 0.03, "GB and month", 1, "cloudwatch")
TRACE = ListPrice("trace recorded by X-Ray", 5.00, "million", MILLION, "xray")
SQS_REQUEST = ListPrice("request to SQS", 0.40, "million", MILLION, "sqs")
SNS_REQUEST = ListPrice("message published by SNS", 0.50, "million", MILLION, "sns")
DB_MICRO_HOUR = ListPrice("PostgreSQL, db.t4g.micro", 0.016, "hour", 1, "rds/postgresql")
DB_LARGE_HOUR = ListPrice("PostgreSQL, db.r6g.large", 0.225, "hour", 1, "rds/postgresql")
DB_GB = ListPrice("storage of PostgreSQL, gp3", 0.115, "GB and month", 1, "rds/postgresql")
ENDPOINT_HOUR = ListPrice("endpoint in a subnet", 0.01, "hour", 1, "privatelink")

ALL = [price for price in list(globals().values()) if isinstance(price, ListPrice)]
