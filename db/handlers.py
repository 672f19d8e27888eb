"""Lambda entry points of the image database."""

from auth.endpoints import endpoint
from common import init_phase
from common.dynamodb import check_position
from common.requests import Request
from common.responses import Response, ok
from common.sites import check_site_code
from db import arguments, image_lists, images_by_name
from db.list_responses import listing, newest_of_sites
from site_configs import copies
from site_configs import store as site_configs


@init_phase.needs(init_phase.postgres, init_phase.signed_urls)
@endpoint
def get_image(request: Request) -> Response:
    """`GET /image/{base_filename}`: return the image of that name with a medium JPG."""
    return ok(images_by_name.image(arguments.name(request.path["base_filename"])))


@init_phase.needs(init_phase.postgres, init_phase.signed_urls)
@endpoint
def get_latest_images(request: Request) -> Response:
    """`GET /{site}/latest_images/{n}?userid=&limit=&after=`: return the newest images of a site or user."""
    site, user_id = check_site_code(request.path["site"]), request.parameter("userid")
    filters = arguments.present({"site": site, "user_id": arguments.text("userid", user_id)})
    limit = arguments.count("limit", request.parameter("limit"))
    wanted = min(arguments.count("n", request.path["n"]), limit)
    page = image_lists.newest(filters, wanted, arguments.position("after", request.parameter("after")))
    return ok(listing(page, lambda sent: {"userid": user_id, "limit": wanted - sent}))


@init_phase.needs(
    init_phase.postgres,
    init_phase.DYNAMODB,
    init_phase.client("s3", **copies.SHORT_TIMEOUT),
    init_phase.signed_urls,
)
@endpoint
def get_latest_image_all_sites(request: Request) -> Response:
    """`GET /latest_image_all_sites?after=`: return `{site: jpg_url}` with each site's newest image."""
    after = check_position("after", request.query.get("after", ""))
    return ok(newest_of_sites(site_configs.site_codes(), after))


@init_phase.needs(init_phase.postgres)
@endpoint
def get_fits_header(request: Request) -> Response:
    """`GET /fitsheader/{base_filename}`: return the complete header of an image."""
    return ok(images_by_name.fits_header(arguments.name(request.path["base_filename"])))


@init_phase.needs(init_phase.postgres, init_phase.signed_urls)
@endpoint
def get_filtered_images(request: Request) -> Response:
    """`GET /filtered_images?…&limit=&after=`: return the images that match every filter, newest first."""
    filters, limit = arguments.filters(request.parameter), request.parameter("limit")
    after = arguments.position("after", request.parameter("after"))
    page = image_lists.newest_without_intermediates(filters, arguments.count("limit", limit), after)
    return ok(listing(page, lambda _sent: {**filters, "limit": limit}))
