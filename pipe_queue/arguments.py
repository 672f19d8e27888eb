"""Reads and checks the parameters of consumers' requests."""

from typing import Any

from common.errors import BadRequest
from common.number_parsing import as_float
from common.requests import Request
from pipe_queue import names
from pipe_queue.leases import Poll

MAX_LEASE_S = 12 * 3600
MAX_WAIT_S = 15


def parse_poll(request: Request) -> Poll:
    """Return the poll that a dequeue request asks for.

    Raises
    ------
    BadRequest
        If a parameter is invalid. The sentence names it.
    """
    queue_name = names.check_known("queue_name", request.path["queue_name"])
    lease_s = request.parameter("lease_seconds")
    attempt_id = request.parameter("attempt_id")
    return Poll(
        queue_name=queue_name,
        lease_ms=None if lease_s is None else parse_lease_ms(lease_s),
        attempt_id=None if attempt_id is None else names.check_id("attempt_id", attempt_id),
        wait_s=_wait_s(request.parameter("wait")),
    )


def parse_lease_ms(given: Any) -> int:
    """Return the length of a lease in ms, from seconds as a number or numeric text.

    Raises
    ------
    BadRequest
        If it is not above 0 s, or over 12 h.
    """
    seconds = as_float(given)
    if not 0 < seconds <= MAX_LEASE_S:
        raise BadRequest(f"lease_seconds must be a number above 0, at most {MAX_LEASE_S}.")
    return max(1, round(seconds * 1000))


def parse_lease_ids(request: Request) -> tuple[str, str]:
    """Return the item id and the lease id of a request.

    Raises
    ------
    BadRequest
        If one is missing or invalid.
    """
    item_id, lease_id = request.parameter("id"), request.parameter("lease_id")
    if item_id in (None, "") or lease_id in (None, ""):
        raise BadRequest("Missing required fields: id and lease_id")
    return names.check_id("id", item_id), names.check_id("lease_id", lease_id)


def _wait_s(given: Any) -> float:
    seconds = 0.0 if given is None else as_float(given)
    if not 0 <= seconds <= MAX_WAIT_S:
        raise BadRequest(f"wait must be a number of seconds from 0 to {MAX_WAIT_S}.")
    return seconds
