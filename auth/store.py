"""Site keys in the SSM Parameter Store: a parameter for each holder, `/site-keys/{kind}/{name}`."""

from common import aws

PATH = "/site-keys"


def parameter(kind: str, name: str) -> str:
    """Return the name of a holder's parameter."""
    return f"{PATH}/{kind}/{name}"


def read_all() -> dict[str, str]:
    """Return the stored value of every holder, by parameter name. One request for every ten holders."""
    pages = aws.client("ssm").get_paginator("get_parameters_by_path")
    with aws.faults("the parameter store"):
        return {
            found["Name"]: found["Value"]
            for page in pages.paginate(Path=PATH, Recursive=True, WithDecryption=True)
            for found in page["Parameters"]
        }


def write(kind: str, name: str, value: str) -> None:
    """Store `value` for a holder, replacing the old one."""
    with aws.faults("the parameter store"):
        aws.client("ssm").put_parameter(
            Name=parameter(kind, name), Value=value, Type="SecureString", Overwrite=True
        )


def delete(kind: str, name: str) -> None:
    """Remove the parameter of a holder, which must exist."""
    with aws.faults("the parameter store"):
        aws.client("ssm").delete_parameter(Name=parameter(kind, name))
