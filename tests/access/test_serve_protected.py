"""`WRITE_ACCESS=protected make serve`, and the command that it tells its user for making a key."""

import os
import subprocess

import requests

from local.deployment import PROJECT
from tests.local.test_serve import serving


def test_the_key_that_it_tells_how_to_make_opens_its_site() -> None:
    with serving(WRITE_ACCESS="protected") as serve:
        told = serve.wait_for("To make one: ")
        url = f"{serve.base_url}/mrc1/config"
        assert requests.put(url, json={"name": "a"}, timeout=10).status_code == 401
        assert requests.get(url, timeout=10).status_code == 404

        ran = subprocess.run(
            ["/bin/sh", "-c", told.partition("To make one: ")[2]],
            cwd=PROJECT,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
        )
        key = {"x-site-key": ran.stdout.strip()}
        assert requests.put(url, json={"name": "a"}, headers=key, timeout=10).status_code == 200
        assert requests.get(url, timeout=10).json()["configuration"] == {"name": "a"}
        other = url.replace("mrc1", "mrc2")
        assert requests.put(other, json={"name": "a"}, headers=key, timeout=10).status_code == 403
