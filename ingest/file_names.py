"""What the name of an uploaded file says: `{site}-{instrument}-{date}-{number}-{type}{level}.{extension}`."""

import re
from dataclasses import dataclass
from enum import Enum

IMAGES, INFO_IMAGES = "data", "info-images"

_NAME = re.compile(r"(?P<base>[^-/]+-[^/]+)-(?P<data_type>[A-Za-z]+)(?P<level>[0-9]{2})\.(?P<extension>.+)")
_IMAGE_NUMBER = re.compile(r".*-(?P<date>[0-9]{8})-(?P<number>[0-9]{8})")


class Kind(Enum):
    """The kind of a file of an exposure, and the flag that it sets in the image's row.

    The header text sets no flag.
    """

    HEADER_TEXT = ""
    LARGE_FITS = "fits_01_exists"
    SMALL_FITS = "fits_10_exists"
    MEDIUM_JPG = "jpg_medium_exists"
    SMALL_JPG = "jpg_small_exists"


# By extension up to its first dot, then by level: `fits`, `fits.fz`, `fits.bz2` and `fits.gz` are all FITS.
_KINDS = {
    "txt": {"00": Kind.HEADER_TEXT, "01": Kind.HEADER_TEXT},
    "fits": {
        "00": Kind.LARGE_FITS,
        "01": Kind.LARGE_FITS,
        "10": Kind.SMALL_FITS,
        "13": Kind.SMALL_FITS,
    },
    "jpg": {"10": Kind.MEDIUM_JPG, "13": Kind.MEDIUM_JPG, "11": Kind.SMALL_JPG},
}

_HEADER_RANKS = {
    (Kind.SMALL_FITS, "13"): 1,
    (Kind.SMALL_FITS, "10"): 2,
    (Kind.LARGE_FITS, "01"): 3,
    (Kind.LARGE_FITS, "00"): 4,
    (Kind.HEADER_TEXT, "01"): 6,
    (Kind.HEADER_TEXT, "00"): 7,
}
# The last part of a FITS file's extension. Of two packings of the same level the later in this list counts.
_PACKINGS = ("bz2", "gz", "fits", "fz")
# The rank of a header that another program wrote: below every header text, above every FITS.
OTHER_PROGRAMS_RANK = 5 * len(_PACKINGS)


@dataclass(frozen=True, slots=True)
class ExposureFile:
    """A file of an exposure, as its key in S3 names it.

    Attributes
    ----------
    key
        The whole key, `data/saf-sq01-20240110-00000123-EX10.jpg`.
    base_filename
        `saf-sq01-20240110-00000123`.
    data_type, level
        `EX` and `10`.
    extension
        In small letters, without the first dot: `jpg`, `fits.fz`.
    """

    key: str
    base_filename: str
    data_type: str
    level: str
    extension: str

    @property
    def kind(self) -> Kind:
        """What the file is."""
        return _KINDS[self.extension.partition(".")[0]][self.level]

    @property
    def directory(self) -> str:
        """The first part of the key: `data` or `info-images`."""
        return self.key.partition("/")[0]

    @property
    def site(self) -> str:
        """The site's code, which is the name up to its first `-`."""
        return self.base_filename.partition("-")[0]

    @property
    def file_date(self) -> str:
        """The date in the name, `20240110`; "" if it has none."""
        match = _IMAGE_NUMBER.fullmatch(self.base_filename)
        return match["date"] if match else ""

    @property
    def header_rank(self) -> int:
        """The priority of this file's header among the headers of the image's files; 0 without a header.

        The header text has the highest priority, then the large FITS, then the small one. So the header of an
        image does not depend on the order in which its files are filed.
        """
        rank = _HEADER_RANKS.get((self.kind, self.level), 0)
        packing = self.extension.rpartition(".")[2]
        return rank and rank * len(_PACKINGS) + (_PACKINGS.index(packing) if packing in _PACKINGS else 0)

    @property
    def is_fits(self) -> bool:
        """Whether the file is a FITS file, packed or plain."""
        return self.kind in (Kind.LARGE_FITS, Kind.SMALL_FITS)

    @property
    def thumbnail_key(self) -> str:
        """The key of the small JPG that belongs to the same image."""
        folder = self.key.rpartition("/")[0]
        return f"{folder}/{self.base_filename}-{self.data_type}11.jpg"


def parse_key(key: str) -> ExposureFile | None:
    """Return the exposure's file that a key of S3 names; None if the key names something else."""
    directory, _, rest = key.partition("/")
    match = _NAME.fullmatch(rest.rpartition("/")[2])
    if match is None or directory not in (IMAGES, INFO_IMAGES):
        return None
    extension = match["extension"].lower()
    if match["level"] not in _KINDS.get(extension.partition(".")[0], {}):
        return None
    return ExposureFile(key, match["base"], match["data_type"], match["level"], extension)


def site_of(key: str) -> str:
    """Return the site that a key belongs to: its file name up to the first `-`, or "unknown" without one."""
    return key.rpartition("/")[2].partition("-")[0] or "unknown"


def is_older(base_filename: str, other: str) -> bool:
    """Return whether an image was taken before another one, as far as the names tell.

    Dates are compared first. Numbers are compared only for the same site and instrument, because each
    instrument counts its own images.
    """
    match, other_match = _IMAGE_NUMBER.fullmatch(base_filename), _IMAGE_NUMBER.fullmatch(other)
    if match is None or other_match is None:
        return False
    if match["date"] != other_match["date"]:
        return match["date"] < other_match["date"]
    same_camera = base_filename.split("-")[:-2] == other.split("-")[:-2]
    return same_camera and match["number"] < other_match["number"]
