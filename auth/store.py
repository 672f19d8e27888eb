"""Site keys in the SSM Parameter Store: a parameter for each holder, `/site-keys/{kind}/{name}`."""

from common import aws

PATH = "/site-keys"


def parameter(kind: str, name: str) -> str:
    """Return the name of a holder's parameter."""
    return f"{PATH}/{kind}/{name}"


def read_all() -> dict[str, str]:
    """Return what is stored of every holder, by the name of the parameter. One request for every ten."""
    pages = aws.client("ssm").get_paginator("get_parameters_by_path")
    with aws.faults("the parameter store"):
        return {
            found["Name"]: found["Value"]
            for page in pages.paginate(Path=PATH, Recursive=True, WithDecryption=True)
            for found in page["Parameters"]
        }


def write(kind: str, name: str, value: str) -> None:
    """Store `value` for a holder in place of what there was."""
    with aws.faults("the parameter store"):
        aws.client("ssm").put_parameter(
            Name=parameter(kind, name), Value=value, Type="SecureString", Overwrite=True
        )


def delete(kind: str, name: str) -> None:
    """Remove what is stored of a holder, who must be there."""
    with aws.faults("the parameter store"):
        aws.client("ssm").delete_parameter(Name=parameter(kind, name))
