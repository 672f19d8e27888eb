"""Lambda entry points of the info images."""

from common.endpoints import endpoint
from common.errors import NotFound
from common.requests import Request
from common.responses import Response, ok
from common.sites import check_site_code
from info_images import store
from info_images.packages import CHANNELS, package


@endpoint
def get_info_image(request: Request) -> Response:
    """`GET /infoimage/{site}/{channel}`: the image on one of a site's channels, with URLs of its files."""
    site, channel = check_site_code(request.path["site"]), request.path["channel"]
    record = store.read(site, int(channel)) if channel in map(str, CHANNELS) else None
    if record is None:
        raise NotFound(f"No info image for site {site}.")
    return ok(package(record, site, channel))
