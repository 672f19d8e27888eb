"""Makes the thumbnail of an image: a small JPG, stored beside the medium one."""

from common.errors import Unprocessable
from common.sandbox import Limits, Sandbox
from ingest import objects

HEIGHT = 128
CONTENT_TYPE = "image/jpeg"

_MAGIC = b"\xff\xd8\xff"
# Real medium JPGs have 0.1 to 2 MB.
MAX_JPG_BYTES = 64 * 1024**2
# Metadata of a thumbnail: the etag of the JPG that it was made of. A thumbnail that the site sent has none.
_MADE_OF = "made-of"

_LIMITS = Limits(memory_bytes=512 * 1024**2, cpu_s=15, wall_s=20, output_bytes=1024**2)
_sandbox = Sandbox(["ingest.thumbnail_job"])


def is_jpg(key: str) -> bool:
    """Return whether an object begins as a JPG does."""
    return objects.read_range(key, 0, len(_MAGIC), None).content == _MAGIC


def was_made_here(key: str) -> bool:
    """Return whether an object is a thumbnail that `make` has stored. One HEAD."""
    found = objects.describe(key)
    return found is not None and _MADE_OF in found.metadata


def make(key: str, thumbnail_key: str) -> bool:
    """Make and store the thumbnail of a JPG, unless it is there; return whether there is one now.

    A thumbnail that the site itself has sent stays.

    Raises
    ------
    Unprocessable, TooLarge
        If the object is not a JPG that can be decoded within the limits.
    """
    for _ in range(objects.ROUNDS):
        source = objects.describe(key)
        if source is None:
            return False
        thumbnail = objects.describe(thumbnail_key)
        if thumbnail is not None and thumbnail.metadata.get(_MADE_OF, source.etag) == source.etag:
            return True
        read = objects.read_whole(key, MAX_JPG_BYTES)
        arguments = {"height": HEIGHT, "size": len(read.content)}
        made = _sandbox.run("ingest.thumbnail_job.make", arguments, [read.content], _LIMITS)
        # The site may send its own thumbnail meanwhile. The next round then finds it.
        objects.write_if_unchanged(
            thumbnail_key,
            bytes(made),
            CONTENT_TYPE,
            {_MADE_OF: read.etag},
            thumbnail.etag if thumbnail else None,
        )
    raise Unprocessable("The JPG changes while its thumbnail is made.")
