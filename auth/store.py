"""Site keys in the SSM Parameter Store: a parameter for each holder, `/site-keys/{kind}/{name}`."""

from common import aws

PATH = "/site-keys"


def read_all() -> dict[tuple[str, str], str]:
    """Answer what is stored of every holder, by kind and name. One request for every ten holders."""
    pages = aws.client("ssm").get_paginator("get_parameters_by_path")
    with aws.faults("the parameter store"):
        return {
            _holder(parameter["Name"]): parameter["Value"]
            for page in pages.paginate(Path=PATH, Recursive=True, WithDecryption=True)
            for parameter in page["Parameters"]
        }


def write(kind: str, name: str, value: str) -> None:
    """Store `value` for a holder in place of what there was."""
    with aws.faults("the parameter store"):
        aws.client("ssm").put_parameter(
            Name=f"{PATH}/{kind}/{name}", Value=value, Type="SecureString", Overwrite=True
        )


def delete(kind: str, name: str) -> None:
    """Remove what is stored of a holder, who must be there."""
    with aws.faults("the parameter store"):
        aws.client("ssm").delete_parameter(Name=f"{PATH}/{kind}/{name}")


def _holder(parameter_name: str) -> tuple[str, str]:
    kind, _, name = parameter_name.removeprefix(f"{PATH}/").partition("/")
    return kind, name
