"""Small FITS images and JPGs for uploads, each different."""

import io
import json
from functools import cache
from typing import Any

from local.demo.configs import site_configurations

# Widths in pixels. Noise this wide takes some 60 KB and 6 KB as a JPG.
JPG_WIDTH, THUMBNAIL_WIDTH = 400, 128
_NUMBER = "00000000"


def fits(number: int) -> bytes:
    """Return a small fpacked FITS image that has `number` in its header."""
    return _fits().replace(f"NUMBER{_NUMBER}".encode(), f"NUMBER{number:08d}".encode())


def jpg(number: int, width: int) -> bytes:
    """Return a square JPG of noise, `width` pixels wide, that has `number` in a comment."""
    comment = f"NUMBER{number:08d}".encode()
    plain = _jpg(width)
    return plain[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + plain[2:]


def config(site: str, revision: int) -> dict[str, Any]:
    """Return the config that a site's computer sends the `revision`-th time: some 10 KB."""
    return {**json.loads(_config()), "obs_id": site, "revision": revision}


@cache
def _fits() -> bytes:
    import numpy as np
    from astropy.io import fits as astropy_fits

    header = astropy_fits.Header({"FILTER": "lum", "ORIGNAME": f"NUMBER{_NUMBER}", "EXPTIME": 30.0})
    pixels = np.random.default_rng(1).normal(1000, 30, (100, 100)).astype("u2")
    file = io.BytesIO()
    image = astropy_fits.CompImageHDU(pixels, header)
    astropy_fits.HDUList([astropy_fits.PrimaryHDU(), image]).writeto(file)
    return file.getvalue()


@cache
def _jpg(width: int) -> bytes:
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(1).normal(128, 20, (width, width)).clip(0, 255).astype("u1")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=75)
    return file.getvalue()


@cache
def _config() -> str:
    configs = site_configurations()
    # the config of an observatory that needs no enclosure: it contains the enclosure's place
    whole = {**configs["mrc"], **configs["mrc1"]}
    whole.pop("wema_name")
    return json.dumps(whole)
