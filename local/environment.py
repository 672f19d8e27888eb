"""The environment variables of the process: local backends, and no access to a real AWS account."""

import os
from urllib.parse import urlsplit

from local import remotehq

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}

# Settings of serverless.yml that the caller's environment may override.
OVERRIDABLE = ("WRITE_ACCESS", "WRITER_ROLES", "MAX_UPLOAD_BYTES")


class RealAwsRejected(Exception):
    """The environment names AWS itself as the backend of the local stack."""


def forget_aws() -> str | None:
    """Remove the caller's AWS settings from the environment; return their endpoint, if any.

    Keys, profiles, roles, tokens and configuration files are replaced with fake keys, so that this process
    cannot sign a call with real ones.

    Raises
    ------
    RealAwsRejected
        If `AWS_ENDPOINT_URL` is an address of AWS.
    ValueError
        If `AWS_ENDPOINT_URL` is not a URL.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or None
    bypass_proxies()
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


def bypass_proxies() -> None:
    """Exclude this machine's own servers from the caller's proxy."""
    for name in ("NO_PROXY", "no_proxy"):
        others = os.environ.get(name)
        os.environ[name] = ",".join(filter(None, ["127.0.0.1", "localhost", others]))


def _check_endpoint(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"AWS_ENDPOINT_URL must be an http:// or https:// URL, not {endpoint!r}.")
    host = parts.hostname.rstrip(".")
    if host.endswith(("amazonaws.com", "amazonaws.com.cn", "api.aws")):
        raise RealAwsRejected(f"AWS_ENDPOINT_URL is {host}: the local stack never runs against AWS itself.")


def overrides() -> dict[str, str]:
    """Return the settings of serverless.yml that the caller's environment overrides."""
    return {name: os.environ[name] for name in OVERRIDABLE if os.environ.get(name)}


def set_backends(aws_endpoint: str, database_url: str) -> None:
    """Set the backends of every AWS client and PostgreSQL connection of this process."""
    os.environ["AWS_ENDPOINT_URL"] = aws_endpoint
    os.environ["DATABASE_URL"] = database_url


def set_gateway(url: str) -> None:
    """Set the gateway at `url` as the address of Lambda, Auth0 and RemoteHQ."""
    os.environ["AWS_ENDPOINT_URL_LAMBDA"] = url
    os.environ["AUTH0_USERINFO_URL"] = f"{url}/auth0/userinfo"
    os.environ["REMOTEHQ_API_URL"] = f"{url}/{remotehq.PREFIX}/v1"
