"""Stages that protect writes, and the callers who try them."""

import pytest

from auth import site_keys
from auth.site_keys import PIPE, SITE, Holder
from local.auth0 import Auth0


@pytest.fixture
def protected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A protected stage without keys. Keys are read again for every request."""
    monkeypatch.setenv("WRITE_ACCESS", "protected")
    monkeypatch.setattr(site_keys._valid_keys, "_good_for_s", 0)
    site_keys.forget()


@pytest.fixture
def callers(aws: str, auth0: Auth0) -> dict[str, dict[str, str]]:
    """The headers of every kind of caller, for changes to site mrc1."""
    return {
        "nobody": {},
        "user": bearer(auth0.token("auth0|observer", ["viewer", "admin"])),
        "user without a role": bearer(auth0.token("auth0|viewer", ["viewer", "Admin", "administrator"])),
        "expired user": bearer(auth0.token("auth0|observer", ["admin"], exp=1_700_000_000)),
        "own site": {"x-site-key": site_keys.hand_out(Holder(SITE, "mrc1"))},
        "other site": {"x-site-key": site_keys.hand_out(Holder(SITE, "mrc2"))},
        # a PIPE with the same name as the site: only the kind of the key differs
        "pipe": {"x-site-key": site_keys.hand_out(Holder(PIPE, "mrc1"))},
        "garbage": {"X-Site-Key": "A" * 43},
    }


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
