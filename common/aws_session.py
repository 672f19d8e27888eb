"""Makes the botocore session of the process, with no more than the project's services need."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.session import Session

# The services that are called, and the one that renews credentials; botocore's names.
SERVICES = frozenset({"dynamodb", "lambda", "s3", "sns", "sqs", "ssm", "sts"})

# The authorities that sign the certificates of AWS. A test compares them with those in certifi.
AUTHORITIES = Path(__file__).with_name("certificates") / "aws.pem"


def make_session() -> "Session":
    """Return a new session.

    Not boto3's: that loads 67 more modules, for files and objects that nothing here uses.
    """
    from botocore.session import Session

    made = Session(include_builtin_handlers=False)
    _register_handlers(made)
    made.register_component("data_loader", loader())
    return made


@cache
def loader() -> Any:
    """Return the loader that reads the descriptions of services, the slowest part of making a client."""
    from botocore.loaders import create_loader

    return create_loader()


def authorities(region: str) -> str | None:
    """Return the file with the certificate authorities to trust; None for those that botocore trusts.

    botocore reads the certificates of all authorities, 117 today, for each new connection. That takes 20 ms
    of CPU time, in the first request. So a Lambda reads only those of AWS.

    Parameters
    ----------
    region
        The region that is called. In China, other authorities sign AWS's certificates.
    """
    is_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
    if is_lambda and "AWS_CA_BUNDLE" not in os.environ and not region.startswith("cn-"):
        return str(AUTHORITIES)
    return None


def _register_handlers(session: "Session") -> None:
    """Register botocore's own handlers of events, except those of other services and of documentation.

    With all of them a client takes 7 ms of CPU time more.
    """
    from botocore import handlers

    events = session.get_component("event_emitter")
    register_at = {
        handlers.REGISTER_FIRST: events.register_first,
        handlers.REGISTER_LAST: events.register_last,
    }
    for event, handler, *place in handlers.BUILTIN_HANDLERS:
        if is_needed(event):
            register = register_at[place[0]] if place else events.register
            register(event, handler)


def is_needed(event: str) -> bool:
    """Return whether requests to `SERVICES` need the handlers of an event, such as `before-call.s3`.

    An event that names no service, or `*` in its place, is sent for every service.
    """
    kind, *rest = event.split(".")
    return kind != "docs" and (not rest or rest[0] in SERVICES | {"*"})
