"""`WRITE_ACCESS=protected make serve`: the command for making a key, and the tokens that it prints."""

import os
import subprocess

import requests

from local.deployment import PROJECT
from tests.local.test_serve import serving


def test_a_key_made_by_the_printed_command_works_for_its_site() -> None:
    with serving(WRITE_ACCESS="protected") as serve:
        told = serve.wait_for("To make a key: ")
        url = f"{serve.base_url}/mrc1/config"
        assert requests.put(url, json={"name": "a"}, timeout=10).status_code == 401
        assert requests.get(url, timeout=10).status_code == 404

        ran = subprocess.run(
            ["/bin/sh", "-c", told.partition("To make a key: ")[2]],
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


def test_of_the_two_tokens_that_it_prints_one_may_change_things() -> None:
    with serving(WRITE_ACCESS="protected", WRITER_ROLES="operator,admin") as serve:
        base = serve.base_url
        writer = serve.wait_for("TOKEN=").partition("TOKEN=")[2].strip()
        visitor = serve.wait_for("VISITOR=").partition("VISITOR=")[2].strip()
        url = f"{base}/mrc1/config"
        for token, status in ((visitor, 403), (writer, 200)):
            headers = {"Authorization": f"Bearer {token}"}
            assert requests.put(url, json={"name": "a"}, headers=headers, timeout=10).status_code == status
            whoever = f"{base}/dummy-requires-auth"
            assert requests.post(whoever, headers=headers, timeout=10).status_code == 200
