"""Lambda entry points of the site configs."""

from auth import access
from auth.endpoints import endpoint, endpoint_with_json_errors
from common import init_phase
from common.dynamodb import check_position
from common.errors import BadRequest, NotFound
from common.requests import Request
from common.responses import Response, accepts_gzip, ok
from common.sites import check_site_code
from site_configs import copies, listings, store

# `/all/config` means every site, so no site can have this name.
ALL_SITES = "all"


@init_phase.needs(init_phase.DYNAMODB)
@endpoint
def get_config(request: Request) -> Response:
    """`GET /{site}/config`: return the config of one site; 404 without one."""
    site = check_site_code(request.path["site"])
    configuration = store.read(site)
    if configuration is None:
        raise NotFound(f"No config found for site {site}.")
    return ok({"site": site, "configuration": configuration})


@init_phase.needs(init_phase.DYNAMODB, init_phase.client("s3", **copies.SHORT_TIMEOUT))
@endpoint
def get_all_configs(request: Request) -> Response:
    """`GET /all/config?after=`: return `{site: config}` of every site, or of those that follow `after`."""
    after = check_position("after", request.query.get("after", ""))
    gzip = accepts_gzip(request.headers.get("accept-encoding", ""))
    return ok(listings.all_configs(after, accepts_gzip=gzip))


@init_phase.needs(init_phase.DYNAMODB, access.load_checks)
@endpoint_with_json_errors
def put_config(request: Request) -> Response:
    """`PUT /{site}/config`: store a config; return DynamoDB's response; errors are JSON."""
    return ok(store.write(_one_site(request), request.json_object()))


@init_phase.needs(init_phase.DYNAMODB, access.load_checks)
@endpoint
def delete_config(request: Request) -> Response:
    """`DELETE /{site}/config`: remove a config; return DynamoDB's response, also if there was none."""
    return ok(store.delete(_one_site(request)))


def _one_site(request: Request) -> str:
    site = request.path.get("site", ALL_SITES)
    if site == ALL_SITES:
        raise BadRequest(f'site must name one site: "{ALL_SITES}" stands for all of them.')
    return check_site_code(site)
