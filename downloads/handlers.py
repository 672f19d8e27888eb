"""Lambda entry point of downloads."""

from auth.endpoints import endpoint
from common import init_phase
from common.requests import Request
from common.responses import Response, ok
from downloads.arguments import parse_download
from downloads.find_or_convert import url_of


@init_phase.needs(init_phase.S3)
@endpoint
def download(request: Request) -> Response:
    """`POST /download`: return a presigned URL of an image as FITS or TIFF, or of any unchanged object."""
    return ok(url_of(parse_download(request.json_object())))
