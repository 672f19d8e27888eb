"""Lambda entry points of uploads, zips of images, and recent uploads."""

from api import image_files, piece_store, uploads, zip_requests, zips
from api import recent_uploads as log
from auth import access
from auth.endpoints import endpoint
from common import init_phase
from common.errors import NotFound
from common.presign import post_form
from common.requests import Request
from common.responses import Response, ok
from common.settings import setting
from info_images import store as info_images


@init_phase.needs(init_phase.S3, access.load_checks)
@endpoint
def upload(request: Request) -> Response:
    """`POST /upload`: return a form for the upload of one file and, if asked, the URLs of its missing pieces.

    For an info image, also store that its channel waits for it.
    """
    wanted = uploads.parse_upload(request.json_object())
    file = wanted.pieces
    form = post_form(wanted.key, uploads.FORM_GOOD_FOR_S, int(setting("MAX_UPLOAD_BYTES")))
    if file and piece_store.is_complete(file):
        return ok({**form, "pieces": piece_store.complete(file)})
    if wanted.info_image:
        image = wanted.info_image
        info_images.await_image(image.site, image.channel, image.base_filename)
    return ok({**form, "pieces": piece_store.make_parts(file)} if file else form)


@init_phase.needs(
    init_phase.postgres,
    init_phase.S3,
    init_phase.client("lambda", read_timeout_s=zips.WAIT_S, attempts=zips.ATTEMPTS),
)
@endpoint
def download_zip(request: Request) -> Response:
    """`POST /downloadzip`: return `{"message": url}` of a zip of a site's FITS files from a time range."""
    wanted = zip_requests.parse_zip_request(request.json_object())
    files = image_files.fits_files(wanted)
    if not files.names:
        raise NotFound("No images exist for the given query.")
    return ok({"message": zips.url_of(files)})


@init_phase.needs(init_phase.DYNAMODB)
@endpoint
def recent_uploads(request: Request) -> Response:
    """`GET /recentuploads?site=&limit=&after=`: return uploads, oldest first; with `limit`, newest first."""
    site, after = request.parameter("site"), request.parameter("after")
    if site in (None, ""):
        raise NotFound("Please be sure to include the sitecode query parameter.")
    limit = log.check_limit(request.parameter("limit"))
    return ok(log.listing(site, after) if limit is None else log.newest(site, limit))
