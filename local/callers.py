"""Who calls the local backends: programs of this machine may, web pages may not.

A page of any site that a developer visits can send requests to 127.0.0.1. It can even read the answers once
its own name leads there (DNS rebinding). A browser says where a request comes from; programs do not.
"""

from wsgiref.types import WSGIEnvironment

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
# What a browser says of a request that no page made: its user typed the address.
_BY_THE_USER = "none"
REFUSAL = "This answers programs on this machine: no web page, and no other name than 127.0.0.1 or localhost."


def is_foreign_host(environ: WSGIEnvironment) -> bool:
    """Return whether a request was sent to this machine under a name that is not its own."""
    name = environ.get("HTTP_HOST", "").partition(":")[0].lower()
    # no one else can own a name below localhost (RFC 6761); S3's clients put the bucket there
    return name not in LOCAL_NAMES and not name.endswith(".localhost")


def is_from_a_page(environ: WSGIEnvironment) -> bool:
    """Return whether a web page sent a request."""
    fetched = environ.get("HTTP_SEC_FETCH_SITE", _BY_THE_USER) != _BY_THE_USER
    return "HTTP_ORIGIN" in environ or fetched


def may_page_ask_s3(environ: WSGIEnvironment) -> bool:
    """Return whether a page's request is one that presigned URLs and forms are made for, or a preflight."""
    if "HTTP_AUTHORIZATION" in environ or "HTTP_X_AMZ_TARGET" in environ:
        return False
    first, _, rest = environ.get("PATH_INFO", "").strip("/").partition("/")
    # moto's own API, and its likeness of what EC2 tells machines about themselves
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
