"""Makes a thumbnail in the sandbox: the bytes of a JPG in, those of a small one out."""

import io
from collections.abc import Iterator
from typing import Any

from PIL import Image, UnidentifiedImageError

from common.errors import Unprocessable
from common.sandbox_worker import Input

# Loads Pillow's decoders now: a job in the sandbox can open no file, not even to import a module.
Image.preinit()

MAX_WIDTH = 1024
_QUALITY = 85


def make(arguments: dict[str, Any], source: Input) -> Iterator[bytes]:
    """Return the thumbnail's bytes.

    Parameters
    ----------
    arguments
        `height` of the thumbnail in pixels, `size` of the JPG in bytes.
    source
        The JPG.

    Raises
    ------
    Unprocessable
        If it cannot be decoded.
    """
    content = io.BytesIO(source.read_all(arguments["size"]))
    try:
        with Image.open(content, formats=["JPEG"]) as image:
            yield _thumbnail(image, arguments["height"])
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise Unprocessable("The JPG is broken.") from error


def _thumbnail(image: Image.Image, height: int) -> bytes:
    width = min(MAX_WIDTH, max(1, round(image.width * height / image.height)))
    # The decoder scales down while it decodes, so a large JPG takes a fraction of its pixels' memory.
    image.draft(None, (2 * width, 2 * height))
    small = image.resize((width, height), Image.Resampling.LANCZOS)
    if small.mode not in ("L", "RGB"):
        small = small.convert("RGB")
    output = io.BytesIO()
    small.save(output, "JPEG", quality=_QUALITY)
    return output.getvalue()
