"""Lambda entry points of the info images."""

from auth.endpoints import endpoint
from common import init_phase
from common.errors import NotFound
from common.requests import Request
from common.responses import Response, no_content, ok
from common.sites import check_site_code
from info_images import known_sites, store
from info_images.packages import CHANNELS, package


@init_phase.needs(init_phase.DYNAMODB, init_phase.signed_urls)
@endpoint
def get_info_image(request: Request) -> Response:
    """`GET /infoimage/{site}/{channel}`: return the image on a channel of a site; 204 if it has none."""
    site, channel = check_site_code(request.path["site"]), request.path["channel"]
    if channel not in map(str, CHANNELS):
        raise NotFound(f"No info image for site {site}.")
    record = store.read(site, int(channel))
    if record is not None:
        return ok(package(record, site, channel))
    if known_sites.is_known(site):
        return no_content()
    raise NotFound(f"No info image for site {site}.")
