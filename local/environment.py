"""The process's environment: the local backends, and nothing that leads to anybody's real AWS account."""

import os
from urllib.parse import urlsplit

from local import remotehq

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}

# Settings of a stage that can be tried out on one machine.
CHOOSABLE = ("WRITE_ACCESS", "WRITER_ROLES", "MAX_UPLOAD_BYTES")


class RealAwsRefused(Exception):
    """The environment asks to run the local stack against AWS itself."""


def forget_aws() -> str | None:
    """Take the caller's AWS settings out of the environment; answer the endpoint they named, if any.

    Keys, profiles, roles, tokens and configuration files all go, and made-up keys take their place, so that
    no call of this process can be signed with real ones.

    Raises
    ------
    RealAwsRefused
        If `AWS_ENDPOINT_URL` is an address of AWS.
    ValueError
        If it is no URL.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or None
    keep_off_proxies()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        CREDENTIALS,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    if endpoint is not None:
        _check_endpoint(endpoint)
    return endpoint


def keep_off_proxies() -> None:
    """Have this machine's own servers asked directly, whatever proxy the caller has for all others."""
    for name in ("NO_PROXY", "no_proxy"):
        others = os.environ.get(name)
        os.environ[name] = ",".join(filter(None, ["127.0.0.1", "localhost", others]))


def _check_endpoint(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"AWS_ENDPOINT_URL must be an http:// or https:// URL, not {endpoint!r}.")
    host = parts.hostname.rstrip(".")
    if host.endswith(("amazonaws.com", "amazonaws.com.cn", "api.aws")):
        raise RealAwsRefused(f"AWS_ENDPOINT_URL is {host}: the local stack never runs against AWS itself.")


def chosen() -> dict[str, str]:
    """Answer the settings of serverless.yml that the environment sets otherwise, of those that it may."""
    return {name: os.environ[name] for name in CHOOSABLE if os.environ.get(name)}


def set_backends(aws_endpoint: str, database_url: str) -> None:
    """Lead every AWS client and PostgreSQL connection of this process to the given backends."""
    os.environ["AWS_ENDPOINT_URL"] = aws_endpoint
    os.environ["DATABASE_URL"] = database_url


def set_gateway(url: str) -> None:
    """Lead Lambda's Invoke, Auth0's userinfo and RemoteHQ to the gateway's stand-ins at `url`."""
    os.environ["AWS_ENDPOINT_URL_LAMBDA"] = url
    os.environ["AUTH0_USERINFO_URL"] = f"{url}/auth0/userinfo"
    os.environ["REMOTEHQ_API_URL"] = f"{url}/{remotehq.PREFIX}/v1"
