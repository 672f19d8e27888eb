"""Small files for uploads, each different. Those that the API reads are real FITS."""

import io
import json
import random
from functools import cache
from typing import Any

from local.demo.configs import site_configurations

JPG_BYTES, THUMBNAIL_BYTES = 60_000, 6_000
_NUMBER = "00000000"


def fits(number: int) -> bytes:
    """Return a small fpacked FITS image that has `number` in its header."""
    return _fits().replace(f"NUMBER{_NUMBER}".encode(), f"NUMBER{number:08d}".encode())


def jpg(number: int, size: int) -> bytes:
    """Return bytes that nothing of the API looks into, as a JPG's."""
    return b"\xff\xd8\xff" + random.Random(number).randbytes(size)


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
def _config() -> str:
    configs = site_configurations()
    # an observatory that stands for itself, with the place that its enclosure would say
    whole = {**configs["mrc"], **configs["mrc1"]}
    whole.pop("wema_name")
    return json.dumps(whole)
