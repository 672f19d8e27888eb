"""Access to the local backends: programs on this machine may call them, web pages may not.

Any web page that a developer visits can send requests to 127.0.0.1. It can also read the responses when its
own host name resolves to that address (DNS rebinding). Browsers mark the requests of pages; programs do not.
"""

from wsgiref.types import WSGIEnvironment

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
# Sec-Fetch-Site of a request that no page made: the user typed the address.
_BY_THE_USER = "none"
REFUSAL = "Only programs on this machine may call this, as 127.0.0.1 or localhost. Web pages may not."


def is_foreign_host(environ: WSGIEnvironment) -> bool:
    """Return whether a request uses a host name that does not belong to this machine."""
    name = environ.get("HTTP_HOST", "").partition(":")[0].lower()
    # names below localhost always mean this machine (RFC 6761); S3 clients put the bucket there
    return name not in LOCAL_NAMES and not name.endswith(".localhost")


def is_from_a_page(environ: WSGIEnvironment) -> bool:
    """Return whether a web page sent a request."""
    fetched = environ.get("HTTP_SEC_FETCH_SITE", _BY_THE_USER) != _BY_THE_USER
    return "HTTP_ORIGIN" in environ or fetched


def may_page_call_s3(environ: WSGIEnvironment) -> bool:
    """Return whether a page's request uses a presigned URL or form, or is a preflight."""
    if "HTTP_AUTHORIZATION" in environ or "HTTP_X_AMZ_TARGET" in environ:
        return False
    first, _, rest = environ.get("PATH_INFO", "").strip("/").partition("/")
    # moto's own API, and its copy of the EC2 metadata service
    if first in {"moto-api", "latest"}:
        return False
    query = environ.get("QUERY_STRING", "")
    method = environ["REQUEST_METHOD"]
    if method in {"GET", "HEAD"}:
        return bool(rest) and "X-Amz-Signature=" in query
    if method == "POST":
        is_form = str(environ.get("CONTENT_TYPE", "")).startswith("multipart/form-data")
        return is_form and not rest and not query
    return bool(method == "OPTIONS")
