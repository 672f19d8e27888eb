"""The FITS file of an image."""

from common import s3
from common.presign import get_url
from db.queries import ImageRow

# Levels in file names, best first: the large file of older sites, the large file of today's sites, and the
# small one.
_LARGE, _RAW, _SMALL = "01", "00", "10"
# The link is used at once.
_GOOD_FOR_S = 3600


def url(row: ImageRow) -> str | None:
    """Return a presigned URL of an image's best FITS file; None if S3 has none.

    At most three requests to S3.
    """
    for level in _levels(row):
        key = f"data/{row['base_filename']}-{row['data_type']}{level}.fits.fz"
        if s3.find("head_object", Key=key) is not None:
            return get_url(key, expires_s=_GOOD_FOR_S)
    return None


def _levels(row: ImageRow) -> list[str]:
    large = [_LARGE, _RAW] if row["fits_01_exists"] else []
    return [*large, *([_SMALL] if row["fits_10_exists"] else [])]
